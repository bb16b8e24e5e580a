//! `cargo xtask ci`: everything a change must pass, cheapest first.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::Result;
use crate::e2e;
use crate::folder::differences;
use crate::hf_check;
use crate::kill_test::{self, KillTestArgs};
use crate::llama;
use crate::model_run;
use crate::onnx;
use crate::repository::target_dir;
use crate::shellcheck;
use crate::step::{Done, Steps, cargo, check};
use crate::tidy;
use crate::venv;
use crate::wgpu;

/// The README's main job, without `cargo`.
pub(crate) const MAIN_JOB: &str = "run --release -p dsg-cli -- run --input fixtures/docs \
     --hypothesis fixtures/datasetgen.yaml --outdir out";
/// The README's tests, without `cargo`.
pub(crate) const TESTS: &str = "test --workspace";

#[derive(Args)]
pub(crate) struct CiArgs {
    /// Only what takes seconds: format, tidy
    #[arg(long)]
    quick: bool,
    /// Also training through wgpu, on a software driver, which takes ten minutes to compile
    #[arg(long)]
    gpu: bool,
}

/// Runs every step; stops at the first that fails.
pub(crate) fn run(root: &Path, args: &CiArgs) -> Result {
    let mut steps = Steps::default();
    let job = |line: &str| check(cargo(root).args(line.split_whitespace())).map(|()| Done::Yes);
    steps.run("format", || job("fmt --all --check"))?;
    steps.run("tidy", || tidy::run(root).map(|()| Done::Yes))?;
    if args.quick {
        steps.print();
        return Ok(());
    }
    steps.run("clippy", || {
        job("clippy --workspace --all-targets --locked -- -D warnings")?;
        // What is behind default features must be absent without them, not broken.
        job("clippy -p dsg -p dsg-cli --no-default-features --locked -- -D warnings")
    })?;
    steps.run("documentation", || {
        check(
            cargo(root)
                .args(["doc", "--workspace", "--no-deps", "--locked"])
                .env("RUSTDOCFLAGS", "-D warnings"),
        )
        .map(|()| Done::Yes)
    })?;

    let scratch = target_dir(root).join("ci");
    let out = root.join("out");
    // `out` may be somebody's: it is written to, as the README says, but never removed.
    if scratch.exists() {
        fs::remove_dir_all(&scratch)?;
    }
    steps.run("main job of the README", || job(MAIN_JOB))?;
    let dsg = target_dir(root)
        .join("release")
        .join(format!("dsg{}", std::env::consts::EXE_SUFFIX));
    steps.run("verify", || {
        check(
            Command::new(&dsg)
                .args(["verify", "out", "--input", "fixtures/docs"])
                .current_dir(root),
        )
        .map(|()| Done::Yes)
    })?;
    steps.run("the same bytes with one thread", || {
        one_thread(root, &dsg, &out, &scratch)
    })?;
    steps.run("the same bytes after kills", || {
        kill_test::run(&KillTestArgs {
            dsg: dsg.clone(),
            input: root.join("fixtures/docs"),
            hypothesis: root.join("fixtures/datasetgen.yaml"),
            points: 8,
            scratch: scratch.join("kill"),
        })
        .map(|()| Done::Yes)
    })?;
    steps.run("loads in Python", || python(root, &out))?;
    steps.run("written and judged by a model on a server", || {
        model_run::step(root, &dsg, &scratch.join("model-run"))
    })?;
    steps.run("a model file, asked in this process", || {
        llama::step(root, false)
    })?;
    steps.run("from documents to a bundle", || e2e::step(root))?;
    steps.run("an embedding model, run in this process", || {
        onnx::step(root)
    })?;
    steps.run("files of the hub", || {
        job("clippy -p dsg-llm --features hub --all-targets --locked -- -D warnings")?;
        job("test -p dsg-llm --features hub --locked --lib --test it -- hub")
    })?;
    steps.run("training", || {
        job("clippy --workspace --features dsg-cli/train --all-targets --locked -- -D warnings")?;
        job("test --workspace --features dsg-cli/train --locked --lib --test it -- train evaluation")
    })?;
    steps.run("backends for GPUs", || {
        // As on docs.rs: what is only checked needs no LLVM, which a build script downloads otherwise. All backends in one go and of the
        // crate alone, so that the fewest dependencies are checked anew.
        let lint =
            "clippy -p dsg-train --features cuda,vulkan --all-targets --locked -- -D warnings";
        check(
            cargo(root)
                .args(lint.split_whitespace())
                .env("DOCS_RS", "1"),
        )
        .map(|()| Done::Yes)
    })?;
    if args.gpu {
        steps.run("training through wgpu", || wgpu::step(root))?;
    }
    steps.run("scripts of a bundle", || shellcheck::step(root))?;
    // Last, so that its closing lines are the last of the output that come from a test runner.
    steps.run("tests", || job(&format!("{TESTS} --locked")))?;
    steps.print();
    Ok(())
}

fn one_thread(root: &Path, dsg: &Path, out: &Path, scratch: &Path) -> Result<Done> {
    let again: PathBuf = scratch.join("one-thread");
    check(
        Command::new(dsg)
            .args([
                "run",
                "--input",
                "fixtures/docs",
                "--hypothesis",
                "fixtures/datasetgen.yaml",
            ])
            .arg("--outdir")
            .arg(&again)
            .env("RAYON_NUM_THREADS", "1")
            .current_dir(root),
    )?;
    let found = differences(out, &again)?;
    if found.is_empty() {
        Ok(Done::Yes)
    } else {
        Err(found.join("\n").into())
    }
}

/// Needs a package from outside, so it is skipped, visibly, where that cannot be had.
fn python(root: &Path, out: &Path) -> Result<Done> {
    let environment = venv::available().and_then(|()| {
        venv::create(&target_dir(root), "datasets", &hf_check::REQUIREMENTS)
            .map_err(|error| error.to_string())
    });
    match environment {
        Ok(python) => hf_check::load(root, &python, out).map(|()| Done::Yes),
        Err(why) => Ok(Done::Skipped(why)),
    }
}
