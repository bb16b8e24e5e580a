//! `cargo xtask model-run`: a dataset written and judged by a small real model on llama.cpp's server, twice.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use serde_json::Value;

use crate::Result;
use crate::llama::{MODEL, models};
use crate::llama_server::Server;
use crate::repository::target_dir;
use crate::step::{Done, shown};
use crate::venv;

/// A handful of tasks: this model invents, so what counts is that every one of them is accounted for.
const CONFIGURATION: &str = "\
version: 1
subject: Slurm
topics:
  - {id: jobs, keywords: [job, batch, submit, queue], quota: 6}
chunk: {max_tokens: 200}
generate: {oversample: 1.0}
writer: {rounds: 1, concurrency: 2, quote_tokens: 160, question_tokens: 64, answer_tokens: 160}
rubric: {evidence: quotes, concurrency: 2, repair_attempts: 0}
gates: {min_train: 0, min_eval: 0}
";

#[derive(Args)]
pub(crate) struct ModelRunArgs {
    /// The dsg to run
    #[arg(long, default_value = "target/release/dsg")]
    dsg: PathBuf,
}

/// Runs and checks it; says so where that cannot be done here.
pub(crate) fn run(root: &Path, args: &ModelRunArgs) -> Result {
    match step(root, &args.dsg, &target_dir(root).join("model-run"))? {
        Done::Yes => Ok(()),
        Done::Skipped(why) => Err(format!("did not run: {why}").into()),
    }
}

/// The same as a step of `ci`, which goes on without it where Python, network or the model are missing.
pub(crate) fn step(root: &Path, dsg: &Path, scratch: &Path) -> Result<Done> {
    if let Err(why) = venv::available() {
        return Ok(Done::Skipped(why));
    }
    let folder = match models(root) {
        Ok(folder) => folder,
        Err(why) => return Ok(Done::Skipped(why)),
    };
    let server = Server::start(root, &folder.join(MODEL), 1)?;
    if scratch.exists() {
        fs::remove_dir_all(scratch)?;
    }
    fs::create_dir_all(scratch)?;
    let role = server.role("smollm2");
    let file = scratch.join("datasetgen.yaml");
    let models = format!("models: {{generator: {role}, judge: {role}}}\n");
    fs::write(&file, format!("{CONFIGURATION}{models}"))?;
    let out = scratch.join("out");
    let run = || dataset(root, dsg, &file, &out);

    let first = run()?;
    let asked = first
        .run
        .pointer("/models/requests")
        .and_then(Value::as_u64);
    let tasks = first.count("in");
    let settled = first.count("kept") + first.dropped();
    println!(
        "{tasks} tasks, {} items written, {asked:?} requests",
        first.count("kept")
    );
    if tasks == 0
        || settled != tasks
        || first.count("failed") != 0
        || asked.is_none_or(|n| n < tasks)
    {
        return Err(format!("tasks are not accounted for: {}", first.manifest).into());
    }

    // What was finished is forgotten, the replies are not.
    drop(server);
    fs::remove_dir_all(out.join("work/state"))?;
    let second = run()?;
    if second
        .run
        .pointer("/models/requests")
        .and_then(Value::as_u64)
        != Some(0)
    {
        return Err(format!("the second run asked again: {}", second.run).into());
    }
    if second.files != first.files {
        return Err("the second run, out of the reply store, wrote other bytes".into());
    }
    Ok(Done::Yes)
}

/// What a run left behind.
struct Left {
    manifest: Value,
    run: Value,
    files: Vec<Vec<u8>>,
}

impl Left {
    fn generate(&self, field: &str) -> Option<&Value> {
        self.manifest.pointer(&format!("/stages/generate/{field}"))
    }

    fn count(&self, field: &str) -> u64 {
        self.generate(field).and_then(Value::as_u64).unwrap_or(0)
    }

    fn dropped(&self) -> u64 {
        let reasons = self.generate("dropped").and_then(Value::as_object);
        reasons
            .into_iter()
            .flatten()
            .filter_map(|(_, n)| n.as_u64())
            .sum()
    }
}

fn dataset(root: &Path, dsg: &Path, configuration: &Path, out: &Path) -> Result<Left> {
    let mut command = Command::new(dsg);
    command
        .args(["run", "--input", "fixtures/docs", "--hypothesis"])
        .arg(configuration)
        .arg("--outdir")
        .arg(out)
        .current_dir(root)
        .stdin(Stdio::null());
    if !command.status()?.success() {
        return Err(format!("`{}` failed", shown(&command)).into());
    }
    let read = |name: &str| fs::read(out.join(name));
    Ok(Left {
        manifest: serde_json::from_slice(&read("manifest.json")?)?,
        run: serde_json::from_slice(&read("run.json")?)?,
        files: [
            "train.jsonl",
            "eval.jsonl",
            "rejects.jsonl",
            "manifest.json",
        ]
        .into_iter()
        .map(read)
        .collect::<std::io::Result<_>>()?,
    })
}
