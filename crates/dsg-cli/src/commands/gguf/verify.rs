//! `dsg gguf verify`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use dsg::gguf::{VerifyReport, verify_file};

use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;
use crate::terminal::printable;

/// Check a model file: structure, sizes, every value, tokenizer
///
/// Looks for tensors outside the file, gaps that llama.cpp refuses, values that are infinite or no numbers, lists and special tokens that
/// do not fit the vocabulary, tokens that are there twice, and sizes in keys that the tensors do not have.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg gguf verify model.gguf
  dsg gguf verify model.gguf --json | jq .findings

Exits with 1 when anything does not hold.")]
pub(super) struct VerifyArgs {
    /// The model file
    file: PathBuf,
    /// Most findings to print
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    limit: usize,
}

pub(super) fn execute(args: &VerifyArgs, session: &Session) -> Result<ExitCode, CliError> {
    let report = verify_file(&args.file)?;
    session.verdict(report.is_ok(), &report, || text(args, session, &report))
}

fn text(args: &VerifyArgs, session: &Session, report: &VerifyReport) -> String {
    let paint = session.paint;
    let mut out = String::new();
    for finding in report.findings.iter().take(args.limit) {
        let _ = writeln!(
            out,
            "{} {}",
            paint.bad("✗"),
            printable(&finding.to_string())
        );
    }
    if report.findings.len() > args.limit {
        let more = report.findings.len() - args.limit;
        let _ = writeln!(out, "  … {more} more; --limit shows more");
    }
    for note in &report.notes {
        let _ = writeln!(out, "{} {note}", paint.warn("note:"));
    }
    if !report.unread.is_empty() {
        let types: Vec<_> = report.unread.iter().map(ToString::to_string).collect();
        let _ = writeln!(
            out,
            "{} values of type {} cannot be read and were not looked at",
            paint.warn("note:"),
            types.join(", ")
        );
    }
    let checked = format!("{} tensors, {} values", report.tensors, report.values);
    let _ = match report.findings.len() {
        0 => writeln!(out, "{} everything holds ({checked})", paint.good("✓")),
        n => writeln!(out, "{} {n} findings ({checked})", paint.bad("✗")),
    };
    out
}
