//! `dsg inspect`: look inside whatever dsg writes.

mod chunk;
mod dataset;
mod document;
mod duplicate;
mod item;
mod kind;
mod reject;
mod section;
mod select;

use std::path::PathBuf;

use clap::Args;

use self::kind::Kind;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::locate;
use crate::session::Session;

/// Look inside a dataset, an index or any JSON Lines file of dsg
///
/// Without an ID: an overview. With one, or the beginning of one: that document's outline with its chunks, that chunk with its heading path, or
/// that item with its receipts marked in the source lines around them.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg inspect out/                                  funnel, coverage and files of a dataset
  dsg inspect out/train.jsonl --sample 3            three random items beside their sources
  dsg inspect out/train.jsonl qa-8d1f               one item; the beginning of its id is enough
  dsg inspect out/work/corpus.jsonl man/sbatch.1    a document's outline and chunks
  dsg inspect out/work/index sbatch-3f9c1a2b#0007   a chunk
  dsg inspect out/rejects.jsonl --reason judge.     what the judge rejected, and why
  dsg inspect out/work/duplicates.jsonl             which item lost to which, and how alike they are
  dsg inspect out/work/sections.jsonl               which parts of the documents have items")]
pub(crate) struct InspectArgs {
    /// An output folder, an index folder, or a .jsonl file
    path: PathBuf,
    /// The id of a record or its beginning; for documents also the source path
    id: Option<String>,
    /// Show N records drawn at random, in full
    #[arg(long, value_name = "N", conflicts_with = "id")]
    sample: Option<usize>,
    /// Draw another sample
    #[arg(long, value_name = "N", default_value_t = 0, requires = "sample")]
    seed: u64,
    /// Most records to list
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Of rejects: only those whose reason begins like this
    #[arg(long, value_name = "REASON")]
    reason: Option<String>,
    /// Source lines to show around a receipt
    #[arg(long, value_name = "LINES", default_value_t = 2)]
    context: usize,
    /// The corpus to show sources from [default: found beside PATH]
    #[arg(long, value_name = "FILE")]
    corpus: Option<PathBuf>,
}

impl InspectArgs {
    fn corpus(&self) -> Option<PathBuf> {
        self.corpus.clone().or_else(|| locate::corpus(&self.path))
    }
}

pub(crate) fn execute(args: &InspectArgs, session: &Session) -> Result<ExitCode, CliError> {
    let kind = kind::of(&args.path)?;
    if args.reason.is_some() && !matches!(kind, Kind::Rejects(_)) {
        return Err(CliError::usage(
            format!(
                "--reason is for files of rejects, and `{}` is none",
                args.path.display()
            ),
            "name a rejects.jsonl",
        ));
    }
    match kind {
        Kind::Dataset(folder) => dataset::show(args, &folder, session)?,
        Kind::Corpus(file) => document::show(args, &file, session)?,
        Kind::Chunks(file) => chunk::show(args, &file, session)?,
        Kind::Candidates(file) => item::show_candidates(args, &file, session)?,
        Kind::Examples(file) => item::show_examples(args, &file, session)?,
        Kind::Rejects(file) => reject::show(args, &file, session)?,
        Kind::Duplicates(file) => duplicate::show(args, &file, session)?,
        Kind::Sections(file) => section::show(args, &file, session)?,
        Kind::Empty(file) => session.print(format!("`{}` holds no record\n", file.display()))?,
    }
    Ok(ExitCode::Done)
}
