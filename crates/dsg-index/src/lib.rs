//! A chunk store with deterministic BM25 search for technical text.
//!
//! # Vocabulary
//! - A *surface form* is what a reader takes for one word, flag, path or name: `--gres=gpu:2`, `SLURM_JOB_ID`, `queues`.
//! - A *term* is what is counted: a technical name whole and in its parts, a plain word as its stem.
//! - A *posting* is a chunk's position and the weight that a term has there; BM25 with the inverse document frequency folded in.
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
pub use embed::{Cached, HashedEmbedder, VectorCache, embedded_text};
#[cfg(feature = "fastembed")]
pub use embed::{OnnxConfig, OnnxEmbedder, OnnxFiles, find_runtime, load_runtime};
pub use error::IndexError;
pub use hybrid::{
    Fusion, Hybrid, HybridConfig, Passage, SearchMode, Surroundings, convex, passage,
    reciprocal_rank,
};
pub use index::{Index, SearchHit};
pub use vectors::{VectorConfig, Vectors};
