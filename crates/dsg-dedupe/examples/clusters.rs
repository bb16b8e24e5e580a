//! Lists the groups of near-duplicate documents of a corpus.
//!
//! ```text
//! cargo run --release -p dsg-dedupe --example clusters -- out/work/corpus.jsonl [threshold]
//! ```
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;

use dsg_core::Document;
use dsg_core::artifact::read_jsonl;
use dsg_dedupe::{DedupeConfig, cluster_documents};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let path = PathBuf::from(args.next().ok_or("which corpus.jsonl?")?);
    let mut config = DedupeConfig::default();
    if let Some(threshold) = args.next() {
        config.document_threshold = threshold.parse()?;
    }
    let documents: Vec<Document> = read_jsonl(&path)?.collect::<Result<_, _>>()?;
    let paths: BTreeMap<&str, &str> = documents
        .iter()
        .map(|document| (document.doc_id.as_str(), document.source.path.as_str()))
        .collect();
    let clusters = cluster_documents(
        documents
            .iter()
            .map(|document| (document.doc_id.clone(), &document.text)),
        &config,
    )?;
    println!(
        "{} documents in {} clusters",
        documents.len(),
        clusters.len()
    );
    for cluster in clusters.iter().filter(|cluster| cluster.len() > 1) {
        let members: Vec<&str> = cluster
            .iter()
            .filter_map(|id| paths.get(id.as_str()).copied())
            .collect();
        println!("{}: {}", members.len(), members.join("  "));
    }
    Ok(())
}
