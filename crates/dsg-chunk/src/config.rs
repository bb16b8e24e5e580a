//! What a caller may choose.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ChunkError;

/// How large chunks are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ChunkConfig {
    /// Most tokens in a chunk. Default 512, at least 16.
    pub max_tokens: usize,
    /// Sections below this many tokens join their neighbour under the same heading, and the last chunk of a section is
    /// filled up to it. Default 64, at most half of `max_tokens`; 0 keeps every section apart.
    pub min_tokens: usize,
    /// The file of the tokenizer that counts: a `tokenizer.json`, or a GGUF file for the vocabulary in it; relative to where
    /// dsg is run. Default: none, which means a fast estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokenizer: Option<PathBuf>,
}

impl Default for ChunkConfig {
    fn default() -> Self {
        Self {
            max_tokens: 512,
            min_tokens: 64,
            tokenizer: None,
        }
    }
}

impl ChunkConfig {
    /// The smallest budget in which a heading and a sentence still fit.
    const LEAST_BUDGET: usize = 16;

    pub(crate) fn validate(&self) -> Result<(), ChunkError> {
        if self.max_tokens < Self::LEAST_BUDGET {
            return Err(ChunkError::Budget {
                max_tokens: self.max_tokens,
                least: Self::LEAST_BUDGET,
            });
        }
        if self.min_tokens > self.max_tokens / 2 {
            return Err(ChunkError::Minimum {
                min_tokens: self.min_tokens,
                max_tokens: self.max_tokens,
            });
        }
        Ok(())
    }
}
