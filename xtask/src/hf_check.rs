//! `cargo xtask hf-check`: the dataset card's promise that `datasets.load_dataset` reads the folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::Result;
use crate::repository::target_dir;
use crate::step::check;
use crate::venv;

/// The library, pinned.
pub(crate) const REQUIREMENTS: [&str; 1] = ["datasets==5.2.0"];

#[derive(Args)]
pub(crate) struct HfCheckArgs {
    /// The dataset folder
    #[arg(default_value = "out")]
    outdir: PathBuf,
}

/// Loads the folder in a Python environment of its own.
pub(crate) fn run(root: &Path, args: &HfCheckArgs) -> Result {
    let python = venv::create(&target_dir(root), "datasets", &REQUIREMENTS)?;
    load(root, &python, &args.outdir)
}

/// Loads the folder with the interpreter `python`, without network and with an empty cache.
pub(crate) fn load(root: &Path, python: &Path, outdir: &Path) -> Result {
    let cache = target_dir(root).join("hf-cache");
    if cache.exists() {
        fs::remove_dir_all(&cache)?;
    }
    check(
        Command::new(python)
            .arg(root.join("xtask/python/load_dataset.py"))
            .arg(outdir)
            .env("HF_HOME", &cache)
            .env("HF_DATASETS_CACHE", cache.join("datasets"))
            .env("HF_HUB_OFFLINE", "1")
            .env("HF_DATASETS_OFFLINE", "1"),
    )
}
