//! Where links stand in a page while it is being written: marks in the text that no reader sees, taken out at the end.
//!
//! A page escapes, indents and drops what it is given, so a link's place is known only when all is written. The marks are
//! noncharacters of Unicode, which text may not hold; those of a source are removed before.

use dsg_core::{Block, Link, Span};

use crate::lines::{head, tail};
use crate::outline::span;

/// Begins a target.
const OPEN: char = '\u{fdd0}';
/// Ends the target and begins the link's text.
const SHOWN: char = '\u{fdd1}';
/// Ends the link's text.
const CLOSE: char = '\u{fdd2}';

/// Whether `c` is kept for marks.
pub(super) const fn is_mark(c: char) -> bool {
    matches!(c, OPEN | SHOWN | CLOSE)
}

/// Marks what was added to `text` from byte `at` on as a link to `target`.
pub(super) fn around(text: &mut String, at: usize, target: &str) {
    let added = tail(text, at);
    let lead = added.len() - added.trim_start().len();
    let shown = added.trim();
    if shown.is_empty() || target.contains(|c: char| c.is_whitespace() || c == '|' || is_mark(c)) {
        return;
    }
    let (start, end) = (at + lead, at + lead + shown.len());
    text.insert(end, CLOSE);
    text.insert_str(start, &format!("{OPEN}{target}{SHOWN}"));
}

/// The text without marks, its blocks moved accordingly, and the links that the marks told of.
pub(super) fn taken_out(text: String, mut blocks: Vec<Block>) -> (String, Vec<Block>, Vec<Link>) {
    if !text.contains(is_mark) {
        return (text, blocks, Vec::new());
    }
    let mut out = String::with_capacity(text.len());
    let mut links: Vec<Link> = Vec::new();
    let mut open: Vec<(usize, &str)> = Vec::new();
    // Pairs of an offset in the marked text and the bytes removed before it.
    let mut removed: Vec<(usize, usize)> = vec![(0, 0)];
    let mut at = 0;
    while let Some(found) = tail(&text, at).find(is_mark) {
        let mark = at + found;
        out.push_str(text.get(at..mark).unwrap_or_default());
        let rest = tail(&text, mark);
        let mut end = mark + OPEN.len_utf8();
        if rest.starts_with(OPEN) {
            let length = rest.find(SHOWN).unwrap_or(rest.len());
            let target = head(rest, length).trim_start_matches(OPEN);
            open.push((out.len(), target));
            end = (mark + length + SHOWN.len_utf8()).min(text.len());
        } else if rest.starts_with(CLOSE)
            && let Some((start, target)) = open.pop()
        {
            links.push(Link {
                span: span(start, out.len()),
                target: target.to_owned(),
                doc_id: None,
                at: None,
            });
        }
        at = end;
        removed.push((at, at - out.len()));
    }
    out.push_str(tail(&text, at));
    let moved = |offset: usize| {
        let nth = removed.partition_point(|(from, _)| *from <= offset);
        let (from, gone) = removed
            .get(nth.saturating_sub(1))
            .copied()
            .unwrap_or_default();
        // An offset inside a mark is where the mark was.
        let next = removed
            .get(nth)
            .map_or(usize::MAX, |(next, gone)| next - gone);
        offset.max(from).saturating_sub(gone).min(next)
    };
    let place = |part: Span| span(moved(part.start()), moved(part.end()));
    for block in &mut blocks {
        block.span = place(block.span);
        block.label = block.label.map(place);
        block.body = block.body.map(place);
        block.cells.iter_mut().for_each(|cell| *cell = place(*cell));
    }
    (out, blocks, links)
}

#[cfg(test)]
mod tests {
    use dsg_core::BlockKind;

    use super::*;

    #[test]
    fn marks_leave_no_trace() {
        let mut text = "see é".to_owned();
        let at = text.len();
        text.push_str(" the page");
        around(&mut text, at, "a/b.html#c");
        text.push_str(" now");
        let whole = Block::new(BlockKind::Paragraph, span(0, text.len()));
        let end = text.find(" now").unwrap();
        let cell = Block::new(BlockKind::Quote, span(at + 1, end));
        let (text, blocks, links) = taken_out(text, vec![whole, cell]);
        assert_eq!(text, "see é the page now");
        assert_eq!(blocks[0].span.slice(&text), Some("see é the page now"));
        assert_eq!(blocks[1].span.slice(&text), Some("the page"));
        assert_eq!(links[0].span.slice(&text), Some("the page"));
        assert_eq!(links[0].target, "a/b.html#c");
    }
}
