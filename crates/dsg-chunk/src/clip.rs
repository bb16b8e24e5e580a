//! The blocks of a chunk, cut to it.

use dsg_core::{Block, BlockKind, Span};

use crate::tree::{Node, Tree};

/// Hands out the blocks of one chunk after the other; chunks must come in document order.
#[derive(Debug)]
pub(crate) struct Clipper<'t, 'a> {
    text: &'t str,
    tree: &'t Tree<'a>,
    next: usize,
    /// Blocks that began in an earlier chunk and may reach into the next one, outermost first.
    open: Vec<usize>,
    /// Of those, the ones that the current chunk begins inside.
    entered: Vec<usize>,
}

impl<'t, 'a> Clipper<'t, 'a> {
    pub(crate) const fn new(text: &'t str, tree: &'t Tree<'a>) -> Self {
        Self {
            text,
            tree,
            next: 0,
            open: Vec::new(),
            entered: Vec::new(),
        }
    }

    /// The blocks that share text with `chunk`, clipped, in pre-order.
    pub(crate) fn blocks(&mut self, chunk: Span) -> Vec<Block> {
        while let Some(node) = self
            .tree
            .get(self.next)
            .filter(|node| node.span.start() < chunk.start())
        {
            self.pass(node);
        }
        self.open.retain(|index| {
            self.tree
                .get(*index)
                .is_some_and(|node| node.span.end() > chunk.start())
        });
        self.entered.clone_from(&self.open);
        let mut blocks: Vec<Block> = self
            .open
            .iter()
            .filter_map(|index| self.clip(self.tree.get(*index)?, chunk))
            .collect();
        while let Some(node) = self
            .tree
            .get(self.next)
            .filter(|node| node.span.start() < chunk.end())
        {
            blocks.extend(self.clip(node, chunk));
            self.pass(node);
        }
        blocks
    }

    /// The entries that the chunk of the last call begins in the middle of, outermost first.
    pub(crate) fn entries_entered(&self) -> impl Iterator<Item = &'a Block> {
        self.entered
            .iter()
            .filter_map(|index| self.tree.get(*index))
            .map(|node| node.block)
            .filter(|block| matches!(block.kind, BlockKind::Definition | BlockKind::Option))
    }

    /// The header cells of the tables that this chunk, the one of the last call, begins below the header of.
    pub(crate) fn columns_entered(&self, chunk: Span) -> impl Iterator<Item = Span> {
        self.entered
            .iter()
            .filter(|index| {
                self.tree
                    .get(**index)
                    .is_some_and(|node| node.block.kind == BlockKind::Table)
            })
            .filter_map(|index| {
                self.tree
                    .children(*index)
                    .map(|(_, row)| row)
                    .find(|row| row.block.kind == BlockKind::Row { header: true })
            })
            .filter(move |row| row.span.end() <= chunk.start())
            .flat_map(|row| row.block.cells.iter().copied())
    }

    fn pass(&mut self, node: &Node<'_>) {
        while self
            .open
            .last()
            .and_then(|last| self.tree.get(*last))
            .is_some_and(|last| last.span.end() <= node.span.start())
        {
            self.open.pop();
        }
        self.open.push(self.next);
        self.next += 1;
    }

    fn clip(&self, node: &Node<'_>, chunk: Span) -> Option<Block> {
        if matches!(node.block.kind, BlockKind::Boilerplate) {
            return None;
        }
        let span = node.span.intersection(chunk)?.trimmed(self.text);
        if span.is_empty() {
            return None;
        }
        let block = node.block;
        let sliced = |part: &Span| part.slice(self.text).is_some();
        Some(Block {
            kind: block.kind.clone(),
            span,
            // Half a name names nothing; half a body is still what it says.
            label: block
                .label
                .filter(|label| span.contains(*label))
                .filter(sliced),
            body: block
                .body
                .filter(sliced)
                .and_then(|body| body.intersection(span))
                .map(|body| body.trimmed(self.text))
                .filter(|body| !body.is_empty()),
            cells: if block
                .cells
                .iter()
                .all(|cell| span.contains(*cell) && sliced(cell))
            {
                block.cells.clone()
            } else {
                Vec::new()
            },
        })
    }
}
