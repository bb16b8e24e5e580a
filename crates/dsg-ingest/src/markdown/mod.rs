//! Markdown. The text is the source itself; `pulldown-cmark` finds the blocks, [`region`] first takes out what Markdown
//! dialects add: admonitions, tabs, shortcodes, snippets.

mod blocks;
mod region;

use dsg_core::{Block, BlockKind};

use crate::front_matter::FrontMatter;
use crate::lines::{lines, tail};
use crate::outline::Outline;

/// The outline of `text`.
pub(crate) fn parse(text: &str, matter: &FrontMatter) -> Vec<Block> {
    let mut outline = Outline::default();
    if let Some(span) = matter.span {
        outline.leaf(Block::new(BlockKind::Boilerplate, span));
    }
    let from = matter.end();
    let source: Vec<_> = lines(tail(text, from), from);
    blocks::parse(text, &source, 0, 0, &mut outline);
    outline.finish(text)
}

#[cfg(test)]
mod tests;
