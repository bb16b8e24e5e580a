//! `dsg verify`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use dsg::VerifyReport;

use crate::args::WorkArgs;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::{Session, use_threads};
use crate::terminal::printable;

/// Recompute every receipt and hash of a dataset from the raw files
///
/// Reads the documents again under the configuration in the manifest and compares every quote byte for byte, every
/// input and output with its SHA-256, every count with the files, and both sides of the split with each other.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg verify out/ --input docs/
  dsg verify out/ --input docs/ --json | jq .findings

Exits with 1 when anything does not hold.")]
pub(crate) struct VerifyArgs {
    /// The output folder of `dsg run`
    outdir: PathBuf,
    /// The same files or folders that the run read
    #[arg(long, short, value_name = "PATH", required = true, num_args = 1..)]
    input: Vec<PathBuf>,
    /// Most findings to print
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    limit: usize,
    #[command(flatten)]
    work: WorkArgs,
}

pub(crate) fn execute(args: &VerifyArgs, session: &Session) -> Result<ExitCode, CliError> {
    let progress = session.progress(&args.work)?;
    use_threads(&args.work);
    let report = dsg::verify(&args.outdir, &args.input, progress.as_ref())?;
    session.verdict(report.is_ok(), &report, || text(args, session, &report))
}

fn text(args: &VerifyArgs, session: &Session, report: &VerifyReport) -> String {
    let paint = session.paint;
    let mut out = String::new();
    let lists = [
        (
            paint.bad("✗"),
            report
                .findings
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>(),
        ),
        (paint.warn("note:"), report.notes.clone()),
    ];
    for (label, lines) in lists {
        for line in lines.iter().take(args.limit) {
            let _ = writeln!(out, "{label} {}", printable(line));
        }
        if lines.len() > args.limit {
            let more = lines.len() - args.limit;
            let _ = writeln!(out, "  … {more} more; --limit shows more");
        }
    }
    let items = format!("{} train and {} eval items", report.train, report.eval);
    let checked = format!(
        "{} receipts, {} inputs, {} outputs",
        report.receipts, report.inputs, report.outputs
    );
    let _ = match report.findings.len() {
        0 => writeln!(
            out,
            "{} {items}: everything holds ({checked})",
            paint.good("✓")
        ),
        n => writeln!(out, "{} {items}: {n} findings ({checked})", paint.bad("✗")),
    };
    if report.inputs == 0 && !report.is_ok() {
        let hint = "none of the inputs was found: --input must name the folders that the run read";
        let _ = writeln!(out, "  {} {hint}", paint.name("hint:"));
    }
    out
}
