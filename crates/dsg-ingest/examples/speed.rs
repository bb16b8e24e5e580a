//! Reads the files of folders again and again on one thread, without writing anything: for profilers and clocks.
//!
//! `cargo run --release -p dsg-ingest --example speed -- 10 docs/ [more…]`: bytes, seconds, MB/s for each format.
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use dsg_ingest::{IngestConfig, Ingester};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let rounds: u32 = args.next().ok_or("how many rounds?")?.parse()?;
    let inputs: Vec<PathBuf> = args.map(PathBuf::from).collect();
    let ingester = Ingester::new(IngestConfig::default())?;
    let mut files = Vec::new();
    for entry in ingester.walk(&inputs)? {
        files.push((std::fs::read(&entry.file)?, entry.path));
    }
    let mut formats: BTreeMap<String, (usize, Duration)> = BTreeMap::new();
    for _ in 0..rounds {
        for (bytes, path) in &files {
            let begun = Instant::now();
            if let Ok(document) = ingester.document(path, bytes) {
                let format = format!("{:?}", document.source.format);
                let (all, took) = formats.entry(format).or_default();
                *all += bytes.len();
                *took += begun.elapsed();
            }
        }
    }
    for (format, (bytes, took)) in formats {
        let seconds = took.as_secs_f64();
        let mb = bytes as f64 / 1e6;
        println!(
            "{format}: {mb:.1} MB in {seconds:.2} s, {:.1} MB/s",
            mb / seconds
        );
    }
    Ok(())
}
