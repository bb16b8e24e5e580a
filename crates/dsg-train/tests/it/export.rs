//! Models as GGUF files that say the same.

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use dsg_gguf::{FileType, Gguf, TensorType, Value, quantize, verify};
use dsg_train::adapter::LoraWeights;
use dsg_train::architecture::{Architecture, LayerWeight, Weight};
use dsg_train::export::{ExportNote, ExportOptions, compare, model_name};
use dsg_train::tokenizer::{Specials, Tokenizer};
use dsg_train::{Source, TrainError, export, merge};
use serde_json::json;

use crate::adapter::trained;
use crate::decoder::{all_logits, distance};
use crate::model::{Tiny, VOCABULARY, write_safetensors};
use crate::tokenizer::{TEXTS, qwen2, smollm, tokenizer_json, write_pieces, write_vocabulary};

const TOKENS: [u32; 9] = [1, 17, 42, 42, 5, 299, 0, 8, 77];
const QUERY: &str = "model.layers.1.self_attn.q_proj.weight";

/// A folder with a tokenizer and a chat template.
fn tiny(architecture: Architecture) -> Tiny {
    let tiny = Tiny::new(architecture);
    let pre = match architecture {
        Architecture::Llama => smollm(),
        _ => qwen2(),
    };
    let write = |name: &str, text: String| fs::write(tiny.path().join(name), text).unwrap();
    write("tokenizer.json", tokenizer_json(&pre).to_string());
    write(
        "tokenizer_config.json",
        json!({"bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "chat_template": "{{ bos_token }}"}).to_string(),
    );
    tiny
}

fn out(tiny: &Tiny) -> PathBuf {
    tiny.path().join("out.gguf")
}

/// Exported, opened, with what was noted.
fn exported(tiny: &Tiny, file_type: FileType) -> (Source, Vec<ExportNote>) {
    let options = ExportOptions::new(file_type);
    let notes = export(&tiny.source(), None, &options, &out(tiny)).unwrap();
    (Source::open(out(tiny)).unwrap(), notes)
}

fn refused(source: &Source, file_type: FileType, out: &Path) -> TrainError {
    export(source, None, &ExportOptions::new(file_type), out).unwrap_err()
}

fn logits(source: &Source) -> Vec<Vec<f32>> {
    all_logits(&source.decoder(&Device::flex()).unwrap(), &TOKENS)
}

fn ids(tokenizer: &Tokenizer, text: &str) -> Vec<u32> {
    tokenizer.encode(text, Specials::Parse).unwrap()
}

#[test]
fn a_file_says_what_its_folder_says() {
    for architecture in Architecture::ALL {
        let tiny = tiny(architecture);
        let (written, notes) = exported(&tiny, FileType::F32);
        assert_eq!(*written.config(), tiny.config, "{architecture:?}");
        let far = distance(&logits(&tiny.source()), &logits(&written));
        assert!(far < 1e-5, "{architecture:?}: {far}");

        let (theirs, ours) = (
            tiny.source().tokenizer().unwrap(),
            written.tokenizer().unwrap(),
        );
        for text in TEXTS {
            assert_eq!(ids(&ours, text), ids(&theirs, text), "{text:?}");
        }
        assert_eq!((ours.bos(), ours.ends()), (theirs.bos(), theirs.ends()));
        let template = written.template().unwrap().unwrap();
        assert_eq!(template.source(), "{{ bos_token }}");
        // 267 tokens.
        assert_eq!(notes, [ExportNote::Padded { rows: 33 }]);
        let file = written.gguf().unwrap();
        let report = verify(file);
        assert!(report.is_ok(), "{:?}", report.findings);
        let pre = match architecture {
            Architecture::Llama => "smollm",
            _ => "qwen2",
        };
        assert_eq!(file.text("tokenizer.ggml.pre"), Some(pre));
        assert_eq!(file.number("tokenizer.ggml.bos_token_id"), Some(265));
        assert_eq!(file.number("tokenizer.ggml.eos_token_id"), Some(266));
        assert_eq!(file.number("general.file_type"), Some(0));
    }
}

#[test]
fn keys_have_the_names_that_llama_cpp_reads() {
    let of = |architecture| exported(&tiny(architecture), FileType::F32).0;
    let gemma = of(Architecture::Gemma3);
    let gemma = gemma.gguf().unwrap();
    for (key, number) in [
        ("gemma3.block_count", 7),
        ("gemma3.context_length", 40),
        ("gemma3.embedding_length", 24),
        ("gemma3.feed_forward_length", 40),
        ("gemma3.attention.head_count", 4),
        ("gemma3.attention.head_count_kv", 2),
        ("gemma3.attention.key_length", 8),
        ("gemma3.attention.value_length", 8),
        ("gemma3.attention.sliding_window", 5),
    ] {
        assert_eq!(gemma.number(key), Some(number), "{key}");
    }
    for (key, number) in [
        ("gemma3.rope.freq_base", 10_000.0),
        ("gemma3.rope.freq_base_swa", 1000.0),
        ("gemma3.attention.layer_norm_rms_epsilon", 1e-6),
    ] {
        assert_eq!(gemma.value(key), Some(Value::F32(number)), "{key}");
    }
    // Every sixth layer, which is what llama.cpp takes where nothing is said.
    assert_eq!(gemma.value("gemma3.attention.sliding_window_pattern"), None);
    let llama = of(Architecture::Llama);
    let llama = llama.gguf().unwrap();
    assert_eq!(llama.number("llama.rope.dimension_count"), Some(8));
    assert_eq!(llama.number("llama.vocab_size"), Some(300));
    assert_eq!(llama.text("general.architecture"), Some("llama"));
    assert_eq!(llama.text("general.type"), Some("model"));
}

#[test]
fn linear_scaling_of_positions_is_said() {
    let tiny = tiny(Architecture::Llama);
    configure(
        &tiny,
        "rope_scaling",
        &json!({"rope_type": "linear", "factor": 4.0}),
    );
    let (written, _) = exported(&tiny, FileType::F32);
    let file = written.gguf().unwrap();
    assert_eq!(file.text("llama.rope.scaling.type"), Some("linear"));
    assert_eq!(
        file.value("llama.rope.scaling.factor"),
        Some(Value::F32(4.0))
    );
    assert!(distance(&logits(&tiny.source()), &logits(&written)) < 1e-5);
}

#[test]
fn ends_and_beginnings_are_those_of_template_and_configuration() {
    let tiny = Tiny::new(Architecture::Qwen2);
    let write = |name: &str, json: &serde_json::Value| {
        fs::write(tiny.path().join(name), json.to_string()).unwrap();
    };
    let special = |id: u32| json!({"SpecialToken": {"id": format!("t{id}"), "type_id": 0}});
    let token = |id: u32| json!({"id": format!("t{id}"), "ids": [id], "tokens": ["x"]});
    let mut tokenizer = tokenizer_json(&qwen2());
    tokenizer["added_tokens"][0]["content"] = json!("<|eom_id|>");
    tokenizer["post_processor"] = json!({"type": "TemplateProcessing",
        "single": [{"Sequence": {"id": "A", "type_id": 0}}, special(266)],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"t266": token(266)}});
    write("tokenizer.json", &tokenizer);
    // Writes the token <|im_start|> behind every turn.
    let template = "{% for m in messages %}{{ m.content }}<|im_start|>\n{% endfor %}";
    write(
        "tokenizer_config.json",
        &json!({"bos_token": null, "eos_token": "<|im_end|>", "chat_template": template}),
    );
    write(
        "generation_config.json",
        &json!({"eos_token_id": [264, 265, 266, 7]}),
    );
    configure(&tiny, "bos_token_id", &json!(11));
    configure(&tiny, "pad_token_id", &json!(12));
    let (written, _) = exported(&tiny, FileType::F32);
    let file = written.gguf().unwrap();
    for (key, id) in [
        ("bos", 11),
        ("eos", 266),
        ("eot", 265),
        ("eom", 264),
        ("padding", 12),
    ] {
        let key = format!("tokenizer.ggml.{key}_token_id");
        assert_eq!(file.number(&key), Some(id), "{key}");
    }
    let flag = |key: &str| file.value(key).and_then(|value| value.as_bool());
    assert_eq!(flag("tokenizer.ggml.add_bos_token"), Some(false));
    assert_eq!(flag("tokenizer.ggml.add_eos_token"), Some(true));
    // A fourth end has no key.
    let ends = written.tokenizer().unwrap().ends().to_vec();
    assert_eq!(ends, [264, 265, 266]);
    let texts = ["the end".to_owned()];
    let compared = compare(&tiny.source(), None, &written, &texts).unwrap();
    assert!(compared.other_ends && !compared.other_chat, "{compared:?}");
    assert!(!compared.is_ok(FileType::F32));
}

/// Sets a field of the model's `config.json`.
fn configure(tiny: &Tiny, field: &str, value: &serde_json::Value) {
    let path = tiny.path().join("config.json");
    let mut config: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    config[field] = value.clone();
    fs::write(&path, config.to_string()).unwrap();
}

#[test]
fn matrices_are_of_the_type_and_vectors_are_not() {
    let tiny = tiny(Architecture::Llama);
    for (file_type, head) in [
        (FileType::Q8_0, TensorType::Q8_0),
        (FileType::Q4_0, TensorType::Q8_0),
        (FileType::Q5_1, TensorType::Q8_0),
        (FileType::Bf16, TensorType::Bf16),
    ] {
        let (written, notes) = exported(&tiny, file_type);
        let kind = file_type.tensor_type().unwrap();
        let file = written.gguf().unwrap();
        let is = |name: &str| file.tensor(name).unwrap().kind();
        assert_eq!(is("blk.1.attn_q.weight"), kind);
        assert_eq!(is("token_embd.weight"), head);
        assert_eq!(is("blk.1.ffn_norm.weight"), TensorType::F32);
        // Rows of 40 values are no blocks of 32.
        let falls_back = kind.block_values() > 1;
        let down = if falls_back { TensorType::F16 } else { kind };
        assert_eq!(is("blk.1.ffn_down.weight"), down);
        let fallback = ExportNote::Fallback {
            row: 40,
            wanted: file_type,
            kind: TensorType::F16,
            tensors: 2,
        };
        assert_eq!(notes.contains(&fallback), falls_back, "{notes:?}");
        let note = ExportNote::Head { kind: head };
        assert_eq!(notes.contains(&note), head != kind, "{notes:?}");
        assert_eq!(
            file.number("general.file_type"),
            Some(file_type.id().into())
        );

        let up = Weight::Layer(0, LayerWeight::Up);
        let tensor = file.tensor(&up.gguf_name()).unwrap();
        let mut bytes = vec![0; file.data(tensor).len()];
        quantize(kind, &tiny.values[&up], &mut bytes).unwrap();
        assert_eq!(file.data(tensor), bytes);
        assert!(verify(file).is_ok());
    }
}

#[test]
fn a_gguf_file_keeps_its_keys_and_what_need_not_change() {
    let tiny = Tiny::new(Architecture::Llama);
    let path = tiny.gguf(TensorType::F32, |writer| {
        writer.key("general.name", "tiny").unwrap();
        writer.key("general.file_type", 0_u32).unwrap();
        writer.key("quantize.imatrix.file", "gone.dat").unwrap();
        write_vocabulary(writer, "smollm");
        writer.key("tokenizer.ggml.of_tomorrow", 7_u8).unwrap();
    });
    let source = Source::open(&path).unwrap();
    let old = source.gguf().unwrap();
    let mut options = ExportOptions::new(FileType::Q8_0);
    export(&source, None, &options, &out(&tiny)).unwrap();
    let new = Gguf::open(out(&tiny)).unwrap();
    let mut compared = 0;
    for (key, value) in old.keys() {
        if key == "general.file_type" || key.starts_with("quantize.") {
            continue;
        }
        assert_eq!(new.raw(key), Some(value), "{key}");
        compared += 1;
    }
    assert!(compared > 15);
    assert_eq!(new.number("general.file_type"), Some(7));
    assert_eq!(new.raw("quantize.imatrix.file"), None);
    let norm = |file: &Gguf| {
        file.data(file.tensor("output_norm.weight").unwrap())
            .to_vec()
    };
    assert_eq!(norm(&new), norm(old));

    // Of a file of the same type, every tensor is the same to the last bit.
    let source = Source::open(out(&tiny)).unwrap();
    options.name = Some("again".to_owned());
    let again = tiny.path().join("again.gguf");
    let notes = export(&source, None, &options, &again).unwrap();
    assert!(!notes.iter().any(is_loss), "{notes:?}");
    let again = Gguf::open(again).unwrap();
    assert_eq!(again.text("general.name"), Some("again"));
    for tensor in new.tensors() {
        let same = again.tensor(tensor.name()).unwrap();
        assert_eq!(again.data(same), new.data(tensor), "{}", tensor.name());
    }
    // To another one, what was quantized loses again.
    options.file_type = FileType::Q4_0;
    let notes = export(&source, None, &options, &tiny.path().join("q4.gguf")).unwrap();
    assert!(notes.iter().any(is_loss), "{notes:?}");
}

fn is_loss(note: &ExportNote) -> bool {
    matches!(note, ExportNote::Requantized { .. })
}

#[test]
fn rotary_factors_are_a_tensor_that_stays() {
    let tiny = tiny(Architecture::Llama);
    let scaling = json!({"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 16});
    configure(&tiny, "rope_scaling", &scaling);
    let (written, _) = exported(&tiny, FileType::F32);
    let factors = |source: &Source| {
        let file = source.gguf().unwrap();
        file.values(file.tensor("rope_freqs.weight").unwrap())
            .unwrap()
    };
    assert!(factors(&written).iter().any(|factor| *factor > 1.0));
    assert!(distance(&logits(&tiny.source()), &logits(&written)) < 1e-4);
    let again = tiny.path().join("again.gguf");
    export(&written, None, &ExportOptions::new(FileType::F16), &again).unwrap();
    let again = Source::open(again).unwrap();
    assert_eq!(factors(&again), factors(&written));
}

#[test]
fn an_adapter_is_merged_on_the_way() {
    for (architecture, dora) in [(Architecture::Llama, false), (Architecture::Gemma3, true)] {
        let tiny = tiny(architecture);
        let adapter = trained(&tiny, dora, false);
        let options = ExportOptions::new(FileType::F32);
        export(&tiny.source(), Some(&adapter), &options, &out(&tiny)).unwrap();
        let direct = Gguf::open(out(&tiny)).unwrap();

        let folder = tempfile::tempdir().unwrap();
        merge(&tiny.source(), Some(&adapter), folder.path()).unwrap();
        let merged = Source::open(folder.path()).unwrap();
        let path = folder.path().join("merged.gguf");
        export(&merged, None, &options, &path).unwrap();
        let merged = Gguf::open(path).unwrap();
        for tensor in direct.tensors() {
            let (ours, theirs) = (
                direct.values(tensor).unwrap(),
                merged
                    .values(merged.tensor(tensor.name()).unwrap())
                    .unwrap(),
            );
            // Gemma's norms lose and get back one.
            let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-6;
            assert!(ours.iter().zip(&theirs).all(close), "{}", tensor.name());
        }

        // Onto a GGUF file, whose rows may stand in another order.
        let path = tiny.gguf(TensorType::F32, |writer| write_vocabulary(writer, "qwen2"));
        let base = Source::open(path).unwrap();
        let path = folder.path().join("of_gguf.gguf");
        export(&base, Some(&adapter), &options, &path).unwrap();
        let written = Source::open(path).unwrap();
        let mut decoder = base.decoder(&Device::flex()).unwrap();
        adapter.attach(&mut decoder).unwrap();
        let far = distance(&all_logits(&decoder, &TOKENS), &logits(&written));
        assert!(far < 2e-4, "{architecture:?}: {far}");
        assert!(distance(&logits(&base), &logits(&written)) > 0.1);
    }
}

/// A vocabulary as the folders of Gemma have it: merges, bytes, spaces that stay spaces only in added tokens.
fn pieces_json() -> serde_json::Value {
    let mut tokens: Vec<String> = ["<pad>", "<eos>", "<bos>", "<unk>"]
        .map(str::to_owned)
        .to_vec();
    tokens.extend((0..=255).map(|byte| format!("<0x{byte:02X}>")));
    let pieces = [
        "▁▁", "th", "▁th", "▁the", "he", "the", "\n\n", "▁", "t", "h", "e", "a", "\n",
    ];
    tokens.extend(pieces.map(str::to_owned));
    let vocab: serde_json::Map<String, serde_json::Value> = tokens
        .iter()
        .zip(0..)
        .map(|(token, id)| (token.clone(), json!(id)))
        .collect();
    let added = |id: u32, special: bool| {
        json!({"id": id, "content": tokens[id as usize], "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": special})
    };
    let merges = [
        "▁ ▁", "t h", "▁ th", "▁th e", "▁ the", "h e", "th e", "t he",
    ];
    let merges = merges.map(|merge| merge.split(' ').collect::<Vec<_>>());
    json!({
        "version": "1.0", "truncation": null, "padding": null,
        "added_tokens": [added(0, true), added(1, true), added(2, true), added(3, true), added(266, false)],
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        "pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": false},
        "post_processor": {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<bos>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<bos>": {"id": "<bos>", "ids": [2], "tokens": ["<bos>"]}}},
        "decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"}]},
        "model": {"type": "BPE", "dropout": null, "unk_token": "<unk>", "continuing_subword_prefix": null, "end_of_word_suffix": null,
            "fuse_unk": true, "byte_fallback": true, "ignore_merges": false, "vocab": vocab, "merges": merges},
    })
}

const PIECES: [&str; 10] = [
    "the the",
    " the",
    "ahe",
    "a  the",
    "a\n\n\na",
    "é漢",
    "<bos>a<eos>",
    " ",
    "",
    "athe  \n the",
];

#[test]
fn pieces_get_scores_in_the_order_of_their_merges() {
    let tiny = Tiny::new(Architecture::Gemma3);
    let write = |name: &str, json: serde_json::Value| {
        fs::write(tiny.path().join(name), json.to_string()).unwrap();
    };
    write("tokenizer.json", pieces_json());
    write(
        "tokenizer_config.json",
        json!({"bos_token": "<bos>", "eos_token": "<eos>", "unk_token": "<unk>", "pad_token": "<pad>"}),
    );
    let (written, _) = exported(&tiny, FileType::F16);
    let file = written.gguf().unwrap();
    assert_eq!(file.text("tokenizer.ggml.model"), Some("llama"));
    let flag = |key: &str| file.value(key).and_then(|value| value.as_bool());
    assert_eq!(flag("tokenizer.ggml.add_space_prefix"), Some(false));
    assert_eq!(flag("tokenizer.ggml.add_bos_token"), Some(true));
    assert_eq!(flag("tokenizer.ggml.add_eos_token"), Some(false));
    let kinds = file
        .value("tokenizer.ggml.token_type")
        .unwrap()
        .as_array()
        .unwrap();
    let kind = |id: usize| kinds.iter().nth(id).unwrap().as_u64();
    // Control, unknown, byte, normal, user-defined, unused.
    let some = [0, 3, 4, 261, 266, VOCABULARY - 1].map(kind);
    assert_eq!(some, [3, 2, 6, 1, 4, 5].map(Some));
    let (theirs, ours) = (
        tiny.source().tokenizer().unwrap(),
        written.tokenizer().unwrap(),
    );
    for text in PIECES {
        assert_eq!(ids(&ours, text), ids(&theirs, text), "{text:?}");
    }
    assert_eq!(ours.bos(), Some(2));
    assert!(verify(file).is_ok());
}

#[test]
fn a_folder_made_of_a_gguf_file_goes_back_into_one() {
    for prefix in [false, true] {
        let tiny = Tiny::new(Architecture::Gemma3);
        let path = tiny.gguf(TensorType::F32, |writer| write_pieces(writer, prefix));
        let source = Source::open(path).unwrap();
        let folder = tempfile::tempdir().unwrap();
        merge(&source, None, folder.path()).unwrap();
        let config = fs::read_to_string(folder.path().join("config.json")).unwrap();
        // transformers refuses 8.0.
        assert!(config.contains("\"query_pre_attn_scalar\": 8,"), "{config}");
        let path = folder.path().join("again.gguf");
        let between = Source::open(folder.path()).unwrap();
        export(&between, None, &ExportOptions::new(FileType::F32), &path).unwrap();
        let again = Source::open(path).unwrap();
        let (theirs, ours) = (source.tokenizer().unwrap(), again.tokenizer().unwrap());
        for text in PIECES {
            assert_eq!(ids(&ours, text), ids(&theirs, text), "{prefix} {text:?}");
        }
        assert_eq!((ours.bos(), ours.ends()), (theirs.bos(), theirs.ends()));
        let adds_bos = again.gguf().unwrap().value("tokenizer.ggml.add_bos_token");
        assert_eq!(adds_bos, Some(Value::Bool(true)));
        let compared = compare(&source, None, &again, &PIECES.map(str::to_owned)).unwrap();
        assert!(compared.is_ok(FileType::F32), "{compared:?}");
        assert!(distance(&logits(&source), &logits(&again)) < 1e-5);
    }
}

#[test]
fn what_a_file_says_is_held_against_its_source() {
    let tiny = tiny(Architecture::Llama);
    let texts = [
        "the  the\n\nthe in 12".to_owned(),
        "in the end".to_owned(),
        String::new(),
    ];
    let far = |file_type| {
        let (written, _) = exported(&tiny, file_type);
        compare(&tiny.source(), None, &written, &texts).unwrap()
    };
    let same = far(FileType::F32);
    assert_eq!((same.texts, same.other_tokens), (2, 0));
    assert!(same.is_ok(FileType::F32), "{same:?}");
    assert!(same.positions > 10 && same.max_kl < 1e-9, "{same:?}");
    assert!((same.same_top - 1.0).abs() < 1e-12);
    let less = far(FileType::Q4_0);
    assert!(
        less.mean_kl > 1e-5 && less.mean_kl <= less.max_kl,
        "{less:?}"
    );

    let other =
        Source::open(tiny.gguf(TensorType::F32, |writer| write_vocabulary(writer, "gpt-2")))
            .unwrap();
    // Digits are cut otherwise there.
    let other = compare(&tiny.source(), None, &other, &texts).unwrap();
    assert_eq!(other.other_tokens, 1);
    assert!(!other.is_ok(FileType::Q4_0), "{other:?}");
    let (written, _) = exported(&tiny, FileType::F32);
    let error = compare(&tiny.source(), None, &written, &[]).unwrap_err();
    assert!(error.to_string().contains("no text"), "{error}");
}

#[test]
fn what_cannot_be_written_is_named_and_leaves_no_file() {
    let tiny = tiny(Architecture::Llama);
    let error = |file_type| refused(&tiny.source(), file_type, &out(&tiny)).to_string();
    assert!(error(FileType::Q4KM).contains("Q4_K_M is a recipe"));

    // Too much for half precision.
    let mut tensors = tiny.hf_tensors();
    tensors.get_mut(QUERY).unwrap().1[3] = 70_000.0;
    let weights = tiny.path().join("model.safetensors");
    write_safetensors(&weights, &tensors);
    let said = error(FileType::F16);
    assert!(
        said.contains("blk.1.attn_q.weight") && said.contains("70000"),
        "{said}"
    );
    export(
        &tiny.source(),
        None,
        &ExportOptions::new(FileType::Bf16),
        &out(&tiny),
    )
    .unwrap();
    fs::remove_file(out(&tiny)).unwrap();

    tensors.remove(QUERY);
    write_safetensors(&weights, &tensors);
    let missing = refused(&tiny.source(), FileType::Q8_0, &out(&tiny));
    assert!(
        matches!(&missing, TrainError::MissingTensor { tensor, .. } if tensor == QUERY),
        "{missing}"
    );

    let mut json = tokenizer_json(&json!({"type": "Whitespace"}));
    let tokenizer = tiny.path().join("tokenizer.json");
    fs::write(&tokenizer, json.to_string()).unwrap();
    let said = error(FileType::Q8_0);
    assert!(
        said.contains("tokenizer.json") && said.contains("Whitespace"),
        "{said}"
    );
    json = tokenizer_json(&smollm());
    json["normalizer"] = json!({"type": "Lowercase"});
    fs::write(&tokenizer, json.to_string()).unwrap();
    let said = error(FileType::Q8_0);
    assert!(said.contains("Lowercase"), "{said}");
    assert!(!out(&tiny).exists());
}

#[test]
fn composed_characters_explain_other_tokens() {
    let tiny = tiny(Architecture::Qwen2);
    let mut tokenizer = tokenizer_json(&qwen2());
    tokenizer["normalizer"] = json!({"type": "NFC"});
    fs::write(tiny.path().join("tokenizer.json"), tokenizer.to_string()).unwrap();
    let (written, notes) = exported(&tiny, FileType::F32);
    assert!(notes.contains(&ExportNote::Unnormalized));
    let texts = ["e\u{301}".to_owned(), "é".to_owned()];
    let compared = compare(&tiny.source(), None, &written, &texts).unwrap();
    assert_eq!((compared.other_tokens, compared.uncomposed), (0, 1));
    assert!(compared.is_ok(FileType::F32), "{compared:?}");
}

#[test]
fn an_adapter_that_overflows_is_named() {
    let tiny = tiny(Architecture::Llama);
    let adapter = trained(&tiny, false, false);
    let mut sites = adapter.sites().clone();
    for weights in sites.values_mut() {
        weights.b = weights.b.clone().mul_scalar(1e38_f32).mul_scalar(1e3_f32);
    }
    let config = adapter.config().clone();
    let broken = LoraWeights::from_sites(config, Path::new("broken"), sites).unwrap();
    let options = ExportOptions::new(FileType::F32);
    let error = export(&tiny.source(), Some(&broken), &options, &out(&tiny)).unwrap_err();
    let said = error.to_string();
    assert!(said.contains("broken") && said.contains("blk.0."), "{said}");
    assert!(!out(&tiny).exists());
}

#[test]
fn names_that_say_nothing_are_passed_over() {
    let tiny = tiny(Architecture::Llama);
    configure(&tiny, "_name_or_path", &json!("models/SmolLM2-135M/"));
    assert_eq!(model_name(&tiny.source(), None), "SmolLM2-135M");
    configure(&tiny, "_name_or_path", &json!("student/merged"));
    let own = tiny.path().file_name().unwrap().to_string_lossy();
    assert_eq!(model_name(&tiny.source(), None), own);
    let (written, _) = exported(&tiny, FileType::F32);
    assert_eq!(model_name(&written, None), own);
}

#[test]
fn a_model_is_not_written_over_and_an_old_file_stays_on_errors() {
    let tiny = tiny(Architecture::Llama);
    let (written, _) = exported(&tiny, FileType::F16);
    let said = refused(&written, FileType::Q8_0, &out(&tiny)).to_string();
    assert!(said.contains("is the model itself"), "{said}");
    let tokenizer = tiny.path().join("tokenizer.json");
    let said = refused(&tiny.source(), FileType::Q8_0, &tokenizer).to_string();
    assert!(said.contains("one of the model's own files"), "{said}");

    let before = fs::read(out(&tiny)).unwrap();
    let mut tensors = tiny.hf_tensors();
    tensors.get_mut(QUERY).unwrap().1[3] = f32::NAN;
    write_safetensors(&tiny.path().join("model.safetensors"), &tensors);
    let error = refused(&tiny.source(), FileType::Q8_0, &out(&tiny));
    assert!(
        matches!(&error, TrainError::NotFinite { tensor, .. } if tensor == QUERY),
        "{error}"
    );
    assert_eq!(fs::read(out(&tiny)).unwrap(), before);
    // A file stands where the folder of the new one would be.
    let nowhere = out(&tiny).join("under.gguf");
    let error = refused(&written, FileType::Q8_0, &nowhere);
    assert!(matches!(error, TrainError::Gguf(_)), "{error}");
}

#[test]
fn models_that_llama_cpp_computes_otherwise_are_refused() {
    let tiny = tiny(Architecture::Gemma3);
    let path = tiny.path().join("config.json");
    let good = fs::read_to_string(&path).unwrap();
    let refused = |from: &str, to: &str| {
        assert!(good.contains(from), "{good}");
        fs::write(&path, good.replace(from, to)).unwrap();
        refused(&tiny.source(), FileType::F32, &out(&tiny)).to_string()
    };
    let scale = refused("\"query_pre_attn_scalar\":8", "\"query_pre_attn_scalar\":9");
    assert!(scale.contains("query_pre_attn_scalar"), "{scale}");
    let mut kinds = vec!["sliding_attention"; 7];
    kinds[0] = "full_attention";
    let kinds = format!("\"layer_types\":{},\"sliding_window\"", json!(kinds));
    let layers = refused("\"sliding_window\"", &kinds);
    assert!(layers.contains("layer_types"), "{layers}");
}
