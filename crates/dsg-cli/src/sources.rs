//! Documents by id, to show a span where it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use dsg::core::artifact::read_jsonl;
use dsg::core::{DocId, Document, Format, Span};

use crate::error::CliError;
use crate::terminal::{Paint, printable};

/// The documents that some records refer to.
#[derive(Debug, Default)]
pub(crate) struct Sources(BTreeMap<DocId, Document>);

impl Sources {
    /// Reads those of `wanted` that `corpus` holds; memory is theirs alone.
    pub(crate) fn read(corpus: Option<&Path>, wanted: &BTreeSet<DocId>) -> Result<Self, CliError> {
        let mut found = BTreeMap::new();
        if let Some(corpus) = corpus {
            for document in read_jsonl::<Document>(corpus)? {
                if found.len() == wanted.len() {
                    break;
                }
                let document = document?;
                if wanted.contains(&document.doc_id) {
                    found.insert(document.doc_id.clone(), document);
                }
            }
        }
        Ok(Self(found))
    }

    pub(crate) fn get(&self, id: &DocId) -> Option<&Document> {
        self.0.get(id)
    }

    /// `jobs/arrays.md:40`, or the document's id when the corpus is not at hand. Where the text was extracted, as from HTML, its
    /// lines are not those of the file, and the place says so.
    pub(crate) fn place(&self, id: &DocId, span: Span) -> String {
        let Some(document) = self.get(id) else {
            return id.to_string();
        };
        let path = &document.source.path;
        let line = line_of(&document.text, span.start());
        match document.source.format {
            Format::Markdown | Format::Text | Format::Rst | Format::AsciiDoc => {
                format!("{path}:{line}")
            }
            _ => format!("{path} (line {line} of its text)"),
        }
    }
}

/// The line, from 1, that holds byte `at`.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// The lines that `spans` touch and `context` lines around them, numbered, the spans themselves marked; `spans` are in order.
pub(crate) fn excerpt(text: &str, spans: &[Span], context: usize, paint: Paint) -> Vec<String> {
    let (Some(first), Some(last)) = (
        spans.iter().map(|span| line_of(text, span.start())).min(),
        spans.iter().map(|span| last_line_of(text, *span)).max(),
    ) else {
        return Vec::new();
    };
    let width = (last + context).to_string().len();
    let mut lines = Vec::new();
    let mut start = 0;
    for (number, line) in (1..).zip(text.split_inclusive('\n')).take(last + context) {
        let whole = Span::of_len(start, line.len());
        start += line.len();
        if number + context < first {
            continue;
        }
        let touched = spans.iter().any(|span| span.overlaps(whole));
        let sign = if touched { ">" } else { " " };
        let gutter = paint.faint(format!("{sign} {number:>width$} │"));
        let line = format!("{gutter} {}", marked(text, 0, whole, spans, paint));
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// The line, from 1, that holds the last byte of `span`.
pub(crate) fn last_line_of(text: &str, span: Span) -> usize {
    line_of(text, span.end().saturating_sub(1).max(span.start()))
}

/// The text under `line` with what it shares with `marks` marked. `text` begins at byte `base` of the document.
pub(crate) fn marked(text: &str, base: usize, line: Span, marks: &[Span], paint: Paint) -> String {
    let plain = |from: usize, to: usize| {
        let span = Span::new(from, to).ok();
        let slice = span
            .and_then(|span| span.slice_from(text, base))
            .unwrap_or_default();
        printable(slice.trim_end_matches('\n'))
    };
    let mut out = String::new();
    let mut at = line.start();
    for shared in marks.iter().filter_map(|mark| mark.intersection(line)) {
        // Marks may overlap; what is marked already is not repeated.
        let from = shared.start().max(at);
        if from < shared.end() {
            out.push_str(&plain(at, from));
            out.push_str(&paint.mark(plain(from, shared.end())));
            at = shared.end();
        }
    }
    out.push_str(&plain(at, line.end()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_shows_the_quoted_lines_and_their_neighbours() {
        let text = "one\ntwo\nthree\nfour\nfive\n";
        let lines = excerpt(text, &[Span::of_len(8, 10)], 1, Paint::plain());
        assert_eq!(
            lines,
            ["  2 │ two", "> 3 │ three", "> 4 │ four", "  5 │ five"]
        );
    }

    #[test]
    fn a_span_that_cuts_a_character_breaks_nothing() {
        assert_eq!(
            excerpt("é\n", &[Span::of_len(1, 1)], 0, Paint::plain()).len(),
            1
        );
    }
}
