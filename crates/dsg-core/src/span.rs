//! Byte spans into a document's text.

use serde::{Deserialize, Serialize};

/// A half-open byte range `start..end` into a document's text, never empty-or-inverted by accident:
/// [`Span::new`] is the only constructor and deserialization goes through it.
///
/// Offsets are **bytes** of `document.text`; a span that falls inside a UTF-8 character slices to `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawSpan")]
pub struct Span {
    start: usize,
    end: usize,
}

#[derive(Deserialize)]
struct RawSpan {
    start: usize,
    end: usize,
}

/// `start` lies after `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a span cannot start at {start} and end at {end}")]
pub struct SpanError {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl TryFrom<RawSpan> for Span {
    type Error = SpanError;

    fn try_from(raw: RawSpan) -> Result<Self, SpanError> {
        Self::new(raw.start, raw.end)
    }
}

impl Span {
    /// A span from `start` (inclusive) to `end` (exclusive), in bytes.
    ///
    /// # Errors
    /// [`SpanError`] when `start > end`.
    pub const fn new(start: usize, end: usize) -> Result<Self, SpanError> {
        if start > end {
            Err(SpanError { start, end })
        } else {
            Ok(Self { start, end })
        }
    }

    /// The span of `len` bytes that starts at `start`.
    #[must_use]
    pub const fn of_len(start: usize, len: usize) -> Self {
        Self {
            start,
            end: start.saturating_add(len),
        }
    }

    /// First byte.
    pub const fn start(self) -> usize {
        self.start
    }

    /// One past the last byte.
    pub const fn end(self) -> usize {
        self.end
    }

    /// Length in bytes.
    pub const fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether the span covers no byte.
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether `other` lies wholly inside this span.
    pub const fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether the two spans share at least one byte.
    pub const fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// The bytes both spans share, if any.
    pub fn intersection(self, other: Self) -> Option<Self> {
        let (start, end) = (self.start.max(other.start), self.end.min(other.end));
        (start < end).then_some(Self { start, end })
    }

    /// The text under this span; `None` when it is out of bounds or cuts a UTF-8 character.
    pub fn slice(self, text: &str) -> Option<&str> {
        text.get(self.start..self.end)
    }

    /// The text under this span when `text` itself begins at byte `base` of the document.
    pub fn slice_from(self, text: &str, base: usize) -> Option<&str> {
        text.get(self.start.checked_sub(base)?..self.end.checked_sub(base)?)
    }

    /// This span without leading and trailing white space of `text` (the whole document).
    #[must_use]
    pub fn trimmed(self, text: &str) -> Self {
        let Some(inner) = self.slice(text) else {
            return self;
        };
        let start = self.start + (inner.len() - inner.trim_start().len());
        Self::of_len(start, inner.trim().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inverted_span_is_refused_also_in_json() {
        assert_eq!(Span::new(3, 2), Err(SpanError { start: 3, end: 2 }));
        assert!(serde_json::from_str::<Span>(r#"{"start":3,"end":2}"#).is_err());
    }

    #[test]
    fn a_cut_character_slices_to_nothing() {
        let text = "aé";
        assert_eq!(Span::of_len(1, 2).slice(text), Some("é"));
        assert_eq!(Span::of_len(1, 1).slice(text), None);
    }

    #[test]
    fn trimming_keeps_offsets_into_the_document() {
        let text = "x  hello \n";
        assert_eq!(Span::of_len(1, 9).trimmed(text).slice(text), Some("hello"));
    }
}
