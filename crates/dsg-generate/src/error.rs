//! What stops generation.

use dsg_core::{ChatError, PromptError, SeamError};

use crate::generator::Generated;

/// Generation cannot start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// A configuration value is impossible.
    #[error("`{field}` {problem}")]
    Config {
        /// The field, as in the file: `topics[2].id`.
        field: String,
        /// What is wrong with it, and what would be right.
        problem: String,
    },
    /// The index could not be read.
    #[error("cannot read the evidence for topic `{topic}`")]
    Evidence {
        /// The topic's id; empty while chunks are read in order.
        topic: String,
        /// Why.
        #[source]
        source: SeamError,
    },
    /// A chunk could not be read from the store.
    #[error("cannot read chunk {position} of the corpus")]
    Chunk {
        /// Position in corpus order.
        position: usize,
        /// Why.
        #[source]
        source: SeamError,
    },
    /// The index has fewer chunks than it says.
    #[error("the corpus has no chunk {position}")]
    MissingChunk {
        /// Position in corpus order.
        position: usize,
    },
    /// The index could not be searched.
    #[error("cannot search the evidence for an answer to “{question}”")]
    Search {
        /// What was searched for.
        question: String,
        /// Why.
        #[source]
        source: SeamError,
    },
    /// A prompt is missing.
    #[error("the writer needs a prompt `{name}`")]
    MissingPrompt {
        /// Its name.
        name: &'static str,
    },
    /// A prompt asks for something that the writer does not give.
    #[error("a prompt of the writer cannot be filled in")]
    Prompt(#[from] PromptError),
    /// The model ended the run: its budget is spent, it refuses. A model that records its replies goes on from here in the next run.
    #[error("the model ended the run; {not_asked} tasks are left")]
    Stopped {
        /// Tasks that were begun or waiting, and are neither done nor rejected.
        not_asked: usize,
        /// What was done until then.
        done: Box<Generated>,
        /// Why.
        #[source]
        source: ChatError,
    },
    /// The model ended the labelling: its budget is spent, it refuses.
    #[error("labelling stopped at `{id}`")]
    Labelling {
        /// The prompt.
        id: String,
        /// Why.
        #[source]
        source: ChatError,
    },
    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl GenerateError {
    pub(crate) fn config(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Config {
            field: field.into(),
            problem: problem.into(),
        }
    }
}
