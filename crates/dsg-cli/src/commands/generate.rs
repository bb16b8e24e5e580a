//! `dsg generate`.

use std::path::PathBuf;

use clap::Args;

use super::step;
use crate::args::WorkArgs;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;
use crate::settings::SettingsArgs;
use crate::shell::quoted;

/// Write question–answer candidates from an index
///
/// The extractive writer works from document structure: options, definitions, procedures, tables, FAQs, errors. It needs no
/// model; every answer carries the byte spans that it quotes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg generate --index index/ --hypothesis datasetgen.yaml --out candidates.jsonl
  dsg generate --index index/ --seed 7 --out candidates.jsonl --rejects unwritten.jsonl")]
pub(crate) struct GenerateArgs {
    /// The index, as written by `dsg build-index`
    #[arg(long, value_name = "FOLDER", default_value = "index")]
    index: PathBuf,
    /// The candidates to write
    #[arg(long, short, value_name = "FILE", default_value = "candidates.jsonl")]
    out: PathBuf,
    /// Also write what gave no candidate, with reasons
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    work: WorkArgs,
}

pub(crate) fn execute(args: &GenerateArgs, session: &Session) -> Result<ExitCode, CliError> {
    let report = session
        .pipeline(&args.settings, &args.work)?
        .generate(&args.index, &args.out)?;
    let next = format!(
        "dsg curate --in {} --index {}",
        quoted(&args.out),
        quoted(&args.index)
    );
    step::finish(
        session,
        &report,
        &[&args.out],
        args.rejects.as_deref(),
        &next,
    )
}
