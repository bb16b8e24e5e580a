//! An index as generation and search see it: by words, or by words and vectors.

use std::path::Path;
use std::sync::Arc;

use dsg_core::{Embedder, Retriever};
use dsg_index::{Hybrid, HybridConfig, Index, IndexError, SearchHit, SearchMode, Vectors};

use crate::config::DatasetConfig;
use crate::error::DsgError;
use crate::onnx;

/// An opened index, with its vectors where it has them and the configuration names the model that made them.
pub struct Evidence(Kind);

enum Kind {
    Words(Box<Index>),
    Hybrid(Box<Hybrid>),
}

impl Evidence {
    /// Opens the index in `folder` under `config`. `mode` is what must be possible; by default the configured one where there are
    /// vectors, else BM25.
    ///
    /// # Errors
    /// [`DsgError::Index`] when index or vectors cannot be opened, or when `mode` wants vectors and the folder has none or the
    /// configuration names another model or none.
    pub fn open(
        folder: &Path,
        config: &DatasetConfig,
        mode: Option<SearchMode>,
    ) -> Result<Self, DsgError> {
        let index = Index::open(folder)?;
        let wants_vectors = mode.is_some_and(|mode| mode != SearchMode::Bm25);
        if mode == Some(SearchMode::Bm25) || (!wants_vectors && !Vectors::are_in(folder)) {
            return Ok(Self(Kind::Words(Box::new(index))));
        }
        if !Vectors::are_in(folder) {
            let path = folder.to_path_buf();
            return Err(IndexError::NoVectors { path }.into());
        }
        match onnx::embedder(config)? {
            Some(embedder) => Self::with(folder, index, embedder, config, mode),
            None if wants_vectors => Err(IndexError::Embedder {
                path: folder.to_path_buf(),
                found: Vectors::embedder_in(folder)?,
                expected: "hashed".to_owned(),
            }
            .into()),
            None => Ok(Self(Kind::Words(Box::new(index)))),
        }
    }

    /// `index`, which is that of `folder`, with the vectors beside it.
    pub(crate) fn with(
        folder: &Path,
        index: Index,
        embedder: Arc<dyn Embedder>,
        config: &DatasetConfig,
        mode: Option<SearchMode>,
    ) -> Result<Self, DsgError> {
        let vectors = Vectors::open(folder, &index, embedder.as_ref())?;
        let retrieval = HybridConfig {
            mode: mode.unwrap_or(config.retrieval.mode),
            ..config.retrieval.clone()
        };
        let mut hybrid = Hybrid::new(index, vectors, embedder, retrieval)?;
        if let Some(reranker) = onnx::reranker(config)? {
            hybrid = hybrid.with_reranker(reranker);
        }
        Ok(Self(Kind::Hybrid(Box::new(hybrid))))
    }

    /// `index` by words alone.
    pub(crate) fn words(index: Index) -> Self {
        Self(Kind::Words(Box::new(index)))
    }

    /// The index.
    pub fn index(&self) -> &Index {
        match &self.0 {
            Kind::Words(index) => index,
            Kind::Hybrid(hybrid) => hybrid.index(),
        }
    }

    /// What finds evidence.
    pub fn retriever(&self) -> &dyn Retriever {
        match &self.0 {
            Kind::Words(index) => index.as_ref(),
            Kind::Hybrid(hybrid) => hybrid.as_ref(),
        }
    }

    /// The `k` best chunks for `query` with what matched in them.
    ///
    /// # Errors
    /// [`DsgError::Index`] when the query cannot be embedded or a chunk not be read.
    pub fn search(&self, query: &str, k: usize) -> Result<Vec<SearchHit>, DsgError> {
        Ok(match &self.0 {
            Kind::Words(index) => index.search_highlighted(query, k)?,
            Kind::Hybrid(hybrid) => hybrid.search_highlighted(query, k)?,
        })
    }
}
