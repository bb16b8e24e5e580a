//! `dsg ingest`.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use dsg::{CorpusSummary, StepReport};
use serde::Serialize;

use super::step::{self, StageJson};
use crate::args::WorkArgs;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;
use crate::settings::SettingsArgs;
use crate::shell::quoted;
use crate::table::{Align, Table};
use crate::terminal::{Paint, one_line};

/// Read documents into a corpus file
///
/// Markdown, plain text, reStructuredText, AsciiDoc, HTML, man pages, PDF and notebooks become records with text and a
/// block outline. A file that cannot be read is reported and counted, and stops nothing. Of several versions of a page the
/// newest is kept, of copies of a document one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg ingest --input docs/ --out corpus.jsonl
  dsg ingest --input docs/ man/ --out corpus.jsonl --rejects unread.jsonl
  dsg ingest --input docs/ --out corpus.jsonl --set 'ingest.exclude=[\"**/archive/**\"]'")]
pub(crate) struct IngestArgs {
    /// Files or folders to read; .gitignore is respected
    #[arg(long, short, value_name = "PATH", required = true, num_args = 1..)]
    input: Vec<PathBuf>,
    /// The corpus file to write
    #[arg(long, short, value_name = "FILE", default_value = "corpus.jsonl")]
    out: PathBuf,
    /// Also write what was not read, with reasons
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Keep older versions of a page and copies of a document too, as `documents.keep: all` does
    #[arg(long)]
    all_versions: bool,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    work: WorkArgs,
}

/// The JSON of an ingest step.
#[derive(Serialize)]
struct IngestJson<'a> {
    funnel: Vec<StageJson<'a>>,
    written: Vec<String>,
    corpus: &'a CorpusSummary,
    left: Vec<Left<'a>>,
}

/// Files that were left out for one reason.
#[derive(Serialize)]
struct Left<'a> {
    reason: &'a str,
    files: usize,
    /// What was wrong with the first of them.
    example: &'a str,
}

pub(crate) fn execute(args: &IngestArgs, session: &Session) -> Result<ExitCode, CliError> {
    let settings = versions(&args.settings, args.all_versions);
    let report = session
        .pipeline(&settings, &args.work)?
        .ingest(&args.input, &args.out)?;
    let written = step::write_rejects(&report, &[&args.out], args.rejects.as_deref())?;
    let corpus = report.corpus.clone().unwrap_or_default();
    let json = IngestJson {
        funnel: step::funnel_json(&report.funnel),
        written,
        corpus: &corpus,
        left: left(&report),
    };
    session.report(&json, || {
        let mut lines = summary(&json, session.paint);
        if args.rejects.is_none() && !report.rejects.is_empty() {
            lines.push("--rejects FILE writes every file that was left out with its reason".into());
        }
        lines.push(format!("Wrote {}", json.written.join(", ")));
        lines.push(format!(
            "Next: dsg inspect {0}, dsg build-index --corpus {0}",
            quoted(&args.out)
        ));
        lines.join("\n") + "\n"
    })?;
    Ok(ExitCode::Done)
}

/// The settings with `--all-versions`.
pub(super) fn versions(settings: &SettingsArgs, all: bool) -> SettingsArgs {
    if all {
        settings.with("documents.keep", "all")
    } else {
        settings.clone()
    }
}

/// The reasons, most frequent first.
fn left(report: &StepReport) -> Vec<Left<'_>> {
    let mut found: BTreeMap<&str, Left<'_>> = BTreeMap::new();
    for reject in &report.rejects {
        let reason = reject.reason.as_str();
        let left = found.entry(reason).or_insert(Left {
            reason,
            files: 0,
            example: &reject.detail,
        });
        left.files += 1;
    }
    let mut left: Vec<Left<'_>> = found.into_values().collect();
    left.sort_by_key(|left| Reverse(left.files));
    left
}

fn summary(json: &IngestJson<'_>, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    let section = |lines: &mut Vec<String>, table: Table| {
        let mut rows = table.lines().into_iter();
        lines.extend(rows.next().map(|header| paint.faint(header)));
        lines.extend(rows);
        lines.push(String::new());
    };
    let mut formats = Table::new([
        ("format", Align::Left),
        ("documents", Align::Right),
        ("files", Align::Right),
        ("text", Align::Right),
        ("boilerplate", Align::Right),
    ]);
    for (name, format) in &json.corpus.formats {
        let share = format.boilerplate_bytes as f64 / format.text_bytes.max(1) as f64;
        formats.row([
            name.clone(),
            format.documents.to_string(),
            size(format.file_bytes),
            size(format.text_bytes),
            format!("{:.1} %", share * 100.0),
        ]);
    }
    section(&mut lines, formats);
    if !json.left.is_empty() {
        let mut left = Table::new([
            ("left out", Align::Left),
            ("files", Align::Right),
            ("for example", Align::Left),
        ]);
        for why in &json.left {
            left.row([
                why.reason.to_owned(),
                why.files.to_string(),
                one_line(why.example, 90),
            ]);
        }
        section(&mut lines, left);
    }
    if !json.corpus.warnings.is_empty() {
        let mut warnings = Table::new([
            ("look at", Align::Left),
            ("documents", Align::Right),
            ("for example", Align::Left),
        ]);
        for (name, warning) in &json.corpus.warnings {
            warnings.row([
                name.clone(),
                warning.documents.to_string(),
                one_line(&warning.example, 90),
            ]);
        }
        section(&mut lines, warnings);
    }
    let mut languages: Vec<_> = json.corpus.languages.iter().collect();
    languages.sort_by_key(|(_, documents)| Reverse(**documents));
    let languages: Vec<String> = languages
        .iter()
        .map(|(language, documents)| match language.as_str() {
            "und" => format!("too short to tell {documents}"),
            language => format!("{language} {documents}"),
        })
        .collect();
    let documents: u64 = json.corpus.languages.values().sum();
    lines.push(format!("Languages: {}", languages.join(", ")));
    lines.push(format!(
        "Of {documents} documents {} state a licence and {} their address",
        json.corpus.with_license, json.corpus.with_source_url
    ));
    lines
}

fn size(bytes: u64) -> String {
    match bytes as f64 {
        bytes if bytes >= 1e6 => format!("{:.1} MB", bytes / 1e6),
        bytes if bytes >= 1e3 => format!("{:.1} kB", bytes / 1e3),
        bytes => format!("{bytes} B"),
    }
}
