//! The graph over many vectors against looking at every one: recall@10 and queries per second of one thread, beside `xtask/peers/ann.py`.
//!
//! ```sh
//! python3 xtask/peers/embed.py build --kind sentences --count 20000 --model MODEL --corpus DIR --out FOLDER
//! cargo run --release -p dsg-index --features hnsw --example bench_ann -- --input FOLDER [--queries 500]
//! python3 xtask/peers/ann.py run --input FOLDER --engine hnswlib
//! ```
//!
//! FOLDER holds `vectors.f32`, 32-bit floats, row after row, and `texts.jsonl` with a line for each row. The first rows are the queries. Prints one
//! JSON object: `engine`, `version`, `rows`, `build_seconds`, `query_seconds_R` (a thousand queries at a recall@10 of R, between the two breadths
//! around it), `exact_query_seconds`, `peak_mib` and the `curve`. Time is that of the processor: other programs on the machine take little from it.
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

mod support;

use std::error::Error;
use std::fs;
use std::path::Path;

use dsg_core::Hit;
use dsg_index::{IndexError, VectorConfig, Vectors};
use serde_json::{Map, Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

// These and the names of the keys are those of ann.py.
const BREADTHS: [usize; 10] = [10, 16, 24, 32, 48, 64, 96, 128, 192, 256];
const RECALLS: [&str; 3] = ["0.97", "0.99", "0.998"];
/// Seconds of a measurement at least.
const LEAST: f64 = 1.0;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        args.get(at + 1)
    };
    let input = Path::new(option("--input").ok_or("which --input?")?);
    let count: usize = option("--queries").map_or(Ok(500), |text| text.parse())?;
    let texts = fs::read_to_string(input.join("texts.jsonl"))?
        .lines()
        .count();
    let bytes = fs::read(input.join("vectors.f32"))?;
    let numbers: Vec<f32> = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|b| f32::from_le_bytes(*b))
        .collect();
    drop(bytes);
    let dimension = numbers.len() / texts.max(1);
    let rows: Vec<&[f32]> = numbers.chunks_exact(dimension.max(1)).collect();
    let Some((queries, rows)) = rows.split_at_checked(count) else {
        return Err("fewer rows than queries".into());
    };
    let start = processor_seconds()?;
    let config = |search_breadth| VectorConfig {
        exact_below: 0,
        search_breadth,
        ..VectorConfig::default()
    };
    let vectors = Vectors::from_rows("bench", dimension, rows.iter().copied(), &config(96), 1)?;
    let build = processor_seconds()? - start;
    let all = |query: &[f32]| vectors.nearest_exactly(query, 10, None);
    let (exact, exact_seconds) = measured(queries, all)?;
    let mut curve = Vec::new();
    for breadth in BREADTHS {
        let vectors = vectors.clone().with_config(config(breadth))?;
        let near = |query: &[f32]| vectors.nearest(query, 10, None);
        let (found, seconds) = measured(queries, near)?;
        let hits = found
            .iter()
            .zip(&exact)
            .map(|(found, exact)| found.iter().filter(|hit| exact.contains(hit)).count());
        curve.push((hits.sum::<usize>() as f64 / (10 * count) as f64, seconds));
    }
    let mut line = Map::from_iter([
        ("engine".to_owned(), json!("dsg")),
        ("version".to_owned(), json!(env!("CARGO_PKG_VERSION"))),
        ("threads".to_owned(), json!(1)),
        ("rows".to_owned(), json!(rows.len())),
        ("build_seconds".to_owned(), json!(build)),
        ("exact_query_seconds".to_owned(), json!(exact_seconds)),
        ("peak_mib".to_owned(), json!(support::peak_mib())),
        ("curve".to_owned(), json!(curve)),
    ]);
    for recall in RECALLS {
        let seconds = seconds_at(&curve, recall.parse()?);
        line.insert(format!("query_seconds_{recall}"), json!(seconds));
    }
    println!("{}", Value::Object(line));
    Ok(())
}

/// Seconds of a thousand queries at a recall, on the straight line of their logarithm; `None` outside of the curve.
fn seconds_at(curve: &[(f64, f64)], recall: f64) -> Option<f64> {
    curve
        .array_windows()
        .find_map(|[(low, fast), (high, slow)]| {
            let part = (recall - low) / (high - low);
            (*low <= recall && recall <= *high && low < high)
                .then(|| (fast.ln() + part * (slow.ln() - fast.ln())).exp())
        })
}

/// The answers, and seconds of the processor for a thousand queries over as many rounds as it takes.
fn measured(
    queries: &[&[f32]],
    search: impl Fn(&[f32]) -> std::result::Result<Vec<Hit>, IndexError>,
) -> Result<(Vec<Vec<Hit>>, f64)> {
    let (start, mut rounds) = (processor_seconds()?, 0.0);
    loop {
        let found: Vec<Vec<Hit>> = queries
            .iter()
            .map(|query| search(query))
            .collect::<std::result::Result<_, _>>()?;
        rounds += 1.0;
        let spent = processor_seconds()? - start;
        if spent >= LEAST {
            return Ok((found, spent * 1000.0 / (rounds * queries.len() as f64)));
        }
    }
}

/// What this process has used, from Linux's `/proc`, in steps of a hundredth.
fn processor_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let mut fields = after_name.split_whitespace().skip(11);
    let mut ticks = || -> Result<f64> {
        Ok(fields
            .next()
            .ok_or("no times in /proc/self/stat")?
            .parse()?)
    };
    Ok((ticks()? + ticks()?) / 100.0)
}
