//! `dsg build-index`.

use std::path::PathBuf;

use clap::Args;

use super::step;
use crate::args::WorkArgs;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;
use crate::settings::SettingsArgs;
use crate::shell::quoted;

/// Cut a corpus into chunks and index them
///
/// Every chunk is an exact byte span of its document. The index is BM25 over text, heading path and commands; with a model
/// in `models.embedder`, every chunk gets a vector too. Vectors are kept beside the index, with the ending `.vectors`, so that no text is
/// embedded twice.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg build-index --corpus corpus.jsonl --out index/
  dsg build-index --corpus corpus.jsonl --out index/ --set chunk.max_tokens=400")]
pub(crate) struct BuildIndexArgs {
    /// The corpus, as written by `dsg ingest`
    #[arg(long, value_name = "FILE", default_value = "corpus.jsonl")]
    corpus: PathBuf,
    /// The index folder to write
    #[arg(long, short, value_name = "FOLDER", default_value = "index")]
    out: PathBuf,
    /// Also write documents without content, with reasons
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    work: WorkArgs,
}

pub(crate) fn execute(args: &BuildIndexArgs, session: &Session) -> Result<ExitCode, CliError> {
    let report = session
        .pipeline(&args.settings, &args.work)?
        .build_index(&args.corpus, &args.out)?;
    let index = quoted(&args.out);
    let next = format!("dsg search --index {index} \"…\" or dsg generate --index {index}");
    step::finish(
        session,
        &report,
        &[&args.out],
        args.rejects.as_deref(),
        &next,
    )
}
