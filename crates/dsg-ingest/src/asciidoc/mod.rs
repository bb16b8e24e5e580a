//! AsciiDoc. The text is the source itself, read line by line.
//!
//! An own scanner: the one maintained parser works on the text after includes and conditionals were resolved and does
//! not know underlined titles; `docs/decisions/0105` says more. What a directive includes is not read.

mod attributes;
mod line;
mod list;
mod scanner;
mod table;
#[cfg(test)]
mod tests;

use dsg_core::{Block, BlockKind};
use serde_json::{Map, Value};

use crate::front_matter::FrontMatter;
use crate::lines::{lines, tail};
use crate::outline::Outline;
use crate::row::Row;

/// The outline of `text`, and the attributes of its header.
pub(crate) fn parse(text: &str, matter: &FrontMatter) -> (Vec<Block>, Map<String, Value>) {
    let mut outline = Outline::default();
    if let Some(span) = matter.span {
        outline.leaf(Block::new(BlockKind::Boilerplate, span));
    }
    let from = matter.end();
    let rows: Vec<Row> = lines(tail(text, from), from)
        .into_iter()
        .map(Row::new)
        .collect();
    let attributes = scanner::Scanner::new(text, &mut outline).document(&rows);
    (outline.finish(text), attributes)
}
