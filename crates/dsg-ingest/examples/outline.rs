//! Prints the outline of files and folders: kind, label, first words, indented by containment.
//!
//! `cargo run -p dsg-ingest --example outline -- docs/ [more…]`; with `--text` the extracted text follows.
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::error::Error;
use std::path::PathBuf;

use dsg_core::{Block, Document, Outcome, Span};
use dsg_ingest::{IngestConfig, Ingester};

fn main() -> Result<(), Box<dyn Error>> {
    let (flags, inputs): (Vec<_>, Vec<_>) = std::env::args()
        .skip(1)
        .partition(|arg| arg.starts_with("--"));
    let inputs: Vec<PathBuf> = inputs.into_iter().map(PathBuf::from).collect();
    let ingester = Ingester::new(IngestConfig::default())?;
    for entry in ingester.walk(&inputs)? {
        match ingester.read(&entry) {
            Outcome::Kept(document) => {
                show(&document);
                if flags.iter().any(|flag| flag == "--text") {
                    println!("{}", document.text);
                }
            }
            Outcome::Dropped(reject) | Outcome::Failed(reject) => {
                println!("{}: {} ({})", reject.id, reject.reason, reject.detail);
            }
        }
    }
    Ok(())
}

fn show(document: &Document) {
    println!(
        "{} · {:?} · “{}” · {} · {} bytes of text · {} blocks",
        document.source.path,
        document.source.format,
        document.title,
        document.language,
        document.text.len(),
        document.blocks.len(),
    );
    for (key, value) in &document.metadata {
        println!("  {key}: {value}");
    }
    let mut open: Vec<Span> = Vec::new();
    for block in &document.blocks {
        while open.last().is_some_and(|outer| !outer.contains(block.span)) {
            open.pop();
        }
        println!("{}{}", "  ".repeat(open.len() + 1), line(document, block));
        open.push(block.span);
    }
}

fn line(document: &Document, block: &Block) -> String {
    let short = |span: Option<Span>| -> Option<String> {
        let text = document.slice(span?)?.replace('\n', "⏎");
        Some(text.chars().take(70).collect())
    };
    let kind = serde_json::to_value(&block.kind).unwrap_or_default();
    let detail: Vec<String> = kind
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| *key != "kind")
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let mut out = vec![block.kind.name().to_owned()];
    out.extend(detail);
    out.extend(short(block.label).map(|label| format!("[{label}]")));
    if block.cells.is_empty() {
        let text = short(block.body).or_else(|| short(Some(block.span)));
        out.extend(text);
    } else {
        let cells = block.cells.iter().map(|cell| short(Some(*cell)));
        out.extend(cells.map(|cell| format!("⟨{}⟩", cell.unwrap_or_default())));
    }
    out.join(" ")
}
