//! What can go wrong while an index is built, saved, opened or read.

use std::io;
use std::path::PathBuf;

use dsg_core::{ArtifactError, ChunkId, SeamError};

/// An index could not be built, saved, opened or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// A configuration value is impossible.
    #[error("{field}: {value} is not in the range {allowed}")]
    Config {
        /// The field.
        field: &'static str,
        /// Its value.
        value: String,
        /// What would be possible.
        allowed: &'static str,
    },
    /// Two chunks carry the same id.
    #[error("the chunk id `{id}` occurs twice; is a document in the corpus twice?")]
    DuplicateChunk {
        /// The id.
        id: ChunkId,
    },
    /// More than 2^32 - 2 chunks, terms, postings or bytes of terms.
    #[error("the corpus is too large for one index: {what} exceed 2^32 - 2")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
    },
    /// A file of the index is missing, unreadable, or could not be written.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// A file of the index could not be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The index was written in another format.
    #[error("`{}` has index format {found}, this version reads {expected}; build the index again", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its format version.
        found: u32,
        /// The version that can be read.
        expected: u32,
    },
    /// The index was built from another corpus or with another configuration.
    #[error("the index in `{}` was built from another corpus or configuration ({found}, not {expected}); build it again", path.display())]
    Fingerprint {
        /// The index's folder.
        path: PathBuf,
        /// What it was built from.
        found: String,
        /// What was asked for.
        expected: String,
    },
    /// A file is truncated, altered, or belongs to another index.
    #[error("`{}` is damaged: {what}; build the index again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not hold.
        what: String,
    },
    /// A record of `chunks.jsonl` is not a chunk.
    #[error("`{}` record {position} is not a chunk", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// From 0, in corpus order.
        position: usize,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

impl IndexError {
    pub(crate) fn in_seam(self) -> SeamError {
        SeamError {
            what: "cannot read the index".to_owned(),
            source: Box::new(self),
        }
    }
}
