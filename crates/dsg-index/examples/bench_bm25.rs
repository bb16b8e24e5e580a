//! Measures build and query on a BEIR-like corpus and prints one JSON object.
//!
//! ```sh
//! RAYON_NUM_THREADS=1 cargo run --release -p dsg-index --example bench_bm25 -- \
//!     (--input FOLDER | --corpus corpus.jsonl --queries queries.jsonl [--qrels qrels.tsv]) [--k 10] [--repeat 3]
//! ```
//! `corpus.jsonl` has `_id`, `title` and `text`; `queries.jsonl` has `_id` and `text`; `qrels.tsv` has a header and then query,
//! document and grade. A folder holds all three under these names; judgements may be missing. Times are the least of the
//! repetitions. Build covers tokenization; query is all queries, tokenization included. `xtask/peers/bm25.py` makes an input
//! and prints the same for other engines.
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use dsg_core::artifact::read_jsonl;
use dsg_core::{Chunk, ChunkContext, ChunkId, ChunkSchema, DocId, Hit, Markup, Span};
use dsg_index::{Index, IndexBuilder, IndexConfig, IndexError};
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "_id")]
    id: String,
    #[serde(default)]
    title: String,
    text: String,
}

struct Options {
    corpus: PathBuf,
    queries: PathBuf,
    qrels: Option<PathBuf>,
    k: usize,
    repeat: usize,
}

fn main() -> Result<()> {
    let options = options()?;
    let ids_and_chunks = read_jsonl::<Record>(&options.corpus)?
        .map(|record| record.map(chunk))
        .collect::<Result<Vec<_>, _>>()?;
    let (ids, chunks): (Vec<String>, Vec<Chunk>) = ids_and_chunks.into_iter().unzip();
    let queries: Vec<Record> = read_jsonl(&options.queries)?.collect::<Result<_, _>>()?;
    let grades = options.qrels.as_deref().map(grades).transpose()?;
    let threads = rayon::current_num_threads();
    let (build, index) = least(options.repeat, || {
        // The copy of the corpus is not part of the build.
        let chunks = chunks.clone();
        let start = Instant::now();
        Ok::<_, IndexError>((build(chunks)?, start.elapsed().as_secs_f64()))
    })?;
    let (query, found) = least(options.repeat, || {
        let start = Instant::now();
        let found = search(&index, &queries, options.k, threads);
        Ok::<_, IndexError>((found, start.elapsed().as_secs_f64()))
    })?;
    let mut line = json!({
        "engine": "dsg",
        "version": env!("CARGO_PKG_VERSION"),
        "corpus": options.corpus.display().to_string(),
        "documents": ids.len(),
        "bytes": chunks.iter().map(|chunk| chunk.text.len()).sum::<usize>(),
        "queries": queries.len(),
        "k": options.k,
        "threads": threads,
        "build_seconds": build,
        "query_seconds": query,
        "peak_rss_bytes": peak_rss(),
    });
    if let (Some(grades), Some(line)) = (&grades, line.as_object_mut()) {
        let ndcg = ndcg10(&queries, &found, &ids, grades);
        line.insert("ndcg10".to_owned(), Value::from(ndcg));
    }
    println!("{line}");
    Ok(())
}

fn options() -> Result<Options> {
    let mut named: BTreeMap<String, String> = BTreeMap::new();
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
        named.insert(name, value);
    }
    let mut take = |name: &str| named.remove(name);
    let usage = "usage: bench_bm25 (--input <folder> | --corpus <jsonl> --queries <jsonl> [--qrels <tsv>]) [--k 10] [--repeat 3]";
    let folder = take("--input").map(PathBuf::from);
    let mut file = |flag: &str, name: &str| {
        let inside = folder.as_ref().map(|folder| folder.join(name));
        take(flag).map(PathBuf::from).or(inside)
    };
    let options = Options {
        corpus: file("--corpus", "corpus.jsonl").ok_or(usage)?,
        queries: file("--queries", "queries.jsonl").ok_or(usage)?,
        qrels: file("--qrels", "qrels.tsv").filter(|path| path.is_file()),
        k: take("--k").map_or(Ok(10), |k| k.parse())?,
        repeat: take("--repeat").map_or(Ok(3), |repeat| repeat.parse())?,
    };
    match named.keys().next() {
        Some(unknown) => Err(format!("{unknown}? {usage}").into()),
        None => Ok(options),
    }
}

fn chunk(record: Record) -> (String, Chunk) {
    let text = if record.title.is_empty() {
        record.text
    } else {
        format!("{}\n{}", record.title, record.text)
    };
    let doc_id = DocId::from_existing(record.id.clone());
    let chunk = Chunk {
        schema: ChunkSchema,
        chunk_id: ChunkId::new(&doc_id, 0),
        doc_id,
        path: String::new(),
        span: Span::of_len(0, text.len()),
        text,
        heading_path: Vec::new(),
        kinds: Vec::new(),
        tokens: 0,
        commands: Vec::new(),
        context: ChunkContext::default(),
        markup: Markup::Plain,
        blocks: Vec::new(),
        extra: serde_json::Map::new(),
    };
    (record.id, chunk)
}

fn build(chunks: Vec<Chunk>) -> Result<Index, IndexError> {
    let mut builder = IndexBuilder::new(IndexConfig::default())?;
    builder.extend(chunks);
    builder.build()
}

fn search(index: &Index, queries: &[Record], k: usize, threads: usize) -> Vec<Vec<Hit>> {
    if threads == 1 {
        queries
            .iter()
            .map(|query| index.rank(&query.text, k))
            .collect()
    } else {
        queries
            .par_iter()
            .map(|query| index.rank(&query.text, k))
            .collect()
    }
}

/// The result and the least time of `repeat` runs.
fn least<T, E>(repeat: usize, mut run: impl FnMut() -> Result<(T, f64), E>) -> Result<(f64, T), E> {
    let (mut result, mut best) = run()?;
    for _ in 1..repeat {
        let (again, seconds) = run()?;
        best = best.min(seconds);
        result = again;
    }
    Ok((best, result))
}

/// Query, then document, to grade.
type Grades = HashMap<String, HashMap<String, f64>>;

fn grades(path: &Path) -> Result<Grades> {
    let mut grades = Grades::new();
    for line in fs::read_to_string(path)?.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [query, document, grade] = fields.as_slice() else {
            return Err(format!("not a judgement: {line}").into());
        };
        grades
            .entry((*query).to_owned())
            .or_default()
            .insert((*document).to_owned(), grade.trim().parse()?);
    }
    Ok(grades)
}

/// Mean normalised discounted cumulative gain of the first ten, over the queries with a judgement.
fn ndcg10(queries: &[Record], found: &[Vec<Hit>], ids: &[String], grades: &Grades) -> f64 {
    let (mut sum, mut count) = (0.0, 0);
    for (query, hits) in queries.iter().zip(found) {
        let Some(judged) = grades.get(&query.id) else {
            continue;
        };
        let discount = |rank: usize| 1.0 / (rank as f64 + 2.0).log2();
        let gain: f64 = hits
            .iter()
            .take(10)
            .enumerate()
            .filter_map(|(rank, hit)| {
                Some(judged.get(ids.get(hit.position)?)?.max(0.0) * discount(rank))
            })
            .sum();
        let mut ideal: Vec<f64> = judged.values().copied().collect();
        ideal.sort_by(|a, b| b.total_cmp(a));
        let ideal: f64 = ideal
            .iter()
            .take(10)
            .enumerate()
            .map(|(rank, grade)| grade.max(0.0) * discount(rank))
            .sum();
        if ideal > 0.0 {
            sum += gain / ideal;
            count += 1;
        }
    }
    sum / f64::from(count.max(1))
}

/// The most memory this process ever held, where the system says so (Linux).
fn peak_rss() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}
