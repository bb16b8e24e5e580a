//! Settings of each kernel; all are checked when the kernel is built.

use std::collections::BTreeMap;
use std::path::PathBuf;

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
    /// Questions of the same meaning, where there are vectors of them.
    pub semantic: SemanticConfig,
    /// Benchmarks and evaluation files (JSON Lines, CSV, Parquet) that no item may repeat. Default: none. The library leaves reading
    /// them to its caller, who gives the rows to a [`Decontaminator`](crate::Decontaminator).
    pub decontaminate: Vec<PathBuf>,
    /// The columns of these files that count. Default: none, which means that those with a usual name (`question`, `prompt`, `answer`, `text`,
    /// `messages`, …) are found.
    pub decontaminate_columns: Vec<String>,
    /// Words in a row that an item must have in common with a benchmark's text to be taken for a repetition of it. 5 to 50; default 13,
    /// as for GPT-3 and in `lm-eval`.
    pub ngram_words: usize,
}

/// When two questions mean the same by their vectors. Compared are only questions that agree in every literal, number, negation
/// and side of opposites.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SemanticConfig {
    /// Least cosine of two questions' vectors at which they are one. In `(0, 1]`; default 0.95, for all-MiniLM-L6-v2: below it lie more
    /// questions about something else than rewordings.
    pub threshold: f64,
    /// Fewest questions that agree in these things which are compared by signatures instead of pair by pair. At least 2; default 2048.
    pub exact_below: usize,
}

impl Default for SemanticConfig {
    fn default() -> Self {
        Self {
            threshold: 0.95,
            exact_below: 2_048,
        }
    }
}

impl Default for DedupeConfig {
    fn default() -> Self {
        Self {
            question_threshold: 0.8,
            pair_threshold: 0.7,
            document_threshold: 0.5,
            num_perm: 128,
            shingle_words: 3,
            semantic: SemanticConfig::default(),
            decontaminate: Vec::new(),
            decontaminate_columns: Vec::new(),
            ngram_words: 13,
        }
    }
}

impl DedupeConfig {
    pub(crate) fn validate(&self) -> Result<(), DedupeError> {
        for (field, value) in [
            ("question_threshold", self.question_threshold),
            ("pair_threshold", self.pair_threshold),
            ("document_threshold", self.document_threshold),
            ("semantic.threshold", self.semantic.threshold),
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
        if !(5..=50).contains(&self.ngram_words) {
            return Err(DedupeError::config(
                "ngram_words",
                format!("{} is not between 5 and 50", self.ngram_words),
            ));
        }
        if self.semantic.exact_below < 2 {
            return Err(DedupeError::config(
                "semantic.exact_below",
                format!("{} is not at least 2", self.semantic.exact_below),
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
    /// Whether chunks take turns before scores decide, so that more of the documents has an item. Default: false.
    pub chunks_take_turns: bool,
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
