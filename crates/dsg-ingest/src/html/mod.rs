//! HTML. `html5ever` (through `scraper`) builds the tree as browsers do; the main content is rendered to light Markdown.

mod blocks;
mod depth;
mod inline;
mod marks;
mod table;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::BTreeMap;

use scraper::Html;
use serde_json::{Map, Value};

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
    let (text, blocks, links) = marks::taken_out(text, blocks);
    Parsed {
        text,
        blocks,
        links,
        metadata: left_out(&tree.omissions()),
        title: tree.title(),
    }
}

/// `left_out` in the metadata: what was left out of the page and how often.
fn left_out(omissions: &BTreeMap<&'static str, usize>) -> Map<String, Value> {
    let counts: Map<String, Value> = omissions
        .iter()
        .map(|(reason, count)| ((*reason).to_owned(), Value::from(*count)))
        .collect();
    let mut metadata = Map::new();
    if !counts.is_empty() {
        metadata.insert("left_out".to_owned(), Value::Object(counts));
    }
    metadata
}
