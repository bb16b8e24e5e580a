//! Chunks in, a frozen index out.

use std::collections::HashSet;

use dsg_core::{Chunk, ChunkId};

use crate::config::IndexConfig;
use crate::counts::Counts;
use crate::error::IndexError;
use crate::index::Index;
use crate::postings::Postings;

/// Collects chunks and freezes them into an [`Index`].
#[derive(Debug)]
pub struct IndexBuilder {
    config: IndexConfig,
    chunks: Vec<Chunk>,
}

impl IndexBuilder {
    /// A builder without chunks.
    ///
    /// # Errors
    /// [`IndexError::Config`] naming the field whose value is impossible.
    pub fn new(config: IndexConfig) -> Result<Self, IndexError> {
        config.validate()?;
        Ok(Self {
            config,
            chunks: Vec::new(),
        })
    }

    /// Adds one chunk; the order in which chunks are added is the corpus order.
    pub fn add(&mut self, chunk: Chunk) -> &mut Self {
        self.chunks.push(chunk);
        self
    }

    /// Adds chunks in order.
    pub fn extend(&mut self, chunks: impl IntoIterator<Item = Chunk>) -> &mut Self {
        self.chunks.extend(chunks);
        self
    }

    /// Freezes the chunks into an index, on the threads of the current rayon pool. The result does not depend on how many
    /// there are.
    ///
    /// # Errors
    /// [`IndexError::DuplicateChunk`] when two chunks share an id, [`IndexError::TooLarge`] beyond 2^32 - 2 postings.
    pub fn build(self) -> Result<Index, IndexError> {
        let Self { config, chunks } = self;
        let ids: Vec<&ChunkId> = chunks.iter().map(|chunk| &chunk.chunk_id).collect();
        let mut seen = HashSet::with_capacity(ids.len());
        if let Some(id) = ids.iter().find(|id| !seen.insert(id.as_str())) {
            return Err(IndexError::DuplicateChunk { id: (*id).clone() });
        }
        drop(seen);
        let counts = Counts::of(&chunks, &config)?;
        let postings = Postings::freeze(&counts, &ids, &config)
            .ok_or(IndexError::TooLarge { what: "postings" })?;
        Ok(Index::new(config, postings, chunks))
    }
}
