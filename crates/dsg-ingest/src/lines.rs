//! Lines with their place in the text.

use dsg_core::Span;

/// One line without its line end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// Offset of the line's first byte.
    pub start: usize,
    /// The line.
    pub text: &'a str,
}

impl<'a> Line<'a> {
    /// One past the last byte, before the line end.
    pub(crate) const fn end(self) -> usize {
        self.start + self.text.len()
    }

    /// Nothing but white space.
    pub(crate) fn is_blank(self) -> bool {
        self.text.trim().is_empty()
    }

    /// Columns of white space before the first character; a tab goes to the next multiple of `tab`.
    pub(crate) fn columns(self, tab: usize) -> usize {
        let mut column = 0;
        for byte in self.text.bytes() {
            match byte {
                b' ' => column += 1,
                b'\t' => column += tab - column % tab,
                _ => break,
            }
        }
        column
    }

    /// The line without white space around it.
    pub(crate) fn content(self) -> &'a str {
        self.text.trim()
    }

    /// The span of [`Line::content`].
    pub(crate) fn content_span(self) -> Span {
        let lead = self.text.len() - self.text.trim_start().len();
        Span::of_len(self.start + lead, self.text.trim().len())
    }
}

/// The lines of `text`, which begins at byte `base` of the document.
pub(crate) fn lines(text: &str, base: usize) -> Vec<Line<'_>> {
    let mut at = base;
    text.split_inclusive('\n')
        .map(|line| {
            let start = at;
            at += line.len();
            Line {
                start,
                text: line.strip_suffix('\n').unwrap_or(line),
            }
        })
        .collect()
}

/// The part of `text` from byte `from` on; empty when that is out of bounds or inside a character.
pub(crate) fn tail(text: &str, from: usize) -> &str {
    text.get(from..).unwrap_or_default()
}

/// The part of `text` before byte `to`; empty when that is out of bounds or inside a character.
pub(crate) fn head(text: &str, to: usize) -> &str {
    text.get(..to).unwrap_or_default()
}
