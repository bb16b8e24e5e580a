//! Grid, simple, list and CSV tables.

use dsg_core::{BlockKind, Span};

use super::scanner::Scanner;
use crate::outline::span;
use crate::row::{Row, extent, indented};

/// Whether `text` can begin a grid or simple table.
pub(super) fn is_start(text: &str) -> bool {
    is_grid_rule(text) || is_simple_rule(text)
}

fn is_grid_rule(text: &str) -> bool {
    text.len() >= 4
        && text.starts_with('+')
        && text.ends_with('+')
        && text.bytes().all(|byte| matches!(byte, b'+' | b'-' | b'='))
}

/// `=====  =====`: at least two columns.
fn is_simple_rule(text: &str) -> bool {
    text.starts_with('=')
        && text.contains(' ')
        && text.bytes().all(|byte| matches!(byte, b'=' | b' '))
}

/// One column's byte range in a row's content.
type Column = (usize, usize);

impl<'a> Scanner<'a, '_> {
    /// The table at row `at`, with its caption and the span of the directive around it.
    pub(super) fn table(
        &mut self,
        rows: &[Row<'a>],
        at: usize,
        caption: Option<(Span, Span)>,
    ) -> Option<usize> {
        let first = rows.get(at)?;
        let grid = is_grid_rule(first.text);
        let end = if grid {
            at + rows
                .iter()
                .skip(at)
                .take_while(|row| row.text.starts_with(['+', '|']))
                .count()
        } else if is_simple_rule(first.text) {
            simple_end(rows, at)?
        } else {
            return None;
        };
        let body = rows.get(at..end)?;
        let whole = extent(body)?;
        let outer = caption.map_or(whole, |(_, around)| around);
        let table = self.outline.open(BlockKind::Table, outer.start());
        if let Some((label, _)) = caption {
            self.outline.set_label(&table, label);
        }
        if grid {
            self.grid(body);
        } else {
            self.simple(body);
        }
        self.outline.close(table, outer.end());
        Some(end)
    }

    fn grid(&mut self, rows: &[Row<'a>]) {
        let has_header = rows.iter().any(|row| row.text.starts_with("+="));
        let mut header = has_header;
        let mut lines: Vec<Row<'a>> = Vec::new();
        for row in rows {
            if is_grid_rule(row.text) {
                self.grid_row(&lines, header);
                lines.clear();
                if row.text.contains('=') {
                    header = false;
                }
            } else {
                lines.push(*row);
            }
        }
        self.grid_row(&lines, header);
    }

    fn grid_row(&mut self, lines: &[Row<'a>], header: bool) {
        let Some(first) = lines.first() else {
            return;
        };
        let bars: Vec<usize> = first.text.match_indices('|').map(|(at, _)| at).collect();
        let columns: Vec<Column> = bars
            .windows(2)
            .filter_map(|pair| match pair {
                [open, close] => Some((open + 1, *close)),
                _ => None,
            })
            .collect();
        self.row(lines, &columns, header);
    }

    fn simple(&mut self, rows: &[Row<'a>]) {
        let Some(rule) = rows.first() else {
            return;
        };
        let columns = simple_columns(rule.text);
        let rules = rows.iter().filter(|row| is_simple_rule(row.text)).count();
        let mut header = rules > 2;
        let mut lines: Vec<Row<'a>> = Vec::new();
        for row in rows.iter().skip(1) {
            let is_rule = is_simple_rule(row.text);
            let underline =
                row.text.starts_with('-') && row.text.bytes().all(|b| matches!(b, b'-' | b' '));
            // Text in the first column begins a row.
            let begins = row.column <= rule.column && !row.is_blank();
            if is_rule || underline || begins {
                self.row(&lines, &columns, header);
                lines.clear();
            }
            if is_rule {
                header = false;
            } else if !underline && !row.is_blank() {
                lines.push(self.shifted(*row, rule.column));
            }
        }
        self.row(&lines, &columns, header);
    }

    /// `row` with its content counted from the table's own column, so that empty first cells keep their place.
    fn shifted(&self, row: Row<'a>, column: usize) -> Row<'a> {
        let gap = row.column.saturating_sub(column);
        let start = row.start.saturating_sub(gap);
        match self.text.get(start..row.end()) {
            Some(text) if text.get(..gap).is_some_and(|lead| lead.trim().is_empty()) => Row {
                start,
                text,
                column,
            },
            _ => row,
        }
    }

    /// A row of `lines` with cells in `columns`; what lies beyond the last column belongs to it.
    fn row(&mut self, lines: &[Row<'a>], columns: &[Column], header: bool) {
        let Some(whole) = extent(lines) else {
            return;
        };
        let framed = |before: Span, here: Span| {
            let between = self.text.get(before.end()..here.start());
            between.is_some_and(|between| between.contains('|'))
        };
        let count = columns.len();
        let mut cells = Vec::with_capacity(count);
        for (nth, (open, close)) in columns.iter().enumerate() {
            let mut cell: Option<Span> = None;
            let mut cut = false;
            for line in lines {
                let from = line.text.floor_char_boundary((*open).min(line.text.len()));
                let to = if nth + 1 == count && !line.text.ends_with('|') {
                    line.text.len()
                } else {
                    line.text.floor_char_boundary((*close).min(line.text.len()))
                };
                let piece = line.text.get(from..to).unwrap_or_default();
                if piece.trim().is_empty() {
                    continue;
                }
                let lead = piece.len() - piece.trim_start().len();
                let here = Span::of_len(line.start + from + lead, piece.trim().len());
                cell = Some(match cell {
                    None => here,
                    Some(before) if occupied(line.text, columns) == 1 && !framed(before, here) => {
                        span(before.start(), here.end())
                    }
                    // Other cells or the table's frame lie in between: half a cell would say something else, so there is none.
                    Some(before) => {
                        cut = true;
                        before
                    }
                });
            }
            let cell = cell.filter(|_| !cut);
            let empty = Span::of_len(whole.start(), 0);
            cells.push(cell.unwrap_or(empty));
        }
        let row = self.outline.open(BlockKind::Row { header }, whole.start());
        self.outline.set_cells(&row, cells);
        self.outline.close(row, whole.end());
    }

    /// `* - cell` rows of nested lists.
    pub(super) fn list_table(&mut self, rows: &[Row<'a>], whole: Span, caption: Option<Span>) {
        let table = self.outline.open(BlockKind::Table, whole.start());
        if let Some(label) = caption {
            self.outline.set_label(&table, label);
        }
        let header_rows = self.option_number(whole, "header-rows");
        let mut at = 0;
        let mut nth = 0;
        while let Some(row) = rows.get(at).copied() {
            if !row.text.starts_with("* ") && !row.text.starts_with("- ") {
                at += 1;
                continue;
            }
            let end = indented(rows, at + 1, row.column + 1);
            let mut cells = Vec::new();
            let inner = row.column + 2;
            let mut lines = vec![row.after(2, inner)];
            lines.extend_from_slice(rows.get(at + 1..end).unwrap_or_default());
            let mut start = 0;
            while let Some(cell) = lines.get(start).copied() {
                if cell.column > inner || !cell.text.starts_with(['-', '*']) {
                    start += 1;
                    continue;
                }
                let stop = indented(&lines, start + 1, inner + 1);
                let mut content = vec![cell.after(1, inner)];
                content.extend_from_slice(lines.get(start + 1..stop).unwrap_or_default());
                cells.push(extent(&content).unwrap_or(Span::of_len(cell.end(), 0)));
                start = stop.max(start + 1);
            }
            if let Some(span) = rows.get(at..end).and_then(extent) {
                let header = nth < header_rows;
                let mark = self.outline.open(BlockKind::Row { header }, span.start());
                self.outline.set_cells(&mark, cells);
                self.outline.close(mark, span.end());
            }
            nth += 1;
            at = end.max(at + 1);
        }
        self.outline.close(table, whole.end());
    }

    /// Rows of comma-separated cells, quotes allowed.
    pub(super) fn csv_table(&mut self, rows: &[Row<'a>], whole: Span, caption: Option<Span>) {
        let table = self.outline.open(BlockKind::Table, whole.start());
        if let Some(label) = caption {
            self.outline.set_label(&table, label);
        }
        self.csv_header(whole);
        let header_rows = self.option_number(whole, "header-rows");
        for (nth, row) in rows.iter().filter(|row| !row.is_blank()).enumerate() {
            let header = nth < header_rows;
            let mark = self.outline.open(BlockKind::Row { header }, row.start);
            self.outline.set_cells(&mark, csv_cells(*row));
            self.outline.close(mark, row.end());
        }
        self.outline.close(table, whole.end());
    }

    /// The row in a `:header:` option.
    fn csv_header(&mut self, whole: Span) {
        let source = whole.slice(self.text).unwrap_or_default();
        let Some(option) = crate::lines::lines(source, whole.start())
            .into_iter()
            .find(|line| line.content().starts_with(":header:"))
        else {
            return;
        };
        let row = Row::new(option).after(":header:".len(), 0);
        let mark = self
            .outline
            .open(BlockKind::Row { header: true }, row.start);
        self.outline.set_cells(&mark, csv_cells(row));
        self.outline.close(mark, row.end());
    }

    /// The number that the directive's option `name` has; 0 without it.
    fn option_number(&self, whole: Span, name: &str) -> usize {
        let source = whole.slice(self.text).unwrap_or_default();
        source
            .lines()
            .skip(1)
            .take_while(|line| line.trim_start().starts_with(':'))
            .find_map(|line| {
                let rest = line.trim().strip_prefix(':')?.strip_prefix(name)?;
                rest.strip_prefix(':')?.trim().parse().ok()
            })
            .unwrap_or_default()
    }
}

fn simple_end(rows: &[Row<'_>], at: usize) -> Option<usize> {
    let mut last = None;
    for (nth, row) in rows.iter().enumerate().skip(at + 1) {
        if is_simple_rule(row.text) {
            last = Some(nth + 1);
            // A rule before a blank line closes the table.
            if rows.get(nth + 1).is_none_or(|next| next.is_blank()) {
                break;
            }
        }
    }
    last
}

fn simple_columns(rule: &str) -> Vec<Column> {
    let mut columns = Vec::new();
    let mut open = None;
    for (at, byte) in rule.bytes().enumerate() {
        match (byte, open) {
            (b'=', None) => open = Some(at),
            (b' ', Some(from)) => {
                columns.push((from, at));
                open = None;
            }
            _ => {}
        }
    }
    if let Some(from) = open {
        columns.push((from, rule.len()));
    }
    columns
}

/// In how many columns `text` has content.
fn occupied(text: &str, columns: &[Column]) -> usize {
    columns
        .iter()
        .filter(|(open, close)| {
            let from = text.floor_char_boundary((*open).min(text.len()));
            let to = text.floor_char_boundary((*close).min(text.len()));
            text.get(from..to)
                .is_some_and(|piece| !piece.trim().is_empty())
        })
        .count()
}

fn csv_cells(row: Row<'_>) -> Vec<Span> {
    let mut cells = Vec::new();
    let mut start = 0;
    let mut quoted = false;
    let mut push = |from: usize, to: usize| {
        let piece = row.text.get(from..to).unwrap_or_default();
        let lead = piece.len() - piece.trim_start().len();
        let inner = piece.trim();
        let bare = inner
            .strip_prefix('"')
            .and_then(|inner| inner.strip_suffix('"'));
        let skip = lead + usize::from(bare.is_some());
        cells.push(Span::of_len(
            row.start + from + skip,
            bare.unwrap_or(inner).len(),
        ));
    };
    for (at, byte) in row.text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                push(start, at);
                start = at + 1;
            }
            _ => {}
        }
    }
    push(start, row.text.len());
    cells
}
