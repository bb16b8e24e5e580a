//! What stops a run.

use dsg_core::{CandidateId, DocId};

/// A configuration that cannot work, or a split that leaks.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DedupeError {
    /// A value is impossible.
    #[error("`{field}`: {problem}")]
    Config {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A document, or a near-duplicate of it, is evidence on both sides.
    #[error(
        "evaluation leaks: `{train}` (train) and `{eval}` (eval) both rest on document `{document}` or a near-duplicate of it"
    )]
    SharedDocument {
        /// A document of the shared cluster.
        document: DocId,
        /// The train item.
        train: CandidateId,
        /// The eval item.
        eval: CandidateId,
    },
    /// Nearly the same question is on both sides.
    #[error(
        "evaluation leaks: `{train}` (train) asks nearly what `{eval}` (eval) asks, similarity {similarity:.2}"
    )]
    SharedQuestion {
        /// The train item.
        train: CandidateId,
        /// The eval item.
        eval: CandidateId,
        /// Jaccard similarity of the two questions.
        similarity: f64,
    },
    /// Questions of both sides have a run of words in common.
    #[error("evaluation leaks: `{train}` (train) asks with the words of `{eval}` (eval): `{text}`")]
    SharedWords {
        /// The train item.
        train: CandidateId,
        /// The eval item.
        eval: CandidateId,
        /// The words.
        text: String,
    },
    /// The same answer is on both sides.
    #[error(
        "evaluation leaks: `{train}` (train) answers what `{eval}` (eval) answers, {share:.2} of the words"
    )]
    SharedAnswer {
        /// The train item.
        train: CandidateId,
        /// The eval item.
        eval: CandidateId,
        /// Of the shorter answer's runs of words, the share that the other has.
        share: f64,
    },
    /// A vector cannot be compared with others.
    #[error("vector {row}: {problem}")]
    Vector {
        /// Its place among the vectors, from 0.
        row: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// There are not as many vectors as texts.
    #[error("{found} vectors for {expected} texts")]
    VectorCount {
        /// Vectors given.
        found: usize,
        /// Texts that they are for.
        expected: usize,
    },
}

impl DedupeError {
    pub(crate) const fn config(field: &'static str, problem: String) -> Self {
        Self::Config { field, problem }
    }
}
