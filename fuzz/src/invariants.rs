//! What must hold for any input, whatever the format. Every function panics where a promise is broken.

use dsg_chunk::{ChunkConfig, Chunker};
use dsg_core::{Block, BlockKind, Chunk, Document, Span};
use dsg_gguf::{
    Gguf, Limits, TensorType, can_dequantize, can_quantize, dequantize, diff, quantize, verify,
};
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

/// Opens `bytes` as a model file. A file that is accepted has all of its tensors within it, its keys can be found and walked, and
/// it holds what was counted.
pub fn model(bytes: &[u8]) {
    let Ok(file) = Gguf::from_bytes("model.gguf", bytes.to_vec(), &Limits::default()) else {
        return;
    };
    for (key, value) in file.keys() {
        assert_eq!(file.raw(key).as_ref(), Some(&value), "{key} is not found");
        if let Some(array) = value.decode().as_array() {
            assert_eq!(
                array.iter().count() as u64,
                array.len(),
                "{key} is not whole"
            );
        }
    }
    for tensor in file.tensors() {
        assert_eq!(file.tensor(tensor.name()), Some(tensor));
        assert_eq!(file.data(tensor).len() as u64, tensor.bytes());
        assert_eq!(tensor.offset() % u64::from(file.alignment()), 0);
        assert_eq!(
            tensor.kind().bytes_of(tensor.values()),
            Some(tensor.bytes())
        );
        let mut seen = 0;
        let read = file.each_chunk(tensor, |values| seen += values.len() as u64);
        assert_eq!(read.is_ok(), can_dequantize(tensor.kind()));
        assert!(read.is_err() || seen == tensor.values());
    }
    assert_eq!(verify(&file).tensors, file.tensors().len());
    assert_eq!(file.summary().tensors, file.tensors().len());
    assert!(diff(&file, &file).is_empty(), "a file differs from itself");
}

/// Takes `bytes` for blocks of every type, and for floats to be stored: what is stored is read, and read again the same when it is
/// stored as it is.
pub fn blocks(bytes: &[u8]) {
    for kind in TensorType::ALL {
        let count = bytes.len() / kind.block_bytes();
        let (blocks, rest) = bytes.split_at(count * kind.block_bytes());
        let mut values = vec![0.0; count * kind.block_values()];
        assert_eq!(
            dequantize(*kind, blocks, &mut values).is_ok(),
            can_dequantize(*kind)
        );
        assert!(rest.is_empty() || dequantize(*kind, bytes, &mut values).is_err());
    }
    let floats = bytes.as_chunks().0.iter();
    let floats: Vec<f32> = floats.map(|bytes| f32::from_le_bytes(*bytes)).collect();
    for kind in TensorType::ALL {
        let count = floats.len() / kind.block_values();
        let floats = &floats[..count * kind.block_values()];
        let mut stored = vec![0; count * kind.block_bytes()];
        let written = quantize(*kind, floats, &mut stored);
        assert!(can_quantize(*kind) || written.is_err());
        if written.is_ok() {
            let mut back = vec![0.0; floats.len()];
            dequantize(*kind, &stored, &mut back).expect("what can be written can be read");
            let finite = floats.iter().all(|value| value.is_finite());
            let plain = kind.block_values() == 1;
            assert!(plain || finite && back.iter().all(|value| value.is_finite()));
        }
    }
}
