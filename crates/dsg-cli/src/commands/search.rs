//! `dsg search`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use dsg::core::{ChunkStore as _, Span};
use dsg::index::Index;
use serde::Serialize;

use crate::error::CliError;
use crate::exit::ExitCode;
use crate::locate;
use crate::session::Session;
use crate::sources::Sources;
use crate::terminal::{Paint, printable};

/// Search the documentation
///
/// Shows the best chunks with score, source and line, heading path, and the words that matched. Technical tokens such as
/// `--gres=gpu:2` or `SLURM_JOB_ID` are matched whole and in their parts.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg search \"cancel an array task\"
  dsg search --index out/ -n 3 -- --gres=gpu:2
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
    let index = Index::open(&folder)?;
    let query = args.query.join(" ");
    let hits = index.search_highlighted(&query, args.limit)?;
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
            index.len()
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
        let matches = hit
            .highlights
            .iter()
            .filter(|span| span.overlaps(whole))
            .count();
        lines.push((matches, marked(hit, whole, paint)));
        start += line.len();
    }
    let gutter = paint.faint("│");
    let mut gap = false;
    for line in choose(&lines, full) {
        match line {
            Some(line) => out.push_str(format!("  {gutter} {line}").trim_end()),
            None if gap => continue,
            None => out.push_str(&format!("  {}", paint.faint("⋮"))),
        }
        gap = line.is_none();
        out.push('\n');
    }
    out
}

/// The lines with most matches, or the first ones where the match is in the headings; `None` for a line left out.
fn choose(lines: &[(usize, String)], full: bool) -> impl Iterator<Item = Option<&str>> {
    let mut best: Vec<usize> = (0..lines.len()).collect();
    best.retain(|at| {
        lines
            .get(*at)
            .is_some_and(|(_, text)| !text.trim().is_empty())
    });
    best.sort_by_key(|at| std::cmp::Reverse(lines.get(*at).map_or(0, |(matches, _)| *matches)));
    best.truncate(LINES_SHOWN);
    lines
        .iter()
        .enumerate()
        .map(move |(at, (_, text))| (full || best.contains(&at)).then_some(text.as_str()))
}

/// The text under `line` with what matched marked.
fn marked(hit: &HitJson, line: Span, paint: Paint) -> String {
    let text = |from: usize, to: usize| {
        let span = Span::new(from, to).ok();
        printable(
            span.and_then(|s| s.slice_from(&hit.text, hit.start))
                .unwrap_or_default(),
        )
    };
    let mut out = String::new();
    let mut at = line.start();
    for shared in hit
        .highlights
        .iter()
        .filter_map(|span| span.intersection(line))
    {
        out.push_str(&text(at, shared.start()));
        out.push_str(&paint.mark(text(shared.start(), shared.end())));
        at = shared.end();
    }
    out.push_str(&text(at, line.end()));
    out.trim_end_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_that_match_are_shown_and_gaps_marked_once() {
        let hit = HitJson {
            chunk_id: "a#0000".into(),
            score: 1.5,
            source: "a.md:3".into(),
            heading_path: vec!["A".into(), "B".into()],
            start: 10,
            end: 40,
            text: "one\ntwo\nthree\nfour\nfive\nsix\n".into(),
            highlights: vec![Span::of_len(18, 5)],
        };
        let text = render(&hit, false, Paint::plain());
        insta::assert_snapshot!(text, @r"
        a.md:3  A › B  1.50 a#0000
          │ one
          │ two
          │ three
          │ four
          ⋮
        ");
    }
}
