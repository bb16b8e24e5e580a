//! The stage: a document in, its chunks out.

use std::fmt;
use std::sync::Arc;

use dsg_core::{Block, Chunk, ChunkId, ChunkSchema, Document, TokenCounter};

use crate::clip::Clipper;
use crate::commands::CommandFinder;
use crate::config::ChunkConfig;
use crate::context::heading_paths;
use crate::error::ChunkError;
use crate::pack::pack;
use crate::piece::cut;
use crate::plain::plain;
use crate::tokens::EstimatedTokens;
use crate::tree::Tree;

/// Cuts documents into chunks. Cheap to clone, and one serves any number of threads.
#[derive(Clone)]
pub struct Chunker {
    config: ChunkConfig,
    counter: Arc<dyn TokenCounter>,
}

impl fmt::Debug for Chunker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunker")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Chunker {
    /// A chunker that counts tokens with [`EstimatedTokens`].
    ///
    /// # Errors
    /// [`ChunkError`] naming the field whose value is impossible.
    pub fn new(config: ChunkConfig) -> Result<Self, ChunkError> {
        config.validate()?;
        Ok(Self {
            config,
            counter: Arc::new(EstimatedTokens),
        })
    }

    /// The same chunker with another token counter: the student's own tokenizer, for an exact budget.
    #[must_use]
    pub fn with_counter(mut self, counter: Arc<dyn TokenCounter>) -> Self {
        self.counter = counter;
        self
    }

    /// The chunks of `document`, in order. They cover every byte that is neither white space nor boilerplate exactly once.
    /// A document without such bytes has none.
    ///
    /// Time is linear in the text and the blocks.
    pub fn chunk(&self, document: &Document) -> Vec<Chunk> {
        let tree = Tree::new(&document.text, &document.blocks);
        let cut = cut(
            &document.text,
            &tree,
            &*self.counter,
            self.config.max_tokens,
        );
        let packed = pack(&document.text, &cut, &self.config, &*self.counter);
        let paths = heading_paths(document, &cut.sections);
        let finder = CommandFinder::new(document);
        let markup = document.source.format.markup();
        let mut clipper = Clipper::new(&document.text, &tree);
        let mut chunks = Vec::with_capacity(packed.len());
        for packed in packed {
            let Some(text) = packed.span.slice(&document.text) else {
                continue;
            };
            let blocks = clipper.blocks(packed.span);
            let mut heading_path = cut
                .pieces
                .get(packed.first)
                .and_then(|piece| paths.get(piece.section))
                .cloned()
                .unwrap_or_default();
            heading_path.extend(
                clipper
                    .entries_entered()
                    .filter_map(|entry| entry.label?.slice(&document.text))
                    .map(|label| plain(label, markup))
                    .filter(|label| !label.is_empty()),
            );
            chunks.push(Chunk {
                schema: ChunkSchema,
                chunk_id: ChunkId::new(&document.doc_id, chunks.len()),
                doc_id: document.doc_id.clone(),
                path: document.source.path.clone(),
                span: packed.span,
                text: text.to_owned(),
                heading_path,
                kinds: kinds(&blocks),
                tokens: packed.tokens,
                commands: finder.commands(packed.span, &blocks),
                markup,
                blocks,
                extra: serde_json::Map::new(),
            });
        }
        chunks
    }
}

/// The names of the kinds, each once, in order of appearance.
fn kinds(blocks: &[Block]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for block in blocks {
        let name = block.kind.name();
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}
