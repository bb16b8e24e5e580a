//! How well the chunks of each splitter are found by the same BM25.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::job::{DSG, Place};
use super::jobs::files;
use super::report::{number, wrap};
use crate::Result;
use crate::repository::target_dir;
use crate::step::capture;

/// Documents with questions that people asked about them.
struct Set {
    name: &'static str,
    sources: &'static [&'static str],
    suffixes: &'static [&'static str],
    /// The questions, beside the corpora.
    questions: &'static str,
}

const SETS: [Set; 2] = [
    Set {
        name: "aws-qa",
        sources: &["aws-qa.tar.xz"],
        suffixes: &[".md"],
        questions: "aws-qa.qa.jsonl",
    },
    Set {
        name: "docs-faq",
        sources: &["slurm/html", "hpc-md-csc/docs", "py-parallel/rst"],
        suffixes: &[".html", ".shtml", ".md", ".rst"],
        questions: "../ground/docs-faq/faq.jsonl",
    },
];

const ENGINES: [&str; 5] = [
    "langchain-md",
    "langchain",
    "chonkie",
    "semchunk",
    "text-splitter",
];
const BUDGETS: [usize; 3] = [128, 256, 512];

const SCORES: [(&str, &str); 4] = [
    ("page", "page nDCG@10"),
    ("evidence", "evidence nDCG@10"),
    ("recall", "recall"),
    ("precision", "precision"),
];

/// The section of the page.
pub(crate) fn section(place: &Place<'_>) -> Result<String> {
    let mut out = format!(
        "## How well chunks are found\n\n{}\n",
        wrap(
            "Every splitter gets the same text (what `dsg` read, so that HTML is no disadvantage), the same budget (a token is four \
             characters for everyone) and the same BM25 (bm25s, Lucene's formula, k1 1.2, b 0.75, English stop words and stemmer). *Page*: \
             nDCG@10 of the right page, at the rank of its first chunk. *Evidence*: nDCG@10 of chunks, a chunk gains the share of the \
             evidence's bytes in it, all of them at rank 1 is 1. *Recall* and *precision*: of evidence bytes among the best chunks that fit \
             into 1,024 tokens together. Evidence is where the page says the answer, found by the answer's word pairs. Headings that a \
             splitter gives as metadata (`dsg`, `langchain-md`) are indexed with the chunk; the rows marked *text only* do without."
        )
    );
    for set in &SETS {
        println!("retrieval: {}", set.name);
        let folder = place.scratch.join("retrieval").join(set.name);
        let input = files(
            place,
            set.sources,
            set.suffixes,
            &format!("retrieval/{}/files", set.name),
            1,
        )?;
        let documents = folder.join("documents.jsonl");
        let asked = folder.join("asked.jsonl");
        let _ = dsg(place, &input.path, 512, Some(&documents), None)?;
        let counts = capture(
            place
                .script("chunks.py")
                .arg("ask")
                .arg("--documents")
                .arg(&documents)
                .arg("--questions")
                .arg(place.corpora.join(set.questions))
                .arg("--out")
                .arg(&asked),
        )?;
        let counts: Value = serde_json::from_str(counts.trim())?;
        let count = |key: &str| counts.get(key).and_then(Value::as_f64).unwrap_or_default();
        let _ = writeln!(
            out,
            "\n**{}**: {} questions, {} with evidence.",
            set.name,
            number(count("questions")),
            number(count("with_evidence"))
        );
        for budget in BUDGETS {
            println!("retrieval: {}, {budget} tokens", set.name);
            table(&mut out, place, &folder, &input.path, budget)?;
        }
    }
    Ok(out)
}

/// One budget: every splitter, scored in one go.
fn table(
    out: &mut String,
    place: &Place<'_>,
    folder: &Path,
    input: &Path,
    budget: usize,
) -> Result {
    let chunks = |engine: &str| folder.join(format!("{engine}.jsonl"));
    let mut files: Vec<PathBuf> = vec![chunks(DSG)];
    dsg(place, input, budget, None, Some(&chunks(DSG)))?;
    for engine in ENGINES {
        let file = chunks(engine);
        capture(
            place
                .script("chunks.py")
                .args(["split", "--engine", engine, "--tokens"])
                .arg(budget.to_string())
                .arg("--documents")
                .arg(folder.join("documents.jsonl"))
                .arg("--out")
                .arg(&file),
        )?;
        files.push(file);
    }
    let lines = capture(
        place
            .script("chunks.py")
            .arg("score")
            .arg("--questions")
            .arg(folder.join("asked.jsonl"))
            .arg("--chunks")
            .args(&files),
    )?;
    let _ = write!(out, "\n| {budget} tokens | chunks | mean tokens |");
    for (_, title) in SCORES {
        let _ = write!(out, " {title} |");
    }
    let _ = writeln!(out, "\n|---|--:|--:|{}", "--:|".repeat(SCORES.len()));
    for line in lines.lines().filter(|line| line.starts_with('{')) {
        let scores: Value = serde_json::from_str(line)?;
        let engine = scores
            .get("file")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let headed = matches!(engine, DSG | "langchain-md");
        if headed {
            row(out, &scores, engine, "_h");
            row(out, &scores, &format!("{engine}, text only"), "");
        } else {
            row(out, &scores, engine, "");
        }
    }
    Ok(())
}

fn row(out: &mut String, scores: &Value, name: &str, suffix: &str) {
    let value = |key: &str| scores.get(key).and_then(Value::as_f64).unwrap_or_default();
    let _ = write!(
        out,
        "| {name} | {} | {:.0} |",
        number(value("chunks")),
        value("mean_tokens")
    );
    for (key, _) in SCORES {
        let _ = write!(out, " {:.3} |", value(&format!("{key}{suffix}")));
    }
    out.push('\n');
}

/// Lets dsg write documents, chunks or both.
fn dsg(
    place: &Place<'_>,
    input: &Path,
    budget: usize,
    documents: Option<&Path>,
    chunks: Option<&Path>,
) -> Result<String> {
    let mut command = Command::new(target_dir(place.root).join("release/examples/bench_chunks"));
    command.arg("--input").arg(input);
    command.args(["--max-tokens", &budget.to_string()]);
    // The default's share of the budget.
    command.args(["--min-tokens", &(budget / 8).to_string()]);
    for (flag, path) in [("--documents", documents), ("--chunks", chunks)] {
        if let Some(path) = path {
            command.arg(flag).arg(path);
        }
    }
    capture(&mut command)
}
