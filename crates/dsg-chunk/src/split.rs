//! Where running text and code may be cut.

use std::sync::LazyLock;

use dsg_core::Span;
use regex::Regex;

/// How a stretch of text without inner blocks is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grain {
    /// Sentences; lines inside a sentence that is too long by itself.
    Prose,
    /// Groups of lines between empty lines; single lines inside a group that is too long by itself.
    Lines,
}

#[allow(
    clippy::unwrap_used,
    reason = "the pattern is a constant that the tests compile"
)]
static SENTENCE_END: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"[.!?…]["'”’)\]*_`]*\s+|\n[ \t]*\n\s*"#).unwrap());

/// Words that end in a full stop without ending a sentence.
const ABBREVIATIONS: [&str; 16] = [
    "e.g.", "i.e.", "etc.", "vs.", "cf.", "approx.", "resp.", "incl.", "fig.", "eq.", "sec.",
    "no.", "dr.", "mr.", "st.", "al.",
];

/// The coarse pieces of `span`, without the white space between them.
pub(crate) fn coarse(text: &str, span: Span, grain: Grain) -> Vec<Span> {
    match grain {
        Grain::Prose => sentences(text, span),
        Grain::Lines => paragraphs(text, span),
    }
}

/// The lines of `span`, without empty ones.
pub(crate) fn lines(text: &str, span: Span) -> Vec<Span> {
    cut(text, span, |inner| {
        inner.match_indices('\n').map(|(at, _)| at + 1).collect()
    })
}

/// Groups of lines with an empty line between them.
fn paragraphs(text: &str, span: Span) -> Vec<Span> {
    cut(text, span, |inner| {
        let mut cuts = Vec::new();
        let mut at = 0;
        for line in inner.split_inclusive('\n') {
            if line.trim().is_empty() {
                cuts.push(at);
            }
            at += line.len();
        }
        cuts
    })
}

fn sentences(text: &str, span: Span) -> Vec<Span> {
    cut(text, span, |inner| {
        SENTENCE_END
            .find_iter(inner)
            .filter(|found| ends_sentence(inner, found.start(), found.end()))
            .map(|found| found.end())
            .collect()
    })
}

/// Whether the mark at `mark` ends a sentence, given that the next one would start at `next`.
fn ends_sentence(inner: &str, mark: usize, next: usize) -> bool {
    let (Some(before), Some(after)) = (inner.get(..mark), inner.get(next..)) else {
        return false;
    };
    let Some(first) = inner.get(mark..).and_then(|rest| rest.chars().next()) else {
        return false;
    };
    if first.is_whitespace() {
        return true;
    }
    if after.chars().next().is_some_and(char::is_lowercase) {
        return false;
    }
    if first == '.' {
        let word_start = before.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let word = inner
            .get(word_start..=mark)
            .unwrap_or_default()
            .to_lowercase();
        let word = word.trim_start_matches(|c: char| !c.is_alphanumeric());
        // `1.` is a list number, `A.` an initial.
        if word.chars().count() <= 2 || ABBREVIATIONS.contains(&word) {
            return false;
        }
    }
    true
}

/// Cuts `span` at the offsets (relative to its start, ascending) that `at` finds and trims the parts.
fn cut(text: &str, span: Span, at: impl FnOnce(&str) -> Vec<usize>) -> Vec<Span> {
    let Some(inner) = span.slice(text) else {
        return Vec::new();
    };
    let mut parts = Vec::new();
    let mut start = 0;
    for end in at(inner).into_iter().chain([inner.len()]) {
        let part = Span::of_len(span.start() + start, end.saturating_sub(start)).trimmed(text);
        if !part.is_empty() {
            parts.push(part);
        }
        start = end;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str, grain: Grain) -> Vec<&str> {
        coarse(text, Span::of_len(0, text.len()), grain)
            .into_iter()
            .map(|span| span.slice(text).unwrap())
            .collect()
    }

    #[test]
    fn sentences_end_where_a_reader_would_say_so() {
        assert_eq!(
            parts(
                "Use e.g. `srun`. It waits (see slurm.conf.) Then 1. nothing.\n\nNew thought",
                Grain::Prose
            ),
            [
                "Use e.g. `srun`.",
                "It waits (see slurm.conf.)",
                "Then 1. nothing.",
                "New thought"
            ]
        );
    }

    #[test]
    fn code_is_cut_at_empty_lines_and_then_at_lines() {
        let code = "a\n  b\n\nc\n";
        assert_eq!(parts(code, Grain::Lines), ["a\n  b", "c"]);
        let all = lines(code, Span::of_len(0, code.len()));
        assert_eq!(all.len(), 3);
        assert_eq!(all[1].slice(code), Some("b"));
    }
}
