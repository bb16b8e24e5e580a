//! Writes light Markdown and its outline side by side, for formats whose source is not what a reader sees.

use dsg_core::{Block, BlockKind, Span};

use crate::literal::Term;
use crate::note;
use crate::outline::{Mark, Outline, span};

/// Indentation beyond this adds nothing but bytes: a page nested deeper stays readable and linear in size.
const MAX_INDENT: usize = 24;

/// What goes before the next block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Glue {
    /// Nothing: a bullet was just written.
    None,
    /// A space if the block is a paragraph, else a blank line: a term was just written.
    Term,
    /// A line end.
    Line,
    /// A blank line.
    Blank,
}

/// What the next block is, as far as its distance to the last one goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// May follow a term on its line.
    Paragraph,
    /// May follow another item directly.
    Bullet,
    /// A line of a table.
    Row,
    /// Stands apart.
    Block,
}

/// A text under construction.
#[derive(Debug)]
pub(crate) struct Page {
    text: String,
    outline: Outline,
    prefix: String,
    glue: Glue,
    /// Headings that nothing was written under yet.
    bare: Vec<BareHeading>,
}

/// A heading at the end of the page.
#[derive(Debug)]
struct BareHeading {
    level: u8,
    /// Text length before the heading and its separator.
    before: usize,
    /// Whether its content was left out, so that the heading says nothing.
    omitted: bool,
}

/// A list that is being written.
#[derive(Debug)]
#[must_use]
pub(crate) struct OpenList {
    mark: Mark,
    /// Text length before the list and its separator, and where the list begins.
    before: (usize, usize),
    glue: Glue,
    /// The next item's number, if items are numbered.
    next: Option<u64>,
    tight: bool,
}

/// An item that is being written.
#[derive(Debug)]
#[must_use]
pub(crate) struct OpenItem {
    mark: Mark,
    start: usize,
    body: usize,
    prefix: usize,
}

/// A definition or option that is being written.
#[derive(Debug)]
#[must_use]
pub(crate) struct OpenEntry {
    mark: Mark,
    start: usize,
    /// Where the term ends; the body comes after.
    term: usize,
    colon: bool,
    prefix: usize,
    nested: bool,
}

/// A quote or an admonition that is being written.
#[derive(Debug)]
#[must_use]
pub(crate) struct OpenBox {
    mark: Mark,
    prefix: usize,
    /// Where the content begins, of an admonition.
    body: Option<usize>,
}

impl Page {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            text: String::with_capacity(capacity),
            outline: Outline::default(),
            prefix: String::new(),
            glue: Glue::None,
            bare: Vec::new(),
        }
    }

    /// Bytes written so far.
    #[cfg(feature = "pdf")]
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// The text and its blocks.
    pub(crate) fn finish(mut self) -> (String, Vec<Block>) {
        self.drop_bare(0);
        let end = self.text.trim_end().len();
        self.text.truncate(end);
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let blocks = self.outline.finish(&self.text);
        (self.text, blocks)
    }

    /// Notes that content was left out here, such as a table of contents; a heading with nothing else under it goes too.
    pub(crate) fn omit(&mut self) {
        for heading in &mut self.bare {
            heading.omitted = true;
        }
    }

    /// Removes trailing headings of `level` or deeper whose content was left out.
    fn drop_bare(&mut self, level: u8) {
        while let Some(last) = self.bare.pop_if(|last| last.level >= level && last.omitted) {
            self.text.truncate(last.before);
            self.outline.drop_last();
            self.glue = if self.text.is_empty() {
                Glue::None
            } else {
                Glue::Blank
            };
        }
    }

    /// Separates the next block from the last one; returns where it begins.
    fn begin(&mut self, next: Next) -> usize {
        self.bare.clear();
        match (self.glue, next) {
            (Glue::None, _) => {}
            (Glue::Term, Next::Paragraph) => self.text.push(' '),
            (Glue::Line, Next::Bullet | Next::Row) => {
                self.text.push('\n');
                self.text.push_str(&self.prefix);
            }
            _ => {
                self.text.push('\n');
                self.text.push_str(self.prefix.trim_end());
                self.text.push('\n');
                self.text.push_str(&self.prefix);
            }
        }
        self.glue = Glue::Blank;
        self.text.len()
    }

    fn push_lines(&mut self, lines: &str) {
        let mut first = true;
        for line in lines.split('\n') {
            if !first {
                self.text.push('\n');
                if line.trim().is_empty() {
                    self.text.push_str(self.prefix.trim_end());
                } else {
                    self.text.push_str(&self.prefix);
                }
            }
            first = false;
            self.text.push_str(line);
        }
    }

    fn indent(&mut self, by: &str) -> usize {
        let before = self.prefix.len();
        if before + by.len() <= MAX_INDENT {
            self.prefix.push_str(by);
        }
        before
    }

    /// A heading; `inline` is Markdown without line ends.
    pub(crate) fn heading(&mut self, level: u8, inline: &str) {
        let inline = inline.trim();
        if inline.is_empty() {
            return;
        }
        let level = level.clamp(1, 6);
        self.drop_bare(level);
        let mut bare = std::mem::take(&mut self.bare);
        let before = self.text.len();
        let start = self.begin(Next::Block);
        bare.push(BareHeading {
            level,
            before,
            omitted: false,
        });
        self.bare = bare;
        for _ in 0..level {
            self.text.push('#');
        }
        self.text.push(' ');
        let label = self.text.len();
        self.text.push_str(&inline.replace('\n', " "));
        let end = self.text.len();
        self.outline.leaf(
            Block::new(BlockKind::Heading { level }, span(start, end)).with_label(span(label, end)),
        );
    }

    /// A paragraph, which may have line breaks; one that begins with `NOTE:` becomes an admonition.
    pub(crate) fn paragraph(&mut self, inline: &str) {
        self.text_block(BlockKind::Paragraph, inline);
    }

    /// A caption.
    pub(crate) fn caption(&mut self, inline: &str) {
        self.text_block(BlockKind::Caption, inline);
    }

    /// Text that is kept but is no content.
    pub(crate) fn boilerplate(&mut self, inline: &str) {
        self.text_block(BlockKind::Boilerplate, inline);
    }

    fn text_block(&mut self, kind: BlockKind, inline: &str) {
        let inline = inline.trim();
        if inline.is_empty() {
            return;
        }
        let found = if kind == BlockKind::Paragraph {
            note::split(inline)
        } else {
            None
        };
        let start = self.begin(Next::Paragraph);
        let Some(note) = found else {
            self.push_lines(inline);
            self.outline
                .leaf(Block::new(kind, span(start, self.text.len())));
            return;
        };
        let class = note.class.to_owned();
        let mark = self.outline.open(BlockKind::Admonition { class }, start);
        let (lead, said) = inline.split_at_checked(note.body).unwrap_or((inline, ""));
        self.text.push_str(&lead.replace('\n', " "));
        let body = self.text.len();
        self.push_lines(said);
        let end = self.text.len();
        self.outline.set_label(
            &mark,
            span(start + note.label.start(), start + note.label.end()),
        );
        self.outline.set_body(&mark, span(body, end));
        self.outline
            .leaf(Block::new(BlockKind::Paragraph, span(body, end)));
        self.outline.close(mark, end);
    }

    /// Preformatted text in a fence.
    pub(crate) fn code(&mut self, language: Option<&str>, code: &str) {
        let code = code.trim_end();
        let code = code.trim_start_matches('\n');
        if code.trim().is_empty() {
            return;
        }
        let longest = code
            .split(|c| c != '`')
            .map(str::len)
            .max()
            .unwrap_or_default();
        let fence = "`".repeat(longest.max(2) + 1);
        let start = self.begin(Next::Block);
        self.text.push_str(&fence);
        self.text.push_str(language.unwrap_or_default());
        self.text.push('\n');
        let body = self.text.len();
        self.text.push_str(&self.prefix);
        self.push_lines(code);
        let body_end = self.text.len();
        self.text.push('\n');
        self.text.push_str(&self.prefix);
        self.text.push_str(&fence);
        let kind = BlockKind::Code {
            language: language.map(str::to_owned),
        };
        self.outline
            .leaf(Block::new(kind, span(start, self.text.len())).with_body(span(body, body_end)));
    }

    /// Begins a list; numbered ones count from `first`.
    pub(crate) fn open_list(&mut self, first: Option<u64>) -> OpenList {
        let glue = self.glue;
        let before = self.text.len();
        let at = if self.glue == Glue::None {
            self.text.len()
        } else {
            let at = self.begin(Next::Block);
            self.glue = Glue::None;
            at
        };
        OpenList {
            mark: self.outline.open(
                BlockKind::List {
                    ordered: first.is_some(),
                },
                at,
            ),
            before: (before, at),
            glue,
            next: first,
            tight: true,
        }
    }

    /// Ends a list.
    pub(crate) fn close_list(&mut self, list: OpenList) {
        let (before, start) = list.before;
        self.outline.close(list.mark, self.text.len());
        if self.text.len() == start {
            self.text.truncate(before);
            self.glue = list.glue;
        } else {
            self.glue = Glue::Blank;
        }
    }

    /// Begins an item of `list`.
    pub(crate) fn open_item(&mut self, list: &mut OpenList) -> OpenItem {
        if self.glue != Glue::None {
            self.glue = if list.tight { Glue::Line } else { Glue::Blank };
        }
        let start = self.begin(Next::Bullet);
        let mark = self.outline.open(BlockKind::ListItem, start);
        let bullet = match &mut list.next {
            Some(number) => {
                let bullet = format!("{number}. ");
                *number += 1;
                bullet
            }
            None => "- ".to_owned(),
        };
        self.text.push_str(&bullet);
        let prefix = self.indent(&" ".repeat(bullet.len()));
        self.glue = Glue::None;
        OpenItem {
            mark,
            start,
            body: self.text.len(),
            prefix,
        }
    }

    /// Ends an item; an item without content leaves nothing.
    pub(crate) fn close_item(&mut self, list: &mut OpenList, item: OpenItem) {
        self.prefix.truncate(item.prefix);
        let end = self.text.len();
        if end == item.body {
            self.outline.close(item.mark, item.start);
            self.text.truncate(item.start);
            self.glue = Glue::None;
            if let Some(number) = &mut list.next {
                *number = number.saturating_sub(1);
            }
            return;
        }
        list.tight = !self
            .text
            .get(item.body..)
            .unwrap_or_default()
            .contains("\n\n");
        self.outline.set_body(&item.mark, span(item.body, end));
        self.outline.close(item.mark, end);
        self.glue = Glue::Line;
    }

    /// Begins a definition or option: its term and a colon. `nested` ones are bullets.
    pub(crate) fn open_entry(&mut self, kind: BlockKind, term: &Term, nested: bool) -> OpenEntry {
        // Right after a bullet the entry is what the bullet stands for.
        let bullet = nested && self.glue != Glue::None;
        let start = self.begin(if nested { Next::Bullet } else { Next::Block });
        let mark = self.outline.open(kind, start);
        let before = self.prefix.len();
        if bullet {
            self.text.push_str("- ");
            self.indent("  ");
        }
        self.text.push_str(term.mark);
        let label = self.text.len();
        self.text.push_str(&term.text);
        self.outline.set_label(&mark, span(label, self.text.len()));
        self.text.push_str(term.mark);
        let end = self.text.len();
        let colon = !term.text.ends_with([':', '?']);
        if colon {
            self.text.push(':');
        }
        self.glue = Glue::Term;
        OpenEntry {
            mark,
            start,
            term: end,
            colon,
            prefix: before,
            nested,
        }
    }

    /// Ends an entry. One that says nothing about its term stays as a paragraph.
    pub(crate) fn close_entry(&mut self, entry: OpenEntry) {
        self.prefix.truncate(entry.prefix);
        let end = self.text.len();
        let body = entry.term + usize::from(entry.colon);
        if end <= body {
            self.text.truncate(entry.term);
            self.outline.set_kind(&entry.mark, BlockKind::Paragraph);
            self.outline.close(entry.mark, entry.term);
            self.glue = if entry.nested {
                Glue::Line
            } else {
                Glue::Blank
            };
            return;
        }
        self.outline.set_body(&entry.mark, span(body, end));
        self.outline.close(entry.mark, end);
        let tight = entry.nested
            && !self
                .text
                .get(entry.start..)
                .unwrap_or_default()
                .contains("\n\n");
        self.glue = if tight { Glue::Line } else { Glue::Blank };
    }

    /// Begins a quote.
    pub(crate) fn open_quote(&mut self) -> OpenBox {
        let start = self.begin(Next::Block);
        let mark = self.outline.open(BlockKind::Quote, start);
        self.text.push_str("> ");
        let prefix = self.indent("> ");
        self.glue = Glue::None;
        OpenBox {
            mark,
            prefix,
            body: None,
        }
    }

    /// Begins an admonition with its title, or its class as the title.
    pub(crate) fn open_admonition(&mut self, class: &str, title: &str) -> OpenBox {
        let start = self.begin(Next::Block);
        let mark = self.outline.open(
            BlockKind::Admonition {
                class: class.to_owned(),
            },
            start,
        );
        self.text.push_str("**");
        let label = self.text.len();
        self.text.push_str(title);
        self.outline.set_label(&mark, span(label, self.text.len()));
        self.text.push_str(if title.ends_with([':', '?', '!']) {
            "**"
        } else {
            ":**"
        });
        self.glue = Glue::Term;
        OpenBox {
            mark,
            prefix: self.prefix.len(),
            body: Some(self.text.len()),
        }
    }

    /// Ends a quote or an admonition.
    pub(crate) fn close_box(&mut self, open: OpenBox) {
        self.prefix.truncate(open.prefix);
        let end = self.text.len();
        if let Some(body) = open.body {
            self.outline.set_body(&open.mark, span(body, end));
        }
        self.outline.close(open.mark, end);
        self.glue = Glue::Blank;
    }

    /// A table as pipes; every row has its cells, `header` rows come first.
    pub(crate) fn table(&mut self, caption: &str, header: Option<&[String]>, rows: &[Vec<String>]) {
        let columns = rows
            .iter()
            .map(Vec::len)
            .chain(header.map(<[String]>::len))
            .max()
            .unwrap_or_default();
        if columns == 0 || self.outline.is_full() {
            return;
        }
        let mut label = None;
        let start = self.begin(Next::Block);
        let mark = self.outline.open(BlockKind::Table, start);
        if !caption.trim().is_empty() {
            let at = self.text.len();
            self.text.push_str(&caption.trim().replace('\n', " "));
            label = Some(span(at, self.text.len()));
            self.glue = Glue::Blank;
            self.begin(Next::Block);
        }
        let mut ruled = false;
        let head = header.map(|cells| (true, cells));
        let body = rows.iter().map(|cells| (false, cells.as_slice()));
        for (nth, (is_header, cells)) in head.into_iter().chain(body).enumerate() {
            if nth > 0 {
                self.glue = Glue::Line;
                self.begin(Next::Row);
            }
            self.row(is_header, cells, columns);
            if !ruled {
                ruled = true;
                self.glue = Glue::Line;
                self.begin(Next::Row);
                self.text.push('|');
                for _ in 0..columns {
                    self.text.push_str(" --- |");
                }
            }
        }
        if let Some(label) = label {
            self.outline.set_label(&mark, label);
        }
        self.outline.close(mark, self.text.len());
        self.glue = Glue::Blank;
    }

    fn row(&mut self, header: bool, cells: &[String], columns: usize) {
        let start = self.text.len();
        let mark = self.outline.open(BlockKind::Row { header }, start);
        let mut spans: Vec<Span> = Vec::with_capacity(columns);
        self.text.push('|');
        for nth in 0..columns {
            let cell = cells.get(nth).map_or("", |cell| cell.trim());
            self.text.push(' ');
            let at = self.text.len();
            for c in cell.chars() {
                match c {
                    '|' => self.text.push_str("\\|"),
                    '\n' => self.text.push(' '),
                    other => self.text.push(other),
                }
            }
            spans.push(span(at, self.text.len()));
            self.text.push_str(if cell.is_empty() { "|" } else { " |" });
        }
        self.outline.set_cells(&mark, spans);
        self.outline.close(mark, self.text.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_reads_well_and_its_spans_hold() {
        let mut page = Page::new(0);
        page.heading(1, "tool");
        let entry = page.open_entry(BlockKind::Option, &Term::new("-a, --all"), false);
        page.paragraph("Shows all.");
        let inner = page.open_entry(BlockKind::Definition, &Term::new("task"), true);
        page.paragraph("One task.");
        page.close_entry(inner);
        let inner = page.open_entry(BlockKind::Definition, &Term::new("Node Count"), true);
        page.code(None, "a\n  b");
        page.close_entry(inner);
        page.close_entry(entry);
        let mut list = page.open_list(Some(1));
        for words in ["one", "", "two"] {
            let item = page.open_item(&mut list);
            page.paragraph(words);
            page.close_item(&mut list, item);
        }
        page.close_list(list);
        page.paragraph("NOTE: done");
        page.table(
            "",
            Some(&["A".into(), "B".into()]),
            &[vec!["1".into(), "x|y".into()]],
        );
        let (text, blocks) = page.finish();
        insta::assert_snapshot!(text, @r"
        # tool

        `-a, --all`: Shows all.

        - `task`: One task.
        - **Node Count**:

          ```
          a
            b
          ```

        1. one
        2. two

        NOTE: done

        | A | B |
        | --- | --- |
        | 1 | x\|y |
        ");
        let shown: Vec<_> = blocks
            .iter()
            .map(|block| {
                let label = block.label.map_or("", |span| span.slice(&text).unwrap());
                format!("{} {label}", block.kind.name())
            })
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r"
        heading tool
        option -a, --all
        paragraph 
        definition task
        paragraph 
        definition Node Count
        code 
        list 
        list_item 
        paragraph 
        list_item 
        paragraph 
        admonition NOTE
        paragraph 
        table 
        row 
        row
        ");
    }
}
