//! Chunks by hand, for the unit tests.

use dsg_core::{Block, Chunk, ChunkContext, ChunkId, ChunkSchema, DocId, Markup, Span};
use serde_json::Map;

pub(crate) fn chunk_of(text: &str, blocks: Vec<Block>, path: &[&str]) -> Chunk {
    let doc_id = DocId::from_existing("doc-00000000");
    Chunk {
        schema: ChunkSchema,
        chunk_id: ChunkId::new(&doc_id, 0),
        doc_id,
        path: String::new(),
        span: Span::of_len(0, text.len()),
        text: text.to_owned(),
        heading_path: path.iter().map(ToString::to_string).collect(),
        kinds: Vec::new(),
        tokens: text.len() / 4,
        commands: Vec::new(),
        context: ChunkContext::default(),
        markup: Markup::Markdown,
        blocks,
        extra: Map::new(),
    }
}

/// The span of `needle`'s first occurrence.
pub(crate) fn at(text: &str, needle: &str) -> Span {
    Span::of_len(
        text.find(needle).expect("the needle is in the text"),
        needle.len(),
    )
}
