//! The dataset card: `README.md` with the YAML front matter that Hugging Face reads.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use dsg_core::{Citation, Example, Reason};
use minijinja::value::Serde;
use serde::Serialize;

use crate::columns::{ColumnType, Columns};
use crate::config::{ExportConfig, is_license_id};
use crate::error::ExportError;
use crate::format::{DatasetFormat, render};
use crate::manifest::Manifest;
use crate::template::{environment, quoted};
use crate::writer::{split_path, table};

const TEMPLATE: &str = include_str!("card.md.j2");

/// The dataset card of a dataset: front matter (splits, column types, size, languages, licence), how it was made, funnel,
/// coverage, sample items with their receipts, how to verify and load it, and its limits. Deterministic.
///
/// # Errors
/// [`ExportError::Columns`] when rows disagree about a column's type; [`ExportError::Card`] is a defect.
pub fn dataset_card(
    manifest: &Manifest,
    train: &[Example],
    eval: &[Example],
    config: &ExportConfig,
) -> Result<String, ExportError> {
    let mut formats = Vec::new();
    for format in std::iter::once(DatasetFormat::Messages).chain(config.formats.iter().copied()) {
        let (columns, _) = table(format, train, eval)?;
        formats.push(FormatView::new(format, &columns, train, eval));
    }
    let mut env = environment().map_err(ExportError::Card)?;
    env.add_filter("cell", cell);
    env.add_filter("quote", block_quote);
    env.add_filter("fenced", fenced);
    env.add_template("card.md", TEMPLATE)
        .map_err(ExportError::Card)?;
    let licenses: BTreeSet<Option<&str>> = manifest
        .inputs
        .iter()
        .map(|input| input.license.as_deref())
        .collect();
    let items = train.len() + eval.len();
    let documents: BTreeSet<&str> = train
        .iter()
        .chain(eval)
        .flat_map(|example| &example.meta.citations)
        .map(|citation| citation.doc_id.as_str())
        .collect();
    let view = CardView {
        pretty_name: &config.pretty_name,
        license: license(config, &licenses),
        stated_licenses: licenses.iter().flatten().copied().collect(),
        languages: manifest.languages(),
        size: size_category(items),
        formats,
        manifest,
        inputs: manifest.inputs.len(),
        input_bytes: manifest.inputs.iter().map(|input| input.bytes).sum(),
        cited: documents.len(),
        train: train.len(),
        eval: eval.len(),
        stages: stages(manifest),
        quota: manifest.coverage.iter().map(|row| row.quota).sum(),
        covered: manifest.sections.covered(),
        without: most_first(&manifest.sections.without),
        samples: samples(manifest, config.card_samples, train, eval),
    };
    env.get_template("card.md")
        .and_then(|template| template.render(Serde(&view)))
        .map_err(ExportError::Card)
}

/// What the template sees.
#[derive(Serialize)]
struct CardView<'a> {
    pretty_name: &'a str,
    license: String,
    stated_licenses: Vec<&'a str>,
    languages: BTreeSet<&'a str>,
    size: &'static str,
    formats: Vec<FormatView>,
    manifest: &'a Manifest,
    inputs: usize,
    input_bytes: u64,
    cited: usize,
    train: usize,
    eval: usize,
    stages: Vec<StageView<'a>>,
    quota: u64,
    covered: u64,
    without: Vec<(&'a str, u64)>,
    samples: Vec<SampleView<'a>>,
}

/// One `config_name` of the front matter.
#[derive(Serialize)]
struct FormatView {
    name: &'static str,
    splits: Vec<SplitView>,
    features: String,
}

#[derive(Serialize)]
struct SplitView {
    name: &'static str,
    path: String,
}

impl FormatView {
    fn new(format: DatasetFormat, columns: &Columns, train: &[Example], eval: &[Example]) -> Self {
        let mut features = String::new();
        write_features(columns, 2, &mut features);
        Self {
            name: match format {
                DatasetFormat::Messages => "default",
                other => other.as_str(),
            },
            // A split without rows cannot be loaded, so it is not announced.
            splits: [("train", train), ("eval", eval)]
                .into_iter()
                .filter(|(_, rows)| !rows.is_empty())
                .map(|(name, _)| SplitView {
                    name,
                    path: split_path(format, name),
                })
                .collect(),
            features,
        }
    }
}

/// Columns in the YAML form of `datasets.Features`.
fn write_features(columns: &Columns, indent: usize, out: &mut String) {
    for (name, kind) in columns.iter() {
        let name = quoted(name);
        let _ = writeln!(out, "{:indent$}- name: {name}", "");
        write_type(kind, indent + 2, out);
    }
}

fn write_type(kind: &ColumnType, indent: usize, out: &mut String) {
    let scalar = |name: &str| format!("{:indent$}dtype: {name}\n", "");
    match kind {
        ColumnType::Null => out.push_str(&scalar("'null'")),
        ColumnType::Bool => out.push_str(&scalar("bool")),
        ColumnType::Int => out.push_str(&scalar("int64")),
        ColumnType::Float => out.push_str(&scalar("float64")),
        ColumnType::String => out.push_str(&scalar("string")),
        ColumnType::Struct(columns) => {
            let _ = writeln!(out, "{:indent$}struct:", "");
            write_features(columns, indent, out);
        }
        ColumnType::List(inner) => match &**inner {
            ColumnType::Struct(columns) => {
                let _ = writeln!(out, "{:indent$}list:", "");
                write_features(columns, indent, out);
            }
            inner @ ColumnType::List(_) => {
                let _ = writeln!(out, "{:indent$}list:", "");
                write_type(inner, indent + 2, out);
            }
            inner => {
                let mut scalar = String::new();
                write_type(inner, 0, &mut scalar);
                let name = scalar.trim().trim_start_matches("dtype: ");
                let _ = writeln!(out, "{:indent$}list: {name}", "");
            }
        },
    }
}

/// A stage of the funnel.
#[derive(Serialize)]
pub(crate) struct StageView<'a> {
    name: &'static str,
    entered: u64,
    kept: u64,
    dropped: u64,
    failed: u64,
    reasons: Vec<(&'a str, u64)>,
}

/// The funnel, stage by stage.
pub(crate) fn stages(manifest: &Manifest) -> Vec<StageView<'_>> {
    manifest
        .stages
        .iter()
        .map(|(stage, counts)| StageView {
            name: stage.as_str(),
            entered: counts.entered,
            kept: counts.kept,
            dropped: counts.dropped_total(),
            failed: counts.failed,
            reasons: most_first(&counts.dropped),
        })
        .collect()
}

/// Reasons with their counts, the most frequent first.
pub(crate) fn most_first(counts: &BTreeMap<Reason, u64>) -> Vec<(&str, u64)> {
    let mut reasons: Vec<(&str, u64)> = counts.iter().map(|(r, n)| (r.as_str(), *n)).collect();
    reasons.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    reasons
}

#[derive(Serialize)]
struct SampleView<'a> {
    id: &'a str,
    topic: &'a str,
    difficulty: &'static str,
    question_type: &'static str,
    question: String,
    answer: String,
    receipts: Vec<ReceiptView<'a>>,
}

#[derive(Serialize)]
struct ReceiptView<'a> {
    path: &'a str,
    start: usize,
    end: usize,
    quote: &'a str,
}

/// Items spread evenly over train, then eval, so that they show different topics.
fn samples<'a>(
    manifest: &'a Manifest,
    wanted: usize,
    train: &'a [Example],
    eval: &'a [Example],
) -> Vec<SampleView<'a>> {
    let paths: BTreeMap<&str, &str> = manifest
        .inputs
        .iter()
        .map(|input| (input.doc_id.as_str(), input.path.as_str()))
        .collect();
    let all: Vec<&Example> = train.iter().chain(eval).collect();
    let wanted = wanted.min(all.len());
    (0..wanted)
        .filter_map(|n| all.get((2 * n + 1) * all.len() / (2 * wanted)))
        .map(|example| {
            let row = render(example, DatasetFormat::Alpaca);
            let text = |key: &str| {
                row.get(key)
                    .and_then(|v| v.as_str())
                    .unwrap_or_default()
                    .into()
            };
            let receipt = |citation: &'a Citation| ReceiptView {
                path: paths
                    .get(citation.doc_id.as_str())
                    .copied()
                    .unwrap_or(citation.doc_id.as_str()),
                start: citation.span.start(),
                end: citation.span.end(),
                quote: &citation.quote,
            };
            SampleView {
                id: example.id.as_str(),
                topic: &example.meta.topic,
                difficulty: example.meta.difficulty.as_str(),
                question_type: example.meta.question_type.as_str(),
                question: text("instruction"),
                answer: text("output"),
                receipts: example.meta.citations.iter().map(receipt).collect(),
            }
        })
        .collect()
}

/// The configured licence; else the one that every source states, if it is a known kind of id; else `other`.
fn license(config: &ExportConfig, stated: &BTreeSet<Option<&str>>) -> String {
    let only = match stated.first() {
        Some(Some(id)) if stated.len() == 1 => Some(id.to_ascii_lowercase()),
        _ => None,
    };
    config
        .license
        .clone()
        .or_else(|| only.filter(|id| is_license_id(id)))
        .unwrap_or_else(|| "other".to_owned())
}

/// Hugging Face's size buckets.
const fn size_category(items: usize) -> &'static str {
    match items {
        0..1_000 => "n<1K",
        1_000..10_000 => "1K<n<10K",
        10_000..100_000 => "10K<n<100K",
        100_000..1_000_000 => "100K<n<1M",
        _ => "n>1M",
    }
}

/// Text for one cell of a Markdown table.
pub(crate) fn cell(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}

/// Text as a Markdown block quote.
fn block_quote(text: &str) -> String {
    let lines: Vec<String> = text
        .lines()
        .map(|line| format!("> {line}").trim_end().to_owned())
        .collect();
    lines.join("\n")
}

/// Text in a fence that no run of backticks in it can close.
fn fenced(text: &str) -> String {
    let longest = text
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(3.max(longest + 1));
    format!("{fence}text\n{}\n{fence}", text.trim_end_matches('\n'))
}
