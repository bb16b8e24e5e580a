//! What `verify` finds, one fault at a time.

use std::io::Write as _;

use dsg_gguf::{Finding, Gguf, GgufWriter, Note, RawValue, TensorType, verify, verify_file};

use crate::scene::{bytes, folder, keys, model, open, write};

#[test]
fn a_sound_model_has_no_findings() {
    let report = verify(&open(&bytes()).unwrap());
    assert_eq!(report.findings, []);
    assert_eq!(report.notes, [Note::TiedEmbeddings]);
    assert_eq!(report.values, 64 * 4 + 64 + 64 * 64);
}

/// The findings on a model of which one key is another.
fn with(key: &str, value: RawValue<'static>) -> Vec<Finding> {
    let (_folder, path) = folder();
    write(&model(TensorType::F16), &path);
    let good = Gguf::open(&path).unwrap();
    let mut writer = GgufWriter::new();
    writer.copy_keys(&good, |name| name != key).unwrap();
    writer.key(key, value).unwrap();
    for tensor in good.tensors() {
        writer
            .tensor(tensor.name(), tensor.kind(), tensor.shape())
            .unwrap();
    }
    let other = path.with_file_name("other.gguf");
    write(&writer, &other);
    verify(&Gguf::open(&other).unwrap()).findings
}

#[test]
fn each_key_that_does_not_fit_is_named() {
    let found = |key: &str, value: RawValue<'static>, text: &str| {
        let findings = with(key, value);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].to_string().contains(text), "{}", findings[0]);
    };
    found("llama.block_count", 2_u32.into(), "block 1 of 2");
    found(
        "llama.embedding_length",
        32_u32.into(),
        "is 32, but dimension 0",
    );
    found("llama.vocab_size", 5_u32.into(), "is 5, but dimension 1");
    found(
        "tokenizer.ggml.scores",
        RawValue::array([0.0_f32]),
        "has 1 items for 4 tokens",
    );
    found(
        "tokenizer.ggml.token_type",
        RawValue::array([0.0_f32; 4]),
        "of another type",
    );
    found(
        "tokenizer.ggml.eos_token_id",
        4_u32.into(),
        "is 4, but there are 4 tokens",
    );
    found("tokenizer.ggml.tokens", 4_u32.into(), "of another type");
    found(
        "tokenizer.ggml.tokens",
        RawValue::array(["a", "b", "c", "a\0d"]),
        "`a` is there twice, again as 3",
    );
    found("general.architecture", 4_u32.into(), "of another type");
    found(
        "tokenizer.ggml.model",
        "gpt2".into(),
        "tokenizer.ggml.merges",
    );
    let findings = with("tokenizer.ggml.tokens", RawValue::array(["a", "b", "c"]));
    assert_eq!(findings.len(), 3, "{findings:?}");
}

#[test]
fn values_that_are_no_numbers_are_counted() {
    let (_folder, path) = folder();
    let plan = model(TensorType::F16);
    plan.write(&path, |tensor, out| {
        let mut bytes = vec![0; tensor.bytes() as usize];
        if tensor.name().starts_with("blk.") {
            bytes[70..74].copy_from_slice(&[0xff, 0x7f, 0x00, 0x7c]);
        }
        out.write_all(&bytes)
    })
    .unwrap();
    assert_eq!(
        verify_file(&path).unwrap().findings,
        [Finding::NotFinite {
            tensor: "blk.0.attn_q.weight".to_owned(),
            count: 2,
            first: 35
        }]
    );
}

#[test]
fn a_damaged_file_is_a_finding_and_a_missing_one_an_error() {
    let (_folder, path) = folder();
    let whole = bytes();
    std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    let findings = verify_file(&path).unwrap().findings;
    assert!(matches!(findings.as_slice(), [Finding::Structure { .. }]));
    assert!(verify_file(path.with_file_name("none.gguf")).is_err());
}

#[test]
fn adapters_are_not_asked_for_a_tokenizer_and_heads_for_one_copy() {
    let (_folder, path) = folder();
    let mut adapter = GgufWriter::new();
    adapter.key("general.type", "adapter").unwrap();
    adapter.tensor("a", TensorType::Iq4Nl, &[32]).unwrap();
    adapter
        .write(&path, |_, out| out.write_all(&[0xff; 18]))
        .unwrap();
    let report = verify_file(&path).unwrap();
    assert!(report.is_ok() && report.notes.is_empty(), "{report:?}");
    assert_eq!(
        (report.unread.as_slice(), report.values),
        ([TensorType::Iq4Nl].as_slice(), 0)
    );

    let mut twice = GgufWriter::new();
    keys(&mut twice);
    for name in ["token_embd.weight", "output.weight", "blk.0.x.weight"] {
        twice.tensor(name, TensorType::F16, &[64, 4]).unwrap();
    }
    write(&twice, &path);
    assert_eq!(verify_file(&path).unwrap().notes, [Note::EmbeddingsTwice]);
}
