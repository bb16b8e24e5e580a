//! Builds an index from `chunks.jsonl` in memory and searches it, without the dsg command line.
//!
//! ```sh
//! cargo run -p dsg-index --example search -- out/work/index/chunks.jsonl "how do I request a gpu"
//! ```
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

use std::error::Error;
use std::path::PathBuf;

use dsg_core::Chunk;
use dsg_core::artifact::read_jsonl;
use dsg_index::{IndexBuilder, IndexConfig};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1);
    let (Some(chunks), Some(query)) = (args.next().map(PathBuf::from), args.next()) else {
        return Err("usage: search <chunks.jsonl> <query>".into());
    };
    let mut builder = IndexBuilder::new(IndexConfig::default())?;
    for chunk in read_jsonl::<Chunk>(&chunks)? {
        builder.add(chunk?);
    }
    let index = builder.build()?;
    for hit in index.search_highlighted(&query.to_string_lossy(), 5)? {
        println!(
            "{:6.2}  {}  {}",
            hit.score,
            hit.chunk.chunk_id,
            hit.chunk.heading_path.join(" > ")
        );
        let matched: Vec<&str> = hit
            .highlights
            .iter()
            .filter_map(|span| hit.chunk.slice(*span))
            .take(12)
            .collect();
        println!("        {}", matched.join(" · "));
    }
    Ok(())
}
