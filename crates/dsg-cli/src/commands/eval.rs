//! `dsg eval`, and what it shares with `dsg compare`: what is asked, and how replies are made.

use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Args, ValueEnum};

use crate::args::WorkArgs;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;
use crate::settings::SettingsArgs;

/// Ask a model questions and measure its answers
///
/// For every question: how likely the model finds the right answer (nll: mean negative log-likelihood of a token, in nats; perplexity), and its own
/// answer, compared with the right one by exact words (exact), words in common (f1), in their order (rouge_l), cosine of embeddings (similarity; of
/// hashed words by default, of a model with `models.embedder` in the configuration), and whether all of its numbers, options, paths and names
/// are in the quotes of the row or in the question (supported); and whether it ended by itself (ended). Means come with bootstrap intervals of
/// 95 %, in which questions of one document stay together. `dsg compare` can also ask a judge which of two models answers better.
///
/// By default dsg's own decoder runs the model, with weights in single precision. With --engine llama-cpp a GGUF file is run as it will be used, so that
/// the figures are those of the quantized file. Only there --schema and --grammar hold every reply to a form; the figures then say how many
/// replies are valid and how many were cut.
///
/// The folder gets every answer as soon as it is there (answers.jsonl), and at the end what could not be asked (rejects.jsonl), a line for each question
/// (results.jsonl) and the figures (eval.json). A stopped command goes on: answers that are there are not made again, also by a call that
/// asks other questions or another model in between.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg eval --model smollm2-135m-instruct.gguf --adapter student/ --data out/eval.jsonl
  dsg eval --model student/merged --data unseen=out/eval.jsonl --reworded out/train.jsonl --limit 100 --forgetting
  dsg eval --model student-q4_k_m.gguf --engine llama-cpp --data out/eval.jsonl
  dsg eval --model student-q4_k_m.gguf --engine llama-cpp --schema answer.schema.json --data out/eval.jsonl
  dsg eval --model student/merged --data out/eval.jsonl --fail-below unseen.f1=0.4 --fail-below perplexity=8")]
pub(crate) struct EvalArgs {
    /// The model: a Hugging Face folder or a GGUF file
    #[arg(long, short, value_name = "MODEL")]
    model: PathBuf,
    /// The folder with an adapter for it [default: none]
    #[arg(long, value_name = "FOLDER")]
    adapter: Option<PathBuf>,
    /// The folder for the results
    #[arg(long, short, value_name = "FOLDER", default_value = "evaluation")]
    out: PathBuf,
    /// End with exit code 1 where a mean is below VALUE (of nll and perplexity: above), on one axis or on any; with 2 where it would not be measured;
    /// may be repeated
    #[arg(long, value_name = "[AXIS.]METRIC=VALUE")]
    fail_below: Vec<String>,
    #[command(flatten)]
    questions: QuestionArgs,
    #[command(flatten)]
    replies: ReplyArgs,
    /// Hold every reply to the JSON Schema in FILE, token by token; only with --engine llama-cpp. Likelihoods are measured without it
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Replies",
        conflicts_with = "grammar"
    )]
    schema: Option<PathBuf>,
    /// The same with a grammar in llama.cpp's notation, GBNF, whose rule `root` is the reply
    #[arg(long, value_name = "FILE", help_heading = "Replies")]
    grammar: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    work: WorkArgs,
}

/// What is asked.
#[derive(Debug, Args)]
#[command(next_help_heading = "Questions")]
pub(super) struct QuestionArgs {
    /// Questions with their answers, as in eval.jsonl, on the axis NAME [default: what a row's `meta.axis` says; else `unseen` for rows of the eval split,
    /// `trained` for those of train; else the file's name]; may be repeated. The names `general` and `reworded` are taken
    #[arg(long, value_name = "[NAME=]FILE", required_unless_present_any = ["reworded", "forgetting"])]
    data: Vec<String>,
    /// Questions that were trained on, asked in other words: axis `reworded`. The words are changed by rules, not by a model; each result names its
    /// rule, and questions that no rule fits are left out
    #[arg(long, value_name = "FILE")]
    reworded: Vec<PathBuf>,
    /// Also ask some forty general questions, which a student should not have forgotten: axis `general`, nll and f1 only
    #[arg(long)]
    forgetting: bool,
    /// Most questions of an axis, `general` apart; the seed decides which [default: all]
    #[arg(long, value_name = "N", value_parser = at_least_one())]
    limit: Option<usize>,
}

/// How replies are made.
#[derive(Debug, Args)]
#[command(next_help_heading = "Replies")]
pub(super) struct ReplyArgs {
    /// What runs the model: dsg's own decoder with weights in single precision (`burn`), or llama.cpp as it runs the GGUF file for others, where --threads
    /// (8 at most by default) changes the rounding, and so now and then a word
    #[arg(long, value_name = "ENGINE", default_value = "burn")]
    engine: EngineName,
    /// Most tokens of a reply
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = at_least_one())]
    max_new_tokens: usize,
    /// 0 takes the likeliest token; more draws by chance, with the seed [default: 0]
    #[arg(long, value_name = "X")]
    temperature: Option<f64>,
    /// Draw from the likeliest tokens that together have this probability [default: 1, from all]
    #[arg(long, value_name = "X", requires = "temperature")]
    top_p: Option<f64>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum EngineName {
    Burn,
    LlamaCpp,
}

fn at_least_one() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..)
}

pub(crate) fn execute(args: &EvalArgs, session: &Session) -> Result<ExitCode, CliError> {
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
    use std::num::NonZeroUsize;

    use dsg::core::Seed;
    use dsg::training::generate::{GenerateOptions, Sampling};
    use dsg::{
        AxisSummary, EvalConstraint, EvalData, EvalEngine, EvalGate, EvalJob, EvalModel,
        EvalQuestions, EvalSummary, InvalidGate, MetricSummary,
    };

    use super::{
        CliError, EngineName, EvalArgs, ExitCode, QuestionArgs, ReplyArgs, Session, WorkArgs,
    };
    use crate::table::{Align, Table};
    use crate::terminal::printable;

    pub(super) fn run(args: &EvalArgs, session: &Session) -> Result<ExitCode, CliError> {
        let gates: Vec<EvalGate> = args
            .fail_below
            .iter()
            .map(|gate| {
                gate.parse::<EvalGate>()
                    .map_err(|problem| no_gate(&problem))
            })
            .collect::<Result<_, _>>()?;
        let (progress, interrupt) = session.work(&args.work)?;
        let config = args.settings.resolve()?.config;
        let job = EvalJob {
            model: EvalModel {
                model: args.model.clone(),
                adapter: args.adapter.clone(),
            },
            engine: args.replies.engine(&args.work),
            questions: args.questions.resolve(),
            replies: args.replies.resolve(config.seed),
            constraint: args.constraint(),
            gates,
            out: args.out.clone(),
        };
        let summary = dsg::evaluate(&job, &config, progress.as_ref(), &interrupt)?;
        session.verdict(summary.gates_met(), &summary, || text(&summary, args))
    }

    fn no_gate(problem: &InvalidGate) -> CliError {
        CliError::usage(
            format!("--fail-below: {problem}"),
            "as in --fail-below f1=0.3, or --fail-below unseen.perplexity=8 for one axis",
        )
    }

    impl EvalArgs {
        /// One of both at most.
        fn constraint(&self) -> Option<EvalConstraint> {
            let schema = self.schema.clone().map(EvalConstraint::Schema);
            schema.or_else(|| self.grammar.clone().map(EvalConstraint::Grammar))
        }
    }

    impl QuestionArgs {
        pub(in crate::commands) fn resolve(&self) -> EvalQuestions {
            EvalQuestions {
                data: self.data.iter().map(|text| data(text)).collect(),
                reworded: self.reworded.clone(),
                forgetting: self.forgetting,
                limit: self.limit,
            }
        }
    }

    /// `NAME=FILE`, or `FILE`, also one with an `=` in its path.
    fn data(text: &str) -> EvalData {
        let is_name = |name: &str| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
        };
        match text.split_once('=').filter(|(name, _)| is_name(name)) {
            Some((name, path)) => EvalData {
                axis: Some(name.to_owned()),
                path: path.into(),
            },
            None => EvalData {
                axis: None,
                path: text.into(),
            },
        }
    }

    impl ReplyArgs {
        pub(in crate::commands) fn engine(&self, work: &WorkArgs) -> EvalEngine {
            match self.engine {
                EngineName::Burn => EvalEngine::Burn,
                EngineName::LlamaCpp => EvalEngine::LlamaCpp {
                    threads: work.threads.and_then(|n| NonZeroUsize::new(n.into())),
                },
            }
        }

        pub(in crate::commands) fn resolve(&self, seed: u64) -> GenerateOptions {
            let mut options = GenerateOptions::default();
            options.max_tokens = self.max_new_tokens;
            if let Some(temperature) = self.temperature.filter(|value| *value != 0.0) {
                options.sampling = Sampling::TopP {
                    temperature,
                    top_p: self.top_p.unwrap_or(1.0),
                    seed: Seed(seed),
                };
            }
            options
        }
    }

    fn text(summary: &EvalSummary, args: &EvalArgs) -> String {
        let mut table = Table::new([
            ("axis", Align::Left),
            ("metric", Align::Left),
            ("mean", Align::Right),
            ("95 %", Align::Left),
            ("items", Align::Right),
        ]);
        for axis in &summary.axes {
            for metric in &axis.metrics {
                table.row([
                    printable(&axis.axis),
                    metric.metric.to_string(),
                    format!("{:.3}", metric.mean),
                    interval(metric),
                    metric.items.to_string(),
                ]);
            }
        }
        let mut out = String::new();
        for line in table.lines() {
            let _ = writeln!(out, "{line}");
        }
        for caution in summary.axes.iter().filter_map(AxisSummary::caution) {
            let _ = writeln!(out, "{}", printable(&caution));
        }
        let _ = writeln!(
            out,
            "run by {}, similarity by {}",
            summary.engine,
            printable(&summary.embedder)
        );
        if let Some(replies) = &summary.constrained {
            let _ = writeln!(
                out,
                "replies held to the {} {}: {} valid, {} not, {} cut",
                replies.by,
                printable(&replies.file),
                replies.valid,
                replies.invalid,
                replies.cut
            );
        }
        if summary.refused > 0 {
            let _ = writeln!(
                out,
                "{} rows could not be asked or measured",
                summary.refused
            );
        }
        for gate in &summary.gates {
            let verdict = if gate.met { "met" } else { "missed" };
            let _ = writeln!(out, "{} {verdict}: {}", gate.gate, printable(&gate.detail));
        }
        let _ = writeln!(
            out,
            "Wrote {}: {}",
            args.out.display(),
            summary.written.join(", ")
        );
        out
    }

    fn interval(metric: &MetricSummary) -> String {
        match (metric.low, metric.high) {
            (Some(low), Some(high)) => format!("{low:.3} to {high:.3}"),
            _ => "–".to_owned(),
        }
    }
}
