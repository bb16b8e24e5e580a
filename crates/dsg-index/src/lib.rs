//! A chunk store with deterministic search for technical text: by words (BM25), by vectors, and by both.
//!
//! # Vocabulary
//! - A *surface form* is what a reader takes for one word, flag, path or name: `--gres=gpu:2`, `SLURM_JOB_ID`, `queues`.
//! - A *term* is what is counted: a technical name whole and in its parts, a plain word as its stem.
//! - A *posting* is a chunk's position and the weight that a term has there; BM25 with the inverse document frequency folded in.
//! - A *vector* is what an [`Embedder`](dsg_core::Embedder) makes of a chunk's headings and text: finite numbers, length 1. How near two are is their
//!   scalar product, the cosine.
//! - The *graph* leads to most of the nearest vectors without looking at all of them (HNSW); below a threshold there is none, and search is exact.
//! - A *reranker* reads the best hits again, each together with the query, and orders them anew; slow, so never more than a few.
//! - *Fusion* makes one ranking of two. Which rankings count is the *mode*.
//! - The *fingerprint* says what an index was built from, so that one of another corpus is refused.
//!
//! ```
//! use dsg_core::{Chunk, ChunkContext, ChunkId, ChunkSchema, ChunkStore as _, DocId, Markup, Retriever as _, Span};
//! use dsg_index::{Index, IndexBuilder, IndexConfig};
//!
//! let doc = DocId::for_path("sbatch.md");
//! let chunk = |ordinal, text: &str| Chunk {
//!     schema: ChunkSchema,
//!     chunk_id: ChunkId::new(&doc, ordinal),
//!     doc_id: doc.clone(),
//!     path: "sbatch.md".into(),
//!     span: Span::of_len(0, text.len()),
//!     text: text.into(),
//!     heading_path: vec!["sbatch".into()],
//!     kinds: Vec::new(),
//!     tokens: 0,
//!     commands: vec!["sbatch".into()],
//!     context: ChunkContext::default(),
//!     markup: Markup::Markdown,
//!     blocks: Vec::new(),
//!     extra: serde_json::Map::new(),
//! };
//! let mut builder = IndexBuilder::new(IndexConfig::default())?;
//! builder.add(chunk(0, "Ask for two GPUs with `--gres=gpu:2`.")).add(chunk(1, "Job arrays use `--array`."));
//! let index = builder.build()?;
//! assert_eq!(index.search("how do I get a gpu", 5)?[0].position, 0);
//!
//! let hit = &index.search_highlighted("--gres", 1)?[0];
//! assert_eq!(hit.chunk.slice(hit.highlights[0]), Some("--gres=gpu:2"));
//!
//! let folder = tempfile::tempdir()?;
//! index.save(folder.path(), "corpus 1")?;
//! assert_eq!(Index::open_expecting(folder.path(), "corpus 1")?.len(), 2);
//! assert!(Index::open_expecting(folder.path(), "corpus 2").is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Vectors
//! [`Vectors`] lie beside an index, in memory and in its folder; [`Hybrid`] searches both behind [`Retriever`](dsg_core::Retriever). Embedders are
//! [`HashedEmbedder`], which needs no model and knows nothing of meaning, and `OnnxEmbedder` under the feature `fastembed`: a sentence-transformers
//! model in a folder, run by an onnxruntime library that is loaded when the model is opened (`ORT_DYLIB_PATH`, or where libraries are installed). [`Cached`]
//! keeps what was embedded. `OnnxReranker` runs a cross-encoder in the same way, for [`Hybrid::with_reranker`]. The feature `hnsw`, part of `fastembed`, builds graphs; searching one needs no feature.
//!
//! ```
//! # use dsg_core::{Chunk, ChunkContext, ChunkId, ChunkSchema, DocId, Markup, Span};
//! use std::ops::ControlFlow;
//! use std::sync::Arc;
//!
//! use dsg_core::Retriever as _;
//! use dsg_index::{HashedEmbedder, Hybrid, HybridConfig, IndexBuilder, IndexConfig, VectorConfig, Vectors};
//!
//! # let doc = DocId::for_path("sbatch.md");
//! # let chunk = |ordinal, text: &str| Chunk {
//! #     schema: ChunkSchema,
//! #     chunk_id: ChunkId::new(&doc, ordinal),
//! #     doc_id: doc.clone(),
//! #     path: "sbatch.md".into(),
//! #     span: Span::of_len(0, text.len()),
//! #     text: text.into(),
//! #     heading_path: vec!["sbatch".into()],
//! #     kinds: Vec::new(),
//! #     tokens: 0,
//! #     commands: Vec::new(),
//! #     context: ChunkContext::default(),
//! #     markup: Markup::Markdown,
//! #     blocks: Vec::new(),
//! #     extra: serde_json::Map::new(),
//! # };
//! let mut builder = IndexBuilder::new(IndexConfig::default())?;
//! builder.add(chunk(0, "Ask for two GPUs with `--gres=gpu:2`.")).add(chunk(1, "Job arrays use `--array`."));
//! let index = builder.build()?;
//! let embedder = Arc::new(HashedEmbedder::new(HashedEmbedder::DIMENSION, true)?);
//! let vectors = Vectors::embed(&index, &embedder, &VectorConfig::default(), 1, |_| ControlFlow::Continue(()))?;
//! let hybrid = Hybrid::new(index, vectors.unwrap(), embedder, HybridConfig::default())?;
//! assert_eq!(hybrid.search("gpus", 1)?[0].position, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod analyzer;
mod builder;
mod config;
mod counts;
mod embed;
mod error;
mod format;
mod hybrid;
mod index;
mod postings;
mod query;
mod records;
mod scan;
mod search;
mod stop;
mod terms;
mod vectors;
mod vocabulary;

pub use builder::IndexBuilder;
pub use config::IndexConfig;
pub use embed::{
    Cached, HashedEmbedder, OnnxConfig, PoolingMode, RerankerConfig, VectorCache, embedded_text,
};
#[cfg(feature = "fastembed")]
pub use embed::{OnnxEmbedder, OnnxFiles, OnnxReranker, find_runtime, load_runtime};
pub use error::IndexError;
pub use hybrid::{
    Fusion, Hybrid, HybridConfig, Passage, SearchMode, Surroundings, convex, passage,
    reciprocal_rank,
};
pub use index::{Index, SearchHit};
pub use query::terms;
pub use vectors::{VectorConfig, Vectors};
