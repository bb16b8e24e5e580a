//! Structure-aware chunks that are exact byte spans of their document.
//!
//! # Vocabulary
//! - A *piece* is the smallest unit that packing moves: a block that fits the budget, or a part of one that does not (a row, an
//!   item, a sentence, a line).
//! - *Glue* keeps a piece with the next one: a heading with its first block (strong), a lead-in with its list (weak).
//! - A *section* is a heading and everything up to the next heading of its level or above.
//! - A chunk is *over budget* only when a single piece is and cannot be cut further.
//!
//! ```
//! use dsg_chunk::{ChunkConfig, Chunker};
//! use dsg_core::{Block, BlockKind, DocId, Document, DocumentSchema, Format, Source, Span};
//!
//! let text = "# Jobs\n\nUse `sbatch --array=1-10 job.sh` to submit ten.\n";
//! let document = Document {
//!     schema: DocumentSchema,
//!     doc_id: DocId::for_path("jobs.md"),
//!     source: Source { path: "jobs.md".into(), format: Format::Markdown, bytes: 0, sha256: String::new() },
//!     title: "Jobs".into(),
//!     language: "en".into(),
//!     text: text.into(),
//!     blocks: vec![
//!         Block::new(BlockKind::Heading { level: 1 }, Span::of_len(0, 6)).with_label(Span::of_len(2, 4)),
//!         Block::new(BlockKind::Paragraph, Span::of_len(8, 46)),
//!     ],
//!     links: Vec::new(),
//!     metadata: serde_json::Map::new(),
//!     extra: serde_json::Map::new(),
//! };
//! let chunks = Chunker::new(ChunkConfig::default())?.chunk(&document);
//! assert_eq!(chunks.len(), 1);
//! assert_eq!(document.slice(chunks[0].span), Some(chunks[0].text.as_str()));
//! assert_eq!(chunks[0].heading_path, ["Jobs"]);
//! assert_eq!(chunks[0].commands, ["sbatch"]);
//! # Ok::<(), dsg_chunk::ChunkError>(())
//! ```

mod chunker;
mod clip;
mod commands;
mod config;
mod context;
mod error;
mod inline;
mod options;
mod pack;
mod piece;
mod plain;
mod split;
#[cfg(feature = "tokenizer")]
mod tokenizer;
mod tokens;
mod tree;

pub use chunker::Chunker;
pub use config::ChunkConfig;
pub use error::ChunkError;
#[cfg(feature = "tokenizer")]
pub use tokenizer::ModelTokens;
pub use tokens::EstimatedTokens;
