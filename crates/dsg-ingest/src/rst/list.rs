//! Bullet, numbered and option lists.

use dsg_core::{BlockKind, Span};

use super::scanner::Scanner;
use crate::entry_term;
use crate::lines::head;
use crate::outline::{Mark, span};
use crate::row::{Row, extent, indented};

/// A list marker: whether it numbers, its kind, and the bytes up to the item's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Marker {
    ordered: bool,
    kind: u8,
    width: usize,
}

impl Marker {
    fn read(text: &str) -> Option<Self> {
        let first = text.chars().next()?;
        if matches!(first, '-' | '*' | '+' | '•') {
            let rest = text.get(first.len_utf8()..)?;
            return (rest.is_empty() || rest.starts_with(' ')).then(|| Self {
                ordered: false,
                kind: if first.is_ascii() { first as u8 } else { b'o' },
                width: first.len_utf8() + (rest.len() - rest.trim_start().len()),
            });
        }
        let open = usize::from(first == '(');
        let named = text.get(open..)?;
        let digits = named.bytes().take_while(u8::is_ascii_digit).count();
        let length = match digits {
            0 => named
                .starts_with(|c: char| c == '#' || c.is_ascii_alphabetic())
                .then_some(1)?,
            digits => digits,
        };
        let close = named.get(length..)?;
        let fits = (open == 0 && close.starts_with(". ")) || close.starts_with(") ");
        let after = close.get(1..)?;
        fits.then(|| Self {
            ordered: true,
            kind: if digits > 0 || named.starts_with('#') {
                b'1'
            } else {
                b'a'
            },
            width: open + length + 1 + (after.len() - after.trim_start().len()),
        })
    }
}

/// Whether `text` begins an item.
pub(super) fn is_item(text: &str) -> bool {
    Marker::read(text).is_some()
}

impl<'a> Scanner<'a, '_> {
    /// A list that begins at row `at`; returns the row after it.
    pub(super) fn list(&mut self, rows: &[Row<'a>], at: usize, row: Row<'a>) -> Option<usize> {
        let first = Marker::read(row.text)?;
        // `A. Author wrote this.` and a next line at the same column is a paragraph.
        if first.kind == b'a'
            && rows.get(at + 1).is_some_and(|next| {
                !next.is_blank() && next.column <= row.column && Marker::read(next.text).is_none()
            })
        {
            return None;
        }
        let list = self.outline.open(
            BlockKind::List {
                ordered: first.ordered,
            },
            row.start,
        );
        let mut next = at;
        let mut end = row.end();
        while let Some(item) = rows.get(next).copied() {
            if item.is_blank() {
                next += 1;
                continue;
            }
            let Some(marker) = Marker::read(item.text)
                .filter(|marker| item.column == row.column && marker.kind == first.kind)
            else {
                break;
            };
            let stop = indented(rows, next + 1, item.column + 1);
            self.item(rows, next, stop, marker);
            end = rows
                .get(next..stop)
                .and_then(extent)
                .map_or(item.end(), Span::end);
            next = stop.max(next + 1);
        }
        self.outline.close(list, end);
        Some(next)
    }

    fn item(&mut self, rows: &[Row<'a>], at: usize, stop: usize, marker: Marker) {
        let Some(whole) = rows.get(at..stop).and_then(extent) else {
            return;
        };
        let item = self.outline.open(BlockKind::ListItem, whole.start());
        let entry = self.item_entry(rows, at, stop, marker, &item);
        if !entry {
            self.nested_body(rows, at, stop, marker.width, &item);
        }
        self.outline.close(item, whole.end());
    }

    /// An item such as `* ``--np``: number of processes`.
    fn item_entry(
        &mut self,
        rows: &[Row<'a>],
        at: usize,
        stop: usize,
        marker: Marker,
        item: &Mark,
    ) -> bool {
        let (Some(row), Some(whole)) = (rows.get(at), rows.get(at..stop).and_then(extent)) else {
            return false;
        };
        let first = row.after(marker.width, row.column + marker.width);
        let Some(entry) =
            entry_term::split(first.text).filter(|entry| entry.body < first.text.len())
        else {
            return false;
        };
        let label = span(
            first.start + entry.label.start(),
            first.start + entry.label.end(),
        );
        let kind = entry_term::kind_of(label.slice(self.text).unwrap_or_default());
        self.outline.set_body(item, span(first.start, whole.end()));
        let mark = self.outline.open(kind, first.start);
        self.outline.set_label(&mark, label);
        let skip = (first.start - row.start) + entry.body;
        self.nested_body(rows, at, stop, skip, &mark);
        self.outline.close(mark, whole.end());
        true
    }

    /// `-a, --all  Shows all.`: options, two spaces, what they do.
    pub(super) fn option_list(
        &mut self,
        rows: &[Row<'a>],
        at: usize,
        row: Row<'a>,
    ) -> Option<usize> {
        if !row.text.starts_with('-') || !entry_term::is_option(row.text) {
            return None;
        }
        let gap = row.text.find("  ");
        let end = indented(rows, at + 1, row.column + 1);
        let follows = rows
            .get(at + 1)
            .is_some_and(|next| !next.is_blank() && next.column > row.column);
        if gap.is_none() && !follows {
            return None;
        }
        let length = gap.unwrap_or(row.text.len());
        let label = head(row.text, length);
        // A sentence that begins with an option is prose.
        if label.split_whitespace().count() > 6 {
            return None;
        }
        let whole = rows.get(at..end).and_then(extent)?;
        let mark = self.outline.open(BlockKind::Option, whole.start());
        self.outline
            .set_label(&mark, Span::of_len(row.start, length));
        self.nested_body(rows, at, end, length, &mark);
        self.outline.close(mark, whole.end());
        Some(end)
    }
}
