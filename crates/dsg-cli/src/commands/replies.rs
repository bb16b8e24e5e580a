//! `dsg replies`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use dsg::core::artifact::write_atomic;
use dsg::llm::{Prune, ReplyStore};
use serde_json::json;

use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;
use crate::terminal::printable;

const DAY: Duration = Duration::from_hours(24);

/// Look into a reply store, copy it out, make it smaller
#[derive(Debug, Args)]
pub(crate) struct RepliesArgs {
    #[command(subcommand)]
    command: RepliesCommand,
}

#[derive(Debug, Subcommand)]
enum RepliesCommand {
    Stats(StatsArgs),
    Export(ExportArgs),
    Prune(PruneArgs),
}

/// Count replies and tokens by model
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg replies stats labels.replies
  dsg replies stats labels.replies --json | jq '.[].replies'")]
struct StatsArgs {
    /// The store, as written by `dsg label`
    store: PathBuf,
}

/// Write every exchange as a JSON line, by key
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg replies export labels.replies --out replies.jsonl")]
struct ExportArgs {
    /// The store, as written by `dsg label`
    store: PathBuf,
    /// The file to write
    #[arg(long, short, value_name = "FILE", default_value = "replies.jsonl")]
    out: PathBuf,
}

/// Remove replies and give their space back
///
/// What is removed has to be paid for again by a run that needs it. A reply goes when it fits every condition given.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg replies prune labels.replies --older-than 90
  dsg replies prune labels.replies --model qwen2.5-coder:1.5b")]
struct PruneArgs {
    /// The store, as written by `dsg label`
    store: PathBuf,
    /// Only this model's replies
    #[arg(long, value_name = "NAME", required_unless_present_any = ["provider", "older_than"])]
    model: Option<String>,
    /// Only this provider's replies: `openai`, `ollama`
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Only replies older than so many days
    #[arg(long, value_name = "DAYS")]
    older_than: Option<u32>,
}

pub(crate) fn execute(args: &RepliesArgs, session: &Session) -> Result<ExitCode, CliError> {
    match &args.command {
        RepliesCommand::Stats(args) => stats(args, session)?,
        RepliesCommand::Export(args) => {
            let store = ReplyStore::open_existing(&args.store)?;
            let mut count = 0;
            write_atomic(&args.out, |out| {
                count = store.export(out).map_err(std::io::Error::other)?;
                Ok(())
            })?;
            let written = args.out.display().to_string();
            session.report(&json!({ "written": [written], "replies": count }), || {
                format!("Wrote {count} replies to {written}\n")
            })?;
        }
        RepliesCommand::Prune(args) => {
            let removed = ReplyStore::open_existing(&args.store)?.prune(&Prune {
                provider: args.provider.clone(),
                model: args.model.clone(),
                older_than: args.older_than.map(|days| DAY * days),
            })?;
            session.report(&json!({ "removed": removed }), || {
                format!("Removed {removed} replies\n")
            })?;
        }
    }
    Ok(ExitCode::Done)
}

fn stats(args: &StatsArgs, session: &Session) -> Result<(), CliError> {
    let stats = ReplyStore::open_existing(&args.store)?.stats()?;
    session.report(&stats, || {
        if stats.is_empty() {
            return "no replies\n".to_owned();
        }
        let mut text = String::new();
        for model in &stats {
            let cached = match model.cached_tokens {
                0 => String::new(),
                tokens => format!(" ({tokens} of them cached)"),
            };
            let _ = writeln!(
                text,
                "{} {}: {} replies, {} prompt tokens{cached}, {} reply tokens, {} bytes",
                printable(&model.model.provider),
                printable(&model.model.model),
                model.replies,
                model.prompt_tokens,
                model.completion_tokens,
                model.bytes
            );
        }
        text
    })
}
