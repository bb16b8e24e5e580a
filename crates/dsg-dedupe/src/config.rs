//! Settings of each kernel; all are checked when the kernel is built.

use std::collections::BTreeMap;

use dsg_core::Seed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::DedupeError;

/// Settings of [`Deduper`](crate::Deduper) and [`cluster_documents`](crate::cluster_documents()).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DedupeConfig {
    /// Least Jaccard similarity, over content words, at which two questions that mean the same are one. In `(0, 1]`;
    /// default 0.8.
    pub question_threshold: f64,
    /// Least Jaccard similarity, over word shingles, at which two question–answer texts are one. In `(0, 1]`; default 0.7.
    pub pair_threshold: f64,
    /// Least Jaccard similarity, over word shingles, at which two whole documents are one for the split. In `(0, 1]`;
    /// default 0.5: a document that shares half of its phrases with another must not be on the other side.
    pub document_threshold: f64,
    /// Registers of a sketch. A multiple of 8; default 128.
    pub num_perm: usize,
    /// Words in a shingle of texts and documents. 1 to 16; default 3.
    pub shingle_words: usize,
}

impl Default for DedupeConfig {
    fn default() -> Self {
        Self {
            question_threshold: 0.8,
            pair_threshold: 0.7,
            document_threshold: 0.5,
            num_perm: 128,
            shingle_words: 3,
        }
    }
}

impl DedupeConfig {
    pub(crate) fn validate(&self) -> Result<(), DedupeError> {
        for (field, value) in [
            ("question_threshold", self.question_threshold),
            ("pair_threshold", self.pair_threshold),
            ("document_threshold", self.document_threshold),
        ] {
            if !(value > 0.0 && value <= 1.0) {
                return Err(DedupeError::config(
                    field,
                    format!("{value} is not above 0 and at most 1"),
                ));
            }
        }
        if !(1..=16).contains(&self.shingle_words) {
            return Err(DedupeError::config(
                "shingle_words",
                format!("{} is not between 1 and 16", self.shingle_words),
            ));
        }
        Ok(())
    }
}

/// Settings of a [`Balancer`](crate::Balancer).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BalanceConfig {
    /// Most items per topic id. A topic that is not listed is not limited. Default: none listed.
    pub quotas: BTreeMap<String, usize>,
    /// Wanted share of each difficulty (`basic`, `intermediate`, `advanced`), in any unit: `0.4` and `40` mean the same
    /// beside `0.6` and `60`. Empty means no preference. Default: empty.
    pub difficulty: BTreeMap<String, f64>,
    /// Wanted share of each question type (`factual`, `procedural`, `analytical`, `troubleshooting`), likewise.
    /// Default: empty.
    pub question_types: BTreeMap<String, f64>,
}

/// Settings of a [`Splitter`](crate::Splitter).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SplitConfig {
    /// Wanted share of eval items. In `[0, 1)`; default 0.15.
    pub eval_fraction: f64,
    /// How far the share may be off, absolutely, before [`Split::within_tolerance`](crate::Split) says so. Default 0.03.
    pub tolerance: f64,
    /// Least Jaccard similarity at which two questions may not be on two sides, as in [`DedupeConfig`]. Default 0.8.
    pub question_threshold: f64,
    /// Breaks ties between equally good assignments; the seed of the whole run, never read from a section of its own. Default 42.
    #[serde(skip)]
    pub seed: Seed,
}

impl Default for SplitConfig {
    fn default() -> Self {
        Self {
            eval_fraction: 0.15,
            tolerance: 0.03,
            question_threshold: 0.8,
            seed: Seed(42),
        }
    }
}

impl SplitConfig {
    pub(crate) fn validate(&self) -> Result<(), DedupeError> {
        if !(0.0..1.0).contains(&self.eval_fraction) {
            return Err(DedupeError::config(
                "eval_fraction",
                format!("{} is not at least 0 and below 1", self.eval_fraction),
            ));
        }
        if !(0.0..=1.0).contains(&self.tolerance) {
            return Err(DedupeError::config(
                "tolerance",
                format!("{} is not between 0 and 1", self.tolerance),
            ));
        }
        if !(self.question_threshold > 0.0 && self.question_threshold <= 1.0) {
            return Err(DedupeError::config(
                "question_threshold",
                format!("{} is not above 0 and at most 1", self.question_threshold),
            ));
        }
        Ok(())
    }
}
