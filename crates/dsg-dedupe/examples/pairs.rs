//! Precision and recall of the question comparison on labelled pairs.
//!
//! ```text
//! cargo run --release -p dsg-dedupe --example pairs -- pairs.jsonl [threshold] [--errors]
//! ```
//! Input: JSON Lines of `{"kind", "a", "b", "dup": 0|1}`. Prints one row per kind and the totals; `--errors` lists the
//! misjudged pairs instead.
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;

use dsg_core::artifact::read_jsonl;
use dsg_dedupe::{DedupeConfig, question_similarity};

#[derive(serde::Deserialize)]
struct Pair {
    kind: String,
    a: String,
    b: String,
    dup: u8,
}

fn main() -> Result<(), Box<dyn Error>> {
    let (flags, values): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .partition(|arg| arg.starts_with("--"));
    let path = PathBuf::from(values.first().ok_or("which pairs.jsonl?")?);
    let threshold = match values.get(1) {
        Some(value) => value.parse()?,
        None => DedupeConfig::default().question_threshold,
    };
    let list = flags.iter().any(|flag| flag == "--errors");
    // Per kind: pairs, merged, merged and truly duplicates, truly duplicates.
    let mut kinds: BTreeMap<String, [u32; 4]> = BTreeMap::new();
    for pair in read_jsonl::<Pair>(&path)? {
        let pair = pair?;
        let merged = question_similarity(&pair.a, &pair.b).is_some_and(|s| s >= threshold);
        let duplicate = pair.dup == 1;
        if list && merged != duplicate {
            println!("{}\tmerged {merged}\t{}\t{}", pair.kind, pair.a, pair.b);
        }
        for kind in [pair.kind.as_str(), "TOTAL"] {
            let [pairs, found, right, wanted] = kinds.entry(kind.to_owned()).or_default();
            *pairs += 1;
            *found += u32::from(merged);
            *right += u32::from(merged && duplicate);
            *wanted += u32::from(duplicate);
        }
    }
    if list {
        return Ok(());
    }
    println!("| kind | pairs | merged | precision | recall |\n|---|---:|---:|---:|---:|");
    let ratio = |a: u32, b: u32| {
        if b == 0 {
            "–".to_owned()
        } else {
            format!("{:.3}", f64::from(a) / f64::from(b))
        }
    };
    for (kind, [pairs, found, right, wanted]) in kinds {
        println!(
            "| {kind} | {pairs} | {found} | {} | {} |",
            ratio(right, found),
            ratio(right, wanted)
        );
    }
    Ok(())
}
