//! Tables: rows of cells as inline text.

use ego_tree::NodeRef;
use scraper::Node;

use super::inline::Inline;
use super::tree::{attribute, is_skipped, name};
use crate::page::Page;

/// A table read from the tree.
#[derive(Debug, Default)]
pub(crate) struct Table {
    caption: String,
    header: Option<Vec<String>>,
    rows: Vec<Vec<String>>,
}

/// Longer spans are hostile.
const MAX_COLUMNS: usize = 64;

impl Table {
    /// Reads `table`; `None` when it lays out a page rather than holding data.
    pub(crate) fn read(table: NodeRef<'_, Node>) -> Option<Self> {
        let mut out = Self::default();
        let mut columns = 0;
        for row in rows(table) {
            let mut cells = Vec::new();
            let (mut heads, mut bold, mut all) = (0, 0, 0);
            for cell in row
                .children()
                .filter(|cell| matches!(name(*cell), "td" | "th"))
            {
                if is_skipped(cell) {
                    continue;
                }
                let inline = Inline::of(cell);
                all += 1;
                heads += usize::from(name(cell) == "th");
                bold += usize::from(inline.all > 0 && inline.bold == inline.all);
                cells.push(inline.as_str().replace('\n', " "));
                let span = attribute(cell, "colspan")
                    .and_then(|span| span.parse::<usize>().ok())
                    .unwrap_or(1);
                for _ in 1..span.min(MAX_COLUMNS) {
                    cells.push(String::new());
                }
            }
            cells.truncate(MAX_COLUMNS);
            if cells.iter().all(String::is_empty) {
                continue;
            }
            columns = columns.max(cells.len());
            let is_header = all > 0
                && out.rows.is_empty()
                && out.header.is_none()
                && (heads == all || in_head(row) || (bold == all && all > 1));
            if is_header {
                out.header = Some(cells.iter().map(|cell| unbold(cell)).collect());
            } else {
                out.rows.push(cells);
            }
        }
        out.caption = table
            .children()
            .find(|child| name(*child) == "caption")
            .map(|caption| Inline::of(caption).as_str().to_owned())
            .unwrap_or_default();
        (columns > 1 && (out.header.is_some() || !out.rows.is_empty())).then_some(out)
    }

    /// Writes the table.
    pub(crate) fn write(&self, page: &mut Page) {
        page.table(&self.caption, self.header.as_deref(), &self.rows);
    }
}

/// The rows of `table` itself, not of tables inside it.
fn rows(table: NodeRef<'_, Node>) -> impl Iterator<Item = NodeRef<'_, Node>> {
    table.children().flat_map(|part| {
        let own = (name(part) == "tr").then_some(part);
        let grouped = matches!(name(part), "thead" | "tbody" | "tfoot")
            .then(|| part.children().filter(|row| name(*row) == "tr"))
            .into_iter()
            .flatten();
        own.into_iter().chain(grouped)
    })
}

fn in_head(row: NodeRef<'_, Node>) -> bool {
    row.parent().is_some_and(|parent| name(parent) == "thead")
}

/// A header cell needs no stress.
fn unbold(cell: &str) -> String {
    match cell
        .strip_prefix("**")
        .and_then(|inner| inner.strip_suffix("**"))
    {
        Some(inner) if !inner.contains("**") => inner.to_owned(),
        _ => cell.to_owned(),
    }
}
