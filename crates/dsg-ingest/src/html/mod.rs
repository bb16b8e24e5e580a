//! HTML. `html5ever` (through `scraper`) builds the tree as browsers do; the main content is rendered to light Markdown.

mod blocks;
mod depth;
mod inline;
mod table;
#[cfg(test)]
mod tests;
mod tree;

use scraper::Html;

use crate::ingester::Parsed;
use crate::page::Page;

/// The document that `source` shows: navigation, scripts and hidden parts left out.
pub(crate) fn parse(source: &str) -> Parsed {
    let limited = depth::limited(source);
    let html = Html::parse_document(&limited);
    let tree = tree::Tree::new(&html);
    let mut page = Page::new(source.len() / 2);
    blocks::render(&tree, tree.main_content(), &mut page);
    let (text, blocks) = page.finish();
    Parsed {
        text,
        blocks,
        title: tree.title(),
        ..Parsed::default()
    }
}
