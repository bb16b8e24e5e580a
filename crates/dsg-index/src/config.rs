//! What a caller may choose.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::IndexError;

/// How chunks are weighted and text is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IndexConfig {
    /// BM25's term saturation: how fast more occurrences stop to matter. Default 1.2, at least 0.
    pub k1: f64,
    /// BM25's length normalisation: 0 ignores a chunk's length, 1 divides by it. Default 0.75.
    pub b: f64,
    /// How often each word of the heading path counts, besides those in the text. Default 2; 0 leaves headings out; at most 16.
    pub heading_weight: u32,
    /// How often each of the chunk's commands counts, besides the text. Default 1; 0 leaves them out; at most 16.
    pub command_weight: u32,
    /// Whether plain English words are reduced to their stem (Snowball English). Default true.
    pub stemming: bool,
}

impl Default for IndexConfig {
    fn default() -> Self {
        Self {
            k1: 1.2,
            b: 0.75,
            heading_weight: 2,
            command_weight: 1,
            stemming: true,
        }
    }
}

impl IndexConfig {
    const MAX_WEIGHT: u32 = 16;

    pub(crate) fn validate(&self) -> Result<(), IndexError> {
        IndexError::check_range("k1", self.k1, 0.0..=100.0, "0 to 100")?;
        IndexError::check_range("b", self.b, 0.0..=1.0, "0 to 1")?;
        for (field, weight) in [
            ("heading_weight", self.heading_weight),
            ("command_weight", self.command_weight),
        ] {
            IndexError::check_range(field, weight, 0..=Self::MAX_WEIGHT, "0 to 16")?;
        }
        Ok(())
    }
}
