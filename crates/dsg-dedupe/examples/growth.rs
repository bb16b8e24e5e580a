//! Time and memory of deduplication by the number of items.
//!
//! ```text
//! cargo run --release -p dsg-dedupe --example growth -- ITEMS [words|vectors] [--dimension 384] [--one-group]
//! ```
//! Makes ITEMS questions of a dozen words with an answer, every tenth of them an earlier one with other courtesies or in other words, and
//! removes the duplicates: by words, or with vectors (random, near each other where the questions mean the same). Questions name one of
//! a thousand options each, so that the meaning guard has groups to keep apart; with `--one-group` none does, and all are one group.
//! Prints one JSON object: `items`, `mode`, `seconds`, `duplicates` (how many of the copies were found), `copies`, and `peak_mib`, the largest
//! size of the process where the system tells it (`VmHWM`).
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]
#![allow(
    clippy::cast_possible_truncation,
    reason = "bits are cut out of drawn numbers on purpose"
)]

mod support;

use std::error::Error;
use std::time::Instant;

use dsg_core::Seed;
use dsg_dedupe::{DedupeConfig, Deduper, TextVectors};
use support::{item, peak_mib};

const SYLLABLES: [&str; 24] = [
    "ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "wu", "za",
    "bre", "cla", "dro", "fli", "gra", "ple", "sto", "tri",
];

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let items: u64 = args.first().ok_or("how many ITEMS?")?.parse()?;
    let by_vectors = args.iter().any(|arg| arg == "vectors");
    let one_group = args.iter().any(|arg| arg == "--one-group");
    let dimension: usize = match args.iter().position(|arg| arg == "--dimension") {
        Some(at) => args
            .get(at + 1)
            .ok_or("--dimension needs a number")?
            .parse()?,
        None => 384,
    };
    let mut candidates = Vec::new();
    let mut vectors = TextVectors::new(dimension)?;
    let mut copies = 0;
    for number in 0..items {
        // Every tenth repeats one of the nine before it.
        let repeats = number % 10 == 9;
        let of = if repeats {
            number - 1 - draw(number, 0) % 9
        } else {
            number
        };
        copies += u64::from(repeats);
        let question = question(of, repeats, by_vectors, one_group);
        candidates.push(item(number, &question, answer(number)));
        if by_vectors {
            let noise = if repeats { 0.2 } else { 0.0 };
            vectors.push(&vector(of, number, noise, dimension))?;
        }
    }
    let deduper = Deduper::new(DedupeConfig::default())?;
    let start = Instant::now();
    let result = if by_vectors {
        deduper.run_with_vectors(candidates, &vectors)?
    } else {
        deduper.run(candidates)
    };
    println!(
        "{}",
        serde_json::json!({
            "items": items,
            "mode": if by_vectors { "vectors" } else { "words" },
            "groups": if one_group { 1 } else { 1_000 },
            "seconds": start.elapsed().as_secs_f64(),
            "duplicates": result.duplicates.len(),
            "copies": copies,
            "peak_mib": peak_mib(),
        })
    );
    Ok(())
}

fn draw(seed: u64, number: u64) -> u64 {
    Seed(seed).derive("growth", &number.to_string()).0
}

fn word(drawn: u64) -> String {
    (0..3)
        .filter_map(|part| SYLLABLES.get((drawn >> (8 * part)) as usize % SYLLABLES.len()))
        .copied()
        .collect()
}

/// Question `number`; a copy has other courtesies or, where vectors are to find it, other words.
fn question(number: u64, repeats: bool, reworded: bool, one_group: bool) -> String {
    let mut words: Vec<String> = (0..7).map(|place| word(draw(number, place + 1))).collect();
    if repeats && reworded {
        words = (0..7)
            .map(|place| word(draw(number, place + 100)))
            .collect();
    }
    let option = if one_group {
        "the option".to_owned()
    } else {
        format!("--{}{}", word(draw(number, 50)), draw(number, 51) % 1_000)
    };
    let opening = if repeats {
        "Please, how can I"
    } else {
        "How can I"
    };
    format!("{opening} {} with {option}?", words.join(" "))
}

/// The direction of question `of`, turned a little for `number`.
fn vector(of: u64, number: u64, noise: f32, dimension: usize) -> Vec<f32> {
    let mut values = Vec::with_capacity(dimension);
    let part = |seed: u64, place: usize| {
        let drawn = Seed(seed).derive("vector", &(place / 4).to_string()).0;
        let bits = (drawn >> (16 * (place % 4))) & 0xffff;
        bits as f32 / 65_536.0 - 0.5
    };
    for place in 0..dimension {
        values.push(part(of, place) + noise * part(number ^ u64::MAX, place));
    }
    values
}

fn answer(number: u64) -> String {
    let words: Vec<String> = (0..12)
        .map(|place| word(draw(number, place + 200)))
        .collect();
    format!("Item {number}: {}.", words.join(" "))
}
