//! From pieces to chunks: what may share one.

use std::ops::Range;

use dsg_core::{Span, SpanTokens};

use crate::config::ChunkConfig;
use crate::piece::{Glue, Piece, Pieces, Section};

/// A chunk to be: the pieces it is made of, its span, and its exact token count.
#[derive(Debug, Clone)]
pub(crate) struct Packed {
    pub(crate) first: usize,
    pub(crate) span: Span,
    pub(crate) tokens: usize,
}

/// Sections at this level or above are not packed together unless they are tiny.
const MAJOR: u8 = 2;

/// Pieces that stay together, as a range into the piece list.
#[derive(Debug, Clone)]
struct Group {
    pieces: Range<usize>,
    tokens: usize,
    /// Better with the next group.
    weak: bool,
}

/// An open or finished chunk, as a range into the group list.
#[derive(Debug)]
struct Draft {
    groups: Range<usize>,
    tokens: usize,
    /// It ended for want of room, so that the next one may take groups back.
    full: bool,
}

pub(crate) fn pack(cut: &Pieces, config: &ChunkConfig, counter: &dyn SpanTokens) -> Vec<Packed> {
    let packer = Packer {
        config,
        counter,
        pieces: &cut.pieces,
        sections: &cut.sections,
        groups: groups(&cut.pieces, config.max_tokens),
    };
    let mut out = Vec::new();
    for draft in packer.drafts() {
        packer.finish(draft.groups, &mut out);
    }
    out
}

/// Joins strongly glued pieces, unless together they are over budget and apart they are not.
fn groups(pieces: &[Piece], budget: usize) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut glued = false;
    for (index, piece) in pieces.iter().enumerate() {
        let last = groups.last_mut().filter(|group| {
            glued
                && !piece.walled
                && (group.tokens + piece.tokens < budget || piece.tokens > budget)
        });
        match last {
            Some(group) => {
                group.pieces.end = index + 1;
                group.tokens += piece.tokens + 1;
                group.weak = piece.glue == Glue::Weak;
            }
            None => groups.push(Group {
                pieces: index..index + 1,
                tokens: piece.tokens,
                weak: piece.glue == Glue::Weak,
            }),
        }
        glued = piece.glue == Glue::Strong;
    }
    groups
}

struct Packer<'a> {
    config: &'a ChunkConfig,
    counter: &'a dyn SpanTokens,
    pieces: &'a [Piece],
    sections: &'a [Section],
    groups: Vec<Group>,
}

impl Packer<'_> {
    /// Fills chunks in one pass from left to right.
    fn drafts(&self) -> Vec<Draft> {
        let mut drafts: Vec<Draft> = Vec::new();
        for index in 0..self.groups.len() {
            let tokens = self.tokens(index);
            let Some(open) = drafts.last_mut() else {
                drafts.push(Draft::new(index, tokens));
                continue;
            };
            if !self.may_join(open, index) {
                self.refill(&mut drafts);
                drafts.push(Draft::new(index, tokens));
            } else if open.tokens + self.wanted(index) < self.config.max_tokens {
                open.groups.end = index + 1;
                open.tokens += tokens + 1;
            } else {
                open.full = true;
                drafts.push(Draft::new(index, tokens));
            }
        }
        self.refill(&mut drafts);
        drafts
    }

    fn tokens(&self, group: usize) -> usize {
        self.groups.get(group).map_or(0, |group| group.tokens)
    }

    /// The room a group wants: with what it leads to, if one chunk can hold both.
    fn wanted(&self, index: usize) -> usize {
        let alone = self.tokens(index);
        let led = self.tokens(index + 1);
        let weak = self.groups.get(index).is_some_and(|group| group.weak);
        if weak && alone + led < self.config.max_tokens {
            alone + led + 1
        } else {
            alone
        }
    }

    fn first_piece(&self, group: usize) -> Option<&Piece> {
        self.pieces.get(self.groups.get(group)?.pieces.start)
    }

    /// Whether policy lets this group into the chunk, room aside.
    fn may_join(&self, open: &Draft, index: usize) -> bool {
        let (Some(piece), Some(first)) =
            (self.first_piece(index), self.first_piece(open.groups.start))
        else {
            return false;
        };
        if piece.walled {
            return false;
        }
        let led_in = index
            .checked_sub(1)
            .and_then(|before| self.groups.get(before))
            .is_some_and(|before| before.weak);
        if piece.parted && !led_in && open.tokens >= self.config.min_tokens {
            return false;
        }
        // An empty section's heading is glued to the next one, so a group may open several. What lies inside a section
        // that may be entered may be entered with it.
        let group = self
            .groups
            .get(index)
            .and_then(|group| self.pieces.get(group.pieces.clone()));
        let mut entered = u8::MAX;
        group
            .unwrap_or_default()
            .iter()
            .filter(|piece| piece.heading)
            .all(|heading| {
                let level = self
                    .sections
                    .get(heading.section)
                    .map_or(0, |section| section.level);
                let inside = level > entered;
                entered = entered.min(level);
                inside || self.may_enter(open, first, heading)
            })
    }

    /// Whether the chunk that begins with `first` may go on into the section that `heading` opens.
    fn may_enter(&self, open: &Draft, first: &Piece, heading: &Piece) -> bool {
        let (Some(here), Some(there)) = (
            self.sections.get(first.section),
            self.sections.get(heading.section),
        ) else {
            return false;
        };
        let least = self.config.min_tokens;
        if there.level <= MAJOR {
            let siblings = first.section == there.parent || here.parent == there.parent;
            // The tail of a section that filled a chunk of its own is not a tiny section.
            let whole = first.heading || open.groups.start == 0;
            siblings && whole && open.tokens < least && there.tokens < least
        } else {
            let room = self.config.max_tokens.saturating_sub(open.tokens);
            self.major(first.section) == self.major(heading.section)
                && (there.tokens < least || (open.tokens < least && there.own_tokens < room))
        }
    }

    /// The innermost section at or above the level that packing does not cross.
    fn major(&self, mut section: usize) -> usize {
        while let Some(found) = self.sections.get(section) {
            if found.level <= MAJOR || found.parent == section {
                break;
            }
            section = found.parent;
        }
        section
    }

    /// Lets a last chunk that is too small take groups back from the full one before it.
    fn refill(&self, drafts: &mut [Draft]) {
        let [.., before, last] = drafts else {
            return;
        };
        if !before.full || last.tokens >= self.config.min_tokens {
            return;
        }
        if self
            .first_piece(last.groups.start)
            .is_none_or(|piece| piece.walled || piece.parted || piece.heading)
        {
            return;
        }
        while last.tokens < self.config.min_tokens && before.groups.len() > 1 {
            let moved = before.groups.end - 1;
            let tokens = self.tokens(moved);
            let (left, right) = (
                before.tokens.saturating_sub(tokens + 1),
                last.tokens + tokens + 1,
            );
            let led_in = self.groups.get(moved - 1).is_some_and(|group| group.weak);
            if led_in || right > self.config.max_tokens || left < self.config.min_tokens {
                return;
            }
            before.groups.end = moved;
            before.tokens = left;
            last.groups.start = moved;
            last.tokens = right;
            if self
                .first_piece(moved)
                .is_some_and(|piece| piece.heading || piece.parted)
            {
                return;
            }
        }
    }

    /// Counts the chunk's own text; where the sum of its pieces was too low, parts it in two.
    fn finish(&self, groups: Range<usize>, out: &mut Vec<Packed>) {
        let first = self
            .groups
            .get(groups.start)
            .map_or(0, |group| group.pieces.start);
        let end = self
            .groups
            .get(groups.end.saturating_sub(1))
            .map_or(first, |group| group.pieces.end);
        self.finish_pieces(first..end, groups, out);
    }

    fn finish_pieces(&self, pieces: Range<usize>, groups: Range<usize>, out: &mut Vec<Packed>) {
        let (Some(first), Some(last)) = (
            self.pieces.get(pieces.start),
            self.pieces.get(pieces.end.saturating_sub(1)),
        ) else {
            return;
        };
        let span = Span::of_len(
            first.span.start(),
            last.span.end().saturating_sub(first.span.start()),
        );
        let tokens = self.counter.count(span);
        if tokens > self.config.max_tokens && groups.len() > 1 {
            let middle = groups.start + groups.len() / 2;
            self.finish(groups.start..middle, out);
            self.finish(middle..groups.end, out);
        } else {
            out.push(Packed {
                first: pieces.start,
                span,
                tokens,
            });
        }
    }
}

impl Draft {
    const fn new(group: usize, tokens: usize) -> Self {
        Self {
            groups: group..group + 1,
            tokens,
            full: false,
        }
    }
}
