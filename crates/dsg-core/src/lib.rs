//! What every dsg stage shares: the records on disk, byte spans, typed reasons, progress, seeds, and the seams between
//! stages as traits. No async runtime, no HTTP, no command line.
//!
//! # Vocabulary
//! - A [`Document`] is one source file as text, with a [`Block`] outline.
//! - A [`Span`] is a half-open *byte* range into a document's text.
//! - A [`Chunk`] is a span of a document: `chunk.text == document.text[start..end]`, always.
//! - A [`Citation`] is a receipt: a span and a byte-exact copy of what stands there.
//! - A [`Candidate`] is a question and an answer with receipts; curation gives it a [`Verdict`] and accepted ones become an
//!   [`Example`].
//! - A [`ChatModel`] answers a [`ChatRequest`]: the seam to every language model.
//! - A [chat template](chat_template) is a model's own: it turns messages into the text that the model was trained on.
//! - [`Prompts`] turn what a model is to do into the messages of a request.
//! - A record leaves a stage as an [`Outcome`]; [`StageCounts`] prove that none was lost.
//!
//! ```
//! use dsg_core::{Block, BlockKind, Span};
//!
//! let text = "# Jobs\n\nUse `sbatch` to submit.\n";
//! let heading = Block::new(BlockKind::Heading { level: 1 }, Span::of_len(0, 6)).with_label(Span::of_len(2, 4));
//! assert_eq!(heading.label.and_then(|span| span.slice(text)), Some("Jobs"));
//! # let paragraph = Span::new(8, 31).unwrap();
//! assert_eq!(paragraph.slice(text), Some("Use `sbatch` to submit."));
//! ```

pub mod artifact;
mod candidate;
mod chat;
pub mod chat_template;
mod chunk;
mod document;
mod duplicate;
mod example;
pub mod hash;
mod id;
mod log_prob;
mod observer;
mod prompt;
mod reason;
mod salvage;
mod schema;
mod seam;
mod section;
mod seed;
mod span;

pub use artifact::ArtifactError;
pub use candidate::{
    Candidate, CandidateSchema, Check, Citation, Decision, Difficulty, Generator, QuestionType,
    Repair, Verdict,
};
pub use chat::{
    Capabilities, ChatError, ChatModel, ChatReply, ChatRequest, FinishReason, ModelId, Sampling,
    Usage,
};
pub use chunk::{Chunk, ChunkContext, ChunkSchema};
pub use document::{
    Block, BlockKind, Document, DocumentSchema, Format, Link, Markup, Source, inside, top_level,
};
pub use duplicate::{Duplicate, DuplicateKind, DuplicateSchema};
pub use example::{Example, ExampleMeta, Message, Role, Split};
pub use id::{CandidateId, ChunkId, DocId};
pub use log_prob::{LogProb, TokenLogProb, TopLogProb};
pub use observer::{Event, Interrupt, Observer, Silent};
pub use prompt::{Prompt, PromptError, Prompts, Rendered};
pub use reason::{Outcome, Reason, Reject, RejectSchema, Stage, StageCounts, StageResult};
pub use salvage::{Salvaged, salvage};
pub use seam::{
    ChunkStore, Embedder, Hit, MemoryStore, Reranker, Retriever, SeamError, SpanTokens,
    TokenCounter,
};
pub use section::{Section, SectionSchema};
pub use seed::Seed;
pub use span::{Span, SpanError};
