//! Converts dataset items into another format, line by line, without the command line of dsg.
//!
//! ```sh
//! cargo run -p dsg-export --example convert -- sharegpt out/train.jsonl > sharegpt.jsonl
//! ```
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

use std::error::Error;
use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;

use dsg_core::Example;
use dsg_core::artifact::read_jsonl;
use dsg_export::{DatasetFormat, render};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(format), Some(path)) = (args.next(), args.next().map(PathBuf::from)) else {
        return Err(
            "usage: convert <messages|alpaca|sharegpt|prompt-completion> <train.jsonl>".into(),
        );
    };
    let format: DatasetFormat = format.parse()?;
    let mut out = BufWriter::new(io::stdout().lock());
    for example in read_jsonl::<Example>(&path)? {
        writeln!(out, "{}", render(&example?, format))?;
    }
    out.flush()?;
    Ok(())
}
