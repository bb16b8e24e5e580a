//! `dsg run`: the main job.

use std::path::PathBuf;

use clap::Args;
use dsg::{GateResult, RunReport, SectionCoverage};
use serde::Serialize;

use super::curate::benchmarks;
use super::ingest::versions;
use super::step::{StageJson, funnel_json};
use crate::args::WorkArgs;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;
use crate::settings::SettingsArgs;
use crate::shell::quoted;
use crate::summary::{TopicFill, by_topic, funnel_table, section_line, topic_table};

/// Turn a folder of documentation into a dataset
///
/// Goes through ingest, index, generate, curate and export, and leaves train.jsonl, eval.jsonl, rejects.jsonl,
/// manifest.json, a dataset card, report.html and work/ in the output folder. Finished steps are reused: run the same
/// command again after a stop, a crash or an edit and only what is missing or changed is done, with the same bytes as
/// an undisturbed run.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg run --input docs/ --outdir out/
  dsg run --input docs/ man/ --hypothesis datasetgen.yaml --outdir out/
  dsg run --input docs/ --outdir out/ --set export.formats=[alpaca] --seed 7
  dsg run --input docs/ --outdir out/ --decontaminate our-benchmark.jsonl

Exits with 1 when the files are written but a gate (gates: in the configuration) was missed.")]
pub(crate) struct RunArgs {
    /// Files or folders to read; .gitignore is respected
    #[arg(long, short, value_name = "PATH", required = true, num_args = 1..)]
    input: Vec<PathBuf>,
    /// The folder for the dataset
    #[arg(long, short, value_name = "FOLDER", default_value = "out")]
    outdir: PathBuf,
    /// Keep older versions of a page and copies of a document too, as `documents.keep: all` does
    #[arg(long)]
    all_versions: bool,
    /// Benchmarks (JSON Lines, CSV, Parquet) that no item may repeat, instead of `dedupe.decontaminate`
    #[arg(long, value_name = "FILE", num_args = 1..)]
    decontaminate: Vec<PathBuf>,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    work: WorkArgs,
}

/// The JSON of a run.
#[derive(Serialize)]
struct RunJson<'a> {
    outdir: String,
    train: usize,
    eval: usize,
    gates_met: bool,
    gates: &'a [GateResult],
    funnel: Vec<StageJson<'a>>,
    topics: Vec<TopicFill>,
    sections: &'a SectionCoverage,
}

pub(crate) fn execute(args: &RunArgs, session: &Session) -> Result<ExitCode, CliError> {
    let settings = versions(&args.settings, args.all_versions);
    let settings = benchmarks(settings, &args.decontaminate);
    let pipeline = session.pipeline(&settings, &args.work)?;
    let report = pipeline.run(&args.input, &args.outdir)?;
    let json = RunJson {
        outdir: args.outdir.display().to_string(),
        train: report.train,
        eval: report.eval,
        gates_met: report.gates_met(),
        gates: &report.gates,
        funnel: funnel_json(&report.funnel),
        topics: by_topic(&report.manifest),
        sections: &report.manifest.sections,
    };
    session.report(&json, || summary(args, session, &report, &json.topics))?;
    Ok(if report.gates_met() {
        ExitCode::Done
    } else {
        ExitCode::GateMissed
    })
}

fn summary(args: &RunArgs, session: &Session, report: &RunReport, topics: &[TopicFill]) -> String {
    let paint = session.paint;
    let mut lines = vec![String::new()];
    let table = |lines: &mut Vec<String>, rows: Vec<String>| {
        let mut rows = rows.into_iter();
        lines.extend(rows.next().map(|header| paint.faint(header)));
        lines.extend(rows);
        lines.push(String::new());
    };
    let funnel = report.funnel.iter().map(|(stage, counts)| (*stage, counts));
    table(&mut lines, funnel_table(funnel).lines());
    if !topics.is_empty() {
        table(&mut lines, topic_table(topics).lines());
    }
    lines.push(format!("  {}", section_line(&report.manifest.sections)));
    for gate in &report.gates {
        let mark = if gate.met {
            paint.good("met   ")
        } else {
            paint.bad("missed")
        };
        lines.push(format!("  gate {mark} {}: {}", gate.gate, gate.detail));
    }

    let out = quoted(&args.outdir);
    let inputs: Vec<String> = args.input.iter().map(|path| quoted(path)).collect();
    let (train, eval) = (report.train, report.eval);
    let headline = format!(
        "{train} training and {eval} evaluation items in {}",
        args.outdir.display()
    );
    lines.push(format!("\n{}", paint.strong(headline)));
    let file = |name: &str, what: &str| format!("  {:<16}{}", name, paint.faint(what));
    lines.extend([
        file("train.jsonl", "what to train on, with receipts"),
        file(
            "eval.jsonl",
            "held out by document: nothing in it was trained on",
        ),
        file("rejects.jsonl", "everything that left, with its reason"),
        file(
            "manifest.json",
            "inputs, configuration, funnel, coverage and hashes",
        ),
        file("README.md", "the dataset card"),
        file("report.html", "funnel and coverage as a page"),
        String::new(),
        "Next:".to_owned(),
        format!("  dsg verify {out} --input {}", inputs.join(" ")),
        format!("  dsg inspect {out}/train.jsonl --sample 3"),
        format!("  dsg inspect {out}/rejects.jsonl"),
    ]);
    lines.join("\n").trim_start_matches('\n').to_owned() + "\n"
}
