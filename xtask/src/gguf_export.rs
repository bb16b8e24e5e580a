//! `cargo xtask gguf-export`: files of `dsg export-gguf` beside the Python package `gguf` and llama.cpp's converter and quantizer.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::Result;
use crate::gguf_parity::REQUIREMENTS;
use crate::repository::target_dir;
use crate::step::{cargo, check};
use crate::venv;

#[derive(Args)]
pub(crate) struct GgufExportArgs {
    /// The model to export: a Hugging Face folder or a GGUF file
    model: PathBuf,
    /// What `convert_hf_to_gguf.py --outtype f32` made of the same folder
    #[arg(long, value_name = "FILE")]
    reference: Option<PathBuf>,
    /// llama.cpp's `llama-quantize`
    #[arg(long, value_name = "PROGRAM")]
    quantize: Option<PathBuf>,
}

/// Prints a table of all types. Fails where a file is refused by `dsg export-gguf` or says something else of itself than the Python package; beside
/// llama.cpp's files, where tensors of one type, their order or the vocabulary differ.
pub(crate) fn run(root: &Path, args: &GgufExportArgs) -> Result {
    let target = target_dir(root);
    let python = venv::create(&target, "gguf", &REQUIREMENTS)?;
    check(
        cargo(root).args("build --release --locked -p dsg-cli --features train".split_whitespace()),
    )?;
    let mut command = Command::new(python);
    command
        .arg(root.join("xtask/python/gguf_export.py"))
        .arg(target.join("release/dsg"))
        .arg(&args.model);
    for (flag, path) in [
        ("--reference", &args.reference),
        ("--quantize", &args.quantize),
    ] {
        if let Some(path) = path {
            command.arg(flag).arg(path);
        }
    }
    check(&mut command)
}
