//! From `pulldown-cmark`'s events to blocks.

use std::ops::Range;

use dsg_core::{Block, BlockKind, Span};
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::Dialect;
use super::region::{Container, Held, Region};
use crate::lines::{Line, head, tail};
use crate::outline::{Mark, Outline, span};
use crate::{entry_term, note};

/// Admonitions inside admonitions deeper than this are plain text.
const MAX_NESTED: usize = 12;

/// A block-level tag that is open.
enum Frame {
    Paragraph(Range<usize>),
    Heading(u8, Range<usize>),
    Quote(Mark, Range<usize>, Option<String>),
    Code(Option<String>, Range<usize>),
    Html(Range<usize>),
    List(Mark, Range<usize>),
    Item(ItemFrame),
    Definitions,
    Title(Range<usize>),
    Meaning(Range<usize>),
    Table(Mark, Range<usize>),
    Row(Mark, Range<usize>, Vec<Span>),
    Cell(Range<usize>),
    Footnote,
}

struct ItemFrame {
    mark: Mark,
    range: Range<usize>,
    body: Option<usize>,
    /// An entry that its first paragraph began, and where its description begins if that is known.
    entry: Option<(Mark, Span)>,
    first: bool,
}

struct Walker<'a, 'b> {
    text: &'a str,
    buffer: &'b str,
    region: Region<'a>,
    outline: &'b mut Outline,
    frames: Vec<Frame>,
    /// Inline content directly inside an item or a definition: a tight list's paragraph.
    inline: Option<Range<usize>>,
    /// The inline content of the open heading, title or code.
    inner: Option<Range<usize>>,
    images: usize,
    has_text: bool,
    definition: Option<(Mark, usize)>,
    /// Where the last container inside the open blocks ends, in the source; its parents must reach as far.
    reach: usize,
    nested: usize,
    dialect: Dialect,
    /// The text that describes the images of the open paragraph.
    alt: Option<Range<usize>>,
}

/// Records the blocks of `lines`, each without its first `dedent` columns.
pub(crate) fn parse<'a>(
    text: &'a str,
    lines: &[Line<'a>],
    dedent: usize,
    nested: usize,
    dialect: Dialect,
    outline: &mut Outline,
) {
    let (buffer, region) = Region::new(lines, dedent, dialect);
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_GFM
        | Options::ENABLE_DEFINITION_LIST;
    let mut walker = Walker {
        text,
        buffer: &buffer,
        region,
        outline,
        frames: Vec::new(),
        inline: None,
        inner: None,
        images: 0,
        has_text: false,
        definition: None,
        reach: 0,
        nested,
        dialect,
        alt: None,
    };
    for (event, range) in Parser::new_ext(&buffer, options).into_offset_iter() {
        match event {
            Event::Start(tag) => walker.start(tag, range),
            Event::End(tag) => walker.end(tag, &range),
            Event::Text(text) => {
                if walker.images > 0 {
                    extend(&mut walker.alt, range.clone());
                } else {
                    walker.has_text |= !text.trim().is_empty();
                }
                walker.inline_event(range);
            }
            Event::Code(_) | Event::FootnoteReference(_) => {
                walker.has_text = true;
                walker.inline_event(range);
            }
            Event::Html(_) => {}
            Event::Rule => walker.flush_inline(),
            _ => walker.inline_event(range),
        }
    }
}

fn extend(range: &mut Option<Range<usize>>, with: Range<usize>) {
    match range {
        Some(open) => open.end = open.end.max(with.end),
        None => *range = Some(with),
    }
}

impl<'a> Walker<'a, '_> {
    fn inline_event(&mut self, range: Range<usize>) {
        match self.frames.last() {
            Some(Frame::Item(_) | Frame::Meaning(_)) => extend(&mut self.inline, range),
            Some(Frame::Heading(..) | Frame::Title(_) | Frame::Code(..) | Frame::Cell(_)) => {
                extend(&mut self.inner, range);
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        match tag {
            Tag::Emphasis
            | Tag::Strong
            | Tag::Strikethrough
            | Tag::Superscript
            | Tag::Subscript
            | Tag::Link { .. } => {
                self.inline_event(range);
                return;
            }
            Tag::Image { .. } => {
                self.images += 1;
                self.inline_event(range);
                return;
            }
            _ => {}
        }
        self.flush_inline();
        self.note_child(range.start);
        let at = self.region.source(range.start);
        let frame = match tag {
            Tag::Heading { level, .. } => Frame::Heading(depth(level), range),
            Tag::BlockQuote(kind) => {
                let class = kind.map(|kind| format!("{kind:?}").to_ascii_lowercase());
                let block = class
                    .clone()
                    .map_or(BlockKind::Quote, |class| BlockKind::Admonition { class });
                Frame::Quote(self.outline.open(block, at), range, class)
            }
            Tag::CodeBlock(kind) => {
                let language = match kind {
                    CodeBlockKind::Fenced(info) => language(&info),
                    CodeBlockKind::Indented => None,
                };
                Frame::Code(language, range)
            }
            Tag::HtmlBlock => Frame::Html(range),
            Tag::List(first) => {
                let kind = BlockKind::List {
                    ordered: first.is_some(),
                };
                Frame::List(self.outline.open(kind, at), range)
            }
            Tag::Item => Frame::Item(ItemFrame {
                mark: self.outline.open(BlockKind::ListItem, at),
                range,
                body: None,
                entry: None,
                first: true,
            }),
            Tag::FootnoteDefinition(_) => Frame::Footnote,
            Tag::DefinitionListTitle => Frame::Title(range),
            Tag::DefinitionListDefinition => Frame::Meaning(range),
            Tag::Table(_) => Frame::Table(self.outline.open(BlockKind::Table, at), range),
            Tag::TableHead => self.row(true, range, at),
            Tag::TableRow => self.row(false, range, at),
            Tag::TableCell => Frame::Cell(range),
            Tag::Paragraph => {
                self.has_text = false;
                self.alt = None;
                Frame::Paragraph(range)
            }
            // Definition lists, metadata: nothing of their own.
            _ => Frame::Definitions,
        };
        self.inner = None;
        self.frames.push(frame);
    }

    fn row(&mut self, header: bool, range: Range<usize>, at: usize) -> Frame {
        let mark = self.outline.open(BlockKind::Row { header }, at);
        Frame::Row(mark, range, Vec::new())
    }

    /// Tells the open item where its first child begins.
    fn note_child(&mut self, at: usize) {
        if let Some(Frame::Item(item)) = self.frames.last_mut()
            && item.body.is_none()
        {
            item.body = Some(at);
        }
    }

    fn end(&mut self, tag: TagEnd, range: &Range<usize>) {
        match tag {
            TagEnd::Emphasis
            | TagEnd::Strong
            | TagEnd::Strikethrough
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::Link => return,
            TagEnd::Image => {
                self.images = self.images.saturating_sub(1);
                return;
            }
            _ => {}
        }
        self.flush_inline();
        let inner = self.inner.take();
        let Some(frame) = self.frames.pop() else {
            return;
        };
        match frame {
            Frame::Paragraph(range) => self.paragraph(&range),
            Frame::Heading(level, range) => self.heading(level, &range, inner),
            Frame::Quote(mark, range, class) => {
                let end = self.source_end(&range);
                if class.is_some() {
                    self.alert(&mark, &range);
                }
                self.outline.close(mark, end);
            }
            Frame::Code(language, range) => self.code(language, &range, inner),
            Frame::Html(range) => self.html(&range),
            Frame::List(mark, range) | Frame::Table(mark, range) => {
                let end = self.source_end(&range);
                self.outline.close(mark, end);
            }
            Frame::Item(item) => self.item(item),
            Frame::Title(range) => {
                self.close_definition();
                let label = inner.unwrap_or_else(|| range.clone());
                let label = self.region.span(label.start, label.end);
                let at = self.region.source(range.start);
                let kind = label
                    .slice(self.text)
                    .map_or(BlockKind::Definition, entry_term::kind_of);
                let mark = self.outline.open(kind, at);
                self.outline.set_label(&mark, label);
                self.definition = Some((mark, 0));
            }
            Frame::Meaning(range) => self.meaning(&range),
            Frame::Row(mark, range, cells) => {
                let end = self.source_end(&range);
                self.outline.set_cells(&mark, cells);
                self.outline.close(mark, end);
            }
            Frame::Cell(range) => {
                let cell = self.cell(&range, inner);
                if let Some(Frame::Row(_, _, cells)) = self.frames.last_mut() {
                    cells.push(cell);
                }
            }
            Frame::Definitions => {
                if tag == TagEnd::DefinitionList {
                    self.close_definition();
                }
            }
            Frame::Footnote => {}
        }
        let _ = range;
    }

    /// Where `range` ends in the source, with the containers that were held out of it.
    fn source_end(&self, range: &Range<usize>) -> usize {
        let end = self.region.span(range.start, range.end).end();
        let start = self.region.source(range.start);
        // Only a container that began inside reaches out.
        if self.reach > start {
            end.max(self.reach)
        } else {
            end
        }
    }

    fn flush_inline(&mut self) {
        if let Some(range) = self.inline.take() {
            self.note_child(range.start);
            self.paragraph(&range);
            self.has_text = false;
        }
    }

    fn paragraph(&mut self, range: &Range<usize>) {
        let buffer = self.buffer.get(range.clone()).unwrap_or_default();
        let lead = buffer.len() - buffer.trim_start().len();
        let content = buffer.trim();
        let start = range.start + lead;
        let end = start + content.len();
        if content == "\u{e000}"
            && let Some(held) = self.region.take(start)
        {
            self.held(held);
            return;
        }
        let alt = self.alt.take();
        if content.is_empty() {
            return;
        }
        let whole = self.region.span(start, end);
        // A picture says what it shows, where that is more than a name.
        if !self.has_text
            && let Some(alt) = alt
            && self
                .buffer
                .get(alt.clone())
                .is_some_and(|alt| alt.trim().contains(char::is_whitespace))
        {
            let label = self.region.span(alt.start, alt.end);
            self.outline
                .leaf(Block::new(BlockKind::Caption, whole).with_label(label));
            return;
        }
        if !self.has_text || is_import(content) {
            self.outline.leaf(Block::new(BlockKind::Boilerplate, whole));
            return;
        }
        let first_in_item = matches!(
            self.frames.last(),
            Some(Frame::Item(item)) if item.first
        );
        let found_note = note::split(content);
        let found_entry = if first_in_item && found_note.is_none() {
            entry_term::split(content)
        } else {
            None
        };
        if let Some(Frame::Item(item)) = self.frames.last_mut() {
            item.first = false;
        }
        if let Some(note) = found_note {
            let kind = BlockKind::Admonition {
                class: note.class.to_owned(),
            };
            let label = self
                .region
                .span(start + note.label.start(), start + note.label.end());
            let body = self.region.span(start + note.body, end);
            let mark = self.outline.open(kind, whole.start());
            self.outline.set_label(&mark, label);
            self.outline.set_body(&mark, body);
            self.outline.leaf(Block::new(BlockKind::Paragraph, body));
            self.outline.close(mark, whole.end());
            return;
        }
        if let Some(entry) = found_entry {
            let label = self
                .region
                .span(start + entry.label.start(), start + entry.label.end());
            let kind = label
                .slice(self.text)
                .map_or(BlockKind::Definition, entry_term::kind_of);
            let mark = self.outline.open(kind, whole.start());
            self.outline.set_label(&mark, label);
            let body = self.region.span(start + entry.body, end);
            if !body.is_empty() {
                self.outline.leaf(Block::new(BlockKind::Paragraph, body));
            }
            if let Some(Frame::Item(item)) = self.frames.last_mut() {
                item.entry = Some((mark, body));
            }
            return;
        }
        self.outline.leaf(Block::new(BlockKind::Paragraph, whole));
    }

    fn held(&mut self, held: Held<'a>) {
        match held {
            Held::Boilerplate(span) => {
                self.outline.leaf(Block::new(BlockKind::Boilerplate, span));
                self.reach = self.reach.max(span.end());
            }
            Held::Caption(span, label) => {
                self.outline
                    .leaf(Block::new(BlockKind::Caption, span).with_label(label));
                self.reach = self.reach.max(span.end());
            }
            Held::Code(span, body, language) => {
                self.outline
                    .code(self.text, body.trimmed(self.text), language, Some(span));
                self.reach = self.reach.max(span.end());
            }
            Held::Container(container) => self.container(&container),
        }
    }

    fn container(&mut self, container: &Container<'a>) {
        let mark = container.class.clone().map(|class| {
            self.outline
                .open(BlockKind::Admonition { class }, container.span.start())
        });
        for line in &container.frame {
            self.outline.leaf(Block::new(BlockKind::Boilerplate, *line));
        }
        let body = container.content.first().zip(container.content.last());
        let body = body.map(|(first, last)| span(first.start, last.end()));
        if let Some(mark) = &mark {
            if let Some(label) = container.label {
                self.outline.set_label(mark, label);
            }
            if let Some(body) = body {
                self.outline.set_body(mark, body);
            }
        }
        if self.nested < MAX_NESTED {
            parse(
                self.text,
                &container.content,
                container.dedent,
                self.nested + 1,
                self.dialect,
                self.outline,
            );
        } else if let Some(body) = body {
            self.outline.leaf(Block::new(BlockKind::Paragraph, body));
        }
        if let Some(mark) = mark {
            self.outline.close(mark, container.span.end());
        }
        self.reach = self.reach.max(container.span.end());
    }

    fn heading(&mut self, level: u8, range: &Range<usize>, inner: Option<Range<usize>>) {
        let whole = self.region.span(range.start, range.end);
        let Some(inner) = inner else {
            return;
        };
        let buffer = self.buffer.get(inner.clone()).unwrap_or_default();
        let shown = without_attributes(buffer.trim_end());
        let label = self.region.span(inner.start, inner.start + shown.len());
        self.outline
            .leaf(Block::new(BlockKind::Heading { level }, whole).with_label(label));
    }

    fn code(
        &mut self,
        language: Option<String>,
        range: &Range<usize>,
        inner: Option<Range<usize>>,
    ) {
        let mut whole = self.region.span(range.start, range.end);
        let mut block = Block::new(BlockKind::Code { language }, whole);
        if let Some(inner) = inner {
            let body = self.region.span(inner.start, inner.end);
            // From the start of its line, so that all lines keep the same indentation.
            let before = head(self.text, body.start());
            let blanks = before.len() - before.trim_end_matches([' ', '\t']).len();
            let at =
                if before.trim_end_matches([' ', '\t']).ends_with('\n') || blanks == before.len() {
                    body.start() - blanks
                } else {
                    body.start()
                };
            if at < whole.start() {
                whole = span(at, whole.end());
                block.span = whole;
            }
            block.body = Some(span(at, body.end()));
        } else if block
            .span
            .slice(self.text)
            .is_some_and(|fence| fence.trim().is_empty())
        {
            return;
        }
        self.outline.leaf(block);
    }

    fn html(&mut self, range: &Range<usize>) {
        let whole = self.region.span(range.start, range.end);
        let source = self.buffer.get(range.clone()).unwrap_or_default();
        let kind = if has_visible_text(source) {
            BlockKind::Paragraph
        } else {
            BlockKind::Boilerplate
        };
        self.outline.leaf(Block::new(kind, whole));
    }

    fn item(&mut self, item: ItemFrame) {
        let end = self.source_end(&item.range);
        let end = trimmed_end(self.text, end);
        if let Some((mark, body)) = item.entry {
            let body_start = if body.is_empty() {
                next_content(self.text, body.end(), end)
            } else {
                body.start()
            };
            if body_start < end {
                self.outline.set_body(&mark, span(body_start, end));
            } else {
                // A name and nothing about it defines nothing.
                self.outline.set_kind(&mark, BlockKind::Paragraph);
            }
            self.outline.close(mark, end);
        }
        if let Some(body) = item.body {
            let start = self.region.source(body);
            self.outline.set_body(&item.mark, span(start, end));
        }
        self.outline.close(item.mark, end);
    }

    fn meaning(&mut self, range: &Range<usize>) {
        let whole = self.region.span(range.start, range.end);
        let shown = whole.slice(self.text).unwrap_or_default();
        let marker = shown.len() - shown.trim_start_matches([':', '~', ' ', '\t', '\n']).len();
        let end = self.source_end(range);
        if let Some((mark, start)) = &mut self.definition {
            if *start == 0 {
                *start = whole.start() + marker;
            }
            let body = span(*start, end);
            self.outline.set_body(mark, body);
        }
        self.reach = self.reach.max(end);
    }

    fn close_definition(&mut self) {
        if let Some((mark, _)) = self.definition.take() {
            let end = self.reach;
            self.outline.close(mark, end);
        }
    }

    fn alert(&mut self, mark: &Mark, range: &Range<usize>) {
        let buffer = self.buffer.get(range.clone()).unwrap_or_default();
        let Some(open) = buffer.find("[!") else {
            return;
        };
        let rest = tail(buffer, open);
        let Some(close) = rest.find(']') else {
            return;
        };
        let at = range.start + open;
        self.outline
            .set_label(mark, self.region.span(at + 2, at + close));
        let after = tail(rest, close + 1);
        let skip = after.len() - after.trim_start_matches(['>', ' ', '\n']).len();
        self.outline
            .set_body(mark, self.region.span(at + close + 1 + skip, range.end));
    }

    fn cell(&self, range: &Range<usize>, inner: Option<Range<usize>>) -> Span {
        inner.map_or_else(
            || Span::of_len(self.region.source(range.start), 0),
            |inner| self.region.span(inner.start, inner.end),
        )
    }
}

const fn depth(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

/// The language in a fence's info string: `sh`, `{.python .no-copy}`, `bash title="x"`.
fn language(info: &str) -> Option<String> {
    let word = info
        .trim()
        .trim_start_matches('{')
        .split(|c: char| c.is_whitespace() || matches!(c, '{' | '}' | ','))
        .find(|word| !word.is_empty())?
        .trim_start_matches('.');
    let is_name = !word.is_empty() && !word.contains('=') && !word.starts_with('#');
    is_name.then(|| word.to_ascii_lowercase())
}

/// `heading` without a trailing `{#id .class}` or `{: #id }`.
fn without_attributes(heading: &str) -> &str {
    if !heading.ends_with('}') {
        return heading;
    }
    heading
        .rfind('{')
        .filter(|at| {
            tail(heading, at + 1)
                .trim_start()
                .starts_with(['#', '.', ':'])
        })
        .map_or(heading, |at| head(heading, at).trim_end())
}

/// Whether a paragraph is an MDX import, export or comment.
fn is_import(paragraph: &str) -> bool {
    if paragraph.starts_with("{/*") && paragraph.ends_with("*/}") {
        return true;
    }
    (paragraph.starts_with("import ")
        && paragraph.contains(" from ")
        && paragraph.contains(['\'', '"']))
        || (paragraph.starts_with("export ")
            && (paragraph.contains("export const") || paragraph.contains("export default")))
}

/// Whether raw HTML shows words once tags, comments, scripts and styles are gone.
fn has_visible_text(html: &str) -> bool {
    let mut rest = html;
    loop {
        let Some(open) = rest.find('<') else {
            return rest.chars().any(char::is_alphabetic);
        };
        if head(rest, open).chars().any(char::is_alphabetic) {
            return true;
        }
        let tag = tail(rest, open);
        let close = if tag.starts_with("<!--") {
            "-->"
        } else if tag
            .get(..7)
            .is_some_and(|name| name.eq_ignore_ascii_case("<script"))
        {
            "</script>"
        } else if tag
            .get(..6)
            .is_some_and(|name| name.eq_ignore_ascii_case("<style"))
        {
            "</style>"
        } else {
            ">"
        };
        let Some(end) = tag.find(close) else {
            return false;
        };
        rest = tail(tag, end + close.len());
    }
}

fn trimmed_end(text: &str, end: usize) -> usize {
    head(text, end).trim_end().len()
}

fn next_content(text: &str, from: usize, end: usize) -> usize {
    let between = text.get(from..end).unwrap_or_default();
    from + (between.len() - between.trim_start().len())
}
