//! `dsg label`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;
use dsg::llm::{ModelRef, StackConfig};
use dsg::{LabelConfig, LabelJob, TeacherConfig};

use super::step;
use crate::args::WorkArgs;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;
use crate::shell::quoted;

/// Label a file of prompts with a model's replies
///
/// Each line of the prompts is a JSON object with `user` and, where wanted, `id`, `system_hint`, `schema` (a JSON Schema) and
/// `requires_json`. Hint and question are joined by a blank line, exactly as training joins them. A reply that has to be JSON is checked and,
/// where it is wrapped in other text, taken out of it; what does not fit is left out with its reason.
///
/// Every reply is kept in the reply store before it is used: a stopped run goes on where it was, and a second one costs nothing and gives the
/// same bytes. Only servers on this machine are spoken to unless --allow-remote says otherwise.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg label --prompts prompts.jsonl --out labels.jsonl --model http://127.0.0.1:8080/v1
  dsg label --prompts prompts.jsonl --out labels.jsonl --model ollama:qwen2.5-coder:1.5b --context 8192
  dsg label --prompts more.jsonl --out labels.jsonl --model http://127.0.0.1:8080/v1 --skip-existing --rejects left.jsonl")]
pub(crate) struct LabelArgs {
    /// The prompts, one JSON object a line
    #[arg(long, value_name = "FILE")]
    prompts: PathBuf,
    /// The labels to write
    #[arg(long, short, value_name = "FILE", default_value = "labels.jsonl")]
    out: PathBuf,
    /// Also write what has no label, with reasons and what the model said
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Keep the labels that the output has, and ask only for the others
    #[arg(long)]
    skip_existing: bool,
    /// The model: an OpenAI-compatible server's address, or `ollama:NAME`
    #[arg(long, short, value_name = "MODEL")]
    model: String,
    /// The model's name at an OpenAI-compatible server
    #[arg(long, value_name = "NAME", default_value = "default")]
    name: String,
    /// Tokens of prompt and reply together that the model holds [default: what the server says]
    #[arg(long, value_name = "N")]
    context: Option<NonZeroUsize>,
    /// The SQLite file that keeps every reply [default: beside the labels, with the ending `.replies`]
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
    /// Speak to a server that is not on this machine
    #[arg(long)]
    allow_remote: bool,
    /// The environment variable that holds the server's key
    #[arg(long, value_name = "NAME", default_value = "DSG_API_KEY")]
    key_variable: String,
    #[command(flatten)]
    sampling: SamplingArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    work: WorkArgs,
}

/// How the next token is chosen.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sampling")]
struct SamplingArgs {
    /// 0 takes the likeliest token
    #[arg(long, value_name = "X", default_value_t = LabelConfig::default().temperature)]
    temperature: f32,
    /// Nucleus sampling; 1 is off
    #[arg(long, value_name = "X", default_value_t = LabelConfig::default().top_p)]
    top_p: f32,
    /// Seed of the replies
    #[arg(long, value_name = "N", default_value_t = LabelConfig::default().seed)]
    seed: u32,
    /// Tokens of a reply at most; a longer one is left out
    #[arg(long, value_name = "N", default_value_t = LabelConfig::default().max_tokens)]
    max_tokens: usize,
    /// A text that ends a reply; may be given several times
    #[arg(long, value_name = "TEXT")]
    stop: Vec<String>,
    /// Tries at a reply that has to be JSON
    #[arg(long, value_name = "N", default_value_t = LabelConfig::default().tries)]
    tries: u32,
}

/// What the run may take.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
struct LimitArgs {
    /// Prompts that are with the model at the same time
    #[arg(long, value_name = "N", default_value_t = LabelConfig::default().concurrency)]
    concurrency: usize,
    /// Attempts at a request that finds the server busy or away, with growing waits between them
    #[arg(long, value_name = "N", default_value_t = StackConfig::default().retry.attempts)]
    attempts: NonZeroUsize,
    /// Stop cleanly after so many requests; the same command goes on
    #[arg(long, value_name = "N")]
    max_requests: Option<u64>,
    /// Stop cleanly after so many tokens of prompts and replies together
    #[arg(long, value_name = "N")]
    max_total_tokens: Option<u64>,
    /// Stop cleanly after so many minutes
    #[arg(long, value_name = "N")]
    max_minutes: Option<f64>,
}

pub(crate) fn execute(args: &LabelArgs, session: &Session) -> Result<ExitCode, CliError> {
    let model: ModelRef = args.model.parse()?;
    let store = args.store.clone().unwrap_or_else(|| beside(&args.out));
    let mut teacher = TeacherConfig::new(model, store);
    teacher.name.clone_from(&args.name);
    teacher.key_variable.clone_from(&args.key_variable);
    teacher.context_tokens = args.context.map(NonZeroUsize::get);
    teacher.http.allow_remote = args.allow_remote;
    teacher.stack.retry.attempts = args.limits.attempts;
    teacher.budget.requests = args.limits.max_requests;
    teacher.budget.tokens = args.limits.max_total_tokens;
    teacher.budget.minutes = args.limits.max_minutes;
    if let Some(calls) = NonZeroUsize::new(args.limits.concurrency) {
        teacher.stack.concurrency = calls;
    }
    let (progress, interrupt) = session.work(&args.work)?;
    let job = LabelJob {
        prompts: args.prompts.clone(),
        out: args.out.clone(),
        skip_existing: args.skip_existing,
        config: LabelConfig {
            temperature: args.sampling.temperature,
            top_p: args.sampling.top_p,
            seed: args.sampling.seed,
            max_tokens: args.sampling.max_tokens,
            stop: args.sampling.stop.clone(),
            tries: args.sampling.tries,
            concurrency: args.limits.concurrency,
        },
    };
    let report = dsg::label(&job, teacher.open()?, progress.as_ref(), &interrupt)?;
    let next = format!("dsg replies stats {}", quoted(&teacher.store));
    step::finish(
        session,
        &report,
        &[&args.out],
        args.rejects.as_deref(),
        &next,
    )?;
    // A prompt without a reply is not done.
    let failed: u64 = report.funnel.iter().map(|(_, counts)| counts.failed).sum();
    if failed > 0 {
        progress.say(&format!(
            "{failed} prompts got no reply; the same command asks for them again"
        ));
        return Ok(ExitCode::GateMissed);
    }
    Ok(ExitCode::Done)
}

/// `labels.jsonl` → `labels.replies`.
fn beside(out: &Path) -> PathBuf {
    out.with_extension("replies")
}
