//! Why a run of a model judge must stop.

use dsg_core::{ChatError, PromptError, SeamError};

use crate::error::JudgeError;

/// Why a model judge cannot be built, or cannot go on. What concerns one item is an `Outcome`, never this.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelJudgeError {
    /// The configuration is impossible.
    #[error(transparent)]
    Config(#[from] JudgeError),
    /// A prompt is missing.
    #[error("the judge needs a prompt `{name}`")]
    MissingPrompt {
        /// Its name.
        name: &'static str,
    },
    /// A prompt asks for something that the judge does not give.
    #[error("a prompt of the judge cannot be filled in")]
    Prompt(#[from] PromptError),
    /// The chunks cannot be read.
    #[error("the judge cannot read the evidence of `{id}`")]
    Store {
        /// The item.
        id: String,
        /// Why.
        #[source]
        source: SeamError,
    },
    /// The model ended the run: its budget is spent, it refuses, a stop was asked for.
    #[error("judging stopped at `{id}`")]
    Model {
        /// The item.
        id: String,
        /// Why.
        #[source]
        source: ChatError,
    },
}
