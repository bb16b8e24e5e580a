//! Chunks: exact spans of a document, with their context as metadata.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::document::{Block, Markup};
use crate::id::{ChunkId, DocId};
use crate::schema::schema_tag;
use crate::span::Span;

schema_tag!(
    /// The tag of [`Chunk`].
    ChunkSchema = "dsg.chunk/1"
);

/// A span of a document's text. One line of `chunks.jsonl`.
///
/// Invariant: `text == document.text[start..end]`. Everything else here is metadata.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chunk {
    /// Always `dsg.chunk/1`.
    #[serde(default)]
    pub schema: ChunkSchema,
    /// Document id and ordinal.
    pub chunk_id: ChunkId,
    /// The document it is a span of.
    pub doc_id: DocId,
    /// The document's path below the input, with `/`.
    #[serde(default)]
    pub path: String,
    /// Its bytes in the document.
    #[serde(flatten)]
    pub span: Span,
    /// The bytes themselves.
    pub text: String,
    /// The document's title, then the headings that enclose the chunk's first byte, outermost first.
    pub heading_path: Vec<String>,
    /// The names of the block kinds in it, each once, in order of appearance.
    pub kinds: Vec<String>,
    /// Tokens of `text` by the token counter in use.
    pub tokens: usize,
    /// Commands that the chunk documents or shows, each once, in order of appearance.
    pub commands: Vec<String>,
    /// What stands around it in the document, and the options it documents.
    #[serde(flatten)]
    pub context: ChunkContext,
    /// How inline markup in `text` is to be read.
    pub markup: Markup,
    /// The blocks that lie in the chunk, in pre-order, with offsets into the *document's* text. A block cut by the
    /// chunk's edge is clipped to it.
    pub blocks: Vec<Block>,
    /// Fields written by newer versions, kept on rewrite.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What a chunk is part of. Empty fields are not written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkContext {
    /// Names of the options that the chunk documents or begins in the description of: `-A` and `--account`, each once, in
    /// order of appearance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// The column titles of the table that the chunk begins inside of, where its header row is in an earlier chunk.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// The chunk before it in the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<ChunkId>,
    /// The chunk after it in the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<ChunkId>,
}

impl Chunk {
    /// The text under `span` (document offsets), if it lies in this chunk on character boundaries.
    pub fn slice(&self, span: Span) -> Option<&str> {
        span.slice_from(&self.text, self.span.start())
    }
}
