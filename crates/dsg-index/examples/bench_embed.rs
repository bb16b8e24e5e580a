//! Texts per second of an embedding model, and its vectors for comparison.
//!
//! ```sh
//! cargo run --release -p dsg-index --features fastembed --example bench_embed -- MODEL texts.jsonl vectors.f32 1
//! python3 xtask/peers/embed.py MODEL texts.jsonl vectors.f32 1
//! ```
//!
//! The model's folder, a file with a JSON string on each line, where the vectors go (32-bit floats, row after row), threads. The Python program
//! runs the same model with onnxruntime alone and says how far its vectors are from those in the file.
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use dsg_core::Embedder as _;
use dsg_index::{OnnxConfig, OnnxEmbedder, OnnxFiles};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [model, texts, out, threads] = args.as_slice() else {
        return Err("usage: bench_embed <model folder> <texts.jsonl> <out> <threads>".into());
    };
    let config = OnnxConfig {
        threads: threads.parse()?,
        ..OnnxConfig::default()
    };
    let embedder = OnnxEmbedder::open(&OnnxFiles::in_folder(PathBuf::from(model))?, &config)?;
    let texts: Vec<String> = fs::read_to_string(texts)?
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let (start, spent) = (Instant::now(), processor_seconds()?);
    let vectors = embedder.embed(&texts)?;
    println!(
        "{}",
        json!({
            "engine": "dsg",
            "texts": texts.len(),
            "threads": config.threads,
            "wall_seconds": start.elapsed().as_secs_f64(),
            "processor_seconds": processor_seconds()? - spent,
        })
    );
    let bytes: Vec<u8> = vectors
        .iter()
        .flatten()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    fs::write(out, bytes)?;
    Ok(())
}

/// What this process has used, from Linux's `/proc`, in steps of a hundredth.
fn processor_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = after_name.split_whitespace().skip(11).take(2).collect();
    let ticks: Vec<f64> = fields
        .iter()
        .map(|field| field.parse())
        .collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / 100.0)
}
