//! Time and memory of semantic deduplication on real sentences and their vectors, beside `xtask/peers/dedupe.py run`.
//!
//! ```sh
//! python3 xtask/peers/embed.py build --kind sentences --count 20000 --model MODEL --corpus DIR --out FOLDER
//! cargo run --release -p dsg-dedupe --example bench_semantic -- --input FOLDER
//! python3 xtask/peers/dedupe.py run --input FOLDER --engine semhash
//! ```
//!
//! FOLDER holds `texts.jsonl`, a JSON string a line, and `vectors.f32` with a row of 32-bit floats for each. Every text is the question of an item with an
//! answer of its own. Prints one JSON object: `engine`, `version`, `threads`, `texts`, `seconds`, `duplicates` by their kind and together, and `peak_mib`.
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

mod support;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use dsg_core::artifact::read_jsonl;
use dsg_core::{Candidate, Seed};
use dsg_dedupe::{DedupeConfig, Deduper, TextVectors};
use support::{item, peak_mib};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip_while(|arg| arg != "--input").skip(1);
    let input = PathBuf::from(args.next().ok_or("which --input?")?);
    let texts: Vec<String> = read_jsonl(&input.join("texts.jsonl"))?.collect::<Result<_, _>>()?;
    let bytes = fs::read(input.join("vectors.f32"))?;
    let dimension = bytes.len() / 4 / texts.len().max(1);
    let mut vectors = TextVectors::new(dimension)?;
    for row in bytes.chunks_exact(4 * dimension.max(1)) {
        let row: Vec<f32> = row
            .as_chunks::<4>()
            .0
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect();
        vectors.push(&row)?;
    }
    drop(bytes);
    let items: Vec<Candidate> = (0..)
        .zip(&texts)
        .map(|(number, question)| {
            // Answers must not decide: no two share a word beyond chance.
            let answer = Seed(number).derive("answer", question).0;
            item(number, question, format!("{answer:x}"))
        })
        .collect();
    let deduper = Deduper::new(DedupeConfig::default())?;
    let start = Instant::now();
    let result = deduper.run_with_vectors(items, &vectors)?;
    let seconds = start.elapsed().as_secs_f64();
    let mut kinds = BTreeMap::new();
    for duplicate in &result.duplicates {
        *kinds.entry(duplicate.kind).or_insert(0_u32) += 1;
    }
    let line = serde_json::json!({
        "engine": "dsg",
        "version": env!("CARGO_PKG_VERSION"),
        "threads": 1,
        "texts": texts.len(),
        "seconds": seconds,
        "duplicates": result.duplicates.len(),
        "kinds": kinds,
        "peak_mib": peak_mib(),
    });
    println!("{line}");
    Ok(())
}
