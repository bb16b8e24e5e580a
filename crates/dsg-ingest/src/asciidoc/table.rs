//! Tables: `|===` with cells behind bars, and separated values.

use dsg_core::{BlockKind, Span};

use super::attributes::Attributes;
use super::scanner::Scanner;
use crate::lines::head;
use crate::outline::span;
use crate::row::Row;

/// A table has no more columns than this; a cell spans no more.
const MAX_COLUMNS: usize = 200;

/// One cell of the source.
struct Cell {
    /// Where its specifier begins.
    start: usize,
    content: Span,
    columns: usize,
    rows: usize,
    /// The row of the source that it begins on.
    nth: usize,
}

impl<'a> Scanner<'a, '_> {
    pub(super) fn table(
        &mut self,
        separator: char,
        row: Row<'a>,
        inner: &[Row<'a>],
        end: usize,
        above: &Attributes<'a>,
    ) {
        let mark = self.outline.open(BlockKind::Table, above.start(row.start));
        if let Some(title) = above.title() {
            self.outline.set_label(&mark, title);
        }
        let by_line = match (above.named("format"), separator) {
            (Some("csv"), _) | (_, ',') => Some(','),
            (Some("dsv"), _) | (_, ':') => Some(':'),
            (Some("tsv"), _) => Some('\t'),
            _ => None,
        };
        let given = above
            .named("separator")
            .and_then(|given| given.chars().next())
            .filter(|c| !c.is_alphanumeric() && *c != '\\');
        let cells = match by_line {
            Some(mark) => separated(inner, given.unwrap_or(mark)),
            None => barred(inner, given.unwrap_or(separator), end),
        };
        let first_row: usize = cells
            .iter()
            .take_while(|cell| cells.first().is_some_and(|first| first.nth == cell.nth))
            .map(|cell| cell.columns)
            .sum();
        let columns = above
            .named("cols")
            .map_or(0, columns)
            .max(usize::from(above.named("cols").is_none()) * first_row)
            .clamp(1, MAX_COLUMNS);
        let header = above.has_option("header")
            || (!above.has_option("noheader") && is_header(inner, &cells, columns));
        self.rows(&cells, columns, header);
        self.outline.close(mark, end);
    }

    /// Deals `cells` out over rows of `columns`.
    fn rows(&mut self, cells: &[Cell], columns: usize, header: bool) {
        // How many further rows a cell above reaches into, per column.
        let mut taken = vec![0_usize; columns];
        let mut next = cells.iter().peekable();
        let mut first = true;
        while let Some(cell) = next.peek() {
            let start = cell.start;
            let mut end = start;
            let mut spans: Vec<Span> = Vec::with_capacity(columns);
            while spans.len() < columns {
                let at = spans.len();
                if let Some(left) = taken.get_mut(at).filter(|left| **left > 0) {
                    *left -= 1;
                    spans.push(Span::of_len(end, 0));
                    continue;
                }
                let Some(cell) = next.next() else {
                    break;
                };
                for left in taken.iter_mut().skip(at).take(cell.columns) {
                    *left = cell.rows - 1;
                }
                spans.push(cell.content);
                end = cell.content.end();
                for _ in 1..cell.columns {
                    spans.push(Span::of_len(end, 0));
                }
            }
            spans.truncate(columns);
            // A row that is nothing but reached into takes no cell.
            if end > start {
                let mark = self.outline.open(
                    BlockKind::Row {
                        header: header && first,
                    },
                    start,
                );
                self.outline.set_cells(&mark, spans);
                self.outline.close(mark, end);
                first = false;
            }
        }
    }
}

/// The number of columns in `1,2,3`, `3*`, `2*,1`.
fn columns(given: &str) -> usize {
    given
        .split([',', ';'])
        .map(|column| {
            let count = column
                .trim()
                .split_once('*')
                .map_or("1", |(count, _)| count);
            count.parse::<usize>().unwrap_or(1).min(MAX_COLUMNS)
        })
        .sum()
}

/// A first row on one line with a blank line below heads the table.
fn is_header(inner: &[Row<'_>], cells: &[Cell], columns: usize) -> bool {
    let on_first = cells
        .iter()
        .filter(|cell| cell.nth == 0)
        .map(|cell| cell.columns)
        .sum::<usize>();
    on_first == columns && inner.len() > 2 && inner.get(1).is_some_and(|row| row.is_blank())
}

/// Cells that begin with `mark`, which a specifier may precede: `2+|`, `.2+^.>s|`.
fn barred(inner: &[Row<'_>], mark: char, end: usize) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    for (nth, row) in inner.iter().enumerate() {
        let mut from = 0;
        for (at, _) in row.text.match_indices(mark) {
            let before = head(row.text, at);
            if before.ends_with('\\') {
                continue;
            }
            let (length, columns, rows) = specifier(before.get(from..).unwrap_or_default());
            let start = row.start + at - length;
            finish(&mut cells, start);
            cells.push(Cell {
                start,
                content: span(row.start + at + mark.len_utf8(), row.end()),
                columns,
                rows,
                nth,
            });
            from = at + mark.len_utf8();
        }
        // Text below goes on in the cell.
        if let Some(last) = cells.last_mut().filter(|_| !row.is_blank()) {
            last.content = span(last.content.start(), row.end());
        }
    }
    finish(&mut cells, end);
    cells
}

/// Ends the last cell before `at`.
fn finish(cells: &mut [Cell], at: usize) {
    if let Some(last) = cells.last_mut()
        && last.content.end() > at
    {
        last.content = span(last.content.start().min(at), at);
    }
}

/// Length, columns and rows of the cell specifier at the end of `before`.
fn specifier(before: &str) -> (usize, usize, usize) {
    let word = before
        .rsplit(char::is_whitespace)
        .next()
        .unwrap_or_default();
    let none = (0, 1, 1);
    let style = word.trim_end_matches(|c: char| c.is_ascii_lowercase());
    if word.is_empty() || word.len() - style.len() > 1 {
        return none;
    }
    let sized = style.trim_end_matches(['<', '^', '>', '.']);
    let (size, repeats) = match (sized.strip_suffix('+'), sized.strip_suffix('*')) {
        (Some(size), _) => (size, false),
        (_, Some(size)) => (size, true),
        _ if sized.is_empty() => return (word.len(), 1, 1),
        _ => return none,
    };
    let (columns, rows) = size.split_once('.').unwrap_or((size, "1"));
    let number = |digits: &str| -> Option<usize> {
        if digits.is_empty() {
            return Some(1);
        }
        digits
            .parse()
            .ok()
            .filter(|n| (1..=MAX_COLUMNS).contains(n))
    };
    match (number(columns), number(rows)) {
        (Some(columns), Some(rows)) => (word.len(), columns, if repeats { 1 } else { rows }),
        _ => none,
    }
}

/// One row a line, cells between `mark`s; quoted ones may hold it.
fn separated(inner: &[Row<'_>], mark: char) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (nth, row) in inner.iter().enumerate().filter(|(_, row)| !row.is_blank()) {
        let mut from = 0;
        let mut quoted = false;
        let ends = row
            .text
            .char_indices()
            .filter(|(_, c)| {
                quoted ^= *c == '"';
                *c == mark && !quoted
            })
            .map(|(at, _)| at)
            .chain([row.text.len()])
            .collect::<Vec<_>>();
        for at in ends {
            let text = row.text.get(from..at).unwrap_or_default();
            let bare = text.trim().trim_matches('"');
            let lead = text.len() - text.trim_start().trim_start_matches('"').len();
            cells.push(Cell {
                start: row.start + from,
                content: Span::of_len(row.start + from + lead.min(text.len()), bare.len()),
                columns: 1,
                rows: 1,
                nth,
            });
            from = at + mark.len_utf8();
        }
    }
    cells
}
