//! `dsg search`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use dsg::Evidence;
use dsg::core::{ChunkStore as _, Span};
use dsg::index::SearchMode;
use serde::Serialize;

use crate::error::CliError;
use crate::exit::ExitCode;
use crate::locate;
use crate::session::Session;
use crate::settings::SettingsArgs;
use crate::sources::{Sources, marked};
use crate::terminal::{Paint, printable};

/// Search the documentation
///
/// Shows the best chunks with score, source and line, heading path, and the words that matched. Technical tokens such as
/// `--gres=gpu:2` or `SLURM_JOB_ID` are matched whole and in their parts. Where the index has vectors and `models.embedder` names
/// the model that made them, chunks are found by their meaning too.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg search \"cancel an array task\"
  dsg search --index out/ -n 3 -- --gres=gpu:2
  dsg search --mode vector \"how long may my job run\"
  dsg search \"time limit\" --json | jq -r '.[].chunk_id'")]
pub(crate) struct SearchArgs {
    /// What to look for
    #[arg(required = true)]
    query: Vec<String>,
    /// An index folder, or the output folder of a run
    #[arg(long, value_name = "FOLDER", default_value = "out")]
    index: PathBuf,
    /// Most hits to show
    #[arg(long, short = 'n', value_name = "N", default_value_t = 5)]
    limit: usize,
    /// Show whole chunks rather than the lines that match
    #[arg(long)]
    full: bool,
    /// How to rank [default: retrieval.mode where there are vectors, else bm25]
    #[arg(long, value_name = "MODE")]
    mode: Option<Mode>,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// What a ranking goes by.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Mode {
    /// Words
    Bm25,
    /// Meaning
    Vector,
    /// Both
    Hybrid,
}

impl From<Mode> for SearchMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Bm25 => Self::Bm25,
            Mode::Vector => Self::Vector,
            Mode::Hybrid => Self::Hybrid,
        }
    }
}

/// One hit in the JSON.
#[derive(Serialize)]
struct HitJson {
    chunk_id: String,
    score: f32,
    source: String,
    heading_path: Vec<String>,
    start: usize,
    end: usize,
    text: String,
    /// What matched, as byte spans of the document.
    highlights: Vec<Span>,
}

pub(crate) fn execute(args: &SearchArgs, session: &Session) -> Result<ExitCode, CliError> {
    let folder = locate::index(&args.index)?;
    let config = args.settings.resolve()?.config;
    let evidence = Evidence::open(&folder, &config, args.mode.map(Into::into))?;
    let query = args.query.join(" ");
    let hits = evidence.search(&query, args.limit)?;
    let wanted: BTreeSet<_> = hits.iter().map(|hit| hit.chunk.doc_id.clone()).collect();
    let sources = Sources::read(locate::corpus(&folder).as_deref(), &wanted)?;
    let found: Vec<HitJson> = hits
        .into_iter()
        .map(|hit| HitJson {
            chunk_id: hit.chunk.chunk_id.to_string(),
            score: hit.score,
            source: sources.place(&hit.chunk.doc_id, hit.chunk.span),
            start: hit.chunk.span.start(),
            end: hit.chunk.span.end(),
            highlights: hit.highlights,
            heading_path: hit.chunk.heading_path,
            text: hit.chunk.text,
        })
        .collect();
    if session.json {
        session.print_json(&found)?;
    } else if found.is_empty() {
        session.print(format!(
            "nothing in {} chunks matches `{query}`\n",
            evidence.index().len()
        ))?;
    } else {
        let texts: Vec<String> = found
            .iter()
            .map(|hit| render(hit, args.full, session.paint))
            .collect();
        session.print(texts.join("\n"))?;
    }
    Ok(ExitCode::Done)
}

/// Lines of a hit that are shown unless all are wanted.
const LINES_SHOWN: usize = 4;
/// Bytes of a line that are shown unless all are wanted; extracted paragraphs are one long line.
const WINDOW: usize = 240;

fn render(hit: &HitJson, full: bool, paint: Paint) -> String {
    let mut out = format!(
        "{}  {}  {}\n",
        paint.strong(printable(&hit.source)),
        paint.name(printable(&hit.heading_path.join(" › "))),
        paint.faint(format!("{:.2} {}", hit.score, hit.chunk_id)),
    );
    let mut start = hit.start;
    let mut lines = Vec::new();
    for line in hit.text.split_inclusive('\n') {
        let whole = Span::of_len(start, line.len());
        start += line.len();
        let matches = hit
            .highlights
            .iter()
            .filter(|span| span.overlaps(whole))
            .count();
        if full || !line.trim().is_empty() {
            let shown = if full { whole } else { window(hit, whole) };
            let sign = |cut: bool| if cut { "…" } else { "" };
            let text = marked(&hit.text, hit.start, shown, &hit.highlights, paint);
            let (left, right) = (shown.start() > whole.start(), shown.end() < whole.end());
            lines.push((matches, format!("{}{text}{}", sign(left), sign(right))));
        }
    }
    let chosen: Vec<usize> = if full {
        (0..lines.len()).collect()
    } else {
        choose(&lines)
    };
    let mut last = None;
    for (at, (_, text)) in lines
        .iter()
        .enumerate()
        .filter(|(at, _)| chosen.contains(at))
    {
        if last.is_some_and(|last| last + 1 < at) {
            let _ = writeln!(out, "  {}", paint.faint("⋮"));
        }
        out.push_str(format!("  {} {text}", paint.faint("│")).trim_end());
        out.push('\n');
        last = Some(at);
    }
    out
}

/// The part of a long line that is shown: what stands around its first match.
fn window(hit: &HitJson, line: Span) -> Span {
    let first = hit
        .highlights
        .iter()
        .find_map(|span| span.intersection(line));
    let text = line.slice_from(&hit.text, hit.start).unwrap_or_default();
    if text.len() <= WINDOW {
        return line;
    }
    let at = first.map_or(line.start(), |span| span.start().saturating_sub(WINDOW / 4));
    let boundary = |offset: usize| text.floor_char_boundary(offset.min(text.len()));
    let start = boundary(at.saturating_sub(line.start()));
    let end = boundary(start + WINDOW);
    Span::new(line.start() + start, line.start() + end).unwrap_or(line)
}

/// The positions of the lines with most matches, or of the first lines where only the headings match.
fn choose(lines: &[(usize, String)]) -> Vec<usize> {
    let any = lines.iter().any(|(matches, _)| *matches > 0);
    let mut best: Vec<(usize, usize)> = lines
        .iter()
        .enumerate()
        .filter(|(_, (matches, _))| *matches > 0 || !any)
        .map(|(at, (matches, _))| (*matches, at))
        .collect();
    best.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    best.into_iter()
        .take(LINES_SHOWN)
        .map(|(_, at)| at)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(highlights: Vec<Span>) -> HitJson {
        HitJson {
            chunk_id: "a#0000".into(),
            score: 1.5,
            source: "a.md:3".into(),
            heading_path: vec!["A".into(), "B".into()],
            start: 10,
            end: 40,
            text: "one\ntwo\n\nthree\nfour\nfive\nsix\n".into(),
            highlights,
        }
    }

    #[test]
    fn lines_that_match_are_shown_with_gaps_between_them() {
        let text = render(
            &hit(vec![Span::of_len(10, 3), Span::of_len(19, 5)]),
            false,
            Paint::plain(),
        );
        insta::assert_snapshot!(text, @r"
        a.md:3  A › B  1.50 a#0000
          │ one
          ⋮
          │ three
        ");
    }

    #[test]
    fn a_long_line_is_cut_around_its_match() {
        let mut hit = hit(vec![Span::of_len(10 + 600, 6)]);
        hit.text = format!("{}needle{}\n", "ä ".repeat(200), " x".repeat(300));
        let text = render(&hit, false, Paint::plain());
        let line = text.lines().nth(1).unwrap();
        assert!(
            line.starts_with("  │ …") && line.contains("needle") && line.ends_with('…'),
            "{line}"
        );
        assert!(line.len() < 260, "{line}");
    }

    #[test]
    fn a_hit_by_its_headings_shows_how_it_begins() {
        let text = render(&hit(Vec::new()), false, Paint::plain());
        assert!(text.contains("│ one\n") && text.contains("│ four\n") && !text.contains("five"));
        assert!(render(&hit(Vec::new()), true, Paint::plain()).contains("six"));
    }
}
