//! What lost to what, and why.

use serde::{Deserialize, Serialize};

use crate::id::CandidateId;
use crate::reason::Reason;
use crate::schema::schema_tag;

schema_tag!(
    /// The tag of [`Duplicate`].
    DuplicateSchema = "dsg.duplicate/1"
);

/// A removed item and the one it lost to. One line of `duplicates.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Duplicate {
    /// Always `dsg.duplicate/1`.
    #[serde(default)]
    pub schema: DuplicateSchema,
    /// How it was found.
    pub kind: DuplicateKind,
    /// The reason of its reject.
    pub reason: Reason,
    /// The item that left.
    pub lost: CandidateId,
    /// The item that stays.
    pub kept: CandidateId,
    /// How alike they are: 1 for exact duplicates, the Jaccard similarity for near ones, the cosine for semantic ones.
    pub similarity: f64,
    /// What the lost item asks.
    pub lost_question: String,
    /// What the kept item asks.
    pub kept_question: String,
}

/// How a duplicate was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DuplicateKind {
    /// The same question up to case, spacing and punctuation.
    Exact,
    /// Most words in common.
    Near,
    /// Other words, the same meaning.
    Semantic,
}

impl DuplicateKind {
    /// The kind's name, as in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Near => "near",
            Self::Semantic => "semantic",
        }
    }
}
