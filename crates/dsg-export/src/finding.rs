//! What verification found.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What does not hold. The order is that of a report: a damaged file explains what comes after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FindingKind {
    /// A file that the manifest lists is not there.
    OutputMissing,
    /// A file of the dataset is not the one that the run wrote.
    OutputChanged,
    /// A file has another number of records than the manifest says.
    RecordCount,
    /// A line is not a dataset item.
    Malformed,
    /// An id occurs twice.
    DuplicateId,
    /// An item says that it belongs to the other side.
    WrongSplit,
    /// A document is cited on both sides of the split.
    SharedDocument,
    /// A stage's numbers do not add up, or disagree with the files.
    Funnel,
    /// The configuration's hash is not that of the configuration.
    ConfigHash,
    /// A raw file is gone.
    InputMissing,
    /// A raw file is not the one that the run read.
    InputChanged,
    /// A document is cited that the manifest does not list.
    UnknownDocument,
    /// An item has no receipt.
    NoReceipt,
    /// A quote does not stand where its receipt says.
    Receipt,
}

impl FindingKind {
    /// The name, as in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OutputMissing => "output_missing",
            Self::OutputChanged => "output_changed",
            Self::RecordCount => "record_count",
            Self::Malformed => "malformed",
            Self::DuplicateId => "duplicate_id",
            Self::WrongSplit => "wrong_split",
            Self::SharedDocument => "shared_document",
            Self::Funnel => "funnel",
            Self::ConfigHash => "config_hash",
            Self::InputMissing => "input_missing",
            Self::InputChanged => "input_changed",
            Self::UnknownDocument => "unknown_document",
            Self::NoReceipt => "no_receipt",
            Self::Receipt => "receipt",
        }
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// What kind of thing.
    pub kind: FindingKind,
    /// The file, and the line, counted from 1, where there is one.
    pub file: String,
    /// The line in `file`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The item, document, stage or column in question; empty where the file says it all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.kind)?;
        if !self.subject.is_empty() {
            write!(f, " ({})", self.subject)?;
        }
        write!(f, ": expected {}, found {}", self.expected, self.found)
    }
}

/// The result of a verification.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyReport {
    /// Items in `train.jsonl`.
    pub train: u64,
    /// Items in `eval.jsonl`.
    pub eval: u64,
    /// Receipts recomputed.
    pub receipts: u64,
    /// Raw files compared with the manifest.
    pub inputs: u64,
    /// Files of the dataset compared with the manifest.
    pub outputs: u64,
    /// What does not hold, the most telling first; empty when everything does.
    pub findings: Vec<Finding>,
    /// What changed without breaking a promise: an edited dataset card, a document that no run has read.
    pub notes: Vec<String>,
}

impl VerifyReport {
    /// Whether everything holds.
    pub fn is_ok(&self) -> bool {
        self.findings.is_empty()
    }
}
