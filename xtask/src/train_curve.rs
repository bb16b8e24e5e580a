//! `cargo xtask train-curve`: training beside PEFT's, from the same adapter on the same rows.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::Result;
use crate::repository::target_dir;
use crate::step::{check, train_example};
use crate::venv;

/// What training is compared with, pinned.
pub(crate) const REQUIREMENTS: [&str; 5] = [
    "torch==2.15.0",
    "transformers==5.24.0",
    "peft==0.21.2",
    "trl==1.16.0",
    "gguf==0.17.1",
];

#[derive(Args)]
pub(crate) struct TrainCurveArgs {
    /// The base model: a GGUF file or a folder; small, since every step is taken twice
    base: PathBuf,
    /// Steps of each run
    #[arg(long, value_name = "N", default_value_t = 50)]
    steps: u32,
    /// Rows of a step
    #[arg(long, value_name = "N", default_value_t = 2)]
    rows: u32,
    /// Most tokens of a row
    #[arg(long, value_name = "N", default_value_t = 96)]
    tokens: u32,
}

/// Prints the table of docs/quality/training.md; fails where a loss or a logit differs by more than its tolerance.
pub(crate) fn run(root: &Path, args: &TrainCurveArgs) -> Result {
    let target = target_dir(root);
    let python = venv::create(&target, "peft", &REQUIREMENTS)?;
    let program = train_example(root, "curve")?;
    check(
        Command::new(python)
            .arg(root.join("xtask/python/train_curve.py"))
            .arg(program)
            .arg(&args.base)
            .arg(target.join("train-curve"))
            .arg("--docs")
            .arg(root.join("fixtures/docs"))
            .args(["--steps", &args.steps.to_string()])
            .args(["--rows", &args.rows.to_string()])
            .args(["--tokens", &args.tokens.to_string()]),
    )
}
