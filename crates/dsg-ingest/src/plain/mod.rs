//! Plain text. The text is the source itself; structure is read from indentation, blank lines and the habits of people
//! who write documentation without markup: rendered man pages, underlined titles, `Q:` and `A:`.

mod scanner;
#[cfg(test)]
mod tests;

use dsg_core::Block;

use crate::lines::lines;
use crate::outline::Outline;
use crate::row::Row;

/// The outline of `text`.
pub(crate) fn parse(text: &str) -> Vec<Block> {
    let mut outline = Outline::default();
    let rows: Vec<Row<'_>> = lines(text, 0).into_iter().map(Row::new).collect();
    scanner::Scanner::new(text, &mut outline).sections(&rows);
    outline.finish(text)
}
