//! `cargo xtask e2e`: from documents to a folder that a laptop runs, with a small real model.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use serde_json::Value;

use crate::Result;
use crate::llama::{self, MODEL, models};
use crate::repository::target_dir;
use crate::step::{Done, capture, cargo, check};

/// How much worse a quantized student may know its answers than the student itself, in nats a token.
const TYPES: [(&str, f64); 2] = [("q8_0", 0.05), ("q4_k_m", 0.5)];
/// What is behind the name of a model that llama.cpp was asked.
const BY_LLAMA_CPP: &str = "-llama-cpp";
/// How far llama.cpp, which rounds activations to eight bits, may be from dsg's own decoder with the same file, in nats a token.
const ENGINES: f64 = 0.1;
/// What the student must know better than its base.
const UNSEEN: &str = "unseen";

#[derive(Args)]
pub(crate) struct E2eArgs {
    /// The base model: a GGUF file or a folder [default: SmolLM2-135M-Instruct, fetched]
    #[arg(long, value_name = "MODEL")]
    model: Option<PathBuf>,
    /// Steps of training, of four rows each [default: 200; with --short 6]
    #[arg(long, value_name = "N")]
    steps: Option<u32>,
    /// Most questions of an axis [default: 40; with --short 3]
    #[arg(long, value_name = "N")]
    questions: Option<u32>,
    /// A few steps and questions, with the program of the tests: whether the parts fit together
    #[arg(long)]
    short: bool,
}

/// Runs the chain; says so where that cannot be done here.
pub(crate) fn run(root: &Path, args: &E2eArgs) -> Result {
    match chain(root, args)? {
        Done::Yes => Ok(()),
        Done::Skipped(why) => Err(format!("not all of it ran: {why}").into()),
    }
}

/// The short chain as a step of `ci`, which goes on where the model or llama.cpp's tools are missing.
pub(crate) fn step(root: &Path) -> Result<Done> {
    let args = E2eArgs {
        model: None,
        steps: None,
        questions: None,
        short: true,
    };
    chain(root, &args)
}

fn chain(root: &Path, args: &E2eArgs) -> Result<Done> {
    let base = match &args.model {
        Some(model) => model.clone(),
        None => match models(root) {
            Ok(folder) => folder.join(MODEL),
            Err(why) => return Ok(Done::Skipped(why)),
        },
    };
    let (steps, questions) = if args.short { (6, 3) } else { (200, 40) };
    let steps = args.steps.unwrap_or(steps).to_string();
    let questions = args.questions.unwrap_or(questions).to_string();
    let (dsg, without_llama) = program(root, args.short)?;
    let scratch = target_dir(root).join("e2e");
    if scratch.exists() {
        fs::remove_dir_all(&scratch)?;
    }
    fs::create_dir_all(&scratch)?;
    let place = |name: &str| scratch.join(name);
    let job = |arguments: &[&str], paths: &[(&str, &Path)]| {
        let mut command = Command::new(&dsg);
        command.current_dir(root).args(arguments);
        for (flag, path) in paths {
            command.arg(flag).arg(path);
        }
        command
    };

    let dataset = place("dataset");
    check(&mut job(
        &["run", "--input", "fixtures/docs"],
        &[
            ("--hypothesis", Path::new("fixtures/datasetgen.yaml")),
            ("--outdir", &dataset),
        ],
    ))?;
    let (train, eval) = (dataset.join("train.jsonl"), dataset.join("eval.jsonl"));
    let student = place("student");
    check(&mut job(
        &[
            "train",
            "--batch-rows",
            "4",
            "--max-steps",
            &steps,
            "--epochs",
            "100",
            // Gently: the few rows are seen a dozen times.
            "--lr",
            "5e-5",
        ],
        &[("--data", &train), ("--base", &base), ("--out", &student)],
    ))?;

    let mut models = vec![
        ("base".to_owned(), base.clone(), None),
        ("student".to_owned(), base.clone(), Some(&student)),
    ];
    for (name, _) in TYPES {
        if name == "q4_k_m" && without_llama.is_some() {
            continue;
        }
        let file = place(&format!("student-{name}.gguf"));
        check(&mut job(
            &["export-gguf", "--quant", name],
            &[
                ("--model", &base),
                ("--adapter", &student),
                ("--out", &file),
            ],
        ))?;
        models.push((name.to_owned(), file, None));
    }

    let mut asked = Vec::new();
    for (name, model, adapter) in &models {
        asked.push((name.clone(), model, *adapter, "burn"));
        if without_llama.is_none() && adapter.is_none() && root.join(model).is_file() {
            let name = format!("{name}{BY_LLAMA_CPP}");
            asked.push((name, model, None, "llama-cpp"));
        }
    }
    let mut rows = Vec::new();
    for (name, model, adapter, engine) in &asked {
        let out = place(&format!("eval-{name}"));
        let mut command = job(
            &["eval", "--json", "--limit", &questions, "--engine", engine],
            &[
                ("--model", model),
                ("--out", &out),
                ("--data", &eval),
                ("--reworded", &train),
            ],
        );
        command.args(if args.short {
            &["--max-new-tokens", "24"][..]
        } else {
            &["--forgetting", "--max-new-tokens", "96"][..]
        });
        if let Some(folder) = adapter {
            command.arg("--adapter").arg(folder);
        }
        // Threads that spin starve each other on a busy machine.
        command.env("OMP_WAIT_POLICY", "passive");
        let summary: Value = serde_json::from_str(&capture(&mut command)?)?;
        println!("asked {name}");
        rows.push((name.as_str(), summary));
    }
    print!("{}", table(&rows));

    let bundle = place("bundle");
    let last = models.last().map_or(&base, |(_, file, _)| file);
    check(&mut job(
        &["bundle", "--target", "laptop"],
        &[
            ("--gguf", last),
            ("--out", &bundle),
            ("--dataset", &dataset),
        ],
    ))?;
    check(
        Command::new("sha256sum")
            .args(["--check", "--quiet", "SHA256SUMS"])
            .current_dir(&bundle),
    )?;
    let mut report = job(&["report"], &[("--out", &place("report.html"))]);
    let evaluations = asked
        .iter()
        .map(|(name, ..)| place(&format!("eval-{name}")));
    check(report.args([&dataset, &student]).args(evaluations))?;
    judge(&rows)?;
    Ok(match without_llama {
        None => Done::Yes,
        Some(why) => Done::Skipped(format!(
            "no Q4_K_M, which llama.cpp makes, and no file asked by it: {why}"
        )),
    })
}

/// A `dsg` that trains, and why it cannot make K-quants, if so.
fn program(root: &Path, short: bool) -> Result<(PathBuf, Option<String>)> {
    let tools = llama::tools(root);
    let features = match &tools {
        Ok(_) => llama::FEATURES,
        Err(_) => "--workspace --features dsg-cli/train",
    };
    let mut build = cargo(root);
    // The tests' program is there already, and a build without them would compile what they share with it anew.
    build.args(if short {
        &["test", "--no-run", "--locked", "--test", "it"][..]
    } else {
        &["build", "--release", "--locked", "--bin", "dsg"][..]
    });
    build.args(features.split_whitespace());
    for (name, value) in tools.iter().flatten() {
        build.env(name, value);
    }
    check(&mut build)?;
    let profile = if short { "debug" } else { "release" };
    let name = format!("dsg{}", std::env::consts::EXE_SUFFIX);
    Ok((target_dir(root).join(profile).join(name), tools.err()))
}

/// The means of every model, as a Markdown table.
fn table(rows: &[(&str, Value)]) -> String {
    let Some((_, first)) = rows.first() else {
        return String::new();
    };
    let columns: Vec<(&str, &str)> = axes(first)
        .flat_map(|(axis, metrics)| metrics.map(move |(metric, _)| (axis, metric)))
        .filter(|(_, metric)| ["nll", "f1", "supported"].contains(metric))
        .collect();
    let head = columns
        .iter()
        .map(|(axis, metric)| format!(" {axis} {metric} |"));
    let mut page = format!("\n| |{}\n|---|", head.collect::<String>());
    page.push_str(&"--:|".repeat(columns.len()));
    page.push('\n');
    for (name, summary) in rows {
        let cells = columns.iter().map(|(axis, metric)| {
            mean(summary, axis, metric)
                .map_or_else(|| " – |".to_owned(), |mean| format!(" {mean:.3} |"))
        });
        let _ = writeln!(page, "| {name} |{}", cells.collect::<String>());
    }
    page
}

/// Fails where training taught nothing, where a type lost it again, or where llama.cpp knows something else of a file.
fn judge(rows: &[(&str, Value)]) -> Result {
    let nll = |wanted: &str| {
        let (_, summary) = rows.iter().find(|(name, _)| *name == wanted)?;
        mean(summary, UNSEEN, "nll")
    };
    let (Some(base), Some(student)) = (nll("base"), nll("student")) else {
        return Err("no likelihood of unseen answers was measured".into());
    };
    if student >= base {
        return Err(format!("the student knows unseen answers no better than its base: {student:.3} and {base:.3} nats a token").into());
    }
    for (name, most) in TYPES {
        if let Some(quantized) = nll(name)
            && quantized > student + most
        {
            return Err(format!("{name} loses too much: {quantized:.3} nats a token, the student itself {student:.3}").into());
        }
    }
    for (name, _) in rows {
        let theirs = nll(&format!("{name}{BY_LLAMA_CPP}"));
        if let (Some(ours), Some(theirs)) = (nll(name), theirs)
            && (ours - theirs).abs() > ENGINES
        {
            return Err(format!("llama.cpp finds unseen answers of {name} otherwise likely: {theirs:.3} nats a token, dsg's own decoder {ours:.3}").into());
        }
    }
    Ok(())
}

fn axes(summary: &Value) -> impl Iterator<Item = (&str, impl Iterator<Item = (&str, f64)>)> {
    list(summary, "axes").iter().map(|axis| {
        let metrics = list(axis, "metrics").iter();
        let metrics =
            metrics.filter_map(|one| Some((one["metric"].as_str()?, one["mean"].as_f64()?)));
        (axis["axis"].as_str().unwrap_or_default(), metrics)
    })
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn mean(summary: &Value, axis: &str, metric: &str) -> Option<f64> {
    let (_, mut metrics) = axes(summary).find(|(name, _)| *name == axis)?;
    metrics
        .find(|(name, _)| *name == metric)
        .map(|(_, mean)| mean)
}
