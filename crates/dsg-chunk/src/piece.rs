//! From the outline to the sequence of pieces that packing moves.

use dsg_core::{BlockKind, Span, SpanTokens};

use crate::split::{self, Grain};
use crate::tree::{Node, Tree};

/// Whether a piece may be parted from the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Glue {
    /// Freely.
    None,
    /// Only when both do not fit into one chunk: a lead-in and its list.
    Weak,
    /// Only when the next piece would go over the budget for it: a heading and its first block.
    Strong,
}

/// The smallest unit of packing.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) span: Span,
    pub(crate) tokens: usize,
    pub(crate) glue: Glue,
    /// Boilerplate lies between the previous piece and this one.
    pub(crate) walled: bool,
    /// An entry that is over budget begins here or ended just before: better not packed with its neighbour.
    pub(crate) parted: bool,
    /// The section it lies in, an index into [`Pieces::sections`].
    pub(crate) section: usize,
    /// Whether it is the heading of its section.
    pub(crate) heading: bool,
}

/// A heading and what it heads.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    /// The heading's level; 0 for the document itself.
    pub(crate) level: u8,
    /// The enclosing section; the document encloses itself.
    pub(crate) parent: usize,
    /// The heading's text.
    pub(crate) label: Option<Span>,
    /// Tokens down to the next heading of any level.
    pub(crate) own_tokens: usize,
    /// Tokens of everything in it.
    pub(crate) tokens: usize,
}

/// A document in pieces.
#[derive(Debug)]
pub(crate) struct Pieces {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) sections: Vec<Section>,
}

/// Cuts a document into pieces of at most `budget` tokens where it can be cut.
pub(crate) fn cut(text: &str, tree: &Tree<'_>, counter: &dyn SpanTokens, budget: usize) -> Pieces {
    let root = Section {
        level: 0,
        parent: 0,
        label: None,
        own_tokens: 0,
        tokens: 0,
    };
    let mut cutter = Cutter {
        text,
        tree,
        counter,
        budget,
        pieces: Vec::new(),
        sections: vec![root],
        section: 0,
        walled: false,
        parted: false,
        reserved: 0,
    };
    cutter.siblings(tree.roots(), Span::of_len(0, text.len()), None);
    let Cutter {
        mut sections,
        pieces,
        ..
    } = cutter;
    for piece in &pieces {
        if let Some(section) = sections.get_mut(piece.section) {
            section.own_tokens += piece.tokens;
        }
    }
    // A parent comes before its children, so adding from the back sums every subtree.
    for index in (0..sections.len()).rev() {
        let Some(section) = sections.get_mut(index) else {
            continue;
        };
        section.tokens += section.own_tokens;
        let (tokens, parent) = (section.tokens, section.parent);
        if parent != index
            && let Some(parent) = sections.get_mut(parent)
        {
            parent.tokens += tokens;
        }
    }
    Pieces { pieces, sections }
}

struct Cutter<'t, 'a> {
    text: &'a str,
    tree: &'t Tree<'a>,
    counter: &'t dyn SpanTokens,
    budget: usize,
    pieces: Vec<Piece>,
    sections: Vec<Section>,
    section: usize,
    walled: bool,
    parted: bool,
    /// Tokens of the strongly glued pieces at the end, which the next piece has to leave room for.
    reserved: usize,
}

impl<'t, 'a: 't> Cutter<'t, 'a> {
    /// The blocks of one level and the text between them. `parent` is none at the top.
    fn siblings(
        &mut self,
        siblings: impl Iterator<Item = (usize, &'t Node<'a>)>,
        within: Span,
        parent: Option<&'t Node<'a>>,
    ) {
        let mut at = within.start();
        let mut first = true;
        let mut siblings = siblings.peekable();
        while let Some((index, node)) = siblings.next() {
            self.gap(between(at, node.span.start()), parent, first, false);
            at = node.span.end();
            first = false;
            let before = self.pieces.len();
            self.node(index, node, parent.is_none());
            let next = siblings
                .peek()
                .filter(|(_, next)| self.is_blank(between(at, next.span.start())))
                .map(|(_, next)| &next.block.kind);
            let glue = match &node.block.kind {
                BlockKind::Heading { .. } | BlockKind::Row { header: true } => Glue::Strong,
                BlockKind::Paragraph | BlockKind::Definition
                    if next.is_some_and(can_be_led_in) && self.leads_in(node.span) =>
                {
                    Glue::Weak
                }
                BlockKind::Caption
                    if matches!(next, Some(BlockKind::Table | BlockKind::Code { .. })) =>
                {
                    Glue::Weak
                }
                _ => Glue::None,
            };
            if self.pieces.len() > before {
                self.glue_last(glue);
            }
        }
        self.gap(between(at, within.end()), parent, first, true);
    }

    /// Text that no block covers: labels, markers, closing fences, comments.
    fn gap(&mut self, gap: Span, parent: Option<&'t Node<'a>>, first: bool, last: bool) {
        let gap = gap.trimmed(self.text);
        if gap.is_empty() {
            return;
        }
        let marks_only = !gap
            .slice(self.text)
            .is_some_and(|text| text.contains(char::is_alphanumeric));
        let under_heading = self
            .pieces
            .last()
            .is_some_and(|piece| piece.glue == Glue::Strong);
        if parent.is_some() && marks_only && last && !first && !self.walled {
            self.glue_last(Glue::Strong);
        }
        self.leaf(gap, Grain::Prose);
        let leads = match parent {
            Some(_) => (first || marks_only) && !last,
            None => marks_only && under_heading,
        };
        if leads {
            self.glue_last(Glue::Strong);
        }
    }

    fn node(&mut self, index: usize, node: &'t Node<'a>, top: bool) {
        if matches!(node.block.kind, BlockKind::Boilerplate) {
            self.walled = true;
            return;
        }
        if let (BlockKind::Heading { level }, true) = (&node.block.kind, top) {
            self.open_section(*level, node);
            if !node.pierced {
                let tokens = self.count(node.span);
                self.push(node.span, tokens);
                if let Some(piece) = self.pieces.last_mut() {
                    piece.heading = true;
                }
                return;
            }
        }
        if !node.pierced {
            let tokens = self.count(node.span);
            if tokens + self.reserved <= self.budget {
                self.push(node.span, tokens);
                return;
            }
        }
        let entry = matches!(
            node.block.kind,
            BlockKind::Definition
                | BlockKind::Option
                | BlockKind::Admonition { .. }
                | BlockKind::Code { .. }
        );
        // Not when a heading or a lead-in is waiting for it.
        self.parted |= entry && self.reserved == 0;
        if node.end > index + 1 {
            self.siblings(self.tree.children(index), node.span, Some(node));
        } else {
            self.childless(node);
        }
        self.parted |= entry;
    }

    /// A block over budget without blocks inside.
    fn childless(&mut self, node: &'t Node<'a>) {
        let grain = match node.block.kind {
            BlockKind::Code { .. } | BlockKind::Table => Grain::Lines,
            // A row cannot be read without its other cells.
            BlockKind::Row { .. } => {
                let tokens = self.count(node.span);
                self.push(node.span, tokens);
                return;
            }
            _ => Grain::Prose,
        };
        let body = node
            .block
            .body
            .and_then(|body| body.intersection(node.span))
            // One that cuts a character would leave what stands around it in no piece.
            .filter(|body| body.slice(self.text).is_some())
            .map(|body| body.trimmed(self.text))
            .filter(|body| !body.is_empty());
        let Some(body) = body else {
            self.leaf(node.span, grain);
            return;
        };
        let head = between(node.span.start(), body.start()).trimmed(self.text);
        if !head.is_empty() {
            self.leaf(head, grain);
            self.glue_last(Glue::Strong);
        }
        self.leaf(body, grain);
        let tail = between(body.end(), node.span.end()).trimmed(self.text);
        if !tail.is_empty() {
            self.glue_last(Glue::Strong);
            self.leaf(tail, grain);
        }
    }

    /// Text without inner blocks, cut only when it is over budget.
    fn leaf(&mut self, span: Span, grain: Grain) {
        let tokens = self.count(span);
        if tokens + self.reserved <= self.budget {
            self.push(span, tokens);
            return;
        }
        for part in split::coarse(self.text, span, grain) {
            let tokens = self.count(part);
            if tokens + self.reserved <= self.budget {
                self.push(part, tokens);
                continue;
            }
            for line in split::lines(self.text, part) {
                let tokens = self.count(line);
                self.push(line, tokens);
            }
        }
    }

    fn open_section(&mut self, level: u8, node: &Node<'_>) {
        let mut parent = self.section;
        while let Some(section) = self.sections.get(parent) {
            if section.level < level || parent == 0 {
                break;
            }
            parent = section.parent;
        }
        self.section = self.sections.len();
        self.sections.push(Section {
            level: level.max(1),
            parent,
            label: node.block.label.or(Some(node.span)),
            own_tokens: 0,
            tokens: 0,
        });
    }

    fn push(&mut self, span: Span, tokens: usize) {
        self.pieces.push(Piece {
            span,
            tokens,
            glue: Glue::None,
            walled: std::mem::take(&mut self.walled),
            parted: std::mem::take(&mut self.parted),
            section: self.section,
            heading: false,
        });
        self.reserved = 0;
    }

    /// Glues the last piece to the next one, never loosening it.
    fn glue_last(&mut self, glue: Glue) {
        let mut reserved = 0;
        if let Some(last) = self.pieces.last_mut()
            && glue == Glue::Strong
        {
            last.glue = glue;
        } else if let Some(last) = self.pieces.last_mut()
            && last.glue == Glue::None
        {
            last.glue = glue;
        }
        for piece in self.pieces.iter().rev() {
            if piece.glue != Glue::Strong || reserved > self.budget {
                break;
            }
            // One more for what joins it to the next.
            reserved += piece.tokens + 1;
        }
        self.reserved = reserved;
    }

    fn count(&self, span: Span) -> usize {
        self.counter.count(span)
    }

    fn is_blank(&self, span: Span) -> bool {
        span.trimmed(self.text).is_empty()
    }

    /// Whether a paragraph announces what follows it.
    fn leads_in(&self, span: Span) -> bool {
        span.slice(self.text).is_some_and(|text| {
            text.trim_end_matches(['*', '_', '`', ' ', ')'])
                .ends_with(':')
        })
    }
}

const fn can_be_led_in(kind: &BlockKind) -> bool {
    matches!(
        kind,
        BlockKind::Code { .. }
            | BlockKind::List { .. }
            | BlockKind::Table
            | BlockKind::Definition
            | BlockKind::Option
    )
}

fn between(start: usize, end: usize) -> Span {
    Span::of_len(start, end.saturating_sub(start))
}
