//! Tables as `tbl(1)` reads them: options, formats, rows.

use super::escape::Escapes;
use super::words;
use crate::page::Page;

/// The lines between `.TS` and `.TE`.
#[derive(Debug, Default)]
pub(crate) struct Table {
    tab: Option<char>,
    seen_format: bool,
    rows: Vec<Vec<String>>,
    /// The text block (`T{` … `T}`) that is open, and the cells before it.
    block: Option<(Vec<String>, String)>,
}

impl Table {
    /// Takes the next line.
    pub(crate) fn line(&mut self, line: &str, escapes: &mut Escapes) {
        let bare = line.trim();
        if !self.seen_format {
            if bare.ends_with(';') && self.rows.is_empty() {
                if let Some((_, after)) = bare.split_once("tab") {
                    self.tab = after
                        .trim_start()
                        .strip_prefix('(')
                        .and_then(|inner| inner.chars().next());
                }
            } else if bare.ends_with('.') {
                self.seen_format = true;
            }
            return;
        }
        if let Some((mut cells, mut text)) = self.block.take() {
            if let Some(after) = line.strip_prefix("T}") {
                cells.push(text);
                let mut rest = after.chars();
                if rest.next() == self.tab.or(Some('\t')) {
                    self.cells(cells, rest.as_str(), escapes);
                } else {
                    self.rows.push(cells);
                }
            } else {
                let shown = if bare.starts_with('.') {
                    String::new()
                } else {
                    words::markdown(&escapes.run(line))
                };
                if !text.is_empty() && !shown.is_empty() {
                    text.push(' ');
                }
                text.push_str(&shown);
                self.block = Some((cells, text));
            }
            return;
        }
        // Rules and requests between rows.
        if bare.is_empty() || bare.chars().all(|c| matches!(c, '_' | '=')) || bare.starts_with('.')
        {
            if bare.starts_with(".T&") {
                self.seen_format = false;
            }
            return;
        }
        self.cells(Vec::new(), line, escapes);
    }

    fn cells(&mut self, mut cells: Vec<String>, rest: &str, escapes: &mut Escapes) {
        for cell in rest.split(self.tab.unwrap_or('\t')) {
            if cell.trim() == "T{" {
                self.block = Some((cells, String::new()));
                return;
            }
            let shown = words::markdown(&escapes.run(cell));
            cells.push(
                if shown.chars().all(|c| matches!(c, '_' | '=' | '^' | '\\')) {
                    String::new()
                } else {
                    shown
                },
            );
        }
        self.rows.push(cells);
    }

    /// Writes the table, its first row as the header.
    pub(crate) fn write(self, page: &mut Page) {
        let mut rows = self.rows.into_iter();
        let Some(header) = rows.next() else {
            return;
        };
        let rows: Vec<_> = rows.collect();
        page.table("", Some(&header), &rows);
    }
}
