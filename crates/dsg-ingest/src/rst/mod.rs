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
    outline.finish(text)
}
