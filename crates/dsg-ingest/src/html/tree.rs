//! What matters in the tree of a page: which part is content, which elements are blocks.

use std::collections::HashSet;

use ego_tree::{NodeId, NodeRef};
use scraper::{Html, Node};

/// Elements that stand on lines of their own.
const BLOCKS: [&str; 38] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "caption",
    "center",
    "dd",
    "details",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "html",
    "li",
    "main",
    "menu",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "ul",
];

/// Elements that show no text of their own or are never content.
const SKIPPED: [&str; 22] = [
    "audio", "button", "canvas", "datalist", "embed", "form", "gcse", "head", "iframe", "input",
    "map", "math", "nav", "noscript", "object", "script", "select", "style", "svg", "template",
    "textarea", "video",
];

/// Classes of page furniture, as documentation generators name them.
const FURNITURE: [&str; 19] = [
    "breadcrumb",
    "breadcrumbs",
    "copyright",
    "footer",
    "headerlink",
    "md-sidebar",
    "menu",
    "menu-wrapper",
    "mobile-nav",
    "mw-editsection",
    "navbar",
    "navigation",
    "related",
    "sidebar",
    "site-footer",
    "site-header",
    "site-nav",
    "sphinxsidebar",
    "toc",
];

/// A parsed page.
pub(crate) struct Tree<'a> {
    html: &'a Html,
    /// Nodes with a block element below them.
    holds_block: HashSet<NodeId>,
}

/// The element's name, empty for text and comments.
pub(crate) fn name(node: NodeRef<'_, Node>) -> &str {
    node.value()
        .as_element()
        .map_or("", |element| element.name())
}

/// An attribute of an element.
pub(crate) fn attribute<'a>(node: NodeRef<'a, Node>, key: &str) -> Option<&'a str> {
    node.value().as_element()?.attr(key)
}

/// Whether the element has this class.
pub(crate) fn has_class(node: NodeRef<'_, Node>, wanted: impl Fn(&str) -> bool) -> bool {
    attribute(node, "class").is_some_and(|classes| classes.split_whitespace().any(wanted))
}

/// All text below `node`.
pub(crate) fn all_text(node: NodeRef<'_, Node>) -> String {
    let mut out = String::new();
    for below in node.descendants() {
        if let Node::Text(text) = below.value() {
            out.push_str(text);
        } else if name(below) == "br" {
            out.push('\n');
        }
    }
    out
}

impl<'a> Tree<'a> {
    pub(crate) fn new(html: &'a Html) -> Self {
        let mut holds_block = HashSet::new();
        for node in html.tree.nodes() {
            if !BLOCKS.contains(&name(node)) {
                continue;
            }
            for above in node.ancestors() {
                if !holds_block.insert(above.id()) {
                    break;
                }
            }
        }
        Self { html, holds_block }
    }

    /// Whether `node` has to be rendered as blocks.
    pub(crate) fn is_block(&self, node: NodeRef<'_, Node>) -> bool {
        BLOCKS.contains(&name(node)) || self.holds_block.contains(&node.id())
    }

    /// Whether block elements stand below `node`.
    pub(crate) fn holds_block(&self, node: NodeRef<'_, Node>) -> bool {
        self.holds_block.contains(&node.id())
    }

    /// The text of `<title>`.
    pub(crate) fn title(&self) -> Option<String> {
        let title = self.html.tree.nodes().find(|node| name(*node) == "title")?;
        Some(
            all_text(title)
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
        )
    }

    /// `<main>`, else the only `<article>`, else `<body>`.
    pub(crate) fn main_content(&self) -> NodeRef<'a, Node> {
        let mut body = None;
        let mut articles = Vec::new();
        for node in self.html.tree.nodes() {
            match name(node) {
                "main" => return node,
                "article" => articles.push(node),
                "body" => body = Some(node),
                _ if attribute(node, "role") == Some("main") => return node,
                _ => {}
            }
        }
        match articles.as_slice() {
            [only] => *only,
            _ => body.unwrap_or_else(|| self.html.tree.root()),
        }
    }
}

/// Whether `node` is left out: scripts, navigation, page furniture, what is hidden.
pub(crate) fn is_skipped(node: NodeRef<'_, Node>) -> bool {
    let Some(element) = node.value().as_element() else {
        return false;
    };
    let name = element.name();
    if SKIPPED.contains(&name) {
        return true;
    }
    if element.attr("hidden").is_some() || element.attr("aria-hidden") == Some("true") {
        return true;
    }
    if let Some(role) = element.attr("role")
        && matches!(role, "navigation" | "banner" | "contentinfo" | "search")
    {
        return true;
    }
    if let Some(style) = element.attr("style") {
        let style: String = style
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect::<String>()
            .to_ascii_lowercase();
        let hidden = ["display:none", "visibility:hidden", "font-size:0"];
        if hidden.iter().any(|rule| style.contains(rule))
            || style.split(';').any(|rule| rule == "opacity:0")
        {
            return true;
        }
    }
    if matches!(name, "header" | "footer") {
        // A header inside the article holds its title.
        return name == "footer"
            || !node
                .ancestors()
                .any(|above| matches!(self::name(above), "main" | "article"));
    }
    if name == "aside" {
        return super::blocks::admonition_class(node).is_none();
    }
    !matches!(name, "body" | "html" | "main" | "article")
        && has_class(node, |class| FURNITURE.contains(&class))
}
