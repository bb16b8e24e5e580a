//! `dsg curate`.

use std::path::PathBuf;

use clap::Args;

use super::step;
use crate::args::WorkArgs;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;
use crate::settings::SettingsArgs;
use crate::shell::quoted;

/// Check candidates, remove copies, balance and split them
///
/// Deterministic validators check every receipt and every literal in an answer against its evidence. The split is by document, so
/// that nothing the evaluation asks about was trained on.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg curate --in candidates.jsonl --index index/ --out train.jsonl --eval-out eval.jsonl
  dsg curate --in candidates.jsonl --index index/ --rejects rejects.jsonl --set split.eval_fraction=0.2
  dsg curate --decontaminate benchmark.jsonl our-questions.csv")]
pub(crate) struct CurateArgs {
    /// The candidates, as written by `dsg generate`
    #[arg(long = "in", value_name = "FILE", default_value = "candidates.jsonl")]
    input: PathBuf,
    /// The index that the candidates cite
    #[arg(long, value_name = "FOLDER", default_value = "index")]
    index: PathBuf,
    /// The training items to write
    #[arg(long, short, value_name = "FILE", default_value = "train.jsonl")]
    out: PathBuf,
    /// The evaluation items to write
    #[arg(long, value_name = "FILE", default_value = "eval.jsonl")]
    eval_out: PathBuf,
    /// Also write what was rejected, with reasons
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Benchmarks (JSON Lines, CSV, Parquet) that no item may repeat, instead of `dedupe.decontaminate`
    #[arg(long, value_name = "FILE", num_args = 1..)]
    decontaminate: Vec<PathBuf>,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    work: WorkArgs,
}

pub(crate) fn execute(args: &CurateArgs, session: &Session) -> Result<ExitCode, CliError> {
    let settings = benchmarks(args.settings.clone(), &args.decontaminate);
    let report = session.pipeline(&settings, &args.work)?.curate(
        &args.input,
        &args.index,
        &args.out,
        &args.eval_out,
    )?;
    let next = format!("dsg inspect {}", quoted(&args.out));
    let outputs = [args.out.as_path(), args.eval_out.as_path()];
    step::finish(session, &report, &outputs, args.rejects.as_deref(), &next)
}

/// The settings with `--decontaminate`.
pub(super) fn benchmarks(settings: SettingsArgs, files: &[PathBuf]) -> SettingsArgs {
    if files.is_empty() {
        return settings;
    }
    let files: Vec<String> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    // JSON is YAML. Texts are always written.
    let list = serde_json::to_string(&files).unwrap_or_default();
    settings.with("dedupe.decontaminate", &list)
}
