//! How well a judged collection is searched by words, by vectors, and by both: nDCG@10, MAP and recall@100 of each.
//!
//! ```sh
//! cargo run --release -p dsg-index --features fastembed --example bench_retrieval -- \
//!     ../shared/models/all-MiniLM-L6-v2 ../vectors ../shared/ground/retrieval/cranfield
//! ```
//!
//! The first argument is the model's folder, or `hashed`; the second a folder that keeps vectors. A collection is a folder with
//! `corpus.jsonl` (BEIR) or `chunks.jsonl` (dsg's), `queries.jsonl` and `qrels.tsv`. Of dsg's chunks a judgement names a chunk's id, or the
//! path of its document, which is as good as its best chunk.
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::error::Error;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use dsg_core::artifact::read_jsonl;
use dsg_core::{
    Chunk, ChunkContext, ChunkId, ChunkSchema, ChunkStore as _, DocId, Embedder, Markup, Span,
};
use dsg_index::{
    Cached, Fusion, HashedEmbedder, Hybrid, HybridConfig, IndexBuilder, IndexConfig, SearchMode,
    VectorConfig, Vectors,
};
use serde_json::Value;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Hits that are judged.
const DEPTH: usize = 1000;

fn main() -> Result<()> {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(model), Some(cache)) = (args.next(), args.next()) else {
        return Err(
            "usage: bench_retrieval <model folder | hashed> <vectors folder> <collection>…".into(),
        );
    };
    let embedder = embedder(&model, &cache)?;
    for folder in args {
        collection(&folder, &embedder)?;
    }
    Ok(())
}

#[cfg(feature = "fastembed")]
fn embedder(model: &Path, cache: &Path) -> Result<Arc<dyn Embedder>> {
    use dsg_index::{OnnxConfig, OnnxEmbedder, OnnxFiles};

    if model == Path::new("hashed") {
        return hashed(cache);
    }
    let onnx = OnnxEmbedder::open(&OnnxFiles::in_folder(model)?, &OnnxConfig::default())?;
    Ok(Arc::new(Cached::open(onnx, cache)?))
}

#[cfg(not(feature = "fastembed"))]
fn embedder(model: &Path, cache: &Path) -> Result<Arc<dyn Embedder>> {
    if model != Path::new("hashed") {
        return Err("a model needs a build with `--features fastembed`".into());
    }
    hashed(cache)
}

fn hashed(cache: &Path) -> Result<Arc<dyn Embedder>> {
    let embedder = HashedEmbedder::new(HashedEmbedder::DIMENSION, true)?;
    Ok(Arc::new(Cached::open(embedder, cache)?))
}

fn collection(folder: &Path, embedder: &Arc<dyn Embedder>) -> Result<()> {
    let chunks = chunks(folder)?;
    let judged = judgements(folder)?;
    // What a judgement names: a chunk, or the whole document.
    let names_chunks = judged.values().flatten().any(|(id, _)| id.contains('#'));
    let names: Vec<String> = chunks
        .iter()
        .map(|chunk| {
            if names_chunks {
                chunk.chunk_id.to_string()
            } else {
                chunk.path.clone()
            }
        })
        .collect();
    let queries: Vec<(String, String)> = lines(&folder.join("queries.jsonl"))?
        .iter()
        .map(|query| (text(query, "_id"), text(query, "text")))
        .filter(|(id, _)| judged.contains_key(id))
        .collect();
    let mut builder = IndexBuilder::new(IndexConfig::default())?;
    builder.extend(chunks);
    let index = builder.build()?;
    let start = Instant::now();
    let all = index.len() as u64;
    // Judged is the ranking, not the graph's recall: every vector is looked at.
    let config = VectorConfig {
        exact_below: usize::MAX,
        ..VectorConfig::default()
    };
    let vectors = Vectors::embed(&index, embedder.as_ref(), &config, 1, |done| {
        if done % 1024 == 0 || done == all {
            println!(
                "embedded {done} of {all} in {:.0} s",
                start.elapsed().as_secs_f64()
            );
        }
        ControlFlow::Continue(())
    })?
    .ok_or("stopped")?;
    let mut hybrid = Hybrid::new(
        index,
        vectors,
        Arc::clone(embedder),
        HybridConfig::default(),
    )?;
    println!(
        "\n**{}**: {} chunks, {} queries\n\n| ranking | nDCG@10 | MAP | recall@100 |\n|---|--:|--:|--:|",
        folder.file_name().unwrap_or_default().to_string_lossy(),
        hybrid.len(),
        queries.len()
    );
    for (name, config) in rankings() {
        hybrid = hybrid.with_config(config)?;
        let mut sums = [0.0; 3];
        for (id, query) in &queries {
            let Some(judged) = judged.get(id) else {
                continue;
            };
            let mut seen = HashSet::new();
            let ranked: Vec<&str> = hybrid
                .rank(query, DEPTH, None)?
                .iter()
                .filter_map(|hit| names.get(hit.position).map(String::as_str))
                .filter(|name| seen.insert(*name))
                .collect();
            for (sum, value) in sums.iter_mut().zip(measures(&ranked, judged)) {
                *sum += value;
            }
        }
        let [ndcg, map, recall] = sums.map(|sum| sum / queries.len() as f64);
        println!("| {name} | {ndcg:.4} | {map:.4} | {recall:.4} |");
    }
    println!();
    Ok(())
}

fn rankings() -> Vec<(String, HybridConfig)> {
    let of = |mode| HybridConfig {
        mode,
        ..HybridConfig::default()
    };
    let hybrid = of(SearchMode::Hybrid);
    let mut all = vec![
        ("bm25".to_owned(), of(SearchMode::Bm25)),
        ("vector".to_owned(), of(SearchMode::Vector)),
    ];
    for rrf_k in [10, 60] {
        let config = HybridConfig {
            fusion: Fusion::Rrf,
            rrf_k,
            ..hybrid.clone()
        };
        all.push((format!("rrf, k {rrf_k}"), config));
    }
    for tenths in 1..10_u8 {
        let vector_weight = f32::from(tenths) / 10.0;
        let config = HybridConfig {
            fusion: Fusion::Convex,
            vector_weight,
            ..hybrid.clone()
        };
        all.push((format!("convex, {vector_weight} of vectors"), config));
    }
    all
}

/// nDCG@10, average precision and recall@100 of one ranking.
fn measures(ranked: &[&str], judged: &HashMap<String, f64>) -> [f64; 3] {
    let discount = |rank: usize| 1.0 / (rank as f64 + 2.0).log2();
    let gain = |grades: &[f64]| -> f64 {
        let first = grades.iter().take(10).enumerate();
        first.map(|(rank, grade)| grade * discount(rank)).sum()
    };
    let grades: Vec<f64> = ranked
        .iter()
        .map(|name| judged.get(*name).copied().unwrap_or_default())
        .collect();
    let mut ideal: Vec<f64> = judged.values().copied().collect();
    ideal.sort_by(|a, b| b.total_cmp(a));
    let relevant = ideal.iter().filter(|grade| **grade > 0.0).count() as f64;
    let (mut found, mut precision) = (0.0, 0.0);
    for (rank, grade) in grades.iter().enumerate() {
        if *grade > 0.0 {
            found += 1.0;
            precision += found / (rank as f64 + 1.0);
        }
    }
    let recalled = grades
        .iter()
        .take(100)
        .filter(|grade| **grade > 0.0)
        .count() as f64;
    [
        gain(&grades) / gain(&ideal),
        precision / relevant,
        recalled / relevant,
    ]
}

/// Queries with at least one relevant name.
fn judgements(folder: &Path) -> Result<BTreeMap<String, HashMap<String, f64>>> {
    let mut judged: BTreeMap<String, HashMap<String, f64>> = BTreeMap::new();
    for line in fs::read_to_string(folder.join("qrels.tsv"))?
        .lines()
        .skip(1)
    {
        let fields: Vec<&str> = line.split('\t').collect();
        let [query, name, grade, ..] = fields.as_slice() else {
            return Err(format!("qrels.tsv: `{line}` has no three columns").into());
        };
        let grade = grade.parse::<f64>()?.max(0.0);
        judged
            .entry((*query).to_owned())
            .or_default()
            .insert((*name).to_owned(), grade);
    }
    judged.retain(|_, names| names.values().any(|grade| *grade > 0.0));
    Ok(judged)
}

fn lines(path: &Path) -> Result<Vec<Value>> {
    let text = fs::read_to_string(path)?;
    Ok(text
        .lines()
        .map(serde_json::from_str)
        .collect::<std::result::Result<_, _>>()?)
}

fn text(record: &Value, field: &str) -> String {
    record
        .get(field)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn chunks(folder: &Path) -> Result<Vec<Chunk>> {
    let own = folder.join("chunks.jsonl");
    if own.is_file() {
        return Ok(read_jsonl::<Chunk>(&own)?.collect::<std::result::Result<_, _>>()?);
    }
    let chunk = |record: &Value| {
        let id = text(record, "_id");
        let body = format!("{}\n{}", text(record, "title"), text(record, "text"));
        let body = body.trim().to_owned();
        let doc = DocId::for_path(&id);
        Chunk {
            schema: ChunkSchema,
            chunk_id: ChunkId::new(&doc, 0),
            doc_id: doc,
            path: id,
            span: Span::of_len(0, body.len()),
            text: body,
            heading_path: Vec::new(),
            kinds: Vec::new(),
            tokens: 0,
            commands: Vec::new(),
            context: ChunkContext::default(),
            markup: Markup::Markdown,
            blocks: Vec::new(),
            extra: serde_json::Map::new(),
        }
    };
    Ok(lines(&folder.join("corpus.jsonl"))?
        .iter()
        .map(chunk)
        .collect())
}
