//! A model and questions in, answers and figures out; and two models side by side.
//!
//! An *axis* is a kind of question: `unseen` (of documents that were held out), `reworded` (what was trained on, in other words), `general` (what has
//! nothing to do with the documents), or what a file was named.

mod answers;
mod compare;
mod job;
mod metric;
mod questions;
mod record;
mod scorer;
mod side_by_side;

pub use compare::{AxisComparison, CompareJob, CompareSummary, MetricComparison, compare};
pub use job::{AxisSummary, EvalGate, EvalJob, EvalSummary, MetricSummary, evaluate};
pub use metric::Metric;
pub use questions::{EvalData, EvalQuestions};
pub use record::{Evaluated, Scores};

use std::path::PathBuf;

use serde::Serialize;

/// A model, with an adapter where there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EvalModel {
    /// A Hugging Face folder or a GGUF file.
    pub model: PathBuf,
    /// A folder with an adapter in PEFT's layout. Default: none.
    pub adapter: Option<PathBuf>,
}

/// The axis of questions that have nothing to do with the documents.
const GENERAL: &str = "general";
/// The axis of known questions in other words.
const REWORDED: &str = "reworded";
