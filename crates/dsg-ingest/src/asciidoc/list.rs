//! Lists of all kinds, with continuations.

use dsg_core::{BlockKind, Span};

use super::line::{self, ItemLine, Marker};
use super::scanner::{Scanner, is_continuation};
use crate::entry_term;
use crate::outline::{Mark, span};
use crate::row::{Row, extent};

/// Lists nested deeper than this are text.
const MAX_NESTED: usize = 12;

/// What an item has so far.
struct Item {
    /// The definition or option that its first words begin, and where its description begins.
    entry: Option<(Mark, usize)>,
    /// Where its content begins.
    body: Option<usize>,
    end: usize,
}

impl<'a> Scanner<'a, '_> {
    /// The list that begins at row `at`; returns the row after it.
    pub(super) fn list(
        &mut self,
        rows: &[Row<'a>],
        at: usize,
        row: Row<'a>,
        marker: Marker,
    ) -> usize {
        if self.markers.len() >= MAX_NESTED {
            let whole = span(row.start, row.end());
            self.outline.paragraph(self.text, whole);
            return at + 1;
        }
        let ordered = !matches!(marker, Marker::Bullet(..));
        // Terms stand for themselves.
        let list = (!matches!(marker, Marker::Term(..)))
            .then(|| self.outline.open(BlockKind::List { ordered }, row.start));
        self.markers.push(marker);
        let mut next = at;
        let mut end = row.end();
        while let Some((here, item)) = sibling(rows, next, marker) {
            (next, end) = if matches!(marker, Marker::Term(..)) {
                self.described(rows, here, item)
            } else {
                self.item(rows, here, item)
            };
        }
        self.markers.pop();
        if let Some(list) = list {
            self.outline.close(list, end);
        }
        next
    }

    fn item(&mut self, rows: &[Row<'a>], at: usize, line: ItemLine) -> (usize, usize) {
        let Some(row) = rows.get(at).copied() else {
            return (at + 1, 0);
        };
        let mark = self.outline.open(BlockKind::ListItem, row.start);
        let first = row.after(checkbox(row.text, line.text), row.column);
        let mut item = Item {
            entry: None,
            body: Some(first.start),
            end: first.end(),
        };
        let stop = self.text_end(rows, at + 1, false);
        let said = rows.get(at + 1..stop).and_then(extent);
        let whole = span(first.start, said.map_or(first.end(), Span::end));
        item.end = whole.end();
        self.item_text(whole, &mut item);
        let next = self.rest(rows, stop, &mut item);
        if let Some((entry, body)) = item.entry {
            if body < item.end {
                self.outline.set_body(&entry, span(body, item.end));
            } else {
                self.outline.set_kind(&entry, BlockKind::Paragraph);
            }
            self.outline.close(entry, item.end);
        }
        self.outline.set_body(&mark, span(whole.start(), item.end));
        self.outline.close(mark, item.end);
        (next, item.end)
    }

    /// An item's first paragraph, or the entry that it begins: `` * `--all`: everything ``.
    fn item_text(&mut self, whole: Span, item: &mut Item) {
        let shown = whole.slice(self.text).unwrap_or_default();
        let Some(entry) = entry_term::split(shown) else {
            self.outline.paragraph(self.text, whole);
            return;
        };
        let label = span(
            whole.start() + entry.label.start(),
            whole.start() + entry.label.end(),
        );
        let body = whole.start() + entry.body;
        let kind = entry_term::kind_of(label.slice(self.text).unwrap_or_default());
        let mark = self.outline.open(kind, whole.start());
        self.outline.set_label(&mark, label);
        if body < whole.end() {
            self.outline.paragraph(self.text, span(body, whole.end()));
        }
        item.entry = Some((mark, body));
    }

    /// `term:: text`, with further terms for the same text above it.
    fn described(&mut self, rows: &[Row<'a>], at: usize, line: ItemLine) -> (usize, usize) {
        let Some(first) = rows.get(at).copied() else {
            return (at + 1, 0);
        };
        let mut last = (at, first, line);
        while last.2.text >= last.1.text.len()
            && let Some(row) = rows.get(last.0 + 1).copied()
            && let Some(next) = line::item(row.text).filter(|next| next.marker == line.marker)
        {
            last = (last.0 + 1, row, next);
        }
        let (nth, row, line) = last;
        let label = if nth == at {
            let term = row.text.get(..line.term).unwrap_or_default();
            let (from, length) = entry_term::unmarked(anchorless(term));
            let lead = term.len() - anchorless(term).len();
            Span::of_len(row.start + lead + from, length)
        } else {
            span(first.start, row.start + line.term)
        };
        let shown = label.slice(self.text).unwrap_or_default();
        let kind = if self.options && !shown.contains(' ') {
            BlockKind::Option
        } else {
            entry_term::kind_of(shown)
        };
        let mark = self.outline.open(kind, first.start);
        self.outline.set_label(&mark, label);
        let mut item = Item {
            entry: None,
            body: None,
            end: row.start + line.term,
        };
        let said = row.after(line.text, row.column);
        let mut next = nth + 1;
        if !said.is_blank() {
            next = self.text_end(rows, next, false);
            let more = rows.get(nth + 1..next).and_then(extent);
            let whole = span(said.start, more.map_or(said.end(), Span::end));
            self.outline.paragraph(self.text, whole);
            item.body = Some(whole.start());
            item.end = whole.end();
        }
        let next = self.rest(rows, next, &mut item);
        match item.body {
            Some(body) => self.outline.set_body(&mark, span(body, item.end)),
            // A name and nothing about it defines nothing.
            None => self.outline.set_kind(&mark, BlockKind::Paragraph),
        }
        self.outline.close(mark, item.end);
        (next, item.end)
    }

    /// What else belongs to an item: nested lists, literal paragraphs, what a `+` attaches.
    fn rest(&mut self, rows: &[Row<'a>], from: usize, item: &mut Item) -> usize {
        let mut at = from;
        // A directive or comment was passed, and text may go on below it.
        let mut passed = false;
        loop {
            let blanks = rows
                .iter()
                .skip(at)
                .take_while(|row| row.is_blank())
                .count();
            let here = at + blanks;
            let Some(row) = rows.get(here).copied() else {
                return at;
            };
            let bare = item.body.is_none();
            let next = if is_continuation(row) {
                if self.is_lifted(blanks) {
                    return at;
                }
                if rows.get(here + 1).is_none() {
                    return here + 1;
                }
                self.block(rows, here + 1)
            } else if let Some(end) = self.aside(rows, here) {
                at = end;
                passed = true;
                continue;
            } else if let Some(found) = line::item(row.text) {
                if self.markers.contains(&found.marker) {
                    return at;
                }
                self.list(rows, here, row, found.marker)
            } else if (bare || (passed && blanks == 0))
                && is_text(row)
                && !(blanks > 0 && is_section(rows, here))
            {
                let end = self.text_end(rows, here + 1, false);
                if let Some(whole) = rows.get(here..end).and_then(extent) {
                    self.outline.paragraph(self.text, whole);
                }
                end
            } else if (bare && blanks == 0) || (blanks > 0 && row.column > 0) {
                self.block(rows, here)
            } else {
                return at;
            };
            passed = false;
            let used = rows.get(here..next).unwrap_or_default();
            let used = used
                .get(usize::from(is_continuation(row))..)
                .unwrap_or_default();
            if let Some(whole) = extent(used) {
                item.body.get_or_insert(whole.start());
                item.end = item.end.max(whole.end());
            }
            at = next.max(here + 1);
        }
    }

    /// Whether a `+` below `blanks` blank rows belongs to an outer item.
    fn is_lifted(&mut self, blanks: usize) -> bool {
        let lift = self.lift.take().unwrap_or(blanks);
        if lift == 0 || self.markers.len() <= 1 {
            return false;
        }
        self.lift = Some(lift - 1);
        true
    }
}

/// The next item with the same marker: past blank rows, nothing else.
fn sibling(rows: &[Row<'_>], from: usize, marker: Marker) -> Option<(usize, ItemLine)> {
    let (nth, row) = rows
        .iter()
        .enumerate()
        .skip(from)
        .find(|(_, row)| !row.is_blank())?;
    let item = line::item(row.text).filter(|item| item.marker == marker)?;
    Some((nth, item))
}

/// Whether `row` is running text by itself.
fn is_text(row: Row<'_>) -> bool {
    line::fence(row).is_none()
        && !line::is_attributes(row)
        && !line::is_title(row)
        && line::block_macro(row).is_none()
}

fn is_section(rows: &[Row<'_>], at: usize) -> bool {
    let Some(row) = rows.get(at).copied() else {
        return false;
    };
    line::section(row).is_some()
        || rows
            .get(at + 1)
            .is_some_and(|under| line::underlined(row, *under).is_some())
}

/// Where the text of an item begins past its checkbox, `[x]`.
fn checkbox(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    ["[ ] ", "[x] ", "[X] ", "[*] "]
        .into_iter()
        .find(|mark| rest.starts_with(mark))
        .map_or(from, |mark| from + mark.len())
}

/// `term` without anchors before it: `[[id]]term`.
fn anchorless(term: &str) -> &str {
    match term
        .strip_prefix("[[")
        .and_then(|rest| rest.split_once("]]"))
    {
        Some((_, rest)) if !rest.is_empty() => rest.trim_start(),
        _ => term,
    }
}
