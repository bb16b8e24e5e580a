//! Measures reading and chunking documents and prints one JSON object; can write documents and chunks for a look at their quality.
//!
//! ```sh
//! RAYON_NUM_THREADS=1 cargo run --release -p dsg --example bench_chunks -- \
//!     --input FOLDER [--max-tokens 512] [--min-tokens 64] [--repeat 3] \
//!     [--documents documents.jsonl] [--chunks chunks.jsonl]
//! ```
//! Where documents or chunks are written, a token is four characters, as it is for the other splitters.
//! Every file is read, chunked and let go, so that memory does not grow with the folder. Times are the least of the
//! repetitions. `xtask/peers/chunks.py` prints the same for other splitters and reads what is written here.
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use dsg_chunk::{ChunkConfig, Chunker};
use dsg_core::{Chunk, Document, Outcome, TokenCounter};
use dsg_ingest::{IngestConfig, Ingester};
use rayon::prelude::*;
use serde_json::json;

type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

const USAGE: &str = "usage: bench_chunks --input <folder> [--max-tokens N] [--min-tokens N] [--repeat N] \
     [--documents FILE] [--chunks FILE]";

/// Four characters are a token.
struct Characters;

impl TokenCounter for Characters {
    fn count(&self, text: &str) -> usize {
        text.chars().count().div_ceil(4)
    }
}

fn main() -> Result {
    let mut options = options()?;
    let input = PathBuf::from(options.remove("--input").ok_or(USAGE)?);
    let mut number = |name: &str, default: usize| {
        options
            .remove(name)
            .map_or(Ok(default), |value| value.parse())
    };
    let defaults = ChunkConfig::default();
    let config = ChunkConfig {
        max_tokens: number("--max-tokens", defaults.max_tokens)?,
        min_tokens: number("--min-tokens", defaults.min_tokens)?,
        ..ChunkConfig::default()
    };
    let repeat = number("--repeat", 3)?;
    let documents = options.remove("--documents");
    let chunks = options.remove("--chunks");
    if let Some(unknown) = options.keys().next() {
        return Err(format!("{unknown}? {USAGE}").into());
    }
    let ingester = Ingester::new(IngestConfig::default())?;
    let chunker = Chunker::new(config)?;
    let entries = ingester.walk(std::slice::from_ref(&input))?;
    if documents.is_some() || chunks.is_some() {
        let chunker = chunker.with_counter(Arc::new(Characters));
        let mut documents = writer(documents)?;
        let mut chunks = writer(chunks)?;
        for entry in &entries {
            if let Outcome::Kept(document) = ingester.read(entry) {
                write_document(&mut documents, &document)?;
                for chunk in chunker.chunk(&document) {
                    write_chunk(&mut chunks, &document, &chunk)?;
                }
            }
        }
        return Ok(());
    }
    let mut seconds = f64::INFINITY;
    let mut ingest_seconds = f64::INFINITY;
    let mut counted = (0, 0, 0);
    for _ in 0..repeat.max(1) {
        let start = Instant::now();
        let read: u64 = entries
            .par_iter()
            .map(|entry| match ingester.read(entry) {
                Outcome::Kept(document) => document.source.bytes,
                _ => 0,
            })
            .sum();
        ingest_seconds = ingest_seconds.min(start.elapsed().as_secs_f64());
        let start = Instant::now();
        counted = entries
            .par_iter()
            .map(|entry| match ingester.read(entry) {
                Outcome::Kept(document) => {
                    (1, document.source.bytes, chunker.chunk(&document).len())
                }
                _ => (0, 0, 0),
            })
            .reduce(|| (0, 0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
        seconds = seconds.min(start.elapsed().as_secs_f64());
        debug_assert_eq!(read, counted.1);
    }
    let (files, bytes, chunks) = counted;
    println!(
        "{}",
        json!({
            "engine": "dsg",
            "version": env!("CARGO_PKG_VERSION"),
            "threads": rayon::current_num_threads(),
            "files": files,
            "bytes": bytes,
            "chunks": chunks,
            "seconds": seconds,
            "ingest_seconds": ingest_seconds,
            "chunk_seconds": (seconds - ingest_seconds).max(f64::EPSILON),
            "peak_mib": peak_mib(),
        })
    );
    Ok(())
}

fn options() -> Result<BTreeMap<String, String>> {
    let mut named = BTreeMap::new();
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
        named.insert(name, value);
    }
    Ok(named)
}

fn writer(path: Option<String>) -> Result<Option<BufWriter<File>>> {
    Ok(path.map(File::create).transpose()?.map(BufWriter::new))
}

fn write_document(out: &mut Option<BufWriter<File>>, document: &Document) -> Result {
    if let Some(out) = out {
        writeln!(
            out,
            "{}",
            json!({"path": document.source.path, "text": document.text})
        )?;
    }
    Ok(())
}

fn write_chunk(out: &mut Option<BufWriter<File>>, document: &Document, chunk: &Chunk) -> Result {
    if let Some(out) = out {
        let line = json!({
            "path": document.source.path,
            "start": chunk.span.start(),
            "end": chunk.span.end(),
            "text": chunk.text,
            "headings": chunk.heading_path,
            "tokens": chunk.tokens,
        });
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// The most memory this process has held, where the system tells.
fn peak_mib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace()
        .nth(1)?
        .parse::<u64>()
        .ok()
        .map(|kib| kib.div_ceil(1024))
}
