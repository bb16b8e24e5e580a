//! Collects blocks while a parser walks and turns them into an outline that keeps its promises: in bounds, on character
//! boundaries, in pre-order, properly nested.

use std::cmp::Reverse;

use dsg_core::{Block, BlockKind, Span};

use crate::lines::head;
use crate::note;

/// Containers deeper than this are not recorded; their content still is text of the enclosing block.
pub(crate) const MAX_DEPTH: usize = 40;
/// No more blocks and cells than this are recorded: what bounds memory where a few bytes make a block.
pub(crate) const MAX_BLOCKS: usize = 1 << 20;

/// A block that is still open.
#[derive(Debug)]
#[must_use]
pub(crate) struct Mark(Option<usize>);

/// The blocks seen so far, in the order in which they were opened.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    blocks: Vec<Block>,
    depth: usize,
    cells: usize,
}

/// A span from two offsets in any order.
pub(crate) const fn span(a: usize, b: usize) -> Span {
    if a <= b {
        Span::of_len(a, b - a)
    } else {
        Span::of_len(b, 0)
    }
}

/// Whether blocks nest as deep as an outline goes.
pub(crate) fn is_deep(blocks: &[Block]) -> bool {
    let mut open: Vec<usize> = Vec::new();
    blocks.iter().any(|block| {
        while open.last().is_some_and(|end| *end <= block.span.start()) {
            open.pop();
        }
        open.push(block.span.end());
        open.len() >= MAX_DEPTH
    })
}

impl Outline {
    /// Opens a container at `start`.
    pub(crate) fn open(&mut self, kind: BlockKind, start: usize) -> Mark {
        self.depth += 1;
        if self.depth > MAX_DEPTH || self.is_full() {
            return Mark(None);
        }
        self.blocks.push(Block::new(kind, Span::of_len(start, 0)));
        Mark(Some(self.blocks.len() - 1))
    }

    /// Sets the label of an open block.
    pub(crate) fn set_label(&mut self, mark: &Mark, label: Span) {
        if let Some(block) = self.get(mark) {
            block.label = Some(label);
        }
    }

    /// Sets the body of an open block.
    pub(crate) fn set_body(&mut self, mark: &Mark, body: Span) {
        if let Some(block) = self.get(mark) {
            block.body = Some(body);
        }
    }

    /// Sets the cells of an open row.
    pub(crate) fn set_cells(&mut self, mark: &Mark, cells: Vec<Span>) {
        let count = cells.len();
        if let Some(block) = self.get(mark) {
            block.cells = cells;
            self.cells += count;
        }
    }

    /// Whether no more blocks are recorded.
    pub(crate) fn is_full(&self) -> bool {
        self.blocks.len() + self.cells >= MAX_BLOCKS
    }

    /// Changes what an open block is.
    pub(crate) fn set_kind(&mut self, mark: &Mark, kind: BlockKind) {
        if let Some(block) = self.get(mark) {
            block.kind = kind;
        }
    }

    /// Closes a container at `end`; blocks opened since then lie inside it.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "taking the mark makes closing twice impossible"
    )]
    pub(crate) fn close(&mut self, mark: Mark, end: usize) {
        self.depth = self.depth.saturating_sub(1);
        if let Some(block) = self.get(&mark) {
            block.span = span(block.span.start(), end.max(block.span.start()));
        }
    }

    /// Records a block that contains no other.
    pub(crate) fn leaf(&mut self, block: Block) {
        if self.depth <= MAX_DEPTH && !self.is_full() {
            self.cells += block.cells.len();
            self.blocks.push(block);
        }
    }

    /// Records the paragraph `whole` of `text`, or the note that it is.
    pub(crate) fn paragraph(&mut self, text: &str, whole: Span) {
        let Some(note) = whole.slice(text).and_then(note::split) else {
            self.leaf(Block::new(BlockKind::Paragraph, whole));
            return;
        };
        let class = note.class.to_owned();
        let at = whole.start();
        let body = span(at + note.body, whole.end());
        let mark = self.open(BlockKind::Admonition { class }, at);
        self.set_label(&mark, span(at + note.label.start(), at + note.label.end()));
        self.set_body(&mark, body);
        self.leaf(Block::new(BlockKind::Paragraph, body));
        self.close(mark, whole.end());
    }

    /// Records `content` of `text` as code, with the markup `around` it if there is any. The code begins at the start of
    /// its first line, so that every line keeps its indentation.
    pub(crate) fn code(
        &mut self,
        text: &str,
        content: Span,
        language: Option<String>,
        around: Option<Span>,
    ) {
        let line = head(text, content.start())
            .trim_end_matches([' ', '\t'])
            .len();
        let body = span(line, content.end());
        let whole = around.map_or(body, |around| {
            span(around.start().min(line), around.end().max(body.end()))
        });
        self.leaf(Block::new(BlockKind::Code { language }, whole).with_body(body));
    }

    /// Takes back the block recorded last.
    pub(crate) fn drop_last(&mut self) {
        self.blocks.pop();
    }

    fn get(&mut self, mark: &Mark) -> Option<&mut Block> {
        self.blocks.get_mut(mark.0?)
    }

    /// The finished outline over `text`.
    pub(crate) fn finish(self, text: &str) -> Vec<Block> {
        let mut blocks: Vec<Block> = self
            .blocks
            .into_iter()
            .filter_map(|block| settled(block, text))
            .collect();
        // Stable: of two blocks over the same bytes the one opened first is the container.
        blocks.sort_by_key(|block| (block.span.start(), Reverse(block.span.end())));
        let mut open: Vec<Span> = Vec::new();
        let mut nested = Vec::with_capacity(blocks.len());
        for mut block in blocks {
            while open
                .last()
                .is_some_and(|top| top.end() <= block.span.start())
            {
                open.pop();
            }
            if let Some(top) = open.last()
                && block.span.end() > top.end()
            {
                let Some(inside) = block.span.intersection(*top) else {
                    continue;
                };
                block.span = inside;
                let Some(settled) = settled(block, text) else {
                    continue;
                };
                block = settled;
            }
            open.push(block.span);
            nested.push(block);
        }
        nested
    }
}

/// The block with its spans trimmed and clipped to `text` and to each other; `None` when nothing is left of it.
fn settled(mut block: Block, text: &str) -> Option<Block> {
    let lead = matches!(block.kind, BlockKind::Code { .. });
    block.span = trimmed(on_boundaries(block.span, text), text, lead);
    if block.span.is_empty() {
        return None;
    }
    let outer = block.span;
    let inside = |part: Span, lead: bool| {
        let part = on_boundaries(part, text);
        let part = part.intersection(outer)?;
        let part = trimmed(part, text, lead);
        (!part.is_empty()).then_some(part)
    };
    block.label = block.label.and_then(|label| inside(label, false));
    block.body = block.body.and_then(|body| inside(body, lead));
    if !block.cells.is_empty() {
        let mut at = outer.start();
        for cell in &mut block.cells {
            // An empty cell keeps its place, so that columns still line up.
            *cell = inside(*cell, false).unwrap_or_else(|| {
                Span::of_len(cell.start().clamp(at.min(outer.end()), outer.end()), 0)
            });
            at = cell.end();
            if !text.is_char_boundary(cell.start()) {
                *cell = Span::of_len(outer.start(), 0);
            }
        }
    }
    Some(block)
}

/// `span` without white space around it; with `lead`, the indentation of its first line stays, since code needs it.
fn trimmed(span: Span, text: &str, lead: bool) -> Span {
    let tight = span.trimmed(text);
    if !lead || tight.is_empty() {
        return tight;
    }
    let before = self::span(span.start(), tight.start());
    let indent = before.slice(text).map_or(0, |gap| {
        gap.len() - gap.rfind('\n').map_or(0, |newline| newline + 1)
    });
    self::span(tight.start() - indent, tight.end())
}

fn on_boundaries(part: Span, text: &str) -> Span {
    let floor = |at: usize| text.floor_char_boundary(at.min(text.len()));
    span(floor(part.start()), floor(part.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps_are_clipped_and_order_is_repaired() {
        let text = "0123456789 é tail";
        let mut outline = Outline::default();
        outline.leaf(Block::new(BlockKind::Paragraph, span(5, 12)));
        outline.leaf(Block::new(BlockKind::Quote, span(0, 8)));
        outline.leaf(Block::new(BlockKind::Paragraph, span(900, 1000)));
        let blocks = outline.finish(text);
        assert_eq!(blocks.len(), 2);
        assert_eq!(blocks[0].kind, BlockKind::Quote);
        assert_eq!(blocks[1].span, span(5, 8));
    }

    #[test]
    fn code_keeps_the_indentation_of_its_first_line() {
        let text = "\n    a\n      b\n";
        let mut outline = Outline::default();
        outline.leaf(
            Block::new(BlockKind::Code { language: None }, span(0, text.len()))
                .with_body(span(0, text.len())),
        );
        let blocks = outline.finish(text);
        assert_eq!(blocks[0].body.unwrap().slice(text), Some("    a\n      b"));
    }
}
