//! Precision and recall of the deduplication of questions on labelled pairs.
//!
//! ```text
//! cargo run --release -p dsg-dedupe --example pairs -- pairs.jsonl [--vectors FILE] [--threshold T] [--semantic T] [--errors]
//! ```
//! Input: JSON Lines of `{"kind", "a", "b", "dup": 0|1}`. Each pair goes through the [`Deduper`] as two items with unlike answers. Prints one
//! row per kind and the totals, with how the merged ones were found; `--errors` lists the misjudged pairs instead. `--vectors` names
//! a file of 32-bit floats, those of `a` then those of `b` for each pair (`xtask/peers/dedupe.py vectors` writes one); without it
//! questions are compared by their words.
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use dsg_core::artifact::read_jsonl;
use dsg_core::{
    Candidate, CandidateId, CandidateSchema, Difficulty, DuplicateKind, Generator, QuestionType,
    Seed,
};
use dsg_dedupe::{DedupeConfig, Deduper, TextVectors};

#[derive(serde::Deserialize)]
struct Pair {
    kind: String,
    a: String,
    b: String,
    dup: u8,
}

/// What was found of one kind of pairs.
#[derive(Default)]
struct Row {
    pairs: u32,
    wanted: u32,
    right: u32,
    found: BTreeMap<DuplicateKind, u32>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut path = None;
    let mut vectors = None;
    let mut list = false;
    let mut config = DedupeConfig::default();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--vectors" => vectors = Some(PathBuf::from(value()?)),
            "--threshold" => config.question_threshold = value()?.parse()?,
            "--semantic" => config.semantic.threshold = value()?.parse()?,
            "--errors" => list = true,
            _ => path = Some(PathBuf::from(arg)),
        }
    }
    let pairs: Vec<Pair> =
        read_jsonl(&path.ok_or("which pairs.jsonl?")?)?.collect::<Result<_, _>>()?;
    let rows = match &vectors {
        Some(file) => floats(file, 2 * pairs.len())?,
        None => Vec::new(),
    };
    let deduper = Deduper::new(config)?;
    let mut kinds: BTreeMap<&str, Row> = BTreeMap::new();
    for (number, pair) in pairs.iter().enumerate() {
        let items = vec![item("a", &pair.a), item("b", &pair.b)];
        let result = match rows.get(2 * number..2 * number + 2) {
            Some(two) => deduper.run_with_vectors(items, &TextVectors::from_rows(two)?)?,
            None => deduper.run(items),
        };
        let merged = result.duplicates.first().map(|duplicate| duplicate.kind);
        let duplicate = pair.dup == 1;
        if list && merged.is_some() != duplicate {
            println!("{}\t{merged:?}\t{}\t{}", pair.kind, pair.a, pair.b);
        }
        for kind in [pair.kind.as_str(), "TOTAL"] {
            let row = kinds.entry(kind).or_default();
            row.pairs += 1;
            row.wanted += u32::from(duplicate);
            if let Some(merged) = merged {
                *row.found.entry(merged).or_default() += 1;
                row.right += u32::from(duplicate);
            }
        }
    }
    if list {
        return Ok(());
    }
    println!(
        "| kind | pairs | exact | near | semantic | precision | recall |\n|---|--:|--:|--:|--:|--:|--:|"
    );
    for (kind, row) in kinds {
        let of = |kind: DuplicateKind| row.found.get(&kind).copied().unwrap_or(0);
        println!(
            "| {kind} | {} | {} | {} | {} | {} | {} |",
            row.pairs,
            of(DuplicateKind::Exact),
            of(DuplicateKind::Near),
            of(DuplicateKind::Semantic),
            ratio(row.right, row.found.values().sum()),
            ratio(row.right, row.wanted)
        );
    }
    Ok(())
}

fn ratio(a: u32, b: u32) -> String {
    if b == 0 {
        "–".to_owned()
    } else {
        format!("{:.4}", f64::from(a) / f64::from(b))
    }
}

/// `rows` vectors from a file of little-endian floats.
fn floats(path: &Path, rows: usize) -> Result<Vec<Vec<f32>>, Box<dyn Error>> {
    let bytes = fs::read(path)?;
    let values: Vec<f32> = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect();
    let dimension = values.len() / rows.max(1);
    if dimension == 0 || dimension * rows != values.len() {
        return Err(format!("{} are not the vectors of {rows} texts", path.display()).into());
    }
    Ok(values.chunks(dimension).map(<[f32]>::to_vec).collect())
}

/// An item whose answer is like no other's.
fn item(id: &str, question: &str) -> Candidate {
    let words: Vec<String> = (0..30).map(|word| format!("{id}{word}")).collect();
    Candidate {
        schema: CandidateSchema,
        id: CandidateId::from_existing(id),
        task: "qa".to_owned(),
        topic: "general".to_owned(),
        difficulty: Difficulty::Basic,
        question_type: QuestionType::Factual,
        question: question.to_owned(),
        answer: words.join(" "),
        citations: Vec::new(),
        evidence: Vec::new(),
        generator: Generator {
            provider: "pairs".to_owned(),
            model: None,
            prompt: "pairs@1".to_owned(),
            seed: Seed(0),
        },
        verdict: None,
        extra: serde_json::Map::new(),
    }
}
