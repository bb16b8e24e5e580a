//! Writes a notebook's text and outline, cell by cell.

use std::collections::BTreeMap;

use dsg_core::{Block, BlockKind};
use serde_json::{Map, Value, json};

use super::file::{Cell, Notebook};
use super::output::{self, Shown};
use crate::ingester::Parsed;
use crate::lines::{head, lines, tail};
use crate::markdown;
use crate::outline::{Outline, span};

/// Shorter runs after `base64,` are words, in bytes.
const MIN_BASE64: usize = 32;

/// Cell magics that say which language the rest of a cell is in.
const MAGICS: [(&str, &str); 9] = [
    ("%%bash", "bash"),
    ("%%sh", "sh"),
    ("%%script", "sh"),
    ("%%html", "html"),
    ("%%javascript", "javascript"),
    ("%%js", "javascript"),
    ("%%latex", "latex"),
    ("%%sql", "sql"),
    ("%%R", "r"),
];

#[derive(Default)]
struct Page {
    text: String,
    outline: Outline,
    /// Where each cell's text begins.
    cells: Vec<Value>,
    /// What was left out, and how often.
    left_out: BTreeMap<&'static str, u64>,
}

pub(super) fn write(notebook: Notebook<'_>) -> Parsed {
    let language = language(&notebook);
    let mut page = Page::default();
    let cells = notebook.cells.into_iter().flatten();
    let sheets = notebook.worksheets.into_iter().flatten();
    for (nth, cell) in cells
        .chain(sheets.flat_map(|sheet| sheet.cells))
        .enumerate()
    {
        page.cell(nth, &cell, language.as_deref());
    }
    let mut metadata = Map::new();
    metadata.insert("nbformat".into(), json!(notebook.format));
    if let Some(language) = language {
        metadata.insert("kernel_language".into(), Value::String(language));
    }
    if !page.left_out.is_empty() {
        metadata.insert("left_out".into(), json!(page.left_out));
    }
    metadata.insert("cells".into(), Value::Array(page.cells));
    let blocks = page.outline.finish(&page.text);
    Parsed {
        text: page.text,
        blocks,
        title: notebook.metadata.title,
        metadata,
        ..Parsed::default()
    }
}

/// The kernel's language, lower case; its name before version 4.1.
fn language(notebook: &Notebook<'_>) -> Option<String> {
    let metadata = &notebook.metadata;
    let kernel = metadata.kernelspec.as_ref();
    let info = metadata.language_info.as_ref();
    let name = info
        .and_then(|info| info.name.as_deref())
        .or_else(|| kernel.and_then(|kernel| kernel.language.as_deref()))
        .or_else(|| kernel.and_then(|kernel| kernel.name.as_deref()))?;
    // `python3` is Python.
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    (!name.is_empty()).then(|| name.to_ascii_lowercase())
}

impl Page {
    fn cell(&mut self, nth: usize, cell: &Cell<'_>, language: Option<&str>) {
        if let Some(attachments) = &cell.attachments {
            self.leave_out("attachment", attachments.0);
        }
        let before = self.text.len();
        match cell.kind.as_ref() {
            "markdown" | "html" => {
                let source = self.without_data(&cell.source.joined());
                self.markdown(&source);
            }
            "heading" => {
                let level = usize::from(cell.level.unwrap_or(1).clamp(1, 6));
                let title = cell.source.joined().replace('\n', " ");
                self.markdown(&format!("{} {}", "#".repeat(level), title.trim()));
            }
            "code" => {
                let source = self.without_data(&cell.source.joined());
                let language = magic(&source).or(cell.language.as_deref()).or(language);
                self.fence(language, &source);
                for output in &cell.outputs {
                    match output::shown(output) {
                        Shown::Text(text, cut) => {
                            let text = self.without_data(&text);
                            self.fence(Some("output"), &text);
                            self.leave_out("end of a long output", u64::from(cut));
                        }
                        Shown::Markdown(text) => {
                            let text = self.without_data(&text);
                            self.markdown(&text);
                        }
                        Shown::LeftOut(what) => self.leave_out(what, 1),
                        Shown::Empty => {}
                    }
                }
            }
            // Raw cells are for a converter.
            _ => {
                let source = self.without_data(&cell.source.joined());
                let from = self.begin(&source);
                if let Some(from) = from {
                    let whole = span(from, self.text.len());
                    self.outline.leaf(Block::new(BlockKind::Boilerplate, whole));
                }
            }
        }
        if self.text.len() > before {
            let start = if before == 0 { 0 } else { before + 1 };
            self.cells
                .push(json!({ "cell": nth, "type": cell.kind, "start": start }));
        }
    }

    fn leave_out(&mut self, what: &'static str, count: u64) {
        if count > 0 {
            *self.left_out.entry(what).or_default() += count;
        }
    }

    /// Writes `text` as a paragraph of its own; returns where it begins.
    fn begin(&mut self, text: &str) -> Option<usize> {
        let text = text.trim_end().trim_start_matches('\n');
        if text.trim().is_empty() {
            return None;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let from = self.text.len();
        self.text.push_str(text);
        self.text.push('\n');
        Some(from)
    }

    /// Writes a cell's Markdown. Its outline is its own: an open fence does not reach into the next cell.
    fn markdown(&mut self, source: &str) {
        if let Some(from) = self.begin(source) {
            let rows = lines(tail(&self.text, from), from);
            markdown::blocks(&self.text, &rows, &mut self.outline);
        }
    }

    fn fence(&mut self, language: Option<&str>, code: &str) {
        let code = code.trim_end().trim_start_matches('\n');
        if code.trim().is_empty() {
            return;
        }
        let longest = code.split(|c| c != '`').map(str::len).max();
        let fence = "`".repeat(longest.unwrap_or_default().max(2) + 1);
        let info = language.unwrap_or_default();
        let Some(from) = self.begin(&format!("{fence}{info}\n{code}\n{fence}")) else {
            return;
        };
        let body = from + fence.len() + info.len() + 1;
        let kind = BlockKind::Code {
            language: language.map(str::to_owned),
        };
        self.outline.leaf(
            Block::new(kind, span(from, self.text.len())).with_body(span(body, body + code.len())),
        );
    }

    /// `source` without data that is kept inside it: `data:image/png;base64,…`.
    fn without_data(&mut self, source: &str) -> String {
        let mut out = String::with_capacity(source.len());
        let mut rest = source;
        while let Some(at) = rest.find("base64,") {
            let (before, data) = rest.split_at_checked(at + 7).unwrap_or((rest, ""));
            let length = data
                .bytes()
                .take_while(|byte| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
                })
                .count();
            out.push_str(before);
            if length >= MIN_BASE64 {
                self.leave_out("inline data", 1);
                rest = tail(data, length);
            } else {
                out.push_str(head(data, length));
                rest = tail(data, length);
            }
        }
        out.push_str(rest);
        // Line ends as everywhere.
        if out.contains('\r') {
            out = out.replace("\r\n", "\n").replace('\r', "\n");
        }
        out
    }
}

/// The language that a cell's first line switches to.
fn magic(source: &str) -> Option<&'static str> {
    let first = source.split_whitespace().next()?;
    MAGICS
        .iter()
        .find(|(magic, _)| *magic == first)
        .map(|(_, language)| *language)
}
