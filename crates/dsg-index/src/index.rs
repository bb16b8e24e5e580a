//! The frozen index: saved, opened, searched.

use std::path::Path;

use dsg_core::{Chunk, ChunkId, ChunkStore, Hit, Retriever, SeamError, Span};

use crate::config::IndexConfig;
use crate::error::IndexError;
use crate::format::{self, CHUNKS};
use crate::postings::Postings;
use crate::query::{highlights, known_terms};
use crate::records::Records;
use crate::search::{ScorePool, best};

/// A chunk store with BM25 search. Immutable; any number of threads may search it at once.
#[derive(Debug)]
pub struct Index {
    config: IndexConfig,
    postings: Postings,
    records: Records,
    pool: ScorePool,
    fingerprint: Option<String>,
}

/// A search result with its chunk.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchHit {
    /// Position in corpus order.
    pub position: usize,
    /// What it was ranked by, BM25 unless said otherwise; higher is better, comparable within one query only.
    pub score: f32,
    /// The chunk.
    pub chunk: Chunk,
    /// What matched the query in the chunk's text, as spans of its *document*, in order.
    pub highlights: Vec<Span>,
}

impl Index {
    pub(crate) fn new(config: IndexConfig, postings: Postings, chunks: Vec<Chunk>) -> Self {
        Self {
            config,
            postings,
            records: Records::Memory(chunks),
            pool: ScorePool::default(),
            fingerprint: None,
        }
    }

    /// Writes `chunks.jsonl`, `postings.bin` and, last, `index.json` into `folder`, each whole or not at all.
    /// `fingerprint` says what the index was built from, for [`Self::open_expecting`].
    ///
    /// # Errors
    /// [`IndexError::Artifact`] naming the file that could not be written.
    pub fn save(&self, folder: impl AsRef<Path>, fingerprint: &str) -> Result<(), IndexError> {
        let mut postings = self.postings.clone();
        format::save(
            folder.as_ref(),
            &mut postings,
            &self.config,
            fingerprint,
            |position| self.records.get(&self.postings, position),
        )
    }

    /// Opens the index in `folder`. Reads the postings; a chunk is read when it is asked for.
    ///
    /// # Errors
    /// [`IndexError`] when a file is missing, damaged, or of another format version.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, IndexError> {
        let folder = folder.as_ref();
        let manifest = format::open_manifest(folder)?;
        Self::open_with(folder, manifest)
    }

    /// Opens the index in `folder` if it was saved with this fingerprint.
    ///
    /// # Errors
    /// [`IndexError::Fingerprint`] when it was not; otherwise as [`Self::open`].
    pub fn open_expecting(folder: impl AsRef<Path>, fingerprint: &str) -> Result<Self, IndexError> {
        let folder = folder.as_ref();
        let manifest = format::open_manifest(folder)?;
        if manifest.fingerprint != fingerprint {
            return Err(IndexError::Fingerprint {
                path: folder.to_path_buf(),
                found: manifest.fingerprint,
                expected: fingerprint.to_owned(),
            });
        }
        Self::open_with(folder, manifest)
    }

    fn open_with(folder: &Path, manifest: format::Manifest) -> Result<Self, IndexError> {
        manifest.config.validate()?;
        let postings = format::open_postings(folder, &manifest)?;
        let path = folder.join(CHUNKS);
        let read_error = |source| IndexError::Read {
            path: path.clone(),
            source,
        };
        let bytes = path.metadata().map_err(read_error)?.len();
        if bytes != manifest.chunks_file.bytes {
            return Err(IndexError::Damaged {
                what: format!(
                    "it has {bytes} bytes instead of {}",
                    manifest.chunks_file.bytes
                ),
                path,
            });
        }
        let records = Records::open(&path).map_err(read_error)?;
        Ok(Self {
            config: manifest.config,
            postings,
            records,
            pool: ScorePool::default(),
            fingerprint: Some(manifest.fingerprint),
        })
    }

    /// How the index was built.
    pub const fn config(&self) -> &IndexConfig {
        &self.config
    }

    /// What the index was saved with; `None` when it was just built.
    pub fn fingerprint(&self) -> Option<&str> {
        self.fingerprint.as_deref()
    }

    /// Number of different terms.
    pub const fn terms(&self) -> usize {
        self.postings.shape.terms
    }

    /// The `k` best chunks for `query`, best first, ties by chunk id. Chunks that share no term with the query are not hits.
    pub fn rank(&self, query: &str, k: usize) -> Vec<Hit> {
        let terms = known_terms(query, self.config.stemming, &self.postings);
        best(&self.postings, &self.pool, &terms, k)
    }

    /// [`Self::rank`] among the chunks at positions that `wanted` accepts.
    pub fn rank_where(
        &self,
        query: &str,
        k: usize,
        wanted: Option<&dyn Fn(usize) -> bool>,
    ) -> Vec<Hit> {
        let Some(wanted) = wanted else {
            return self.rank(query, k);
        };
        let mut hits = self.rank(query, self.len());
        hits.retain(|hit| wanted(hit.position));
        hits.truncate(k);
        hits
    }

    /// The place of the chunk at `position` in the order of chunk ids.
    pub(crate) fn id_rank(&self, position: usize) -> u32 {
        let ranks = self.postings.ranks();
        ranks.get(position).copied().unwrap_or(u32::MAX)
    }

    /// [`Self::rank`] with the chunks and what matched in them.
    ///
    /// # Errors
    /// [`IndexError`] when a chunk cannot be read.
    pub fn search_highlighted(&self, query: &str, k: usize) -> Result<Vec<SearchHit>, IndexError> {
        self.highlighted(query, self.rank(query, k))
    }

    /// Hits with their chunks and what of the query matched in them.
    pub(crate) fn highlighted(
        &self,
        query: &str,
        ranked: Vec<Hit>,
    ) -> Result<Vec<SearchHit>, IndexError> {
        let mut hits = Vec::new();
        for Hit { position, score } in ranked {
            let Some(chunk) = self.records.get(&self.postings, position)? else {
                continue;
            };
            let highlights = highlights(
                query,
                self.config.stemming,
                &self.postings,
                &chunk.text,
                chunk.span.start(),
            );
            hits.push(SearchHit {
                position,
                score,
                chunk,
                highlights,
            });
        }
        Ok(hits)
    }
}

impl ChunkStore for Index {
    fn len(&self) -> usize {
        self.postings.shape.chunks
    }

    fn get(&self, position: usize) -> Result<Option<Chunk>, SeamError> {
        self.records
            .get(&self.postings, position)
            .map_err(IndexError::in_seam)
    }

    fn find(&self, id: &ChunkId) -> Result<Option<Chunk>, SeamError> {
        let mut found = None;
        let mut failed = None;
        self.postings.find_id(id.as_str(), |position| {
            match self.records.get(&self.postings, position) {
                Ok(Some(chunk)) if chunk.chunk_id == *id => {
                    found = Some(chunk);
                    true
                }
                Ok(_) => false,
                Err(error) => {
                    failed = Some(error);
                    true
                }
            }
        });
        failed.map_or(Ok(found), |error| Err(error.in_seam()))
    }
}

impl Retriever for Index {
    fn search(&self, query: &str, k: usize) -> Result<Vec<Hit>, SeamError> {
        Ok(self.rank(query, k))
    }
}
