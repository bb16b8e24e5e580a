//! reStructuredText. The text is the source itself, read line by line by indentation.
//!
//! An own scanner, since no crate on hand gives byte spans of rst blocks; `docs/decisions/0012` says more.

mod directive;
mod list;
mod scanner;
mod table;
#[cfg(test)]
mod tests;

use dsg_core::{Block, BlockKind};

use crate::front_matter::FrontMatter;
use crate::lines::{lines, tail};
use crate::outline::Outline;
use crate::row::Row;

/// The outline of `text`.
pub(crate) fn parse(text: &str, matter: &FrontMatter) -> Vec<Block> {
    let mut outline = Outline::default();
    if let Some(span) = matter.span {
        outline.leaf(Block::new(BlockKind::Boilerplate, span));
    }
    let from = matter.end();
    let source: Vec<Row> = lines(tail(text, from), from)
        .into_iter()
        .map(Row::new)
        .collect();
    scanner::Scanner::new(text, &mut outline).blocks(&source, 0);
    let mut blocks = outline.finish(text);
    quiet_bare_headings(&mut blocks);
    blocks
}

/// Makes headings boilerplate under which nothing is said here: their section holds but comments or an `include`. The
/// first heading stays, since it is the page's title.
fn quiet_bare_headings(blocks: &mut [Block]) {
    let level = |block: &Block| match block.kind {
        BlockKind::Heading { level } => Some(level),
        _ => None,
    };
    let title = blocks.iter().position(|block| level(block).is_some());
    // From the end: the level of the next heading that stays, and what was seen since.
    let mut next: Option<u8> = None;
    let (mut said, mut noted) = (false, false);
    for (nth, block) in blocks.iter_mut().enumerate().rev() {
        match level(block) {
            Some(own) => {
                let deeper = next.is_some_and(|next| next > own);
                if !said && noted && !deeper && Some(nth) != title {
                    block.kind = BlockKind::Boilerplate;
                    block.label = None;
                    continue;
                }
                next = Some(own);
                (said, noted) = (false, false);
            }
            None if block.kind == BlockKind::Boilerplate => noted = true,
            None => said = true,
        }
    }
}
