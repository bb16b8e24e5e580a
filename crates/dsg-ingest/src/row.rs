//! Lines as rows: content, column, place. What scanners that go by indentation work on.

use dsg_core::Span;

use crate::lines::Line;
use crate::outline::span;

/// A line with its indentation taken off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    /// Where the line's content begins in the document.
    pub start: usize,
    /// The content, without indentation and trailing white space.
    pub text: &'a str,
    /// The column of the content.
    pub column: usize,
}

impl<'a> Row<'a> {
    pub(crate) fn new(line: Line<'a>) -> Self {
        let content = line.content_span();
        Self {
            start: content.start(),
            text: line.content(),
            column: line.columns(8),
        }
    }

    pub(crate) const fn end(self) -> usize {
        self.start + self.text.len()
    }

    pub(crate) const fn is_blank(self) -> bool {
        self.text.is_empty()
    }

    /// The row from byte `at` of its content on, as content of a nested body at `column`.
    pub(crate) fn after(self, at: usize, column: usize) -> Self {
        let rest = self.text.get(at..).unwrap_or_default();
        let text = rest.trim_start();
        Self {
            start: self.start + at + (rest.len() - text.len()),
            text,
            column,
        }
    }
}

/// Rows `from..` that belong to a body indented by at least `column`, without trailing blank rows.
pub(crate) fn indented(rows: &[Row<'_>], from: usize, column: usize) -> usize {
    let mut end = from;
    for (nth, row) in rows.iter().enumerate().skip(from) {
        if row.is_blank() {
            continue;
        }
        if row.column < column {
            break;
        }
        end = nth + 1;
    }
    end
}

/// The span of `rows` from first to last content.
pub(crate) fn extent(rows: &[Row<'_>]) -> Option<Span> {
    let first = rows.iter().find(|row| !row.is_blank())?;
    let last = rows.iter().rev().find(|row| !row.is_blank())?;
    Some(span(first.start, last.end()))
}

/// The smallest column of the content of `rows`.
pub(crate) fn base(rows: &[Row<'_>]) -> usize {
    rows.iter()
        .filter(|row| !row.is_blank())
        .map(|row| row.column)
        .min()
        .unwrap_or_default()
}
