//! What a model is called.

use std::path::Path;

use serde_json::Value;

use crate::adapter::LoraWeights;
use crate::source::{Source, read_object};

/// Names of folders and files that say nothing of the model in them.
const GENERIC: [&str; 10] = [
    "adapter",
    "base",
    "checkpoint",
    "final",
    "merged",
    "model",
    "out",
    "output",
    "student",
    "tmp",
];

/// The model's name: `general.name` of a GGUF file; otherwise the first of these that is no generic one such as `merged`: `_name_or_path` in the
/// folder's `config.json`, the folder's own name, the base model that the adapter names. Of paths, the last part. Where all are generic, the
/// name of the folder or file.
pub fn model_name(source: &Source, adapter: Option<&LoraWeights>) -> String {
    let whole = source.path().canonicalize();
    let path = whole.as_deref().unwrap_or(source.path());
    let own = path.file_name().unwrap_or(path.as_os_str());
    let own = own.to_string_lossy().into_owned();
    if let Some(file) = source.gguf() {
        let stem = own.strip_suffix(".gguf").unwrap_or(&own);
        return file.text("general.name").unwrap_or(stem).to_owned();
    }
    let base = adapter.and_then(|adapter| {
        let path = adapter.origin().with_file_name("adapter_config.json");
        said(&path, "base_model_name_or_path")
    });
    let names = [
        said(&path.join("config.json"), "_name_or_path"),
        Some(own.clone()),
        base,
    ];
    let mut names = names.into_iter().flatten();
    names.find(|name| !is_generic(name)).unwrap_or(own)
}

/// What a JSON file calls a model, without folders and the ending of GGUF files; nothing where the file cannot be read.
fn said(path: &Path, field: &str) -> Option<String> {
    let object = read_object(path, "configuration").ok()?;
    let text = object.get(field).and_then(Value::as_str)?;
    let name = text.trim_end_matches(['/', '\\']);
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    Some(name.strip_suffix(".gguf").unwrap_or(name).to_owned())
}

/// Whether a name says nothing of the model: one of some words, a step of training, or the hash that caches name folders after.
fn is_generic(name: &str) -> bool {
    let is_hash = name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let word = name
        .trim_end_matches(|c: char| c.is_ascii_digit())
        .trim_end_matches(['-', '_'])
        .to_lowercase();
    is_hash || matches!(name, "" | "." | "..") || GENERIC.contains(&word.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_nothing_are_told_from_the_others() {
        for name in [
            "",
            "merged",
            "Merged",
            "checkpoint-500",
            "model",
            "model2",
            ".",
        ] {
            assert!(is_generic(name), "{name}");
        }
        assert!(is_generic("7e27bd9f95328f0f3b08261d1252705110c806f8"));
        for name in [
            "SmolLM2-135M-Instruct",
            "gemma-3-270m-it",
            "merged-docs",
            "42",
        ] {
            assert!(!is_generic(name), "{name}");
        }
    }
}
