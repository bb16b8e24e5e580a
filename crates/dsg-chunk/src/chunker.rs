//! The stage: a document in, its chunks out.

use std::fmt;
use std::sync::Arc;

use dsg_core::{
    Block, BlockKind, Chunk, ChunkContext, ChunkId, ChunkSchema, Document, TokenCounter,
};

use crate::clip::Clipper;
use crate::commands::CommandFinder;
use crate::config::ChunkConfig;
use crate::context::heading_paths;
use crate::error::ChunkError;
use crate::options::option_names;
use crate::pack::pack;
use crate::piece::cut;
use crate::plain::plain;
#[cfg(feature = "tokenizer")]
use crate::tokenizer::ModelTokens;
use crate::tokens::EstimatedTokens;
use crate::tree::Tree;

/// Cuts documents into chunks. Cheap to clone, and one serves any number of threads.
#[derive(Clone)]
pub struct Chunker {
    config: ChunkConfig,
    counter: Arc<dyn TokenCounter>,
    tokenizer_digest: Option<String>,
}

type Counter = (Arc<dyn TokenCounter>, Option<String>);

#[cfg(feature = "tokenizer")]
fn counter(config: &ChunkConfig) -> Result<Counter, ChunkError> {
    let Some(path) = &config.tokenizer else {
        return Ok((Arc::new(EstimatedTokens), None));
    };
    let tokens = ModelTokens::open(path)?;
    let digest = tokens.digest().to_owned();
    Ok((Arc::new(tokens), Some(digest)))
}

#[cfg(not(feature = "tokenizer"))]
fn counter(config: &ChunkConfig) -> Result<Counter, ChunkError> {
    match config.tokenizer {
        None => Ok((Arc::new(EstimatedTokens), None)),
        Some(_) => Err(ChunkError::FeatureMissing {
            feature: "tokenizer",
        }),
    }
}

impl fmt::Debug for Chunker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunker")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Chunker {
    /// A chunker that counts tokens with the configured tokenizer, or else with [`EstimatedTokens`].
    ///
    /// # Errors
    /// [`ChunkError`] naming the field whose value is impossible, [`ChunkError::Tokenizer`] for a file that holds no
    /// tokenizer.
    pub fn new(config: ChunkConfig) -> Result<Self, ChunkError> {
        config.validate()?;
        let (counter, tokenizer_digest) = counter(&config)?;
        Ok(Self {
            config,
            counter,
            tokenizer_digest,
        })
    }

    /// SHA-256 of what the configured tokenizer was read from: with another one the chunks are others.
    pub fn tokenizer_digest(&self) -> Option<&str> {
        self.tokenizer_digest.as_deref()
    }

    /// The same chunker with another token counter: the student's own tokenizer, for an exact budget.
    #[must_use]
    pub fn with_counter(mut self, counter: Arc<dyn TokenCounter>) -> Self {
        self.counter = counter;
        self
    }

    /// The chunks of `document`, in order. They cover every byte that is neither white space nor boilerplate exactly once.
    /// A document without such bytes has none. That holds for any outline: blocks may come in any order, overlap, or lie
    /// outside the text. A block that does not fit is cut to its container or left out; what a boilerplate block covers is hidden.
    ///
    /// Time is linear in the text and the blocks.
    pub fn chunk(&self, document: &Document) -> Vec<Chunk> {
        let tree = Tree::new(&document.text, &document.blocks);
        let counter = self.counter.spans(&document.text);
        let cut = cut(&document.text, &tree, &*counter, self.config.max_tokens);
        let packed = pack(&cut, &self.config, &*counter);
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
            let label = |block: &Block| {
                let label = plain(block.label?.slice(&document.text)?, markup);
                (!label.is_empty()).then_some(label)
            };
            let entered: Vec<&Block> = clipper.entries_entered().collect();
            let options = entered
                .iter()
                .copied()
                .chain(&blocks)
                .filter(|block| block.kind == BlockKind::Option)
                .filter_map(label);
            let columns = clipper
                .columns_entered(packed.span)
                .filter_map(|cell| Some(plain(cell.slice(&document.text)?, markup)));
            let context = ChunkContext {
                options: option_names(options),
                columns: columns.collect(),
                ..ChunkContext::default()
            };
            heading_path.extend(entered.into_iter().filter_map(label));
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
                context,
                markup,
                blocks,
                extra: serde_json::Map::new(),
            });
        }
        let ids: Vec<ChunkId> = chunks.iter().map(|chunk| chunk.chunk_id.clone()).collect();
        for (ordinal, chunk) in chunks.iter_mut().enumerate() {
            chunk.context.previous = ordinal.checked_sub(1).and_then(|at| ids.get(at)).cloned();
            chunk.context.next = ids.get(ordinal + 1).cloned();
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
