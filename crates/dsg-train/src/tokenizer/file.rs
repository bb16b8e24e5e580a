//! What a GGUF file needs of a `tokenizer.json`, as it stands there.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::error::TrainError;

/// The parts of `tokenizer.json` that say which tokens there are and how texts become them.
#[derive(Debug, Deserialize)]
pub(super) struct TokenizerFile {
    #[serde(default)]
    pub(super) added_tokens: Vec<Added>,
    #[serde(default)]
    pub(super) normalizer: Option<Value>,
    #[serde(default)]
    pub(super) pre_tokenizer: Option<Value>,
    pub(super) model: Bpe,
}

/// A token that is taken from a text before anything else.
#[derive(Debug, Deserialize)]
pub(super) struct Added {
    pub(super) id: u32,
    pub(super) content: String,
    #[serde(default)]
    pub(super) special: bool,
}

/// The vocabulary and its merges, the first ones first.
#[derive(Debug, Deserialize)]
pub(super) struct Bpe {
    pub(super) vocab: BTreeMap<String, u32>,
    pub(super) merges: Vec<Merge>,
    #[serde(default)]
    pub(super) byte_fallback: bool,
    #[serde(default)]
    pub(super) ignore_merges: bool,
    #[serde(default)]
    pub(super) unk_token: Option<String>,
}

/// Two tokens that become one: as one text with a space between them, or since 2024 as a list.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Merge {
    Text(String),
    Pair(String, String),
}

impl Merge {
    /// The two sides; `None` for what is no pair.
    pub(super) fn sides(&self) -> Option<(&str, &str)> {
        match self {
            Self::Text(text) => text.split_once(' '),
            Self::Pair(left, right) => Some((left, right)),
        }
    }
}

impl TokenizerFile {
    /// Reads the file; its model must be BPE.
    pub(super) fn read(path: &Path) -> Result<Self, TrainError> {
        let bytes = std::fs::read(path).map_err(TrainError::io(path, "read"))?;
        serde_json::from_slice(&bytes).map_err(|error| TrainError::Format {
            path: path.to_path_buf(),
            what: "tokenizer with BPE",
            problem: error.to_string(),
        })
    }
}
