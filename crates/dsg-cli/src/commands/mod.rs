//! One file per command: resolve the arguments, call the library, render what it says.

#[cfg_attr(
    not(feature = "llama-cpp"),
    allow(
        dead_code,
        reason = "parsed, so that the build that lacks the feature can say so"
    )
)]
pub(crate) mod bench;
pub(crate) mod build_index;
pub(crate) mod bundle;
pub(crate) mod card;
#[cfg_attr(
    not(feature = "train"),
    allow(
        dead_code,
        reason = "parsed, so that the build that lacks the feature can say so"
    )
)]
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod curate;
pub(crate) mod doctor;
#[cfg_attr(
    not(feature = "train"),
    allow(
        dead_code,
        reason = "parsed, so that the build that lacks the feature can say so"
    )
)]
pub(crate) mod eval;
pub(crate) mod export;
#[cfg_attr(
    not(feature = "train"),
    allow(
        dead_code,
        reason = "parsed, so that the build that lacks the feature can say so"
    )
)]
pub(crate) mod export_gguf;
pub(crate) mod generate;
pub(crate) mod gguf;
pub(crate) mod ingest;
pub(crate) mod init;
pub(crate) mod inspect;
#[cfg(feature = "models")]
pub(crate) mod label;
#[cfg_attr(
    not(feature = "train"),
    allow(
        dead_code,
        reason = "parsed, so that the build that lacks the feature can say so"
    )
)]
pub(crate) mod merge;
pub(crate) mod prompts;
#[cfg(feature = "models")]
pub(crate) mod replies;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod search;
mod step;
#[cfg_attr(
    not(feature = "train"),
    allow(
        dead_code,
        reason = "parsed, so that the build that lacks the feature can say so"
    )
)]
pub(crate) mod train;
pub(crate) mod verify;

use crate::args::Command;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;

/// Runs one command.
pub(crate) fn dispatch(command: &Command, session: &Session) -> Result<ExitCode, CliError> {
    match command {
        Command::Run(args) => run::execute(args, session),
        Command::Init(args) => init::execute(args, session),
        Command::Ingest(args) => ingest::execute(args, session),
        Command::BuildIndex(args) => build_index::execute(args, session),
        Command::Generate(args) => generate::execute(args, session),
        Command::Curate(args) => curate::execute(args, session),
        Command::Verify(args) => verify::execute(args, session),
        Command::Search(args) => search::execute(args, session),
        Command::Inspect(args) => inspect::execute(args, session),
        Command::Export(args) => export::execute(args, session),
        Command::Card(args) => card::execute(args, session),
        Command::Train(args) => train::execute(args, session),
        Command::Merge(args) => merge::execute(args, session),
        Command::ExportGguf(args) => export_gguf::execute(args, session),
        Command::Eval(args) => eval::execute(args, session),
        Command::Compare(args) => compare::execute(args, session),
        Command::Report(args) => report::execute(args, session),
        Command::Gguf(args) => gguf::execute(args, session),
        Command::Bundle(args) => bundle::execute(args, session),
        Command::Bench(args) => bench::execute(args, session),
        #[cfg(feature = "models")]
        Command::Label(args) => label::execute(args, session),
        #[cfg(feature = "models")]
        Command::Replies(args) => replies::execute(args, session),
        Command::Prompts(args) => prompts::execute(args, session),
        Command::Doctor(args) => doctor::execute(args, session),
        Command::Config(args) => config::execute(args, session),
        Command::Completions(args) => completions::execute(args, session),
    }
}
