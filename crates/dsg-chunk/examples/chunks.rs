//! Prints the chunks of every document in a corpus, one line each, without the dsg command line.
//!
//! ```sh
//! cargo run -p dsg-chunk --example chunks -- out/work/corpus.jsonl
//! ```
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

use std::error::Error;
use std::path::PathBuf;

use dsg_chunk::{ChunkConfig, Chunker};
use dsg_core::Document;
use dsg_core::artifact::read_jsonl;

fn main() -> Result<(), Box<dyn Error>> {
    let Some(corpus) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return Err("usage: chunks <corpus.jsonl>".into());
    };
    let chunker = Chunker::new(ChunkConfig::default())?;
    for document in read_jsonl::<Document>(&corpus)? {
        for chunk in chunker.chunk(&document?) {
            println!(
                "{:40} {:>4} tokens  {}  [{}]  {}",
                chunk.chunk_id.as_str(),
                chunk.tokens,
                chunk.heading_path.join(" > "),
                chunk.kinds.join(" "),
                chunk.commands.join(" "),
            );
        }
    }
    Ok(())
}
