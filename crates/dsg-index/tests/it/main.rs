//! What the index promises: the right chunks, the same ones every time, and no surprise from a file.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests fail by panicking and say when they are skipped"
)]

mod damage;
mod hybrid;
#[cfg(feature = "fastembed")]
mod onnx;
mod persistence;
mod ranking;
mod reference;
mod retrieval;
mod vectors;

use dsg_core::{Chunk, ChunkContext, ChunkId, ChunkSchema, DocId, Markup, Span};
use dsg_index::{Index, IndexBuilder, IndexConfig};

/// A chunk that begins at byte 100 of its document.
fn chunk(id: &str, text: &str) -> Chunk {
    Chunk {
        schema: ChunkSchema,
        chunk_id: ChunkId::from_existing(id),
        doc_id: DocId::from_existing(id.split('#').next().unwrap()),
        path: String::new(),
        span: Span::of_len(100, text.len()),
        text: text.to_owned(),
        heading_path: Vec::new(),
        kinds: Vec::new(),
        tokens: text.split_whitespace().count(),
        commands: Vec::new(),
        context: ChunkContext::default(),
        markup: Markup::Markdown,
        blocks: Vec::new(),
        extra: serde_json::Map::new(),
    }
}

fn build(chunks: impl IntoIterator<Item = Chunk>) -> Index {
    let mut builder = IndexBuilder::new(IndexConfig::default()).unwrap();
    builder.extend(chunks);
    builder.build().unwrap()
}

/// A corpus of a few chunks with technical names.
fn slurm() -> Vec<Chunk> {
    let mut chunks = vec![
        chunk(
            "sbatch#0000",
            "Submit a script with `sbatch`. Ask for GPUs with `--gres=gpu:2`.",
        ),
        chunk(
            "sbatch#0001",
            "`--array` submits a job array; each task sees SLURM_ARRAY_TASK_ID.",
        ),
        chunk(
            "conf#0000",
            "MaxJobCount in /etc/slurm/slurm.conf limits how many jobs there are.",
        ),
        chunk(
            "mount#0000",
            "File systems are listed in /etc/fstab and mounted at boot.",
        ),
    ];
    chunks[2].heading_path = vec!["slurm.conf".into(), "Limits of the controller".into()];
    chunks[3].commands = vec!["findmnt".into()];
    chunks
}

/// The ids of the hits.
fn found(index: &Index, query: &str) -> Vec<String> {
    index
        .search_highlighted(query, 10)
        .unwrap()
        .into_iter()
        .map(|hit| hit.chunk.chunk_id.to_string())
        .collect()
}
