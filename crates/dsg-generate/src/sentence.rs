//! Sentences of a paragraph, as spans.

use dsg_core::{Chunk, Markup, Span};

use crate::inline::clean;
use crate::regexes::regex;

/// A run of source text and what an answer shows for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Clean text.
    pub(crate) text: String,
    /// Where it stands in the document.
    pub(crate) span: Span,
    /// A link behind “this”, “here” or “follow”, or nothing but a link beside other sentences: what an answer shows of it leads nowhere.
    pub(crate) points_by_link: bool,
}

/// Words that end in a full stop without ending a sentence.
const ABBREVIATIONS: &[&str] = &[
    "e.g.", "i.e.", "vs.", "cf.", "approx.", "no.", "fig.", "dr.", "st.", "resp.", "ca.", "incl.",
    "max.", "min.", "ver.", "v.", "eg.", "ie.", "al.", "dept.", "inc.", "ltd.",
];

/// The sentences of the paragraph under `span`, in order, white space trimmed. Those that show nothing are left out.
pub(crate) fn sentences(chunk: &Chunk, span: Span) -> Vec<Piece> {
    let Some(text) = chunk.slice(span) else {
        return Vec::new();
    };
    let mut pieces = Vec::new();
    let mut start = 0;
    for end in boundaries(text) {
        push(chunk, span.start(), text, start, end, &mut pieces);
        start = end;
    }
    push(chunk, span.start(), text, start, text.len(), &mut pieces);
    // A link beside other sentences is where to read on; one that is all that is said may be the answer.
    if pieces.len() > 1 {
        for piece in &mut pieces {
            piece.points_by_link |= chunk
                .slice(piece.span)
                .is_some_and(|raw| regex!(r"(?s)^\W*\[[^\]]*\]\([^)]*\)\W*$").is_match(raw));
        }
    }
    pieces
}

fn push(chunk: &Chunk, base: usize, text: &str, start: usize, end: usize, out: &mut Vec<Piece>) {
    let Some(raw) = text.get(start..end) else {
        return;
    };
    let lead = raw.len() - raw.trim_start().len();
    let span = Span::of_len(base + start + lead, raw.trim().len());
    let clean = clean(raw.trim(), chunk.markup);
    if clean.chars().any(char::is_alphanumeric) {
        let points_by_link = chunk.markup == Markup::Markdown
            && regex!(r"(?is)\b(?:this|these|here|following)\b[^.\[\]]{0,24}\[[^\]]*\]\(|\b(?:follow|following|refer to|see|consult)\s+(?:the\s+)?\[[^\]]*\]\(|\[(?:this|these|here)\b[^\]]*\]\(")
                .is_match(raw);
        out.push(Piece {
            text: clean,
            span,
            points_by_link,
        });
    }
}

/// Byte offsets after which a new sentence begins.
pub(crate) fn boundaries(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    for candidate in regex!(r#"[.?!][*_`"”')\]]*\s+"#).find_iter(text) {
        let (Some(before), Some(after)) =
            (text.get(..candidate.end()), text.get(candidate.end()..))
        else {
            continue;
        };
        let before = before.trim_end();
        let Some(next) = after.chars().find(|c| !"*_`\"“'([:".contains(*c)) else {
            continue;
        };
        let code_next = after.starts_with(['`', '*', ':']);
        if !(next.is_uppercase() || next.is_ascii_digit() || (code_next && !next.is_whitespace())) {
            continue;
        }
        let last_word = before
            .rsplit(char::is_whitespace)
            .next()
            .unwrap_or_default()
            .trim_start_matches(['(', '*', '"', '[', '_'])
            .to_lowercase();
        if ABBREVIATIONS.contains(&last_word.as_str())
            || regex!(r"^\(?[a-z]\.$").is_match(&last_word)
            || regex!(r"^\d{1,2}\.$").is_match(before.trim_start())
        {
            continue;
        }
        let current = text
            .get(found.last().copied().unwrap_or(0)..candidate.end())
            .unwrap_or_default();
        if balanced(current) {
            found.push(candidate.end());
        }
    }
    found
}

/// Whether code, emphasis and brackets that open in `text` also close in it.
fn balanced(text: &str) -> bool {
    let count = |c: char| text.chars().filter(|found| *found == c).count();
    count('`').is_multiple_of(2)
        && text.matches("**").count().is_multiple_of(2)
        && count('(') == count(')')
        && count('[') == count(']')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::chunk_of;

    fn split(text: &str) -> Vec<String> {
        let chunk = chunk_of(text, Vec::new(), &["t"]);
        sentences(&chunk, chunk.span)
            .into_iter()
            .inspect(|piece| assert!(chunk.slice(piece.span).is_some()))
            .map(|piece| piece.text)
            .collect()
    }

    #[test]
    fn sentences_end_where_a_reader_sees_it() {
        assert_eq!(
            split(
                "One is here. Two, e.g. This, is\nhere. `three` too. (Four. Five.) Six v. 2.1 end"
            ),
            [
                "One is here.",
                "Two, e.g. This, is here.",
                "`three` too.",
                "(Four. Five.)",
                "Six v. 2.1 end"
            ]
        );
    }

    #[test]
    fn code_is_never_cut() {
        assert_eq!(
            split("Run `a. B` now. Then stop."),
            ["Run `a. B` now.", "Then stop."]
        );
    }
}
