//! Documents by id, to show a span where it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use dsg::core::artifact::read_jsonl;
use dsg::core::{DocId, Document, Span};

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

    /// `man/sbatch.1:40`, or the document's id when the corpus is not at hand.
    pub(crate) fn place(&self, id: &DocId, span: Span) -> String {
        match self.get(id) {
            Some(document) => {
                format!(
                    "{}:{}",
                    document.source.path,
                    line_of(&document.text, span.start())
                )
            }
            None => id.to_string(),
        }
    }
}

/// The line, from 1, that holds byte `at`.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// The lines that `span` touches and `context` lines around them, numbered, the span itself marked.
pub(crate) fn excerpt(text: &str, span: Span, context: usize, paint: Paint) -> Vec<String> {
    let first = line_of(text, span.start());
    let last = line_of(text, span.end().saturating_sub(1).max(span.start()));
    let width = (last + context).to_string().len();
    let mut lines = Vec::new();
    let mut start = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let number = index + 1;
        if number > last + context {
            break;
        }
        if number + context >= first {
            let touched = number >= first && number <= last;
            let sign = if touched { ">" } else { " " };
            let gutter = paint.faint(format!("{sign} {number:>width$} │"));
            let whole = Span::of_len(start, line.len());
            lines.push(
                format!("{gutter} {}", marked(text, whole, span, paint))
                    .trim_end()
                    .to_owned(),
            );
        }
        start += line.len();
    }
    lines
}

/// The text under `whole` with what it shares with `part` marked.
fn marked(text: &str, whole: Span, part: Span, paint: Paint) -> String {
    let plain = |from, to| {
        let span = Span::new(from, to).ok();
        printable(span.and_then(|span| span.slice(text)).unwrap_or_default())
    };
    match whole.intersection(part) {
        None => plain(whole.start(), whole.end()),
        Some(shared) => {
            let quote = plain(shared.start(), shared.end());
            let (inner, end) = match quote.strip_suffix('\n') {
                Some(inner) => (inner, "\n"),
                None => (quote.as_str(), ""),
            };
            let before = plain(whole.start(), shared.start());
            format!(
                "{before}{}{end}{}",
                paint.mark(inner),
                plain(shared.end(), whole.end())
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_shows_the_quoted_lines_and_their_neighbours() {
        let text = "one\ntwo\nthree\nfour\nfive\n";
        let lines = excerpt(text, Span::of_len(8, 10), 1, Paint::plain());
        assert_eq!(
            lines,
            ["  2 │ two", "> 3 │ three", "> 4 │ four", "  5 │ five"]
        );
    }

    #[test]
    fn a_span_that_cuts_a_character_breaks_nothing() {
        assert_eq!(
            excerpt("é\n", Span::of_len(1, 1), 0, Paint::plain()).len(),
            1
        );
    }
}
