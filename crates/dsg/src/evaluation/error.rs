//! Why an evaluation cannot be made.

use std::path::PathBuf;

use super::EvalModel;
use super::metric::Metric;

/// Why an evaluation cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    /// The files have no rows, or none that a rule has other words for.
    #[error("there is no question to ask: the files have no rows, or none that a rule rewords")]
    NothingToAsk,
    /// A file's rows are on an axis that dsg fills itself.
    #[error("rows of `{}` are on the axis `{axis}`, a name that dsg uses itself", path.display())]
    ReservedAxis {
        /// `general` or `reworded`.
        axis: String,
        /// The file.
        path: PathBuf,
    },
    /// Nothing will be measured that a gate could be held against.
    #[error(
        "nothing will be measured that the gate `{gate}` is for; what is asked is on the axes {axes}"
    )]
    GateNotMeasured {
        /// The gate.
        gate: String,
        /// The axes that there are, with commas.
        axes: String,
    },
    /// llama.cpp runs GGUF files alone, and a model is none, or has an adapter.
    #[error(
        "llama.cpp runs GGUF files alone, not {model}: make one of it with `dsg export-gguf`, and ask that"
    )]
    NotExported {
        /// The model.
        model: EvalModel,
    },
    /// Replies are to be held to a schema or a grammar by an engine that cannot.
    #[error("only the engine `llama-cpp` holds replies to a schema or a grammar")]
    Unconstrained,
    /// A judge is wanted, and there is none.
    #[error("there is no judge to ask: `models.judge` in the configuration names no model")]
    NoJudge,
    /// No question was answered by both models.
    #[error(
        "no question was answered by both models; the base answered {base}, the student {student}"
    )]
    NoPairs {
        /// Questions that the base model answered.
        base: usize,
        /// Questions that the student answered.
        student: usize,
    },
}

/// A name that no metric has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no metric; there are {}", Metric::ALL.map(Metric::as_str).join(", "))]
pub struct UnknownMetric {
    pub(super) name: String,
}

/// A text that is no gate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidGate {
    /// It has no `=`.
    #[error("`{0}` is no METRIC=VALUE, as in f1=0.3 or unseen.f1=0.3")]
    Shape(String),
    /// What stands behind the `=` is no finite number.
    #[error("`{0}` is no number")]
    Value(String),
    /// What stands before it names no metric.
    #[error(transparent)]
    Metric(#[from] UnknownMetric),
}
