//! `cargo xtask bench`: dsg beside its peers, in the same run on the same input. Writes ratios, since absolute times say more
//! about the machine than about the program.

mod job;
mod jobs;
mod report;
mod retrieval;
mod scale;
mod teacher;

use std::fs;
use std::path::Path;

use clap::Args;

use crate::Result;
use crate::repository::{corpora, target_dir};
use crate::step::{cargo, check};
use crate::venv;

/// The peers, pinned, with what they need to be fast.
const REQUIREMENTS: [&str; 18] = [
    "bm25s==0.3.16",
    "chonkie==1.7.0",
    "datasketch==2.0.0",
    "hnswlib==0.8.0",
    "langchain-text-splitters==1.1.3",
    // What trafilatura needs and does not ask for.
    "lxml_html_clean==0.4.6",
    "numba==0.68.1",
    "onnxruntime==1.31.1",
    "pypdf==7.1.0",
    "PyStemmer==3.1.0",
    "rensa==0.5.0",
    "semantic-text-splitter==0.33.1",
    "semchunk==4.1.1",
    "semhash==0.5.0",
    "tantivy==0.27.0",
    "tokenizers==0.23.3",
    "trafilatura==2.3.1",
    "usearch==2.26.6",
];

/// Every section of the page, in its order.
const SECTIONS: [&str; 11] = [
    "bm25",
    "embed",
    "ann",
    "minhash",
    "semantic",
    "chunk",
    "html",
    "pdf",
    "scale",
    "retrieval",
    "teacher",
];

#[derive(Args)]
pub(crate) struct BenchArgs {
    /// How often each contender runs; they take turns, and the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Only these sections
    #[arg(long, value_parser = SECTIONS, value_delimiter = ',')]
    only: Vec<String>,
    /// Print the page instead of writing docs/benchmarks.md
    #[arg(long)]
    dry_run: bool,
}

/// Prepares, measures, writes `docs/benchmarks.md`.
pub(crate) fn run(root: &Path, args: &BenchArgs) -> Result {
    let corpora = corpora(root).ok_or(
        "no ../shared/corpora beside this checkout: the benchmarks need its documents and nothing was measured",
    )?;
    let scratch = target_dir(root).join("bench");
    fs::create_dir_all(&scratch)?;
    let python = venv::create(&target_dir(root), "bench", &REQUIREMENTS)?;
    let place = job::Place {
        root,
        corpora: &corpora,
        scratch: &scratch,
        python: &python,
    };
    let wanted = |name: &str| args.only.is_empty() || args.only.iter().any(|only| only == name);
    let build = |package: &str, example: &str, features: &str| {
        check(
            cargo(root)
                .args(["build", "--quiet", "--release", "--package", package])
                .args(["--example", example, "--features", features]),
        )
    };
    let mut results = Vec::new();
    for job in jobs::all() {
        if wanted(job.name) {
            build(job.package, job.example, job.features)?;
            results.push(job.run(&place, args.rounds)?);
        }
    }
    let mut sections = Vec::new();
    for (name, section) in [
        (
            "scale",
            scale::section as fn(&job::Place<'_>) -> Result<String>,
        ),
        ("retrieval", retrieval::section),
    ] {
        if wanted(name) {
            build("dsg", "bench_chunks", "")?;
            sections.push(section(&place)?);
        }
    }
    if wanted("teacher") {
        build("dsg-llm", "overhead", "")?;
        sections.push(teacher::section(&place, args.rounds)?);
    }
    let notes = fs::read_to_string(root.join("docs/benchmarks.notes.md")).unwrap_or_default();
    let page = report::render(&results, &sections, args.rounds, &notes);
    if args.dry_run || !args.only.is_empty() {
        print!("{page}");
    } else {
        fs::write(root.join("docs/benchmarks.md"), page)?;
    }
    Ok(())
}
