//! `dsg bundle`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use dsg::{BundleConfig, BundleJob, BundleReport, Target};

use crate::error::CliError;
use crate::exit::ExitCode;
use crate::memory::{MIB, in_mib};
use crate::session::Session;
use crate::shell::quoted;
use crate::table::{Align, Table};
use crate::terminal::printable;

/// Make a folder that a Raspberry Pi or a laptop runs a model from
///
/// The folder has the model (a second name of its file where the file system allows that, else a copy), scripts that set llama.cpp up and run it
/// (setup, run-decoder, run-encoder, serve), a Modelfile for Ollama, a systemd unit, a model card and SHA256SUMS. Context, batch and the type of the
/// KV cache are reckoned from the model's header and the machine's memory; the card has the sum.
///
/// Ollama gets a template of its own for models that speak ChatML, Gemma's or Llama 3's format, compared with the model's own by rendering.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg bundle --target rpi5 --gguf student.gguf --out bundle/
  dsg bundle --target rpi4 --memory 2 --gguf student.gguf --out bundle/      a Pi with 2 GiB
  dsg bundle --target laptop --gguf student.gguf --out bundle/ --dataset out/ --context 4096")]
pub(crate) struct BundleArgs {
    /// The machine: Raspberry Pi 4 (4 GiB), Raspberry Pi 5 (8 GiB), or a laptop (16 GiB)
    #[arg(long, value_name = "MACHINE",
        value_parser = PossibleValuesParser::new(Target::ALL.map(Target::as_str))
            .try_map(|name| name.parse::<Target>()))]
    target: Target,
    /// The model file
    #[arg(long, value_name = "FILE")]
    gguf: PathBuf,
    /// The folder of the bundle: new, empty, or a bundle to make anew
    #[arg(long, short, value_name = "FOLDER")]
    out: PathBuf,
    /// The output folder of the run that made the model's dataset, for the card
    #[arg(long, value_name = "FOLDER")]
    dataset: Option<PathBuf>,
    /// The name of model and service [default: the file's]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Memory of the machine in GiB [default: the target's]
    #[arg(long, value_name = "GIB", value_parser = clap::value_parser!(u32).range(1..=4096))]
    memory: Option<u32>,
    /// Tokens of prompt and reply together, 512 at the least [default: what the machine has patience for (2048, 4096, 8192), halved until it fits]
    #[arg(long, value_name = "N")]
    context: Option<u64>,
    /// Bundle a model that is too large for the machine all the same
    #[arg(long)]
    force: bool,
}

pub(crate) fn execute(args: &BundleArgs, session: &Session) -> Result<ExitCode, CliError> {
    let report = dsg::bundle(&BundleJob {
        config: BundleConfig {
            memory: args.memory.map(|gib| u64::from(gib) * 1024 * MIB),
            context: args.context,
            name: args.name.clone(),
            force: args.force,
            ..BundleConfig::new(&args.gguf, args.target)
        },
        out: args.out.clone(),
        dataset: args.dataset.clone(),
    })?;
    session.report(&report, || text(&report, args, session))?;
    Ok(ExitCode::Done)
}

fn text(report: &BundleReport, args: &BundleArgs, session: &Session) -> String {
    let plan = &report.plan;
    let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
    let mut row = |name: &str, value: String| table.row([name.to_owned(), value]);
    row("context", format!("{} tokens", plan.context));
    row("batch", format!("{} tokens", plan.batch));
    row(
        "KV cache",
        format!("{}, {}", plan.kv_type.as_str(), in_mib(plan.kv)),
    );
    row("weights", in_mib(plan.weights));
    row(
        "together",
        format!("{} of {}", plan.needs.div_ceil(MIB), in_mib(plan.usable)),
    );
    let chats = report.chat_format.clone();
    row(
        "chats",
        chats.unwrap_or_else(|| "no known format".to_owned()),
    );
    let mut out = String::new();
    for line in table.lines().into_iter().skip(1) {
        let _ = writeln!(out, "{}", line.trim_end());
    }
    for note in &report.notes {
        let _ = writeln!(out, "{} {}", session.paint.warn("note:"), printable(note));
    }
    let files = report.files.len() + 1;
    let folder = quoted(&args.out);
    let _ = writeln!(out, "Wrote {files} files to {folder}");
    let _ = writeln!(
        out,
        "Next: copy {folder} to the machine and run ./setup --dry-run there"
    );
    out
}
