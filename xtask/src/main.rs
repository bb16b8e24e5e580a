//! The project's own tasks. `cargo xtask --help` lists them.
//!
//! Depends on no crate of the workspace, so that it builds while they do not.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that talks to its user"
)]

mod bench;
mod ci;
mod decisions;
mod e2e;
mod folder;
mod gguf_export;
mod gguf_parity;
mod gpu;
mod hf_check;
mod injections;
mod kill_test;
mod llama;
mod llama_server;
mod model_run;
mod onnx;
mod repository;
mod sample;
mod shellcheck;
mod step;
mod tidy;
mod train_curve;
mod train_parity;
mod train_speed;
mod venv;
mod wgpu;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

/// The project's own tasks.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Everything a change must pass, cheapest first: what `.ci/run` runs
    Ci(ci::CiArgs),
    /// Checks what compilers do not: the crate laws, documentation, links, licences
    Tidy,
    /// Writes the index of the decision records, docs/decisions/README.md
    Decisions,
    /// Measures dsg beside its peers on ../shared/corpora and writes docs/benchmarks.md
    Bench(bench::BenchArgs),
    /// Makes a dataset of the fixtures, trains a small real model on it, quantizes, measures and bundles it
    E2e(e2e::E2eArgs),
    /// Exports a model as GGUF files and compares them with llama.cpp's, and with what the Python package `gguf` reads
    GgufExport(gguf_export::GgufExportArgs),
    /// Compares dsg-gguf with ggml and the Python package `gguf`, bit by bit and in speed
    GgufParity(gguf_parity::GgufParityArgs),
    Gpu(gpu::GpuArgs),
    /// Loads a dataset folder with the Python `datasets` library in a throw-away environment
    HfCheck(hf_check::HfCheckArgs),
    /// Kills `dsg run` at many points and compares what it ends with to an undisturbed run
    KillTest(kill_test::KillTestArgs),
    /// Builds and tests the feature `llama-cpp` with a small real model; brings cmake and libclang if they are missing
    Llama(llama::LlamaArgs),
    /// Runs the fixtures with a small real model that writes and judges, on llama.cpp's server; brings both if they are missing
    ModelRun(model_run::ModelRunArgs),
    /// Has a real model write from and judge pages that carry instructions, and counts what these reached
    Injections(injections::InjectionsArgs),
    /// Builds and tests the feature `fastembed` with a real embedding model; brings onnxruntime if it is missing
    Onnx,
    /// Trains adapters with dsg-train and with PEFT, from the same first values on the same rows, and compares losses and logits
    TrainCurve(train_curve::TrainCurveArgs),
    /// Compares dsg-train with transformers and llama.cpp: logits, token ids, rendered chats
    TrainParity(train_parity::TrainParityArgs),
    /// Trains the same adapter with dsg-train and with TRL's trainer, in turn, and compares speed and memory
    TrainSpeed(train_speed::TrainSpeedArgs),
    /// Checks the scripts of `dsg bundle` with shellcheck; brings it if it is missing
    Shellcheck,
    /// Tests training through wgpu on a software driver; brings it if it is missing and may be installed
    Wgpu,
    /// Prints random items of a dataset as a Markdown list to read and mark
    Sample(sample::SampleArgs),
}

fn main() -> ExitCode {
    let root = repository::root();
    let result = match Cli::parse().task {
        Task::Ci(args) => ci::run(&root, &args),
        Task::Tidy => tidy::run(&root),
        Task::Decisions => decisions::write_index(&root),
        Task::Bench(args) => bench::run(&root, &args),
        Task::E2e(args) => e2e::run(&root, &args),
        Task::GgufExport(args) => gguf_export::run(&root, &args),
        Task::GgufParity(args) => gguf_parity::run(&root, &args),
        Task::Gpu(args) => gpu::run(&root, &args),
        Task::HfCheck(args) => hf_check::run(&root, &args),
        Task::KillTest(args) => kill_test::run(&args),
        Task::Llama(args) => llama::run(&root, &args),
        Task::ModelRun(args) => model_run::run(&root, &args),
        Task::Injections(args) => injections::run(&root, &args),
        Task::Onnx => onnx::run(&root),
        Task::TrainCurve(args) => train_curve::run(&root, &args),
        Task::TrainParity(args) => train_parity::run(&root, &args),
        Task::TrainSpeed(args) => train_speed::run(&root, &args),
        Task::Shellcheck => shellcheck::run(&root),
        Task::Wgpu => wgpu::run(&root),
        Task::Sample(args) => sample::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}
