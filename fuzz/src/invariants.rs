//! What must hold for any input, whatever the format. Every function panics where a promise is broken.

use dsg_chunk::{ChunkConfig, Chunker};
use dsg_core::{Block, BlockKind, Chunk, Document, Span};
use dsg_ingest::{IngestConfig, Ingester};

/// Reads `bytes` as the file `name` and checks the document and its chunks. An input that is refused has nothing to
/// check.
pub fn file(name: &str, bytes: &[u8]) {
    let ingester = Ingester::new(IngestConfig::default()).expect("the default is valid");
    if let Ok(document) = ingester.document(name, bytes) {
        outline(&document);
        for config in [
            ChunkConfig::default(),
            ChunkConfig {
                max_tokens: 16,
                min_tokens: 8,
                ..ChunkConfig::default()
            },
        ] {
            chunks(&document, config);
        }
    }
}

/// Spans are in pre-order, on characters, inside the text and properly nested.
pub fn outline(document: &Document) {
    let text = &document.text;
    assert!(!text.contains(['\r', '\0']), "a control character is left");
    let mut open: Vec<Span> = Vec::new();
    let mut last = 0;
    for block in &document.blocks {
        let span = block.span;
        let shown = span.slice(text).expect("a block lies on characters");
        assert!(!shown.trim().is_empty(), "{block:?} is blank");
        assert!(span.start() >= last, "{block:?} is not in pre-order");
        last = span.start();
        while open.last().is_some_and(|outer| outer.end() <= span.start()) {
            open.pop();
        }
        if let Some(outer) = open.last() {
            assert!(outer.contains(span), "{block:?} overlaps {outer:?}");
        }
        open.push(span);
        for part in parts(block) {
            assert!(span.contains(part), "{part:?} leaves {block:?}");
            assert!(part.slice(text).is_some(), "{part:?} cuts a character");
        }
    }
}

/// The chunks of any outline, well-formed or not, cover the content once and the boilerplate never.
pub fn chunks(document: &Document, config: ChunkConfig) {
    let chunker = Chunker::new(config).expect("a valid configuration");
    let chunks = chunker.chunk(document);
    assert_eq!(
        chunks,
        chunker.chunk(document),
        "chunking is not repeatable"
    );
    for chunk in &chunks {
        assert_eq!(document.slice(chunk.span), Some(chunk.text.as_str()));
        assert!(!chunk.text.trim().is_empty(), "a blank chunk");
        for block in &chunk.blocks {
            assert!(
                chunk.span.contains(block.span),
                "{block:?} leaves {chunk:?}"
            );
            for part in parts(block) {
                assert!(chunk.slice(part).is_some(), "{part:?} leaves {chunk:?}");
            }
        }
    }
    for pair in chunks.windows(2) {
        if let [left, right] = pair {
            assert!(left.span.end() <= right.span.start(), "{left:?} {right:?}");
        }
    }
    cover(document, &chunks);
}

fn cover(document: &Document, chunks: &[Chunk]) {
    // Per byte how many chunks and how many boilerplate blocks hold it; a fuzzer's inputs are small.
    let mut chunked = vec![0_u8; document.text.len()];
    let mut hidden = vec![false; document.text.len()];
    for chunk in chunks {
        for held in &mut chunked[chunk.span.start()..chunk.span.end()] {
            *held = held.saturating_add(1);
        }
    }
    for block in &document.blocks {
        let boilerplate = block.kind == BlockKind::Boilerplate;
        if boilerplate && block.span.slice(&document.text).is_some() {
            hidden[block.span.start()..block.span.end()].fill(true);
        }
    }
    for (at, c) in document.text.char_indices() {
        if !c.is_whitespace() {
            let expected = u8::from(!hidden[at]);
            assert_eq!(
                chunked[at], expected,
                "{c:?} at {at} of {:?}",
                document.text
            );
        }
    }
}

fn parts(block: &Block) -> impl Iterator<Item = Span> {
    let named = block.label.into_iter().chain(block.body);
    named.chain(block.cells.iter().copied())
}
