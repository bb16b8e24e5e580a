//! A model and questions in, answers and figures out; and two models side by side.
//!
//! An *axis* is a kind of question: `unseen` (of documents that were held out), `trained` (of documents that were trained on), `reworded` (what was trained
//! on, in other words), `general` (what has nothing to do with the documents), or what a row or a file is named.

mod answers;
mod compare;
mod engine;
mod error;
mod groups;
mod job;
#[cfg(feature = "llama-cpp")]
mod llama_cpp;
mod metric;
mod questions;
mod record;
mod scorer;
mod side_by_side;
mod win_rate;

pub(crate) use answers::clear;
pub use compare::{AxisComparison, CompareJob, CompareSummary, MetricComparison, compare};
pub use engine::{ConstrainedReplies, EvalConstraint, EvalEngine};
pub use error::{EvalError, InvalidGate, UnknownMetric};
pub use job::{AxisSummary, EvalGate, EvalJob, EvalSummary, MetricSummary, evaluate};
pub use metric::Metric;
pub use questions::{EvalData, EvalQuestions};
pub use record::{Evaluated, Scores};
pub use win_rate::{ComparisonJudge, WinRate};

use std::fmt;
use std::path::PathBuf;

use serde::ser::{Serialize, SerializeStruct as _, Serializer};

/// A model, with an adapter where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvalModel {
    /// A Hugging Face folder or a GGUF file.
    pub model: PathBuf,
    /// A folder with an adapter in PEFT's layout. Default: none.
    pub adapter: Option<PathBuf>,
}

impl fmt::Display for EvalModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.model.display())?;
        match &self.adapter {
            Some(adapter) => write!(f, " with `{}`", adapter.display()),
            None => Ok(()),
        }
    }
}

impl Serialize for EvalModel {
    /// Paths as they are shown, since one that is no UTF-8 would be an error.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let adapter = self.adapter.as_ref().map(|path| path.display().to_string());
        let mut fields = serializer.serialize_struct("EvalModel", 2)?;
        fields.serialize_field("model", &self.model.display().to_string())?;
        fields.serialize_field("adapter", &adapter)?;
        fields.end()
    }
}

/// The axis of questions that have nothing to do with the documents.
const GENERAL: &str = "general";
/// The axis of known questions in other words.
const REWORDED: &str = "reworded";
