//! `dsg train`.

use std::path::PathBuf;

use clap::Args;

use crate::args::WorkArgs;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;

/// Fine-tune a small model on a dataset
///
/// Trains a low-rank adapter (LoRA) beside the frozen weights of the base model, on the answers of the dataset's rows only. Rows are rendered by the
/// model's own chat template; rows of which no answer fits are left out, with their reasons in rejects.jsonl.
///
/// The folder gets the adapter for PEFT (adapter_config.json, adapter_model.safetensors) and for llama.cpp (adapter.gguf), one line of figures for
/// every step (training_metrics.jsonl), and a summary (training.json). A stopped run goes on with the same command and ends with the same
/// adapter, on the processor to the last bit.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg train --data out/train.jsonl --eval out/eval.jsonl --base models/smollm2-135m --out student/
  dsg train --data out/train.jsonl --base gemma-3-270m-it-f16.gguf --out student/ --rank 32 --alpha 64 --epochs 2
  dsg train --data out/train.jsonl --base models/qwen2.5-0.5b --out student/ --dora --targets q_proj,v_proj --quantize 8
  dsg train --data out/train.jsonl --base models/qwen2.5-1.5b --out student/ --max-tokens 4096 --recompute always
  dsg train --data out/train.jsonl --base models/qwen2.5-0.5b --out student/ --batch-rows 32 --batch-tokens 4096 --packing
  dsg train --data out/train.jsonl --base models/qwen2.5-0.5b --out student/ --device cuda --batch-tokens 8192")]
pub(crate) struct TrainArgs {
    /// The rows to train on: JSON Lines with `messages`, or with `prompt` and `completion`
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Rows to evaluate on after every epoch; the best adapter is kept [default: none, and the last adapter is kept]
    #[arg(long, value_name = "FILE")]
    eval: Option<PathBuf>,
    /// The base model: a Hugging Face folder or a GGUF file
    #[arg(long, value_name = "MODEL")]
    base: PathBuf,
    /// The folder for the adapter
    #[arg(long, short, value_name = "FOLDER")]
    out: PathBuf,
    /// Begin anew where the folder has checkpoints
    #[arg(long)]
    restart: bool,
    /// What computes: the processor, or a GPU by cuda, wgpu or vulkan, each in builds with the Cargo feature of its name
    #[arg(long, value_name = "NAME", value_parser = ["cpu", "cuda", "wgpu", "vulkan"], default_value = "cpu")]
    device: String,
    #[command(flatten)]
    adapter: AdapterArgs,
    #[command(flatten)]
    learning: LearningArgs,
    #[command(flatten)]
    pace: PaceArgs,
    #[command(flatten)]
    work: WorkArgs,
}

/// What is trained.
#[derive(Debug, Args)]
#[command(next_help_heading = "Adapter")]
struct AdapterArgs {
    /// Rank of the adapter [default: 16]
    #[arg(long, value_name = "N")]
    rank: Option<usize>,
    /// The adapter counts alpha over rank [default: 32]
    #[arg(long, value_name = "X")]
    alpha: Option<f64>,
    /// Projections that get an adapter, with commas: q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    targets: Vec<String>,
    /// Part of the adapter's inputs that is dropped in training [default: 0]
    #[arg(long, value_name = "X")]
    dropout: Option<f64>,
    /// Train magnitude and direction apart (DoRA); slower, and llama.cpp runs it only merged
    #[arg(long)]
    dora: bool,
    /// Count alpha over the root of rank (rsLoRA), for high ranks
    #[arg(long)]
    rslora: bool,
    /// Keep the frozen weights in 8 or 4 bits [default: 32]
    #[arg(long, value_name = "BITS", value_parser = ["8", "4"])]
    quantize: Option<String>,
}

/// How it learns.
#[derive(Debug, Args)]
#[command(next_help_heading = "Learning")]
struct LearningArgs {
    /// How often every row is seen [default: 3]
    #[arg(long, value_name = "N")]
    epochs: Option<u32>,
    /// Stop after so many steps
    #[arg(long, value_name = "N")]
    max_steps: Option<u64>,
    /// Highest learning rate [default: 0.0002]
    #[arg(long, value_name = "X")]
    lr: Option<f64>,
    /// How the learning rate falls [default: cosine]
    #[arg(long, value_name = "HOW", value_parser = ["constant", "linear", "cosine"])]
    schedule: Option<String>,
    /// Part of the steps in which the learning rate climbs [default: 0.03]
    #[arg(long, value_name = "X")]
    warmup: Option<f64>,
    /// AdamW's weight decay [default: 0]
    #[arg(long, value_name = "X")]
    weight_decay: Option<f32>,
    /// Highest norm of the gradients; 0 does not clip [default: 1]
    #[arg(long, value_name = "X")]
    clip_norm: Option<f64>,
    /// Seed of first values, order and dropout [default: 42]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

/// How rows come, and when what is done.
#[derive(Debug, Args)]
#[command(next_help_heading = "Batches")]
struct PaceArgs {
    /// Rows of a step [default: 16]
    #[arg(long, value_name = "N")]
    batch_rows: Option<usize>,
    /// Tokens that go through the model at once; sets what memory is needed [default: 512; on a GPU 4096]
    #[arg(long, value_name = "N")]
    batch_tokens: Option<usize>,
    /// Run layers again in the backward pass instead of keeping what it needs of them: less memory, more time, the same result but for rounding. `auto`
    /// does it for rows that are, with their padding, longer than --batch-tokens, and go through the model alone [default: auto]
    #[arg(long, value_name = "WHEN", value_parser = ["auto", "always", "never"])]
    recompute: Option<String>,
    /// Let short rows share a sequence, in which each sees itself alone: less padding, the same result but for rounding and for what
    /// dropout drops. No sequence gets longer than the longest row of its step
    #[arg(long)]
    packing: bool,
    /// Most tokens of a row [default: 1024]
    #[arg(long, value_name = "N")]
    max_tokens: Option<usize>,
    /// Steps between evaluations [default: an epoch]
    #[arg(long, value_name = "N")]
    eval_steps: Option<u64>,
    /// End early once so many evaluations in a row were no better, and one more [default: never]
    #[arg(long, value_name = "N")]
    patience: Option<u32>,
    /// Steps between checkpoints [default: 50]
    #[arg(long, value_name = "N")]
    checkpoint_steps: Option<u64>,
}

pub(crate) fn execute(args: &TrainArgs, session: &Session) -> Result<ExitCode, CliError> {
    dsg::can_train()?;
    #[cfg(feature = "train")]
    return run(args, session);
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

    use dsg::training::adapter::Target;
    use dsg::training::{Backend, Bits, Recompute, Schedule, TrainConfig};
    use dsg::{TrainJob, TrainSummary};

    use super::{CliError, ExitCode, Session, TrainArgs};
    use crate::shell::quoted;
    use crate::table::{Align, Table};

    pub(super) fn run(args: &TrainArgs, session: &Session) -> Result<ExitCode, CliError> {
        let device: Backend = args.device.parse()?;
        let config = config(args, device)?;
        let (progress, interrupt) = session.work(&args.work)?;
        let job = TrainJob {
            base: args.base.clone(),
            data: args.data.clone(),
            eval: args.eval.clone(),
            out: args.out.clone(),
            restart: args.restart,
            device,
            config,
        };
        let summary = dsg::train(&job, progress.as_ref(), &interrupt)?;
        session.report(&summary, || text(&summary, args))?;
        Ok(ExitCode::Done)
    }

    fn config(args: &TrainArgs, device: Backend) -> Result<TrainConfig, CliError> {
        fn set<T: Copy>(value: &mut T, given: Option<T>) {
            *value = given.unwrap_or(*value);
        }
        let mut config = TrainConfig::for_backend(device);
        let (adapter, learning, pace) = (&args.adapter, &args.learning, &args.pace);
        set(&mut config.adapter.rank, adapter.rank);
        set(&mut config.adapter.alpha, adapter.alpha);
        set(&mut config.adapter.dropout, adapter.dropout);
        config.adapter.dora = adapter.dora;
        config.adapter.rslora = adapter.rslora;
        if !adapter.targets.is_empty() {
            let named: Vec<Target> = adapter
                .targets
                .iter()
                .map(|name| name.trim().parse())
                .collect::<Result<_, _>>()?;
            // In one order and once, however they were named.
            config
                .adapter
                .targets
                .retain(|target| named.contains(target));
        }
        config.quantize = match adapter.quantize.as_deref() {
            Some("8") => Some(Bits::Eight),
            Some(_) => Some(Bits::Four),
            None => None,
        };
        set(&mut config.epochs, learning.epochs);
        config.max_steps = learning.max_steps;
        set(&mut config.learning_rate, learning.lr);
        match learning.schedule.as_deref() {
            Some("constant") => config.schedule = Schedule::Constant,
            Some("linear") => config.schedule = Schedule::Linear,
            _ => {}
        }
        set(&mut config.warmup, learning.warmup);
        set(&mut config.weight_decay, learning.weight_decay);
        if let Some(norm) = learning.clip_norm {
            config.clip_norm = (norm != 0.0).then_some(norm);
        }
        set(&mut config.seed, learning.seed);
        set(&mut config.batch_rows, pace.batch_rows);
        set(&mut config.batch_tokens, pace.batch_tokens);
        match pace.recompute.as_deref() {
            Some("always") => config.recompute = Recompute::Always,
            Some("never") => config.recompute = Recompute::Never,
            _ => {}
        }
        config.packing = pace.packing;
        set(&mut config.max_tokens, pace.max_tokens);
        config.eval_steps = pace.eval_steps;
        config.patience = pace.patience;
        set(&mut config.checkpoint_steps, pace.checkpoint_steps);
        config.validate()?;
        Ok(config)
    }

    fn text(summary: &TrainSummary, args: &TrainArgs) -> String {
        let report = &summary.report;
        let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
        let mut row = |name: &str, value: String| table.row([name.to_owned(), value]);
        let refused = match summary.refused {
            0 => String::new(),
            refused => format!(", {refused} refused"),
        };
        row("rows", format!("{}{refused}", summary.rows));
        row("steps", report.steps.to_string());
        row("trained values", report.parameters.to_string());
        let arrow = |from: Option<f64>, to: Option<f64>| {
            let number =
                |loss: Option<f64>| loss.map_or("–".to_owned(), |loss| format!("{loss:.4}"));
            format!("{} → {}", number(from), number(to))
        };
        row("loss", arrow(report.first_loss, report.last_loss));
        if report.base_eval_loss.is_some() {
            let best = format!(" (step {})", report.best_step);
            row(
                "loss on --eval",
                arrow(report.base_eval_loss, report.eval_loss) + &best,
            );
        }
        if report.skipped > 0 {
            row("skipped steps", report.skipped.to_string());
        }
        let mut out = String::new();
        for line in table.lines().into_iter().skip(1) {
            let _ = writeln!(out, "{}", line.trim_end());
        }
        let folder = args.out.display();
        let _ = writeln!(out, "Wrote {folder}: {}", summary.written.join(", "));
        let _ = writeln!(
            out,
            "Next: dsg merge --base {} --adapter {} --out {}",
            quoted(&args.base),
            quoted(&args.out),
            quoted(&args.out.join("merged")),
        );
        out
    }
}

#[cfg(feature = "train")]
use with_feature::run;
