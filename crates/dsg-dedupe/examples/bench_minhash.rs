//! Times MinHash deduplication beside `xtask/peers/minhash.py`.
//!
//! ```text
//! cargo run --release -p dsg-dedupe --example bench_minhash -- --input texts.jsonl
//!     [--num-perm 128] [--bands 16] [--threshold 0.8] [--limit N] [--repeat 3] [--threads N]
//! ```
//! Input: JSON Lines of `{"id", "text"}` (`minhash.py build` makes one). Prints one JSON object: `engine`, `version`,
//! `texts`, `threads`, `num_perm`, `bands`, `shingle_seconds` (word 3-grams, hashed), `sketch_seconds` (with band
//! keys), `index_seconds` (links between texts that share a key, and the check of each such pair), `seconds` (sketch + index, the best of `--repeat`
//! runs) and `duplicates`: texts that are dropped because one kept before is at least `threshold` like them.
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

use dsg_core::artifact::read_jsonl;
use dsg_dedupe::{BandLinks, HashSet64, LshParams, MinHasher, shingles};
use rayon::prelude::*;

#[derive(serde::Deserialize)]
struct Text {
    text: String,
}

struct Times {
    sketch: f64,
    index: f64,
    duplicates: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let options: BTreeMap<&str, &str> = args
        .chunks_exact(2)
        .filter_map(|pair| match pair {
            [name, value] => Some((name.strip_prefix("--")?, value.as_str())),
            _ => None,
        })
        .collect();
    let number = |name: &str, default: usize| {
        options
            .get(name)
            .map_or(Ok(default), |value| value.parse::<usize>())
    };
    let (num_perm, bands) = (number("num-perm", 128)?, number("bands", 16)?);
    let (limit, repeat, threads) = (
        number("limit", usize::MAX)?,
        number("repeat", 3)?,
        number("threads", 0)?,
    );
    let threshold: f64 = options
        .get("threshold")
        .map_or(Ok(0.8), |value| value.parse())?;
    let input = options.get("input").ok_or("which --input?")?;

    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()?;
    let texts: Vec<Text> = read_jsonl(Path::new(input))?
        .take(limit)
        .collect::<Result<_, _>>()?;
    let hasher = MinHasher::new(num_perm, 42)?;
    let params = LshParams::new(bands, num_perm / bands)?;

    let start = Instant::now();
    let sets: Vec<HashSet64> = pool.install(|| {
        texts
            .par_iter()
            .map(|text| shingles(&text.text, 3))
            .collect()
    });
    let shingled = start.elapsed().as_secs_f64();
    let best = (0..repeat.max(1))
        .map(|_| pool.install(|| dedupe(&sets, &hasher, params, threshold)))
        .min_by(|a, b| (a.sketch + a.index).total_cmp(&(b.sketch + b.index)))
        .ok_or("no run")?;
    println!(
        "{}",
        serde_json::json!({
            "engine": "dsg",
            "version": env!("CARGO_PKG_VERSION"),
            "texts": texts.len(),
            "threads": pool.current_num_threads(),
            "num_perm": num_perm,
            "bands": bands,
            "shingle_seconds": rounded(shingled),
            "sketch_seconds": rounded(best.sketch),
            "index_seconds": rounded(best.index),
            "seconds": rounded(best.sketch + best.index),
            "duplicates": best.duplicates,
        })
    );
    Ok(())
}

fn dedupe(sets: &[HashSet64], hasher: &MinHasher, params: LshParams, threshold: f64) -> Times {
    let (width, bands) = (hasher.num_perm(), params.bands());
    let mut sketches = vec![0_u32; sets.len() * width];
    let mut keys = vec![0_u64; sets.len() * bands];
    let start = Instant::now();
    sketches
        .par_chunks_mut(width)
        .zip(keys.par_chunks_mut(bands))
        .zip(sets)
        .with_min_len(256)
        .for_each(|((sketch, keys), set)| {
            hasher.sketch_into(set.as_slice(), sketch);
            for (slot, key) in keys.iter_mut().zip(params.keys_of(sketch, 0)) {
                *slot = key;
            }
        });
    let sketch = start.elapsed().as_secs_f64();

    let start = Instant::now();
    let sketch_of = |entry: usize| {
        sketches
            .get(entry * width..(entry + 1) * width)
            .unwrap_or(&[])
    };
    let mut links = BandLinks::new(&keys, params.bands());
    let mut kept = vec![true; sets.len()];
    for entry in 0..sets.len() {
        let alike = |earlier: usize| {
            let (a, b) = (sketch_of(entry), sketch_of(earlier));
            let equal = a.iter().zip(b).filter(|(a, b)| a == b).count();
            equal as f64 >= threshold * width as f64
        };
        let known = links
            .earlier(entry, |earlier| kept.get(earlier) == Some(&true))
            .any(alike);
        if let Some(slot) = kept.get_mut(entry) {
            *slot = !known;
        }
    }
    let duplicates = kept.iter().filter(|kept| !**kept).count();
    Times {
        sketch,
        index: start.elapsed().as_secs_f64(),
        duplicates,
    }
}

fn rounded(seconds: f64) -> f64 {
    (seconds * 10_000.0).round() / 10_000.0
}
