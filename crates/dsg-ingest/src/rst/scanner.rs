//! Body elements: headings, paragraphs, literal blocks, quotes, and where lists, tables and directives begin.

use dsg_core::{Block, BlockKind, Span};

use crate::entry_term;
use crate::outline::{Outline, span};
use crate::row::{Row, base, extent, indented};

/// Content indented deeper than this is a paragraph, whatever it says.
const MAX_DEPTH: usize = 32;

/// Reads rows into an outline.
pub(super) struct Scanner<'a, 'o> {
    pub(super) text: &'a str,
    pub(super) outline: &'o mut Outline,
    /// Adornments in order of appearance: each is a heading level.
    adornments: Vec<(u8, bool)>,
    /// Language of literal blocks, from `.. highlight::`.
    pub(super) language: Option<String>,
    pub(super) depth: usize,
    /// Whether anything but comments and fields was read.
    started: bool,
}

impl<'a, 'o> Scanner<'a, 'o> {
    pub(super) const fn new(text: &'a str, outline: &'o mut Outline) -> Self {
        Self {
            text,
            outline,
            adornments: Vec::new(),
            language: None,
            depth: 0,
            started: false,
        }
    }

    /// Reads `rows` as body elements at `column`.
    pub(super) fn blocks(&mut self, rows: &[Row<'a>], column: usize) {
        if self.depth >= MAX_DEPTH {
            if let Some(whole) = extent(rows) {
                self.outline.leaf(Block::new(BlockKind::Paragraph, whole));
            }
            return;
        }
        self.depth += 1;
        let mut at = 0;
        while let Some(row) = rows.get(at).copied() {
            if row.is_blank() {
                at += 1;
                continue;
            }
            let next = self.element(rows, at, row, column);
            // Every element takes at least its first row.
            at = next.max(at + 1);
        }
        self.depth -= 1;
    }

    fn element(&mut self, rows: &[Row<'a>], at: usize, row: Row<'a>, column: usize) -> usize {
        if row.column > column {
            return self.quote(rows, at, column);
        }
        if row.text == ".." || row.text.starts_with(".. ") || row.text.starts_with("__ ") {
            return self.explicit(rows, at, row);
        }
        if row.text.starts_with(':')
            && let Some(end) = self.fields(rows, at, row)
        {
            return end;
        }
        if let Some(end) = self.heading(rows, at, row) {
            return end;
        }
        if super::table::is_start(row.text)
            && let Some(end) = self.table(rows, at, None)
        {
            return end;
        }
        self.started = true;
        if let Some(end) = self.list(rows, at, row) {
            return end;
        }
        if let Some(end) = self.option_list(rows, at, row) {
            return end;
        }
        if row.text.starts_with(">>> ") {
            return self.doctest(rows, at);
        }
        if is_adornment(row.text).is_some() && row.text.len() >= 4 {
            return at + 1;
        }
        self.paragraph_or_definition(rows, at, row)
    }

    fn quote(&mut self, rows: &[Row<'a>], at: usize, column: usize) -> usize {
        let end = indented(rows, at, column + 1);
        let inner = rows.get(at..end).unwrap_or_default();
        let base = base(inner);
        let Some(whole) = extent(inner) else {
            return end;
        };
        if is_indented_only(inner) {
            self.blocks(inner, base);
        } else {
            let mark = self.outline.open(BlockKind::Quote, whole.start());
            self.blocks(inner, base);
            self.outline.close(mark, whole.end());
        }
        end
    }

    fn heading(&mut self, rows: &[Row<'a>], at: usize, row: Row<'a>) -> Option<usize> {
        // Sections do not nest in other elements.
        if self.depth > 1 || row.column > 0 {
            return None;
        }
        let next = rows.get(at + 1)?;
        if let Some(mark) = is_adornment(row.text)
            && let Some(under) = rows.get(at + 2)
            && !next.is_blank()
            && is_adornment(next.text).is_none()
            && under.text.starts_with(char::from(mark))
            && is_adornment(under.text).is_some()
        {
            self.title(*next, span(row.start, under.end()), (mark, true));
            return Some(at + 3);
        }
        let mark = is_adornment(next.text)?;
        let width = row.text.chars().count();
        let long_enough =
            next.text.len() >= width || (next.text.len() >= 4 && width <= next.text.len() + 3);
        if next.column != row.column || !long_enough || is_adornment(row.text).is_some() {
            return None;
        }
        self.title(row, span(row.start, next.end()), (mark, false));
        Some(at + 2)
    }

    fn title(&mut self, row: Row<'a>, whole: Span, adornment: (u8, bool)) {
        self.started = true;
        let known = self.adornments.iter().position(|seen| *seen == adornment);
        let nth = known.unwrap_or_else(|| {
            self.adornments.push(adornment);
            self.adornments.len() - 1
        });
        let level = u8::try_from(nth + 1).unwrap_or(6).min(6);
        self.outline.leaf(
            Block::new(BlockKind::Heading { level }, whole).with_label(span(row.start, row.end())),
        );
    }

    /// `:name: text` lines. Before anything else they are about the document.
    fn fields(&mut self, rows: &[Row<'a>], at: usize, row: Row<'a>) -> Option<usize> {
        let name = field_name(row.text)?;
        let end = indented(rows, at + 1, row.column + 1);
        let whole = extent(rows.get(at..end)?)?;
        if !self.started && self.depth <= 1 {
            self.outline.leaf(Block::new(BlockKind::Boilerplate, whole));
            return Some(end);
        }
        let label = Span::of_len(row.start + 1, name.len());
        let mark = self.outline.open(BlockKind::Definition, whole.start());
        self.outline.set_label(&mark, label);
        self.nested_body(rows, at, end, name.len() + 2, &mark);
        self.outline.close(mark, whole.end());
        Some(end)
    }

    /// The body that begins on row `at` after `skip` bytes and goes on indented until `end`.
    pub(super) fn nested_body(
        &mut self,
        rows: &[Row<'a>],
        at: usize,
        end: usize,
        skip: usize,
        mark: &crate::outline::Mark,
    ) {
        let rest = rows.get(at + 1..end).unwrap_or_default();
        let column = base(rest);
        let mut body = Vec::with_capacity(rest.len() + 1);
        if let Some(first) = rows.get(at) {
            let first = first.after(skip, column);
            if !first.is_blank() {
                body.push(first);
            }
        }
        body.extend_from_slice(rest);
        if let Some(whole) = extent(&body) {
            self.outline.set_body(mark, whole);
            self.blocks(&body, column);
        }
    }

    fn doctest(&mut self, rows: &[Row<'a>], at: usize) -> usize {
        let length = rows
            .iter()
            .skip(at)
            .take_while(|row| !row.is_blank())
            .count();
        let end = at + length;
        self.code(
            rows.get(at..end).unwrap_or_default(),
            Some("python".into()),
            None,
        );
        end
    }

    /// Records `rows` as code; `whole` is the span with the directive around it.
    pub(super) fn code(&mut self, rows: &[Row<'a>], language: Option<String>, whole: Option<Span>) {
        let Some(content) = extent(rows) else {
            return;
        };
        self.outline.code(self.text, content, language, whole);
    }

    fn paragraph_or_definition(&mut self, rows: &[Row<'a>], at: usize, row: Row<'a>) -> usize {
        if let Some(next) = rows.get(at + 1)
            && !next.is_blank()
            && next.column > row.column
            && !row.text.ends_with("::")
            && !row.text.starts_with("| ")
        {
            return self.definition(rows, at, row);
        }
        let length = rows
            .iter()
            .skip(at)
            .take_while(|next| !next.is_blank() && next.column == row.column)
            .take_while(|next| next.start == row.start || !next.text.starts_with(".. "))
            .count()
            .max(1);
        let end = at + length;
        let Some(whole) = extent(rows.get(at..end).unwrap_or_default()) else {
            return end;
        };
        self.paragraph(whole);
        let shown = whole.slice(self.text).unwrap_or_default();
        if !shown.ends_with("::") {
            return end;
        }
        // What follows indented is literal.
        let stop = indented(rows, end, row.column + 1);
        if stop > end {
            let language = self.language.clone();
            self.code(rows.get(end..stop).unwrap_or_default(), language, None);
        }
        stop.max(end)
    }

    fn definition(&mut self, rows: &[Row<'a>], at: usize, row: Row<'a>) -> usize {
        let end = indented(rows, at + 1, row.column + 1);
        let Some(whole) = extent(rows.get(at..end).unwrap_or_default()) else {
            return end.max(at + 1);
        };
        // `term : classifier`
        let term = row
            .text
            .split_once(" : ")
            .map_or(row.text, |(term, _)| term)
            .trim_end();
        let inner = entry_term::unmarked(term);
        let label = Span::of_len(row.start + inner.0, inner.1);
        let kind = entry_term::kind_of(label.slice(self.text).unwrap_or_default());
        let mark = self.outline.open(kind, whole.start());
        self.outline.set_label(&mark, label);
        self.nested_body(rows, at, end, row.text.len(), &mark);
        self.outline.close(mark, whole.end());
        end
    }

    /// Records a paragraph, or the note that it is.
    pub(super) fn paragraph(&mut self, whole: Span) {
        let shown = whole.slice(self.text).unwrap_or_default();
        if shown == "::" {
            return;
        }
        if is_substitution_only(shown) {
            self.outline.leaf(Block::new(BlockKind::Boilerplate, whole));
            return;
        }
        self.outline.paragraph(self.text, whole);
    }
}

/// Whether rows are indented for looks (a list, table or directive) rather than quoted.
fn is_indented_only(rows: &[Row<'_>]) -> bool {
    let mut content = rows.iter().filter(|row| !row.is_blank());
    let Some(first) = content.next() else {
        return true;
    };
    let entry = content
        .next()
        .is_some_and(|second| second.column > first.column);
    entry
        || first.text.starts_with(".. ")
        || first.text.starts_with(">>> ")
        || super::table::is_start(first.text)
        || super::list::is_item(first.text)
}

/// The mark that `text` repeats, if it is an adornment line.
pub(super) fn is_adornment(text: &str) -> Option<u8> {
    let mark = *text.as_bytes().first()?;
    (text.len() >= 2
        && mark.is_ascii_punctuation()
        && text.bytes().all(|byte| byte == mark)
        && text != "::"
        && text != ".."
        && text != "--")
        .then_some(mark)
}

/// The name in `:name: text`; roles (`:ref:`…``) are no fields.
pub(super) fn field_name(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(':')?;
    let end = rest.find(':')?;
    let name = rest.get(..end)?;
    let after = rest.get(end + 1..)?;
    let named = !name.is_empty() && !name.starts_with(' ') && !name.contains('`');
    (named && (after.is_empty() || after.starts_with(' '))).then_some(name)
}

fn is_substitution_only(text: &str) -> bool {
    text.len() > 2
        && text.starts_with('|')
        && text.ends_with('|')
        && !text.contains(char::is_whitespace)
}
