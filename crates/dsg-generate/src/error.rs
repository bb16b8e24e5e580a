//! What stops generation.

use dsg_core::SeamError;

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
