//! Measures chunking alone, on one thread, over documents that were read before: no parsing, no input, no output.
//!
//! ```sh
//! cargo run --release -p dsg-chunk --example throughput -- out/work/corpus.jsonl [more.jsonl ..]
//! ```
//! Prints one line a corpus: bytes of text, chunks, megabytes a second of CPU time (wall clock where the system does not tell)
//! in the best of several rounds, and a hash of all chunks, which says whether two builds cut the same.
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use dsg_chunk::{ChunkConfig, Chunker};
use dsg_core::Document;
use dsg_core::artifact::read_jsonl;
use dsg_core::hash::xxh3_64;

/// Rounds over each corpus; the least time counts.
const ROUNDS: usize = 7;

fn main() -> Result<(), Box<dyn Error>> {
    let chunker = Chunker::new(ChunkConfig::default())?;
    for corpus in std::env::args_os().skip(1).map(PathBuf::from) {
        let documents: Vec<Document> = read_jsonl(&corpus)?.collect::<Result<_, _>>()?;
        let bytes: usize = documents.iter().map(|document| document.text.len()).sum();
        let mut hash = 0_u64;
        let mut chunks = 0_usize;
        for document in &documents {
            for chunk in chunker.chunk(document) {
                hash = xxh3_64(&serde_json::to_vec(&chunk)?, hash);
                chunks += 1;
            }
        }
        let mut least = f64::INFINITY;
        for _ in 0..ROUNDS {
            let (cpu, clock) = (cpu_seconds(), Instant::now());
            for document in &documents {
                std::hint::black_box(chunker.chunk(std::hint::black_box(document)));
            }
            let spent = match (cpu, cpu_seconds()) {
                (Some(from), Some(to)) => to - from,
                _ => clock.elapsed().as_secs_f64(),
            };
            least = least.min(spent);
        }
        println!(
            "{:40} {bytes:>9} bytes {chunks:>6} chunks {:>7.1} MB/s  {hash:016x}",
            corpus.display(),
            bytes as f64 / 1e6 / least,
        );
    }
    Ok(())
}

/// What this thread has spent on a processor.
fn cpu_seconds() -> Option<f64> {
    let spent = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = spent.split(' ').next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}
