//! Retrieval on judged collections, when they are there: `../shared` beside the checkout.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use dsg_core::Retriever as _;
use serde_json::Value;

use crate::{build, chunk};

fn collection(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/ground/retrieval");
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} is not there", folder.display());
    None
}

fn records(path: &Path) -> Vec<(String, String)> {
    fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| {
            let record: Value = serde_json::from_str(line).unwrap();
            let field = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
            (
                field("_id"),
                format!("{}\n{}", field("title"), field("text")),
            )
        })
        .collect()
}

/// nDCG@10 over the queries that have a judgement.
fn ndcg10(folder: &Path) -> f64 {
    let corpus = records(&folder.join("corpus.jsonl"));
    let index = build(
        corpus
            .iter()
            .map(|(id, text)| chunk(&format!("{id}#0000"), text)),
    );
    let mut grades: HashMap<String, HashMap<String, f64>> = HashMap::new();
    for line in fs::read_to_string(folder.join("qrels.tsv"))
        .unwrap()
        .lines()
        .skip(1)
    {
        let mut fields = line.split('\t').map(str::to_owned);
        let (query, document) = (fields.next().unwrap(), fields.next().unwrap());
        let grade = fields.next().unwrap().parse::<f64>().unwrap().max(0.0);
        grades.entry(query).or_default().insert(document, grade);
    }
    let discount = |rank: usize| 1.0 / (rank as f64 + 2.0).log2();
    let scores: Vec<f64> = records(&folder.join("queries.jsonl"))
        .iter()
        .filter_map(|(id, text)| {
            let judged = grades.get(id)?;
            let mut ideal: Vec<f64> = judged.values().copied().collect();
            ideal.sort_by(|a, b| b.total_cmp(a));
            let ideal: f64 = ideal
                .iter()
                .take(10)
                .enumerate()
                .map(|(rank, grade)| grade * discount(rank))
                .sum();
            let hits = index.search(text, 10).unwrap();
            let gain: f64 = hits
                .iter()
                .enumerate()
                .filter_map(|(rank, hit)| {
                    Some(judged.get(&corpus[hit.position].0)? * discount(rank))
                })
                .sum();
            (ideal > 0.0).then_some(gain / ideal)
        })
        .collect();
    scores.iter().sum::<f64>() / scores.len() as f64
}

/// The floors are a plain BM25 with a Porter stemmer at the same k1 and b.
#[test]
fn abstracts_are_ranked_at_least_as_well_as_by_plain_bm25() {
    for (name, floor) in [("cranfield", 0.375), ("vaswani", 0.432)] {
        if let Some(folder) = collection(name) {
            let reached = ndcg10(&folder);
            assert!(reached >= floor, "{name}: {reached:.4} is below {floor}");
        }
    }
}
