//! The block outline as a tree, repaired where it does not nest.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use dsg_core::{Block, BlockKind, Span};

/// Blocks nested deeper than this are part of what contains them; it bounds the work per byte of text.
const MAX_DEPTH: usize = 64;

/// A block in the tree. Nodes lie in pre-order: a node's children start right after it.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    pub(crate) block: &'a Block,
    /// The block's span without outer white space, clipped to its parent.
    pub(crate) span: Span,
    /// One past the last node below this one.
    pub(crate) end: usize,
    /// Whether boilerplate lies below it, so that it cannot stay whole.
    pub(crate) pierced: bool,
}

/// All blocks of a document that cover text.
#[derive(Debug)]
pub(crate) struct Tree<'a> {
    nodes: Vec<Node<'a>>,
}

impl<'a> Tree<'a> {
    /// Spans that are out of bounds, cut a character or cover white space only are left out; a block that sticks out of
    /// its container is cut to it. Of boilerplate the rest stays hidden, whatever it reaches into.
    pub(crate) fn new(text: &str, blocks: &'a [Block]) -> Self {
        let mut order: Vec<(&Block, Span)> = blocks
            .iter()
            .filter(|block| block.span.slice(text).is_some())
            .map(|block| (block, block.span.trimmed(text)))
            .filter(|(_, span)| !span.is_empty())
            .collect();
        order.sort_by_key(|(_, span)| key(*span));
        let mut nodes: Vec<Node<'a>> = Vec::with_capacity(order.len());
        let mut open: Vec<usize> = Vec::new();
        let mut order = order.into_iter().peekable();
        // What is left of boilerplate that sticks out of its container, by the same order.
        let mut rests: BTreeMap<(usize, Reverse<usize>), &Block> = BTreeMap::new();
        loop {
            let listed = order.peek().map(|(_, span)| key(*span));
            let rest = rests
                .first_entry()
                .filter(|rest| listed.is_none_or(|listed| *rest.key() < listed))
                .map(|rest| {
                    let (start, Reverse(end)) = *rest.key();
                    (rest.remove(), Span::of_len(start, end - start))
                });
            let Some((block, mut span)) = rest.or_else(|| order.next()) else {
                break;
            };
            let index = nodes.len();
            close(&mut nodes, &mut open, span.start());
            if let Some(parent) = open.last().and_then(|parent| nodes.get(*parent)) {
                let end = parent.span.end();
                if matches!(block.kind, BlockKind::Boilerplate) && span.end() > end {
                    let rest = Span::of_len(end, span.end() - end).trimmed(text);
                    if !rest.is_empty() {
                        rests.insert(key(rest), block);
                    }
                }
                if matches!(parent.block.kind, BlockKind::Boilerplate) {
                    continue;
                }
                // Both ends lie on character boundaries, since each is an end of some span that slices.
                let Some(inside) = span.intersection(parent.span) else {
                    continue;
                };
                span = inside.trimmed(text);
                if span.is_empty() {
                    continue;
                }
            }
            if matches!(block.kind, BlockKind::Boilerplate) {
                for ancestor in &open {
                    if let Some(node) = nodes.get_mut(*ancestor) {
                        node.pierced = true;
                    }
                }
            } else if open.len() >= MAX_DEPTH {
                continue;
            }
            open.push(index);
            nodes.push(Node {
                block,
                span,
                end: index + 1,
                pierced: false,
            });
        }
        close(&mut nodes, &mut open, usize::MAX);
        Self { nodes }
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Node<'a>> {
        self.nodes.get(index)
    }

    /// The nodes at the top.
    pub(crate) fn roots(&self) -> Children<'_, 'a> {
        self.between(0, self.nodes.len())
    }

    /// The nodes directly below `index`.
    pub(crate) fn children(&self, index: usize) -> Children<'_, 'a> {
        let end = self.nodes.get(index).map_or(index, |node| node.end);
        self.between(index + 1, end)
    }

    fn between(&self, next: usize, end: usize) -> Children<'_, 'a> {
        Children {
            tree: self,
            next,
            end,
        }
    }
}

/// Document order, containers before what they contain.
const fn key(span: Span) -> (usize, Reverse<usize>) {
    (span.start(), Reverse(span.end()))
}

/// Closes every open node that ends at or before `start`.
fn close(nodes: &mut [Node<'_>], open: &mut Vec<usize>, start: usize) {
    let count = nodes.len();
    while let Some(node) = open.last().and_then(|last| nodes.get_mut(*last)) {
        if node.span.end() > start {
            break;
        }
        node.end = count;
        open.pop();
    }
}

/// Siblings, first to last.
#[derive(Debug, Clone)]
pub(crate) struct Children<'t, 'a> {
    tree: &'t Tree<'a>,
    next: usize,
    end: usize,
}

impl<'t, 'a> Iterator for Children<'t, 'a> {
    type Item = (usize, &'t Node<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let index = self.next;
        let node = self.tree.nodes.get(index)?;
        self.next = node.end;
        Some((index, node))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(kind: BlockKind, start: usize, end: usize) -> Block {
        Block::new(kind, Span::new(start, end).unwrap())
    }

    #[test]
    fn children_follow_their_parent_and_siblings_skip_them() {
        let blocks = [
            block(BlockKind::List { ordered: false }, 0, 6),
            block(BlockKind::ListItem, 0, 3),
            block(BlockKind::ListItem, 3, 6),
            block(BlockKind::Paragraph, 7, 9),
        ];
        let tree = Tree::new("abcdefghij", &blocks);
        let roots: Vec<usize> = tree.roots().map(|(index, _)| index).collect();
        assert_eq!(roots, [0, 3]);
        assert_eq!(tree.children(0).count(), 2);
    }

    #[test]
    fn a_block_that_sticks_out_is_cut_to_its_container() {
        let blocks = [
            block(BlockKind::Quote, 0, 5),
            block(BlockKind::Paragraph, 2, 8),
        ];
        let tree = Tree::new("abcdefghij", &blocks);
        assert_eq!(tree.get(1).unwrap().span, Span::of_len(2, 3));
        assert_eq!(tree.roots().count(), 1);
    }

    #[test]
    fn boilerplate_marks_what_contains_it() {
        let blocks = [
            block(BlockKind::Quote, 0, 9),
            block(BlockKind::Boilerplate, 2, 4),
            block(BlockKind::Paragraph, 2, 3),
        ];
        let tree = Tree::new("abcdefghij", &blocks);
        assert!(tree.get(0).unwrap().pierced);
        assert_eq!(tree.nodes.len(), 2);
    }

    #[test]
    fn boilerplate_that_sticks_out_stays_hidden() {
        let blocks = [
            block(BlockKind::Quote, 0, 5),
            block(BlockKind::Boilerplate, 2, 8),
            block(BlockKind::Boilerplate, 7, 9),
            block(BlockKind::Paragraph, 6, 10),
        ];
        let tree = Tree::new("abcdefghij", &blocks);
        let hidden: Vec<Span> = tree
            .nodes
            .iter()
            .filter(|node| node.block.kind == BlockKind::Boilerplate)
            .map(|node| node.span)
            .collect();
        let spans = [(2, 3), (5, 3), (8, 1)].map(|(start, len)| Span::of_len(start, len));
        assert_eq!(hidden, spans);
    }
}
