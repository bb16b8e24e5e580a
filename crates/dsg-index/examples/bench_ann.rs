//! The graph over many vectors against looking at every one: recall@10 and queries per second of one thread, as JSON lines.
//!
//! ```sh
//! python3 xtask/peers/ann.py raw --cache ../vectors/NAME.vectors --out vectors.f32
//! cargo run --release -p dsg-index --features hnsw --example bench_ann -- vectors.f32 384 500
//! python3 xtask/peers/ann.py run --vectors vectors.f32 --dimension 384 --queries 500
//! ```
//!
//! The first argument is a file of 32-bit floats, row after row, the second how many make a row, the third how many rows, the first ones, are
//! the queries. Time is that of the processor: other programs on the machine take little from it.
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

use std::error::Error;
use std::fs;

use dsg_core::Hit;
use dsg_index::{IndexError, VectorConfig, Vectors};
use serde_json::json;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const BREADTHS: [usize; 6] = [16, 32, 64, 96, 128, 256];
/// Seconds of a measurement at least.
const LEAST: f64 = 1.0;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [file, dimension, count] = args.as_slice() else {
        return Err("usage: bench_ann <file of floats> <dimension> <queries>".into());
    };
    let (dimension, count): (usize, usize) = (dimension.parse()?, count.parse()?);
    let bytes = fs::read(file)?;
    let numbers: Vec<f32> = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|b| f32::from_le_bytes(*b))
        .collect();
    let rows: Vec<&[f32]> = numbers.chunks_exact(dimension).collect();
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
    let exact: Vec<Vec<Hit>> = queries
        .iter()
        .map(|query| vectors.nearest_exactly(query, 10, None))
        .collect::<std::result::Result<_, _>>()?;
    let line = |engine: &str, breadth: usize, recall: f64, per_second: f64| {
        println!(
            "{}",
            json!({"engine": engine, "rows": rows.len(), "breadth": breadth, "recall": recall, "queries_per_second": per_second, "build_seconds": build})
        );
    };
    let all = |query: &[f32]| vectors.nearest_exactly(query, 10, None);
    let (_, per_second) = measured(queries, all)?;
    line("dsg exact", 0, 1.0, per_second);
    for breadth in BREADTHS {
        let vectors = vectors.clone().with_config(config(breadth))?;
        let near = |query: &[f32]| vectors.nearest(query, 10, None);
        let (found, per_second) = measured(queries, near)?;
        let hits = found
            .iter()
            .zip(&exact)
            .map(|(found, exact)| found.iter().filter(|hit| exact.contains(hit)).count());
        let recall = hits.sum::<usize>() as f64 / (10 * count) as f64;
        line("dsg", breadth, recall, per_second);
    }
    Ok(())
}

/// The answers, and queries per second of processor time over as many rounds as it takes.
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
            return Ok((found, rounds * queries.len() as f64 / spent));
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
