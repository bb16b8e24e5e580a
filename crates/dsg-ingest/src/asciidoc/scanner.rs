//! Sections, paragraphs and delimited blocks.

use dsg_core::{Block, BlockKind, Span};
use serde_json::{Map, Value};

use super::attributes::Attributes;
use super::line::{self, Fence, Marker};
use crate::entry_term;
use crate::outline::{Outline, span};
use crate::row::{Row, extent};

/// Content nested deeper than this is a paragraph, whatever it says.
const MAX_DEPTH: usize = 32;
/// Longer values of header attributes are not kept, in bytes.
const MAX_VALUE: usize = 400;

/// Reads rows into an outline.
pub(super) struct Scanner<'a, 'o> {
    pub(super) text: &'a str,
    pub(super) outline: &'o mut Outline,
    /// The markers of the open lists, outermost first.
    pub(super) markers: Vec<Marker>,
    /// Blank rows before a `+` that still lift it to an outer item.
    pub(super) lift: Option<usize>,
    pub(super) depth: usize,
    /// Entries of this section are options.
    pub(super) options: bool,
    /// Fences that nothing below closes; keeps the search linear.
    unclosed: Vec<&'a str>,
    /// `:source-language:`.
    language: Option<String>,
    /// The attributes of the header.
    header: Map<String, Value>,
    /// Whether anything but the header was read.
    started: bool,
}

impl<'a, 'o> Scanner<'a, 'o> {
    pub(super) fn new(text: &'a str, outline: &'o mut Outline) -> Self {
        Self {
            text,
            outline,
            markers: Vec::new(),
            lift: None,
            depth: 0,
            options: false,
            unclosed: Vec::new(),
            language: None,
            header: Map::new(),
            started: false,
        }
    }

    /// Reads a whole text; gives the attributes of its header.
    pub(super) fn document(mut self, rows: &[Row<'a>]) -> Map<String, Value> {
        self.blocks(rows);
        self.header
    }

    fn blocks(&mut self, rows: &[Row<'a>]) {
        if self.depth >= MAX_DEPTH {
            if let Some(whole) = extent(rows) {
                self.outline.leaf(Block::new(BlockKind::Paragraph, whole));
            }
            return;
        }
        self.depth += 1;
        let mut at = 0;
        while at < rows.len() {
            at = self.block(rows, at).max(at + 1);
        }
        self.depth -= 1;
    }

    /// Reads one block with what stands above it; returns the row after it.
    pub(super) fn block(&mut self, rows: &[Row<'a>], at: usize) -> usize {
        let mut above = Attributes::default();
        let mut at = at;
        while let Some(row) = rows.get(at).copied() {
            if row.is_blank() {
                at += 1;
            } else if let Some(end) = self.aside(rows, at) {
                at = end;
            } else if line::is_attributes(row) {
                above.push(row);
                at += 1;
            } else if line::is_title(row) && line::item(row.text).is_none() {
                above.set_title(row);
                at += 1;
            } else {
                return self.element(rows, at, row, &above);
            }
        }
        above.release(self.outline);
        at
    }

    /// A comment, directive or attribute entry at row `at`: text, but no content.
    pub(super) fn aside(&mut self, rows: &[Row<'a>], at: usize) -> Option<usize> {
        let row = rows.get(at).copied()?;
        let mut end = at + 1;
        if let Some((name, value)) = line::attribute(row) {
            // A value goes on after a backslash.
            while rows
                .get(end - 1)
                .is_some_and(|row| row.text.ends_with(" \\"))
                && rows.get(end).is_some_and(|row| !row.is_blank())
            {
                end += 1;
            }
            self.attribute(name, value);
        } else if line::fence(row) == Some(Fence::Comment) {
            end = self.close(rows, at, row).map_or(end, |close| close + 1);
        } else if !(line::is_comment(row.text) || line::is_directive(row.text)) {
            return None;
        }
        let whole = rows.get(at..end).and_then(extent)?;
        self.boilerplate(whole);
        Some(end)
    }

    fn attribute(&mut self, name: &str, value: &str) {
        if name == "source-language" {
            self.language = (!value.is_empty()).then(|| value.to_ascii_lowercase());
        }
        let plain = !name.contains('!') && !value.is_empty() && value.len() <= MAX_VALUE;
        if !self.started && plain {
            self.header
                .insert(name.to_owned(), Value::String(value.to_owned()));
        }
    }

    fn element(
        &mut self,
        rows: &[Row<'a>],
        at: usize,
        row: Row<'a>,
        above: &Attributes<'a>,
    ) -> usize {
        if let Some(next) = self.heading(rows, at, row, above) {
            return next;
        }
        self.started = true;
        if let Some(fence) = line::fence(row) {
            let Some(close) = self.close(rows, at, row) else {
                above.release(self.outline);
                self.boilerplate(span(row.start, row.end()));
                return at + 1;
            };
            let inner = rows.get(at + 1..close).unwrap_or_default();
            let end = rows.get(close).map_or(row.end(), |row| row.end());
            self.delimited(fence, row, inner, end, above);
            return close + 1;
        }
        if line::is_rule(row) {
            above.release(self.outline);
            self.boilerplate(span(row.start, row.end()));
            return at + 1;
        }
        if let Some((name, inner)) = line::block_macro(row) {
            above.release(self.outline);
            self.block_macro(row, name, inner);
            return at + 1;
        }
        let is_block = matches!(above.style(), "source" | "listing" | "literal" | "verse");
        if let Some(item) = line::item(row.text).filter(|_| !is_block) {
            above.release(self.outline);
            return self.list(rows, at, row, item.marker);
        }
        self.paragraph(rows, at, row, above)
    }

    fn heading(
        &mut self,
        rows: &[Row<'a>],
        at: usize,
        row: Row<'a>,
        above: &Attributes<'a>,
    ) -> Option<usize> {
        // Sections do not nest in blocks; discrete titles do.
        let inside = self.depth > 1 || !self.markers.is_empty();
        if inside && !matches!(above.style(), "discrete" | "float") {
            return None;
        }
        let (level, label, end) = if let Some((level, from, length)) = line::section(row) {
            (level, Span::of_len(row.start + from, length), at + 1)
        } else {
            let under = rows.get(at + 1).copied()?;
            let level = line::underlined(row, under)?;
            // `Title` over `----` is a paragraph over a listing where the style says so.
            if line::item(row.text).is_some() || line::fence(row).is_some() {
                return None;
            }
            (level, span(row.start, row.end()), at + 2)
        };
        let whole = rows.get(at..end).and_then(extent)?;
        above.release(self.outline);
        let kind = BlockKind::Heading { level };
        self.outline.leaf(Block::new(kind, whole).with_label(label));
        if level <= 2 {
            self.options = entry_term::names_options(label.slice(self.text).unwrap_or_default());
        }
        if level > 1 || self.started {
            self.started = true;
            return Some(end);
        }
        Some(self.header_lines(rows, end))
    }

    /// The author and revision lines below the document's title.
    fn header_lines(&mut self, rows: &[Row<'a>], at: usize) -> usize {
        let is_author = |text: &str| {
            text.ends_with('>') && text.contains(" <")
                || (text.split_whitespace().count() <= 4
                    && text.starts_with(char::is_uppercase)
                    && text
                        .chars()
                        .all(|c| c.is_alphabetic() || matches!(c, ' ' | '.' | '-' | '\'' | ';')))
        };
        let is_revision = |text: &str| {
            let version = text.strip_prefix('v').unwrap_or(text);
            version.starts_with(|c: char| c.is_ascii_digit())
        };
        let plain = |nth: usize| {
            rows.get(nth).filter(|row| {
                !row.is_blank()
                    && line::attribute(**row).is_none()
                    && !line::is_comment(row.text)
                    && !line::is_directive(row.text)
            })
        };
        let mut end = at;
        if plain(end).is_some_and(|row| is_author(row.text)) {
            end += 1;
            if plain(end).is_some_and(|row| is_revision(row.text)) {
                end += 1;
            }
        }
        // More text right below is a paragraph, and so was the first line.
        if plain(end).is_some() {
            return at;
        }
        if let Some(whole) = rows.get(at..end).and_then(extent) {
            self.boilerplate(whole);
        }
        end
    }

    /// The row that closes the fence at row `at`.
    fn close(&mut self, rows: &[Row<'a>], at: usize, row: Row<'a>) -> Option<usize> {
        let wanted = line::closing(row.text);
        if self.unclosed.contains(&wanted) {
            return None;
        }
        let found = rows
            .iter()
            .skip(at + 1)
            .position(|next| next.text == wanted && next.column == 0);
        if found.is_none() {
            self.unclosed.push(wanted);
        }
        found.map(|nth| at + 1 + nth)
    }

    fn delimited(
        &mut self,
        fence: Fence,
        row: Row<'a>,
        inner: &[Row<'a>],
        end: usize,
        above: &Attributes<'a>,
    ) {
        let style = above.style();
        let admonition = admonition(style);
        match fence {
            Fence::Comment => self.boilerplate(span(row.start, end)),
            Fence::Table(separator) => self.table(separator, row, inner, end, above),
            Fence::Pass if is_formula(style) => self.code(row, inner, end, above),
            Fence::Pass => {
                above.release(self.outline);
                self.boilerplate(span(row.start, end));
            }
            Fence::Open if style == "comment" => {
                self.boilerplate(span(above.start(row.start), end));
            }
            Fence::Listing | Fence::Literal => self.code(row, inner, end, above),
            Fence::Open if is_code(style) || is_formula(style) => {
                self.code(row, inner, end, above);
            }
            Fence::Example | Fence::Open if admonition.is_some() => {
                let class = admonition.unwrap_or_default();
                self.boxed(BlockKind::Admonition { class }, row, inner, end, above);
            }
            Fence::Sidebar => self.sidebar(row, inner, end, above),
            Fence::Open if style == "sidebar" => self.sidebar(row, inner, end, above),
            Fence::Quote | Fence::Open if style == "verse" => {
                self.verse(row, inner, end, above);
            }
            Fence::Quote => self.boxed(BlockKind::Quote, row, inner, end, above),
            Fence::Open if style == "quote" => {
                self.boxed(BlockKind::Quote, row, inner, end, above);
            }
            Fence::Example | Fence::Open => {
                above.release(self.outline);
                self.nested(inner);
            }
        }
    }

    fn sidebar(&mut self, row: Row<'a>, inner: &[Row<'a>], end: usize, above: &Attributes<'a>) {
        let class = "sidebar".to_owned();
        self.boxed(BlockKind::Admonition { class }, row, inner, end, above);
    }

    fn verse(&mut self, row: Row<'a>, inner: &[Row<'a>], end: usize, above: &Attributes<'a>) {
        let Some(body) = extent(inner) else {
            return;
        };
        let mark = self.outline.open(BlockKind::Quote, above.start(row.start));
        self.outline.set_body(&mark, body);
        self.outline.leaf(Block::new(BlockKind::Paragraph, body));
        self.outline.close(mark, end);
    }

    /// A container with its title and attributes.
    fn boxed(
        &mut self,
        kind: BlockKind,
        row: Row<'a>,
        inner: &[Row<'a>],
        end: usize,
        above: &Attributes<'a>,
    ) {
        let mark = self.outline.open(kind, above.start(row.start));
        if let Some(title) = above.title() {
            self.outline.set_label(&mark, title);
        }
        if let Some(body) = extent(inner) {
            self.outline.set_body(&mark, body);
        }
        self.nested(inner);
        self.outline.close(mark, end);
    }

    /// Content of a container: lists and fences outside do not reach in.
    fn nested(&mut self, rows: &[Row<'a>]) {
        let markers = std::mem::take(&mut self.markers);
        let unclosed = self.unclosed.clone();
        let lift = self.lift.take();
        self.blocks(rows);
        self.markers = markers;
        self.unclosed = unclosed;
        self.lift = lift;
    }

    fn code(&mut self, row: Row<'a>, inner: &[Row<'a>], end: usize, above: &Attributes<'a>) {
        let start = above.release_title(row.start, self.outline);
        let info = row.text.strip_prefix("```").filter(|info| !info.is_empty());
        let language = info
            .map(str::to_ascii_lowercase)
            .or_else(|| self.code_language(above));
        self.code_block(inner, language, span(start, end));
    }

    /// Records `rows` as code, with the fence and attributes around it.
    fn code_block(&mut self, rows: &[Row<'a>], language: Option<String>, around: Span) {
        if let Some(content) = extent(rows) {
            self.outline
                .code(self.text, content, language, Some(around));
        }
    }

    fn code_language(&self, above: &Attributes<'a>) -> Option<String> {
        let style = above.style();
        if is_formula(style) {
            return Some("latex".to_owned());
        }
        let given = above.positional(1).or_else(|| above.named("language"));
        // `[,sh]` is short for `[source,sh]`.
        match given {
            Some(given) if matches!(style, "source" | "") => Some(given.to_ascii_lowercase()),
            _ if style == "source" => self.language.clone(),
            _ => None,
        }
    }

    /// Images keep what is said about them; other macros say nothing.
    fn block_macro(&mut self, row: Row<'a>, name: &str, inner: usize) {
        let whole = span(row.start, row.end());
        let said = row
            .text
            .get(inner..row.text.len().saturating_sub(1))
            .unwrap_or_default();
        let alt = said.split(',').next().unwrap_or_default();
        let words = name == "image" && !alt.contains('=') && alt.trim().contains(' ');
        if words {
            let label = Span::of_len(row.start + inner, alt.len());
            self.outline
                .leaf(Block::new(BlockKind::Caption, whole).with_label(label));
        } else {
            self.boilerplate(whole);
        }
    }

    /// A paragraph, or what its style or its indentation makes of it.
    fn paragraph(
        &mut self,
        rows: &[Row<'a>],
        at: usize,
        row: Row<'a>,
        above: &Attributes<'a>,
    ) -> usize {
        let end = self.text_end(rows, at + 1, row.column > 0);
        let inner = rows.get(at..end).unwrap_or_default();
        let Some(whole) = extent(inner) else {
            return end;
        };
        let style = above.style();
        if is_code(style) || is_formula(style) || row.column > 0 {
            let start = above.release_title(row.start, self.outline);
            let language = self.code_language(above);
            self.code_block(inner, language, span(start, whole.end()));
        } else if let Some(class) = admonition(style) {
            self.styled(BlockKind::Admonition { class }, whole, above);
        } else if matches!(style, "quote" | "verse") {
            self.styled(BlockKind::Quote, whole, above);
        } else if style == "sidebar" {
            let class = style.to_owned();
            self.styled(BlockKind::Admonition { class }, whole, above);
        } else if style == "comment" || matches!(style, "pass") {
            self.boilerplate(span(above.start(row.start), whole.end()));
        } else {
            above.release(self.outline);
            self.outline.paragraph(self.text, whole);
        }
        end
    }

    fn styled(&mut self, kind: BlockKind, whole: Span, above: &Attributes<'a>) {
        let mark = self.outline.open(kind, above.start(whole.start()));
        if let Some(title) = above.title() {
            self.outline.set_label(&mark, title);
        }
        self.outline.set_body(&mark, whole);
        self.outline.leaf(Block::new(BlockKind::Paragraph, whole));
        self.outline.close(mark, whole.end());
    }

    /// Where the text that goes on at row `from` ends. `literal` text ends at nothing but a blank row and a `+`.
    pub(super) fn text_end(&self, rows: &[Row<'a>], from: usize, literal: bool) -> usize {
        let in_list = !self.markers.is_empty();
        let more = rows
            .iter()
            .skip(from)
            .take_while(|row| {
                let item = is_continuation(**row) || line::item(row.text).is_some();
                let ends = row.is_blank() || (in_list && item) || (!literal && is_break(**row));
                !ends
            })
            .count();
        from + more
    }

    pub(super) fn boilerplate(&mut self, whole: Span) {
        self.outline.leaf(Block::new(BlockKind::Boilerplate, whole));
    }
}

/// Whether `row` attaches what follows to a list item.
pub(super) fn is_continuation(row: Row<'_>) -> bool {
    row.text == "+" && row.column == 0
}

/// Whether `row` ends a paragraph without a blank line.
fn is_break(row: Row<'_>) -> bool {
    line::fence(row).is_some()
        || line::is_attributes(row)
        || line::is_comment(row.text)
        || line::is_directive(row.text)
}

fn admonition(style: &str) -> Option<String> {
    matches!(style, "NOTE" | "TIP" | "IMPORTANT" | "WARNING" | "CAUTION")
        .then(|| style.to_ascii_lowercase())
}

/// Styles whose content is as it is typed; `synopsis` is git's.
fn is_code(style: &str) -> bool {
    matches!(
        style,
        "source" | "listing" | "literal" | "synopsis" | "plantuml" | "mermaid" | "graphviz"
    )
}

fn is_formula(style: &str) -> bool {
    matches!(style, "stem" | "latexmath" | "asciimath")
}
