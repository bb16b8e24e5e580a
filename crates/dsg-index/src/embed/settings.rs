//! How an embedding model is run; the same in builds that cannot.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::IndexError;

/// Tokens of a text that are read where neither the model nor the caller says.
pub(crate) const MAX_TOKENS: usize = 512;

/// How a text's token vectors become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PoolingMode {
    /// Their mean.
    Mean,
    /// The first token's.
    Cls,
}

/// How a model is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OnnxConfig {
    /// Texts in one call of the model. A model with dynamic quantization is given one at a time whatever this says: its numbers would
    /// depend on its neighbours. Default 16, 1 to 1,024.
    pub batch_size: usize,
    /// Threads of one call; 0 takes one per core. Calls never overlap. Default 0, at most 256.
    pub threads: usize,
    /// Tokens of a text that are read, the rest is cut off. Default: what the model's files say, at most 512.
    pub max_tokens: Option<usize>,
    /// How token vectors become one. Default: what `1_Pooling/config.json` says, else the mean.
    pub pooling: Option<PoolingMode>,
    /// Put before every text; some models want `passage: `. Default: nothing.
    pub text_prefix: String,
    /// Put before every query; some models want `query: `. Default: nothing.
    pub query_prefix: String,
    /// The onnxruntime library. Default: what the variable `ORT_DYLIB_PATH` names, or the one installed.
    pub runtime: Option<PathBuf>,
}

impl Default for OnnxConfig {
    fn default() -> Self {
        Self {
            batch_size: 16,
            threads: 0,
            max_tokens: None,
            pooling: None,
            text_prefix: String::new(),
            query_prefix: String::new(),
            runtime: None,
        }
    }
}

impl OnnxConfig {
    /// # Errors
    /// [`IndexError::Config`] naming the field whose value is impossible.
    pub fn validate(&self) -> Result<(), IndexError> {
        check(self.batch_size, self.threads, self.max_tokens)
    }
}

/// How a cross-encoder is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RerankerConfig {
    /// Texts in one call of the model; one at a time where the model is quantized dynamically. Default 16, 1 to 1,024.
    pub batch_size: usize,
    /// Threads of one call; 0 takes one per core. Calls never overlap. Default 0, at most 256.
    pub threads: usize,
    /// Tokens of query and text together that are read, the rest is cut off. Default: what the model's files say, else 512.
    pub max_tokens: Option<usize>,
    /// The onnxruntime library. Default: what the variable `ORT_DYLIB_PATH` names, or the one installed.
    pub runtime: Option<PathBuf>,
}

impl Default for RerankerConfig {
    fn default() -> Self {
        Self {
            batch_size: 16,
            threads: 0,
            max_tokens: None,
            runtime: None,
        }
    }
}

impl RerankerConfig {
    /// # Errors
    /// [`IndexError::Config`] naming the field whose value is impossible.
    pub fn validate(&self) -> Result<(), IndexError> {
        check(self.batch_size, self.threads, self.max_tokens)
    }
}

fn check(batch_size: usize, threads: usize, max_tokens: Option<usize>) -> Result<(), IndexError> {
    let tokens = max_tokens.unwrap_or(MAX_TOKENS);
    for (field, value, range, allowed) in [
        ("batch_size", batch_size, 1..=1024, "1 to 1024"),
        ("threads", threads, 0..=256, "0 to 256"),
        ("max_tokens", tokens, 8..=65_536, "8 to 65536"),
    ] {
        IndexError::check_range(field, value, range, allowed)?;
    }
    Ok(())
}
