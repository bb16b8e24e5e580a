//! BM25 and vectors together, behind the same seam as each alone.

mod diverse;
mod fusion;
mod passage;
mod rerank;

use std::sync::Arc;

use dsg_core::{Chunk, ChunkId, ChunkStore, Embedder, Hit, Reranker, Retriever, SeamError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::embed::embedded_text;
use crate::error::IndexError;
use crate::index::{Index, SearchHit};
use crate::vectors::{Vectors, dot};
use diverse::diverse;
pub use fusion::{Fusion, convex, reciprocal_rank};
pub use passage::{Passage, Surroundings, passage};
use rerank::reranked;

/// Which rankings answer a query.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SearchMode {
    /// Words alone.
    Bm25,
    /// Vectors alone.
    Vector,
    /// Both, fused.
    #[default]
    Hybrid,
}

/// How rankings are put together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HybridConfig {
    /// Which rankings count. Default: `hybrid`.
    pub mode: SearchMode,
    /// How two rankings become one. Default: `convex`.
    pub fusion: Fusion,
    /// The constant of reciprocal rank fusion: larger makes the first ranks matter less. Default 60, 1 to 1,000.
    pub rrf_k: u32,
    /// What the vectors weigh in the convex mix, BM25 weighs the rest: 0 to 1. Default 0.4.
    pub vector_weight: f32,
    /// Best chunks of each ranking that are put together; never fewer than the hits asked for. Default 200, 1 to 10,000.
    pub depth: usize,
    /// How much a hit loses by being like those before it (maximal marginal relevance): 0 to 1. Default 0, which looks at relevance alone.
    pub diversity: f32,
    /// Best hits that the reranker reads, where there is one; the others keep their order behind them. Default 20, 1 to 1,000.
    pub rerank: usize,
}

impl Default for HybridConfig {
    fn default() -> Self {
        Self {
            mode: SearchMode::default(),
            fusion: Fusion::default(),
            rrf_k: 60,
            vector_weight: 0.4,
            depth: 200,
            diversity: 0.0,
            rerank: 20,
        }
    }
}

impl HybridConfig {
    /// # Errors
    /// [`IndexError::Config`] naming the field whose value is impossible.
    pub fn validate(&self) -> Result<(), IndexError> {
        IndexError::check_range("rrf_k", self.rrf_k, 1..=1000, "1 to 1000")?;
        IndexError::check_range("depth", self.depth, 1..=10_000, "1 to 10000")?;
        IndexError::check_range("rerank", self.rerank, 1..=1000, "1 to 1000")?;
        for (field, share) in [
            ("vector_weight", self.vector_weight),
            ("diversity", self.diversity),
        ] {
            IndexError::check_range(field, share, 0.0..=1.0, "0 to 1")?;
        }
        Ok(())
    }
}

/// An index with vectors: a [`Retriever`] that ranks by words and by meaning. Any number of threads may search it at once.
pub struct Hybrid {
    index: Index,
    vectors: Vectors,
    embedder: Arc<dyn Embedder>,
    reranker: Option<Arc<dyn Reranker>>,
    config: HybridConfig,
}

impl Hybrid {
    /// `vectors` are those of `index`, made by `embedder`.
    ///
    /// # Errors
    /// [`IndexError::Config`] for an impossible configuration, [`IndexError::Dimension`] when the embedder's vectors are of another
    /// dimension.
    pub fn new(
        index: Index,
        vectors: Vectors,
        embedder: Arc<dyn Embedder>,
        config: HybridConfig,
    ) -> Result<Self, IndexError> {
        config.validate()?;
        if vectors.dimension() != embedder.dimension() {
            return Err(IndexError::Dimension {
                found: embedder.dimension(),
                expected: vectors.dimension(),
            });
        }
        Ok(Self {
            index,
            vectors,
            embedder,
            reranker: None,
            config,
        })
    }

    /// The same, with the best [`HybridConfig::rerank`] hits of every query ordered by `reranker`.
    #[must_use]
    pub fn with_reranker(self, reranker: Arc<dyn Reranker>) -> Self {
        let reranker = Some(reranker);
        Self { reranker, ..self }
    }

    /// The index.
    pub const fn index(&self) -> &Index {
        &self.index
    }

    /// Its vectors.
    pub const fn vectors(&self) -> &Vectors {
        &self.vectors
    }

    /// The same with another configuration.
    ///
    /// # Errors
    /// [`IndexError::Config`] for an impossible one.
    pub fn with_config(self, config: HybridConfig) -> Result<Self, IndexError> {
        config.validate()?;
        Ok(Self { config, ..self })
    }

    /// The `k` best chunks for `query` among those at positions that `wanted` accepts, best first, ties by chunk id. `score` is what the
    /// mode ranks by: BM25's score, the cosine, the fused score; with a reranker its score brought to 0..1, and below 0 for hits that it did
    /// not read; with `diversity` what the hit adds to those before it.
    ///
    /// # Errors
    /// [`IndexError`] when the query cannot be embedded or the reranker fails.
    pub fn rank(
        &self,
        query: &str,
        k: usize,
        wanted: Option<&dyn Fn(usize) -> bool>,
    ) -> Result<Vec<Hit>, IndexError> {
        let HybridConfig {
            mode,
            fusion,
            diversity,
            ..
        } = self.config;
        let depth = self.config.depth.max(k);
        let words = || self.index.rank_where(query, depth, wanted);
        let vector = || self.embedder.embed_query(query);
        let mut hits = match mode {
            SearchMode::Bm25 => words(),
            SearchMode::Vector => self.vectors.nearest(&vector()?, depth, wanted)?,
            SearchMode::Hybrid => {
                let (words, vector) = (words(), vector()?);
                let near = self.vectors.nearest(&vector, depth, wanted)?;
                match fusion {
                    Fusion::Rrf => reciprocal_rank(&[&words, &near], self.config.rrf_k),
                    Fusion::Convex => {
                        convex(&words, &near, self.config.vector_weight, |position| {
                            Some(dot(&vector, self.vectors.vector(position)?))
                        })
                    }
                }
            }
        };
        hits.sort_by(|a, b| {
            let rank = |hit: &Hit| self.index.id_rank(hit.position);
            b.score
                .total_cmp(&a.score)
                .then_with(|| rank(a).cmp(&rank(b)))
        });
        if let Some(reranker) = &self.reranker {
            hits.truncate(depth);
            hits = reranked(
                reranker.as_ref(),
                query,
                hits,
                self.config.rerank,
                |position| Ok(self.index.get(position)?.map(|chunk| embedded_text(&chunk))),
            )?;
        }
        if diversity > 0.0 {
            hits.truncate(depth);
            return Ok(diverse(&hits, k, diversity, |position| {
                self.vectors.vector(position)
            }));
        }
        hits.truncate(k);
        Ok(hits)
    }

    /// [`Self::rank`] with the chunks and what matched in them.
    ///
    /// # Errors
    /// [`IndexError`] when the query cannot be embedded or a chunk not be read.
    pub fn search_highlighted(&self, query: &str, k: usize) -> Result<Vec<SearchHit>, IndexError> {
        self.index.highlighted(query, self.rank(query, k, None)?)
    }
}

impl ChunkStore for Hybrid {
    fn len(&self) -> usize {
        self.index.len()
    }

    fn get(&self, position: usize) -> Result<Option<Chunk>, SeamError> {
        self.index.get(position)
    }

    fn find(&self, id: &ChunkId) -> Result<Option<Chunk>, SeamError> {
        self.index.find(id)
    }
}

impl Retriever for Hybrid {
    fn search(&self, query: &str, k: usize) -> Result<Vec<Hit>, SeamError> {
        self.rank(query, k, None).map_err(IndexError::in_seam)
    }
}
