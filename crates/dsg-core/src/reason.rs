//! Why a record left the run, and the sums that prove none was lost.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::schema::schema_tag;

/// A stage of the pipeline, as it appears in funnels, rejects and events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stage {
    /// Files to documents.
    Ingest,
    /// Documents to chunks.
    Chunk,
    /// Chunks to a searchable index.
    Index,
    /// Chunks to candidates.
    Generate,
    /// Candidates to accepted candidates.
    Judge,
    /// Accepted candidates without copies.
    Dedupe,
    /// Items chosen to meet the quotas.
    Balance,
    /// Items assigned to train or eval.
    Split,
    /// Items written out.
    Export,
    /// Receipts recomputed.
    Verify,
    /// Prompts to a teacher's replies; not part of a run.
    Label,
    /// Rows to an adapter; not part of a run.
    Train,
    /// Questions to a model's answers, measured; not part of a run.
    Evaluate,
}

impl Stage {
    /// The stage's name, as in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Chunk => "chunk",
            Self::Index => "index",
            Self::Generate => "generate",
            Self::Judge => "judge",
            Self::Dedupe => "dedupe",
            Self::Balance => "balance",
            Self::Split => "split",
            Self::Export => "export",
            Self::Verify => "verify",
            Self::Label => "label",
            Self::Train => "train",
            Self::Evaluate => "evaluate",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A typed reason, `stage.what` (`judge.unsupported_fact`). Each stage crate owns an enum of its reasons and
/// converts it into this; records on disk carry the text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reason(Cow<'static, str>);

impl Reason {
    /// A reason known at compile time.
    pub const fn new(reason: &'static str) -> Self {
        Self(Cow::Borrowed(reason))
    }

    /// The reason as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

schema_tag!(
    /// The tag of [`Reject`].
    RejectSchema = "dsg.reject/1"
);

/// A record that left the run, with the reason and the record itself. One line of `rejects.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reject {
    /// Always `dsg.reject/1`.
    #[serde(default)]
    pub schema: RejectSchema,
    /// The record's id, or the file's path.
    pub id: String,
    /// The stage it left.
    pub stage: Stage,
    /// Why, typed.
    pub reason: Reason,
    /// Why, for a person: which value, which limit.
    pub detail: String,
    /// The record as it was.
    pub record: Value,
}

/// What became of one record in a stage.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<T> {
    /// Goes on to the next stage.
    Kept(T),
    /// Left for a typed reason.
    Dropped(Reject),
    /// Could not be processed; counted apart, since it points at the input or at us.
    Failed(Reject),
}

impl<T> Outcome<T> {
    /// The kept value, if it was kept.
    pub fn kept(self) -> Option<T> {
        match self {
            Self::Kept(value) => Some(value),
            Self::Dropped(_) | Self::Failed(_) => None,
        }
    }
}

/// The funnel of one stage: `in == kept + dropped + failed`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageCounts {
    /// Records that entered.
    #[serde(rename = "in")]
    pub entered: u64,
    /// Records that went on.
    pub kept: u64,
    /// Records that left, by reason.
    pub dropped: BTreeMap<Reason, u64>,
    /// Records that could not be processed.
    pub failed: u64,
}

impl StageCounts {
    /// Counts one outcome.
    pub fn record<T>(&mut self, outcome: &Outcome<T>) {
        self.entered += 1;
        match outcome {
            Outcome::Kept(_) => self.kept += 1,
            Outcome::Dropped(reject) => {
                *self.dropped.entry(reject.reason.clone()).or_default() += 1;
            }
            Outcome::Failed(_) => self.failed += 1,
        }
    }

    /// Records that left for any reason.
    pub fn dropped_total(&self) -> u64 {
        self.dropped.values().sum()
    }

    /// Whether nothing was lost.
    pub fn is_balanced(&self) -> bool {
        self.entered == self.kept + self.dropped_total() + self.failed
    }
}

/// Kept values and rejects of a stage, with the counts that must balance.
#[derive(Debug, Clone, PartialEq)]
pub struct StageResult<T> {
    /// What goes on, in input order.
    pub kept: Vec<T>,
    /// What left, in input order.
    pub rejects: Vec<Reject>,
    /// The funnel.
    pub counts: StageCounts,
}

impl<T> FromIterator<Outcome<T>> for StageResult<T> {
    fn from_iter<I: IntoIterator<Item = Outcome<T>>>(outcomes: I) -> Self {
        let mut result = Self {
            kept: Vec::new(),
            rejects: Vec::new(),
            counts: StageCounts::default(),
        };
        for outcome in outcomes {
            result.counts.record(&outcome);
            match outcome {
                Outcome::Kept(value) => result.kept.push(value),
                Outcome::Dropped(reject) | Outcome::Failed(reject) => result.rejects.push(reject),
            }
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reject(reason: &'static str) -> Reject {
        Reject {
            schema: RejectSchema,
            id: "x".into(),
            stage: Stage::Judge,
            reason: Reason::new(reason),
            detail: String::new(),
            record: Value::Null,
        }
    }

    #[test]
    fn every_outcome_is_counted_once() {
        let result: StageResult<u8> = [
            Outcome::Kept(1),
            Outcome::Dropped(reject("judge.a")),
            Outcome::Failed(reject("judge.b")),
        ]
        .into_iter()
        .collect();
        assert!(result.counts.is_balanced());
        assert_eq!(
            (
                result.counts.entered,
                result.counts.kept,
                result.counts.failed
            ),
            (3, 1, 1)
        );
        assert_eq!(result.rejects.len(), 2);
    }
}
