//! Exact counts with a model's own tokenizer.

use std::fs;
use std::path::{Path, PathBuf};

use dsg_chunk::{ChunkConfig, ChunkError, Chunker, ModelTokens};
use dsg_core::TokenCounter as _;
use serde_json::json;
use tempfile::TempDir;

fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vocabulary");
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// Words at white space, as in a `tokenizer.json`; with the limit of a training set-up, which is none for a count.
fn words() -> Vec<u8> {
    let json = json!({
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0},
        "padding": null,
        "added_tokens": [],
        "normalizer": null,
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": null,
        "decoder": null,
        "model": {"type": "WordLevel", "vocab": {"[UNK]": 0, "sbatch": 1, "submits": 2}, "unk_token": "[UNK]"}
    });
    serde_json::to_vec(&json).unwrap()
}

/// A GGUF file without tensors, whose byte-pair vocabulary is the letters of `sbatch`, a space, and the pair `sb`.
fn gguf() -> Vec<u8> {
    let text = |out: &mut Vec<u8>, text: &str| {
        out.extend_from_slice(&(text.len() as u64).to_le_bytes());
        out.extend_from_slice(text.as_bytes());
    };
    let tokens = ["s", "b", "a", "t", "c", "h", "\u{120}", "sb", "<end>"];
    let mut out = b"GGUF".to_vec();
    out.extend_from_slice(&3_u32.to_le_bytes());
    out.extend_from_slice(&0_u64.to_le_bytes());
    out.extend_from_slice(&7_u64.to_le_bytes());
    for (key, value) in [
        ("tokenizer.ggml.model", "gpt2"),
        ("tokenizer.ggml.pre", "gpt-2"),
    ] {
        text(&mut out, key);
        out.extend_from_slice(&8_u32.to_le_bytes());
        text(&mut out, value);
    }
    for (key, strings) in [
        ("tokenizer.ggml.tokens", &tokens[..]),
        ("tokenizer.ggml.merges", &["s b"][..]),
    ] {
        text(&mut out, key);
        out.extend_from_slice(&9_u32.to_le_bytes());
        out.extend_from_slice(&8_u32.to_le_bytes());
        out.extend_from_slice(&(strings.len() as u64).to_le_bytes());
        for string in strings {
            text(&mut out, string);
        }
    }
    text(&mut out, "tokenizer.ggml.token_type");
    out.extend_from_slice(&9_u32.to_le_bytes());
    out.extend_from_slice(&5_u32.to_le_bytes());
    out.extend_from_slice(&(tokens.len() as u64).to_le_bytes());
    for token in tokens {
        let kind: i32 = if token == "<end>" { 3 } else { 1 };
        out.extend_from_slice(&kind.to_le_bytes());
    }
    for key in ["tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id"] {
        text(&mut out, key);
        out.extend_from_slice(&4_u32.to_le_bytes());
        out.extend_from_slice(&8_u32.to_le_bytes());
    }
    out
}

#[test]
fn a_tokenizer_json_counts_whole_texts_whatever_it_was_trained_with() {
    let (_folder, path) = file(&words());
    let tokens = ModelTokens::open(&path).unwrap();
    assert_eq!(tokens.count("sbatch submits a script"), 4);
    assert_eq!(tokens.count(""), 0);
}

#[test]
fn the_vocabulary_of_a_gguf_file_counts() {
    let (_folder, path) = file(&gguf());
    let tokens = ModelTokens::open(&path).unwrap();
    assert_eq!(tokens.count("sbatch"), 5, "sb a t c h");
    assert_eq!(tokens.count("batch sbatch"), 11);
}

#[test]
fn what_holds_no_tokenizer_is_an_error_that_names_the_file() {
    let mut cut = gguf();
    cut.truncate(60);
    for bytes in [b"# A page\n".to_vec(), b"{}".to_vec(), cut] {
        let (_folder, path) = file(&bytes);
        let config = ChunkConfig {
            tokenizer: Some(path.clone()),
            ..ChunkConfig::default()
        };
        let error = Chunker::new(config).unwrap_err();
        assert!(matches!(error, ChunkError::Tokenizer { .. }), "{error}");
        assert!(
            error.to_string().contains(&path.display().to_string()),
            "{error}"
        );
    }
    assert!(ModelTokens::open(Path::new("nowhere/tokenizer.json")).is_err());
}

#[test]
fn the_digest_tells_tokenizers_apart() {
    let ((_a, json), (_b, gguf)) = (file(&words()), file(&gguf()));
    let digest = |path: &Path| {
        let config = ChunkConfig {
            tokenizer: Some(path.to_owned()),
            ..ChunkConfig::default()
        };
        Chunker::new(config)
            .unwrap()
            .tokenizer_digest()
            .map(str::to_owned)
    };
    assert_ne!(digest(&json), digest(&gguf));
    assert_eq!(
        Chunker::new(ChunkConfig::default())
            .unwrap()
            .tokenizer_digest(),
        None
    );
}
