//! `cargo xtask train-speed`: speed and memory of training beside TRL's trainer.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::Result;
use crate::repository::target_dir;
use crate::step::{check, train_example};
use crate::{train_curve, venv};

#[derive(Args)]
pub(crate) struct TrainSpeedArgs {
    /// The base model: a GGUF file or a folder
    base: PathBuf,
    /// The dataset, a train.jsonl
    data: PathBuf,
    /// Trainings of each
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: u32,
    /// Rows of a step
    #[arg(long, value_name = "N", default_value_t = 8)]
    rows: u32,
    /// Train DoRA instead of LoRA
    #[arg(long)]
    dora: bool,
}

/// Prints a line of JSON for every training, then a Markdown table of ratios.
pub(crate) fn run(root: &Path, args: &TrainSpeedArgs) -> Result {
    let target = target_dir(root);
    let python = venv::create(&target, "peft", &train_curve::REQUIREMENTS)?;
    let program = train_example(root, "curve")?;
    let mut command = Command::new(python);
    command
        .arg(root.join("xtask/python/train_speed.py"))
        .arg("compare")
        .arg(program)
        .arg(&args.base)
        .arg(&args.data)
        .arg(target.join("train-speed"))
        .args(["--rounds", &args.rounds.to_string()])
        .args(["--rows", &args.rows.to_string()]);
    if args.dora {
        command.arg("--dora");
    }
    check(&mut command)
}
