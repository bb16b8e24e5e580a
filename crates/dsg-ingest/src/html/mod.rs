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
use crate::provenance;

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
        metadata: stated(&html, left_out(&tree.omissions())),
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

/// `metadata` with what the page's links say about itself: its address and its licence.
fn stated(html: &Html, mut metadata: Map<String, Value>) -> Map<String, Value> {
    for node in html.tree.root().descendants() {
        if !matches!(tree::name(node), "link" | "a") {
            continue;
        }
        let Some(target) = tree::attribute(node, "href").map(str::trim) else {
            continue;
        };
        let rel = tree::attribute(node, "rel").unwrap_or_default();
        for word in rel.split_ascii_whitespace() {
            let key = match word.to_ascii_lowercase().as_str() {
                "canonical" if provenance::is_url(target) => provenance::SOURCE_URL,
                "license" if !target.is_empty() => provenance::LICENSE,
                _ => continue,
            };
            metadata.entry(key).or_insert_with(|| target.into());
        }
    }
    metadata
}
