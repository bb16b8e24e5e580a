//! `dsg compare`.

use std::path::PathBuf;

use clap::Args;

use super::eval::{QuestionArgs, ReplyArgs};
use crate::args::WorkArgs;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;
use crate::settings::SettingsArgs;

/// Ask two models the same questions and measure the differences
///
/// Base and student answer under their own chat templates, with the same seed. Each measure of `dsg eval` but perplexity is compared question by
/// question: the mean difference with its paired bootstrap interval of 95 %, in which questions of one document stay together, how sure it is that
/// the student is better, and on how many questions it is better, as good, and worse. Likelihoods (nll) are compared where both models cut the
/// right answers into the same tokens. Similarity is that of hashed words by default, of a model with `models.embedder` in the configuration.
/// --engine runs both: with llama-cpp, two GGUF files as they will be used.
///
/// With --judge the model that `models.judge` names reads every question with its right answer, its quotes and both answers, and says which is
/// better; it is asked in both orders, and what changes with the order is a tie. The win rate of an axis is the student's share of wins, with half of
/// the ties; answers that are the same text are a tie without a call, and questions without a readable verdict count nowhere.
///
/// The folder gets the answers and results of each model (base/, student/), the judge's replies (compare.replies), and at the end every question with
/// both answers to read (compare.md) and the figures (compare.json). A stopped command goes on: answers and replies that are there are not made again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg compare --base smollm2-135m-instruct.gguf --adapter student/ --data out/eval.jsonl
  dsg compare --base models/smollm2-135m --student student/merged --data out/eval.jsonl --reworded out/train.jsonl --limit 100 --forgetting
  dsg compare --base base-q8_0.gguf --student student-q4_k_m.gguf --engine llama-cpp --data out/eval.jsonl
  dsg compare --base models/smollm2-135m --adapter student/ --data out/eval.jsonl --judge --hypothesis datasetgen.yaml
  dsg compare --base models/smollm2-135m --adapter student/ --data out/eval.jsonl --judge --set models.judge.provider=model --set models.judge.model=ollama:qwen2.5:7b")]
pub(crate) struct CompareArgs {
    /// The model before: a Hugging Face folder or a GGUF file
    #[arg(long, value_name = "MODEL")]
    base: PathBuf,
    /// The model after
    #[arg(
        long,
        value_name = "MODEL",
        required_unless_present = "adapter",
        conflicts_with = "adapter"
    )]
    student: Option<PathBuf>,
    /// The folder with an adapter that makes the student of the base
    #[arg(long, value_name = "FOLDER")]
    adapter: Option<PathBuf>,
    /// Also ask the model of `models.judge` which answers are better, for a win rate on each axis
    #[arg(long)]
    judge: bool,
    /// The folder for the results
    #[arg(long, short, value_name = "FOLDER", default_value = "comparison")]
    out: PathBuf,
    #[command(flatten)]
    questions: QuestionArgs,
    #[command(flatten)]
    replies: ReplyArgs,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    work: WorkArgs,
}

pub(crate) fn execute(args: &CompareArgs, session: &Session) -> Result<ExitCode, CliError> {
    dsg::can_train()?;
    #[cfg(feature = "train")]
    return with_feature::run(args, session);
    #[cfg(not(feature = "train"))]
    {
        // Refused above.
        let _ = (args, session);
        Ok(ExitCode::Usage)
    }
}

#[cfg(feature = "train")]
mod with_feature {
    use std::fmt::Write as _;

    use dsg::{AxisComparison, CompareJob, CompareSummary, EvalModel};

    use super::{CliError, CompareArgs, ExitCode, Session};
    use crate::table::{Align, Table};
    use crate::terminal::printable;

    pub(super) fn run(args: &CompareArgs, session: &Session) -> Result<ExitCode, CliError> {
        let (progress, interrupt) = session.work(&args.work)?;
        let config = args.settings.resolve()?.config;
        let job = CompareJob {
            base: EvalModel {
                model: args.base.clone(),
                adapter: None,
            },
            student: EvalModel {
                model: args.student.clone().unwrap_or_else(|| args.base.clone()),
                adapter: args.adapter.clone(),
            },
            engine: args.replies.engine(&args.work),
            questions: args.questions.resolve(),
            replies: args.replies.resolve(config.seed),
            judge: args.judge,
            out: args.out.clone(),
        };
        let summary = dsg::compare(&job, &config, progress.as_ref(), &interrupt)?;
        session.report(&summary, || text(&summary, args))?;
        Ok(ExitCode::Done)
    }

    fn text(summary: &CompareSummary, args: &CompareArgs) -> String {
        let mut table = Table::new([
            ("axis", Align::Left),
            ("metric", Align::Left),
            ("base", Align::Right),
            ("student", Align::Right),
            ("difference", Align::Right),
            ("95 %", Align::Left),
            ("p(better)", Align::Right),
            ("better", Align::Right),
            ("same", Align::Right),
            ("worse", Align::Right),
        ]);
        for axis in &summary.axes {
            for metric in &axis.metrics {
                table.row([
                    printable(&axis.axis),
                    metric.metric.to_string(),
                    format!("{:.3}", metric.base),
                    format!("{:.3}", metric.student),
                    format!("{:+.3}", metric.difference),
                    metric.interval(),
                    metric.confidence(),
                    metric.wins.to_string(),
                    metric.ties.to_string(),
                    metric.losses.to_string(),
                ]);
            }
        }
        let mut out = String::new();
        for line in table.lines() {
            let _ = writeln!(out, "{line}");
        }
        for axis in &summary.axes {
            if let Some(win_rate) = &axis.win_rate {
                let _ = writeln!(out, "{}: {win_rate}", printable(&axis.axis));
            }
        }
        for caution in summary.axes.iter().filter_map(AxisComparison::caution) {
            let _ = writeln!(out, "{}", printable(&caution));
        }
        if !summary.same_tokens {
            let _ = writeln!(
                out,
                "nll is not compared: the models cut answers into different tokens"
            );
        }
        let _ = writeln!(
            out,
            "run by {}, similarity by {}",
            summary.engine,
            printable(&summary.embedder)
        );
        if let Some(judge) = &summary.judge {
            let _ = writeln!(out, "judged by {}", printable(&judge.to_string()));
        }
        let (base, student) = (summary.base_refused, summary.student_refused);
        if base + student > 0 {
            let _ = writeln!(
                out,
                "rows that could not be asked: {base} of the base, {student} of the student; {} questions have one answer",
                summary.unpaired
            );
        }
        let _ = writeln!(
            out,
            "Wrote {}: {}",
            args.out.display(),
            summary.written.join(", ")
        );
        out
    }
}
