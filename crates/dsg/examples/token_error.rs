//! How far the estimated token count is from a model's own, by language, prose and code apart; prints a Markdown table.
//!
//! ```sh
//! cargo run --release -p dsg --example token_error -- <tokenizer.json or model.gguf> <folder>...
//! ```
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};

use dsg_chunk::{ChunkConfig, Chunker, EstimatedTokens, ModelTokens};
use dsg_core::{BlockKind, Chunk, Silent, TokenCounter as _};
use dsg_ingest::{IngestConfig, Ingester};

/// What was counted in the chunks of one language and kind.
#[derive(Default)]
struct Counts {
    chunks: usize,
    estimated: usize,
    exact: usize,
    /// Per chunk, how far off the estimate is, as a share of the exact count.
    errors: Vec<f64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let usage = "usage: token_error <tokenizer.json or model.gguf> <folder>...";
    let tokens = ModelTokens::open(Path::new(&args.next().ok_or(usage)?))?;
    let folders: Vec<PathBuf> = args.map(PathBuf::from).collect();
    let documents = Ingester::new(IngestConfig::default())?
        .run(&folders, &Silent)?
        .kept;
    let chunker = Chunker::new(ChunkConfig::default())?;
    let mut table: BTreeMap<(String, &str), Counts> = BTreeMap::new();
    for document in &documents {
        for chunk in chunker.chunk(document) {
            let kind = if is_code(&chunk) { "code" } else { "prose" };
            let counts = table.entry((document.language.clone(), kind)).or_default();
            let (estimated, exact) = (
                EstimatedTokens.count(&chunk.text),
                tokens.count(&chunk.text),
            );
            counts.chunks += 1;
            counts.estimated += estimated;
            counts.exact += exact;
            let error = estimated.abs_diff(exact) as f64 / exact.max(1) as f64;
            counts.errors.push(error);
        }
    }
    println!(
        "| language | | chunks | mean error | 95 % within | sum off by |\n|---|---|--:|--:|--:|--:|"
    );
    for ((language, kind), mut counts) in table {
        counts.errors.sort_by(f64::total_cmp);
        let mean = counts.errors.iter().sum::<f64>() / counts.chunks as f64;
        let within = counts
            .errors
            .get(counts.chunks * 95 / 100)
            .copied()
            .unwrap_or_default();
        let sum = counts.estimated as f64 / counts.exact.max(1) as f64 - 1.0;
        println!(
            "| {language} | {kind} | {} | {:.0} % | {:.0} % | {:+.0} % |",
            counts.chunks,
            mean * 100.0,
            within * 100.0,
            sum * 100.0
        );
    }
    Ok(())
}

/// Whether most of the chunk is code.
fn is_code(chunk: &Chunk) -> bool {
    let code: usize = chunk
        .blocks
        .iter()
        .filter(|block| matches!(block.kind, BlockKind::Code { .. }))
        .map(|block| block.span.len())
        .sum();
    code * 2 > chunk.text.len()
}
