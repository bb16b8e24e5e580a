//! `dsg report`.

use std::path::PathBuf;

use clap::Args;
use dsg::{ReportJob, ReportSummary};

use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;

/// Show a dataset, its training and its evaluations on one page
///
/// Folders are told apart by what they hold: datasets of `dsg run` (funnel, coverage against quotas), students of `dsg train` (curves of loss, learning rate,
/// gradient norm and speed), evaluations of `dsg eval` and `dsg compare` (every model's figures beside the others', differences, a judge's win rates, answers
/// to the same question), and bench.csv of `dsg bench --csv`, which can also be named itself.
///
/// The page is one HTML file that loads and runs nothing, in light or dark as the reader has it. The same files give the same bytes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg report out/ student/ comparison/
  dsg report out/ student/ eval-base/ eval-student/ eval-q4_k_m/ bench.csv --out student.html --answers 25")]
pub(crate) struct ReportArgs {
    /// Folders of `dsg run`, `dsg train`, `dsg eval` and `dsg compare`, and tables of `dsg bench --csv`
    #[arg(value_name = "FOLDER", required = true)]
    inputs: Vec<PathBuf>,
    /// The page
    #[arg(long, short, value_name = "FILE", default_value = "report.html")]
    out: PathBuf,
    /// Questions of each axis that are shown with all answers
    #[arg(long, value_name = "N", default_value_t = 10)]
    answers: usize,
}

pub(crate) fn execute(args: &ReportArgs, session: &Session) -> Result<ExitCode, CliError> {
    let summary = dsg::report(&ReportJob {
        inputs: args.inputs.clone(),
        out: args.out.clone(),
        answers: args.answers,
    })?;
    session.report(&summary, || text(&summary))?;
    Ok(ExitCode::Done)
}

fn text(summary: &ReportSummary) -> String {
    let parts = [
        (summary.datasets, "dataset"),
        (summary.trainings, "training"),
        (summary.evaluations, "evaluation"),
        (summary.comparisons, "comparison"),
        (summary.benches, "bench table"),
    ];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts
        .map(|(count, what)| {
            let plural = if count == 1 { "" } else { "s" };
            format!("{count} {what}{plural}")
        })
        .collect();
    format!("Wrote {}: {}\n", summary.written, parts.join(", "))
}
