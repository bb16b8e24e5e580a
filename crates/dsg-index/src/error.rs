//! What can go wrong while an index is built, saved, opened or read.

use std::fmt::Display;
use std::io;
use std::ops::RangeInclusive;
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
    /// A vector has another number of numbers than the embedder's vectors.
    #[error(
        "a vector has {found} numbers instead of {expected}; embed query and chunks with the same model, or build the index again"
    )]
    Dimension {
        /// How many it has.
        found: usize,
        /// How many it should have.
        expected: usize,
    },
    /// A vector holds NaN or an infinity.
    #[error("vector {at} holds NaN or an infinity; the embedder or its model is broken")]
    NotFinite {
        /// Which, from 0.
        at: usize,
    },
    /// A vector's length is not 1.
    #[error("vector {at} has length {length} instead of 1; embedders must normalise")]
    Length {
        /// Which, from 0.
        at: usize,
        /// Its length.
        length: f32,
    },
    /// The vectors were made by another embedder.
    #[error("the vectors of `{}` were made by `{found}`, not `{expected}`; set that embedder, or build the index again", path.display())]
    Embedder {
        /// The vectors' manifest.
        path: PathBuf,
        /// Who made them.
        found: String,
        /// Who is to embed queries.
        expected: String,
    },
    /// The index has no vectors.
    #[error("the index in `{}` has no vectors; name a model in `models.embedder` and build it again", path.display())]
    NoVectors {
        /// The index's folder.
        path: PathBuf,
    },
    /// Another process writes to the cache of vectors.
    #[error("`{}` is in use by another process; wait for it, or name another folder", path.display())]
    CacheInUse {
        /// The cache's file.
        path: PathBuf,
    },
    /// Index or embedder failed behind their seams.
    #[error(transparent)]
    Seam(#[from] SeamError),
    /// A reranker broke its contract.
    #[error(
        "the reranker `{id}` gave {found} scores for {expected} texts, or one that is no number"
    )]
    Scores {
        /// The reranker.
        id: String,
        /// How many scores came.
        found: usize,
        /// How many texts it was given.
        expected: usize,
    },
    /// There is no onnxruntime library to run models with, or it cannot be used.
    #[error(
        "{what}; get one with `pip install onnxruntime` (its folder `capi` holds it) or from your distribution, and set ORT_DYLIB_PATH to the file"
    )]
    Runtime {
        /// What was tried.
        what: String,
    },
    /// A folder holds no model that can be used.
    #[error("no usable model in `{}`: {what}", path.display())]
    Model {
        /// The folder or file.
        path: PathBuf,
        /// What is missing or wrong.
        what: String,
    },
}

impl IndexError {
    /// Whether a configuration value is in its range; `allowed` says the range as people read it.
    pub(crate) fn check_range<V: Copy + PartialOrd + Display>(
        field: &'static str,
        value: V,
        range: RangeInclusive<V>,
        allowed: &'static str,
    ) -> Result<(), Self> {
        if range.contains(&value) {
            return Ok(());
        }
        Err(Self::Config {
            field,
            value: value.to_string(),
            allowed,
        })
    }

    pub(crate) fn in_seam(self) -> SeamError {
        SeamError {
            what: "cannot read the index".to_owned(),
            source: Box::new(self),
        }
    }
}
