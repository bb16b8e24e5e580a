//! `cargo xtask gguf-parity`: dsg-gguf beside ggml and the Python package `gguf`, in bits and in speed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::Result;
use crate::repository::target_dir;
use crate::step::{capture, cargo, check};
use crate::venv;

/// The package and what it computes with, pinned.
pub(crate) const REQUIREMENTS: [&str; 2] = ["gguf==0.17.1", "numpy==2.4.6"];

#[derive(Args)]
pub(crate) struct GgufParityArgs {
    /// ggml as a shared library; else it is linked from what the feature `llama-cpp` built, where that was built
    #[arg(long, value_name = "FILE")]
    ggml: Option<PathBuf>,
    /// Models to compare, too
    models: Vec<PathBuf>,
}

/// Prints the tables of docs/quality/gguf.md; fails where a bit differs from ggml, or a model is read otherwise.
pub(crate) fn run(root: &Path, args: &GgufParityArgs) -> Result {
    let target = target_dir(root);
    let python = venv::create(&target, "gguf", &REQUIREMENTS)?;
    check(
        cargo(root)
            .args("build --release --locked -p dsg-gguf --example blocks".split_whitespace()),
    )?;
    let ggml = match &args.ggml {
        Some(library) => Some(library.clone()),
        None => link(&target)?,
    };
    let mut command = Command::new(python);
    command
        .arg(root.join("xtask/python/gguf_parity.py"))
        .arg(target.join("release/examples/blocks"));
    match ggml {
        Some(library) => {
            command.arg("--ggml").arg(library);
        }
        None => println!(
            "no ggml here, so only the Python package is compared with; `cargo xtask llama --build` builds it"
        ),
    }
    check(command.args(&args.models))
}

/// A shared library of the archive that building llama.cpp left, if it did.
fn link(target: &Path) -> Result<Option<PathBuf>> {
    let Some(archive) = archive(target) else {
        return Ok(None);
    };
    let folder = target.join("gguf");
    fs::create_dir_all(&folder)?;
    let library = folder.join("libggml-base.so");
    capture(
        Command::new("cc")
            .args(["-shared", "-fopenmp", "-o"])
            .arg(&library)
            .arg("-Wl,--whole-archive")
            .arg(archive)
            .args(["-Wl,--no-whole-archive", "-lstdc++", "-lm", "-lpthread"]),
    )?;
    Ok(Some(library))
}

fn archive(target: &Path) -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = ["debug", "release"]
        .iter()
        .filter_map(|profile| fs::read_dir(target.join(profile).join("build")).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("out/lib/libggml-base.a")))
        .filter(|archive| archive.is_file())
        .collect();
    found.sort();
    found.pop()
}
