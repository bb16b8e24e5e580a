//! Reads folders, files and globs into `corpus.jsonl` on standard output; rejects go to standard error.
//!
//! `cargo run --release -p dsg-ingest --example corpus -- docs/ > corpus.jsonl`
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows its result"
)]

use std::error::Error;
use std::io::{BufWriter, Write, stdout};
use std::path::PathBuf;
use std::time::Instant;

use dsg_core::Silent;
use dsg_ingest::{IngestConfig, Ingester};

fn main() -> Result<(), Box<dyn Error>> {
    let inputs: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    let begun = Instant::now();
    let result = Ingester::new(IngestConfig::default())?.run(&inputs, &Silent)?;
    let took = begun.elapsed();

    let mut out = BufWriter::new(stdout().lock());
    for document in &result.kept {
        serde_json::to_writer(&mut out, document)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    for reject in &result.rejects {
        eprintln!("{}: {} – {}", reject.id, reject.reason, reject.detail);
    }
    let bytes: u64 = result
        .kept
        .iter()
        .map(|document| document.source.bytes)
        .sum();
    eprintln!(
        "{} documents ({} KiB) of {} files in {took:.2?}, {:.1} MB/s",
        result.counts.kept,
        bytes >> 10,
        result.counts.entered,
        bytes as f64 / 1e6 / took.as_secs_f64(),
    );
    Ok(())
}
