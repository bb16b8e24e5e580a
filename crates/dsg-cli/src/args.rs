//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands;

/// Turn documentation into a grounded, curated, reproducible LoRA dataset.
///
/// Every answer in the dataset quotes its source by byte span, and `dsg verify` recomputes every one of these receipts
/// from the raw files. The same documents, configuration and seed give the same bytes. No model and no network needed.
#[derive(Debug, Parser)]
#[command(
    name = "dsg",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "\
Examples:
  dsg init --docs docs/                     write datasetgen.yaml with topics proposed from docs/
  dsg run --input docs/ --outdir out/       documents in, dataset out
  dsg verify out/ --input docs/             recompute every receipt and hash

Exit codes: 0 done, 1 a quality gate was missed, 2 usage or configuration, 3 input or environment, \
4 a model or its server ended the run, 130 interrupted (run the same command again to go on)."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// Print the result as JSON on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print nothing but errors and what was asked for
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Print every warning and what dsg decides on its way
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    /// Colours: `auto` uses them on a terminal unless NO_COLOR is set
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = false
    )]
    pub(crate) color: ColorWhen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    Auto,
    Always,
    Never,
}

/// How a command that works through stages runs.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Execution")]
pub(crate) struct WorkArgs {
    /// Worker threads; changes how long it takes, never what comes out [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
    /// Progress on standard error: `auto` draws bars on a terminal and prints a line per stage elsewhere
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub(crate) progress: ProgressHow,
    /// Also write every progress event to FILE, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressHow {
    Auto,
    Bars,
    Plain,
    None,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(commands::run::RunArgs),
    Init(commands::init::InitArgs),
    Ingest(commands::ingest::IngestArgs),
    BuildIndex(commands::build_index::BuildIndexArgs),
    Generate(commands::generate::GenerateArgs),
    Curate(commands::curate::CurateArgs),
    Verify(commands::verify::VerifyArgs),
    Search(commands::search::SearchArgs),
    Inspect(commands::inspect::InspectArgs),
    Export(commands::export::ExportArgs),
    Card(commands::card::CardArgs),
    Train(Box<commands::train::TrainArgs>),
    Merge(commands::merge::MergeArgs),
    Eval(Box<commands::eval::EvalArgs>),
    Compare(Box<commands::compare::CompareArgs>),
    Report(commands::report::ReportArgs),
    ExportGguf(commands::export_gguf::ExportGgufArgs),
    Gguf(commands::gguf::GgufArgs),
    Bundle(commands::bundle::BundleArgs),
    Bench(commands::bench::BenchArgs),
    #[cfg(feature = "models")]
    Label(commands::label::LabelArgs),
    #[cfg(feature = "models")]
    Replies(commands::replies::RepliesArgs),
    Prompts(commands::prompts::PromptsArgs),
    Doctor(commands::doctor::DoctorArgs),
    Config(commands::config::ConfigArgs),
    Completions(commands::completions::CompletionsArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_explains_itself_with_examples() {
        fn check(command: &clap::Command) {
            assert!(
                command.get_about().is_some(),
                "{} has no description",
                command.get_name()
            );
            if command.has_subcommands() {
                command.get_subcommands().for_each(check);
            } else {
                let after = command
                    .get_after_help()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                assert!(
                    after.contains("Examples:"),
                    "{} has no examples",
                    command.get_name()
                );
            }
        }
        check(&Cli::command());
    }
}
