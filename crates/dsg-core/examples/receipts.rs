//! Recomputes every receipt of a dataset file from the corpus it was made of.
//!
//! ```sh
//! cargo run -p dsg-core --example receipts -- out/work/corpus.jsonl out/train.jsonl
//! ```
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

use std::collections::HashMap;
use std::error::Error;
use std::path::PathBuf;

use dsg_core::artifact::read_jsonl;
use dsg_core::{DocId, Document, Example};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(corpus), Some(dataset)) = (args.next(), args.next()) else {
        return Err("usage: receipts <corpus.jsonl> <train.jsonl>".into());
    };
    let texts: HashMap<DocId, String> = read_jsonl::<Document>(&corpus)?
        .map(|doc| doc.map(|doc| (doc.doc_id, doc.text)))
        .collect::<Result<_, _>>()?;

    let (mut held, mut broken) = (0, 0);
    for example in read_jsonl::<Example>(&dataset)? {
        let example = example?;
        for citation in &example.meta.citations {
            let there = texts
                .get(&citation.doc_id)
                .and_then(|text| citation.span.slice(text));
            if there == Some(citation.quote.as_str()) {
                held += 1;
            } else {
                broken += 1;
                println!(
                    "{}: {} {:?} does not hold",
                    example.id, citation.doc_id, citation.span
                );
            }
        }
    }
    println!("{held} receipts hold, {broken} do not");
    if broken > 0 {
        Err("broken receipts".into())
    } else {
        Ok(())
    }
}
