//! Time of an embedding model over texts, and its vectors for comparison, beside `xtask/peers/embed.py`.
//!
//! ```sh
//! python3 xtask/peers/embed.py build --kind passages --count 300 --model MODEL --corpus DIR --out FOLDER
//! OMP_NUM_THREADS=1 cargo run --release -p dsg-index --features fastembed --example bench_embed -- --input FOLDER
//! OMP_NUM_THREADS=1 python3 xtask/peers/embed.py run --input FOLDER
//! ```
//!
//! FOLDER holds `texts.jsonl`, a JSON string a line, and the model as `model`; the vectors are left there as `dsg.f32` (32-bit floats, row after row),
//! for the Python program, which runs the same model with onnxruntime alone. Prints one JSON object: `engine`, `version`, `texts`, `threads`
//! (`OMP_NUM_THREADS`), `seconds` by the clock and `peak_mib`.
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

mod support;

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use dsg_core::Embedder as _;
use dsg_index::{OnnxConfig, OnnxEmbedder, OnnxFiles};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip_while(|arg| arg != "--input").skip(1);
    let input = PathBuf::from(args.next().ok_or("which --input?")?);
    let config = OnnxConfig {
        threads: std::env::var("OMP_NUM_THREADS").map_or(Ok(1), |text| text.parse())?,
        ..OnnxConfig::default()
    };
    let embedder = OnnxEmbedder::open(&OnnxFiles::in_folder(input.join("model"))?, &config)?;
    let texts: Vec<String> = fs::read_to_string(input.join("texts.jsonl"))?
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    embedder.embed(&["warm"])?;
    let start = Instant::now();
    let vectors = embedder.embed(&texts)?;
    let line = json!({
        "engine": "dsg",
        "version": env!("CARGO_PKG_VERSION"),
        "texts": texts.len(),
        "threads": config.threads,
        "seconds": start.elapsed().as_secs_f64(),
        "peak_mib": support::peak_mib(),
    });
    println!("{line}");
    let bytes: Vec<u8> = vectors
        .iter()
        .flatten()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    fs::write(input.join("dsg.f32"), bytes)?;
    Ok(())
}
