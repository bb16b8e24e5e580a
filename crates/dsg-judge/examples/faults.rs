//! Injects faults into answers that passed and counts how many the literal check finds.
//!
//! ```text
//! cargo run --release -p dsg-judge --example faults -- chunks.jsonl candidates.jsonl
//! ```
//! Each literal of each accepted answer is changed in every way that fits its kind, one at a time: the label of a fault is
//! certain. A changed literal that happens to occur in the same evidence is a miss. Prints recall by fault, and the share
//! of unaltered answers that pass.
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::path::Path;

use dsg_core::artifact::read_jsonl;
use dsg_core::{Candidate, Chunk, ChunkId};
use dsg_judge::{Evidence, Lexer, Literal, LiteralKind};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [chunks, candidates, ..] = args.as_slice() else {
        return Err("which chunks.jsonl and candidates.jsonl?".into());
    };
    let chunks: HashMap<ChunkId, Chunk> = read_jsonl::<Chunk>(Path::new(chunks))?
        .map(|chunk| chunk.map(|chunk| (chunk.chunk_id.clone(), chunk)))
        .collect::<Result<_, _>>()?;
    let lexer = Lexer::new()?;
    let candidates: Vec<Candidate> =
        read_jsonl(Path::new(candidates))?.collect::<Result<_, _>>()?;
    let pool = Pool::new(&lexer, &candidates);
    // Per fault: injected, found.
    let mut faults: BTreeMap<&str, [u32; 2]> = BTreeMap::new();
    let (mut answers, mut passed) = (0, 0);
    for (number, candidate) in candidates.iter().enumerate() {
        let cited = candidate
            .citations
            .iter()
            .map(|citation| &citation.chunk_id);
        let places = cited
            .filter_map(|id| chunks.get(id))
            .flat_map(|chunk| chunk.heading_path.iter().chain(&chunk.commands));
        let quotes = candidate.citations.iter().map(|citation| &citation.quote);
        let evidence = Evidence::new(&lexer, quotes.chain(places).map(String::as_str));
        let holds = |answer: &str| {
            lexer
                .literals(answer)
                .iter()
                .all(|literal| evidence.supports(literal))
                && !words(answer).any(|word| evidence.misspelt(word).is_some())
        };
        answers += 1;
        if !holds(&candidate.answer) {
            continue;
        }
        passed += 1;
        for literal in lexer.literals(&candidate.answer) {
            for (fault, changed) in pool.faults(&literal, number) {
                let end = literal.start + literal.text.len();
                let (Some(before), Some(after)) = (
                    candidate.answer.get(..literal.start),
                    candidate.answer.get(end..),
                ) else {
                    continue;
                };
                let [injected, found] = faults.entry(fault).or_default();
                *injected += 1;
                *found += u32::from(!holds(&format!("{before}{changed}{after}")));
            }
        }
    }
    println!("answers {answers}, of which pass unaltered {passed}\n");
    println!("| fault | injected | found | recall |\n|---|---:|---:|---:|");
    let mut total = [0, 0];
    for (fault, [injected, found]) in &faults {
        total = [total[0] + injected, total[1] + found];
        println!(
            "| {fault} | {injected} | {found} | {:.3} |",
            f64::from(*found) / f64::from(*injected)
        );
    }
    println!(
        "| all | {} | {} | {:.3} |",
        total[0],
        total[1],
        f64::from(total[1]) / f64::from(total[0].max(1))
    );
    Ok(())
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
}

/// The literals of all answers by kind, to swap with.
struct Pool(BTreeMap<LiteralKind, Vec<String>>);

impl Pool {
    fn new(lexer: &Lexer, candidates: &[Candidate]) -> Self {
        let mut pool: BTreeMap<LiteralKind, Vec<String>> = BTreeMap::new();
        for candidate in candidates {
            for literal in lexer.literals(&candidate.answer) {
                pool.entry(literal.kind).or_default().push(literal.text);
            }
        }
        for literals in pool.values_mut() {
            literals.sort();
            literals.dedup();
        }
        Self(pool)
    }

    /// Every change that fits the literal's kind, with the fault's name.
    fn faults(&self, literal: &Literal, number: usize) -> Vec<(&'static str, String)> {
        let text = literal.text.as_str();
        let mut faults = Vec::new();
        match literal.kind {
            LiteralKind::Number => {
                if let Ok(value) = literal.key.parse::<i64>() {
                    faults.push(("number: one more", (value + 1).to_string()));
                    faults.push(("number: ten times", (value * 10).to_string()));
                }
                let turned: String = text.chars().rev().collect();
                // A leading zero would not count as a change.
                if turned != text && !turned.starts_with('0') {
                    faults.push(("number: digits turned round", turned));
                }
            }
            LiteralKind::Flag => {
                if let Some(name) = text.strip_prefix("--") {
                    faults.push(("flag: a hyphen lost", format!("-{name}")));
                    faults.push((
                        "flag: a letter lost",
                        text.get(..text.len() - 1).unwrap_or(text).to_owned(),
                    ));
                }
                faults.push(("flag: case flipped", flip_case(text)));
            }
            LiteralKind::Path | LiteralKind::Url => {
                faults.push((
                    "path or URL: a part added",
                    format!("{}/x1", text.trim_end_matches('/')),
                ));
                faults.push(("path or URL: two letters swapped", swap_letters(text)));
            }
            LiteralKind::Variable | LiteralKind::Identifier | LiteralKind::Code => {
                faults.push(("identifier: case flipped", flip_case(text)));
                faults.push(("identifier: two letters swapped", swap_letters(text)));
            }
            _ => {}
        }
        if let Some(other) = self.other(literal, number) {
            faults.push((
                match literal.kind {
                    LiteralKind::Number => "number: another of the corpus",
                    LiteralKind::Flag => "flag: another of the corpus",
                    LiteralKind::Path | LiteralKind::Url => "path or URL: another of the corpus",
                    _ => "identifier: another of the corpus",
                },
                other,
            ));
        }
        faults.retain(|(_, changed)| changed != text);
        faults
    }

    /// Another literal of the kind, the same one every time.
    fn other(&self, literal: &Literal, number: usize) -> Option<String> {
        let pool = self.0.get(&literal.kind)?;
        let at = (number * 7_919 + literal.start * 31) % pool.len().max(1);
        pool.iter()
            .cycle()
            .skip(at)
            .take(pool.len())
            .find(|other| **other != literal.text)
            .cloned()
    }
}

fn flip_case(text: &str) -> String {
    let mut flipped = false;
    text.chars()
        .map(|c| {
            if flipped || !c.is_ascii_alphabetic() {
                return c;
            }
            flipped = true;
            if c.is_ascii_lowercase() {
                c.to_ascii_uppercase()
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

/// `text` with its last two different letters exchanged.
fn swap_letters(text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let last = (1..letters.len()).rev().find(|at| {
        let pair = letters.get(at - 1).zip(letters.get(*at));
        pair.is_some_and(|(a, b)| a != b && a.is_alphanumeric() && b.is_alphanumeric())
    });
    if let Some(at) = last {
        letters.swap(at - 1, at);
    }
    letters.into_iter().collect()
}
