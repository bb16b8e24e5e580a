//! What the analyzer makes of texts: a JSON Lines file of `_id`, `title` and `text` in, `_id` and `terms` out.
//!
//! ```sh
//! cargo run --release -p dsg-index --example terms -- ../shared/ground/retrieval/cranfield/corpus.jsonl > documents.jsonl
//! ```
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

use std::error::Error;
use std::fs;

use dsg_index::{IndexConfig, terms};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: terms FILE.jsonl")?;
    let stemming = IndexConfig::default().stemming;
    for line in fs::read_to_string(path)?.lines() {
        let record: Value = serde_json::from_str(line)?;
        let field = |name| record.get(name).and_then(Value::as_str).unwrap_or_default();
        let text = format!("{}\n{}", field("title"), field("text"));
        println!(
            "{}",
            json!({"_id": field("_id"), "terms": terms(text.trim(), stemming)})
        );
    }
    Ok(())
}
