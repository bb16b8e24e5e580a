//! `dsg ingest`.

use std::path::PathBuf;

use clap::Args;

use super::step;
use crate::args::WorkArgs;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;
use crate::settings::SettingsArgs;
use crate::shell::quoted;

/// Read documents into a corpus file
///
/// Markdown, plain text, reStructuredText, AsciiDoc, HTML, man pages, PDF and notebooks become records with text and a
/// block outline. A file that cannot be read is reported and counted, and stops nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg ingest --input docs/ --out corpus.jsonl
  dsg ingest --input docs/ man/ --out corpus.jsonl --rejects unread.jsonl
  dsg ingest --input docs/ --out corpus.jsonl --set 'ingest.exclude=[\"**/archive/**\"]'")]
pub(crate) struct IngestArgs {
    /// Files or folders to read; .gitignore is respected
    #[arg(long, short, value_name = "PATH", required = true, num_args = 1..)]
    input: Vec<PathBuf>,
    /// The corpus file to write
    #[arg(long, short, value_name = "FILE", default_value = "corpus.jsonl")]
    out: PathBuf,
    /// Also write what was not read, with reasons
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    work: WorkArgs,
}

pub(crate) fn execute(args: &IngestArgs, session: &Session) -> Result<ExitCode, CliError> {
    let report = session
        .pipeline(&args.settings, &args.work)?
        .ingest(&args.input, &args.out)?;
    let next = format!("dsg build-index --corpus {}", quoted(&args.out));
    step::finish(
        session,
        &report,
        &[&args.out],
        args.rejects.as_deref(),
        &next,
    )
}
