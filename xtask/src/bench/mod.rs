//! `cargo xtask bench`: dsg beside its peers, in the same run on the same input. Writes ratios, since absolute times say more
//! about the machine than about the program.

mod job;
mod jobs;
mod report;

use std::fs;
use std::path::Path;

use clap::Args;

use crate::Result;
use crate::repository::{corpora, target_dir};
use crate::step::{cargo, check};
use crate::venv;

/// The peers, pinned, with what they need to be fast.
const REQUIREMENTS: [&str; 6] = [
    "bm25s==0.3.16",
    "datasketch==2.0.0",
    "numba==0.68.1",
    "PyStemmer==3.1.0",
    "rensa==0.5.0",
    "tantivy==0.27.0",
];

#[derive(Args)]
pub(crate) struct BenchArgs {
    /// How often each contender runs; they take turns, and the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Only this job
    #[arg(long, value_parser = ["bm25", "minhash"])]
    only: Option<String>,
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
    let mut results = Vec::new();
    for job in jobs::all() {
        if args.only.as_ref().is_some_and(|only| only != job.name) {
            continue;
        }
        check(
            cargo(root)
                .args(["build", "--quiet", "--release", "--package", job.package])
                .args(["--example", job.example]),
        )?;
        let place = job::Place {
            root,
            corpora: &corpora,
            scratch: &scratch,
            python: &python,
        };
        results.push(job.run(&place, args.rounds)?);
    }
    let notes = fs::read_to_string(root.join("docs/benchmarks.notes.md")).unwrap_or_default();
    let page = report::render(&results, args.rounds, &notes);
    if args.dry_run || args.only.is_some() {
        print!("{page}");
    } else {
        fs::write(root.join("docs/benchmarks.md"), page)?;
    }
    Ok(())
}
