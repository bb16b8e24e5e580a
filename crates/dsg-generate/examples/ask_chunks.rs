//! Prints the questions and answers that the extractive writer makes of a chunk file.
//!
//! ```sh
//! cargo run -p dsg-generate --example ask_chunks -- out/work/index/chunks.jsonl Slurm
//! ```
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

use std::error::Error;
use std::path::PathBuf;

use dsg_core::artifact::read_jsonl;
use dsg_core::{Chunk, Seed};
use dsg_generate::ExtractiveWriter;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let Some(chunks) = args.next().map(PathBuf::from) else {
        return Err("usage: ask_chunks <chunks.jsonl> [subject]".into());
    };
    let writer = ExtractiveWriter::new(args.next(), Seed(42));
    for chunk in read_jsonl::<Chunk>(&chunks)? {
        for draft in writer.write(&chunk?) {
            println!("## {}\n\n{}\n", draft.question, draft.answer);
            println!("({}, {})\n", draft.template, draft.difficulty.as_str());
        }
    }
    Ok(())
}
