//! Which texts repeat a benchmark, by runs of 13 words.
//!
//! ```text
//! cargo run --release -p dsg-dedupe --example decontaminate -- benchmark.jsonl texts.jsonl
//! ```
//! Both files are JSON Lines of objects; every text in them counts, whatever its name. Prints file and row of each repetition with the words
//! that are the same, then how many there are.
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

use std::error::Error;
use std::path::Path;

use dsg_core::artifact::read_jsonl;
use dsg_dedupe::NgramIndex;
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let [benchmark, texts] = files.as_slice() else {
        return Err("which benchmark.jsonl and texts.jsonl?".into());
    };
    let mut index = NgramIndex::new(13);
    for (row, value) in (1..).zip(read_jsonl::<Value>(Path::new(benchmark))?) {
        for text in texts_of(&value?) {
            index.insert(row, &text);
        }
    }
    let (mut rows, mut repeated) = (0, 0);
    for (row, value) in (1_u64..).zip(read_jsonl::<Value>(Path::new(texts))?) {
        rows += 1;
        for text in texts_of(&value?) {
            if let Some(shared) = index.find(&text) {
                let same = text.get(shared.place).unwrap_or_default();
                println!("row {row} repeats row {}: {same}", shared.text);
                repeated += 1;
                break;
            }
        }
    }
    println!("{repeated} of {rows} rows repeat the benchmark");
    Ok(())
}

fn texts_of(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(texts_of).collect(),
        Value::Object(fields) => fields.values().flat_map(texts_of).collect(),
        _ => Vec::new(),
    }
}
