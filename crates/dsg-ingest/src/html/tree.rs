//! What matters in the tree of a page: which part is content, which elements are blocks.

use std::collections::{BTreeMap, HashSet};

use ego_tree::{NodeId, NodeRef};
use scraper::node::Element;
use scraper::{Html, Node};

/// Whether elements of this name stand on lines of their own.
fn is_block_name(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "caption"
            | "center"
            | "dd"
            | "details"
            | "dir"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hr"
            | "html"
            | "li"
            | "main"
            | "menu"
            | "nav"
            | "ol"
            | "p"
            | "pre"
            | "section"
            | "summary"
            | "table"
            | "ul"
    )
}

/// Whether elements of this name show no text of their own or are never content.
fn is_skipped_name(name: &str) -> bool {
    matches!(
        name,
        "audio"
            | "button"
            | "canvas"
            | "datalist"
            | "embed"
            | "form"
            | "gcse"
            | "head"
            | "iframe"
            | "input"
            | "map"
            | "math"
            | "nav"
            | "noscript"
            | "object"
            | "script"
            | "select"
            | "style"
            | "svg"
            | "template"
            | "textarea"
            | "video"
    )
}

/// Classes of `<aside>` that belong to the text.
const ASIDES: [&str; 5] = [
    "citation",
    "citation-list",
    "footnote",
    "footnote-list",
    "topic",
];

/// Classes of page furniture, as documentation generators name them.
const FURNITURE: [&str; 20] = [
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
    "toctree-wrapper",
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
    element_attribute(node.value().as_element()?, key)
}

/// The few attributes that an element has are compared as text; `Element::attr` interns the key each time.
fn element_attribute<'a>(element: &'a Element, key: &str) -> Option<&'a str> {
    let (_, value) = element
        .attrs
        .iter()
        .find(|(name, _)| name.ns.is_empty() && &*name.local == key)?;
    Some(value)
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
            if !is_block_name(name(node)) {
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
        is_block_name(name(node)) || self.holds_block.contains(&node.id())
    }

    /// Whether block elements stand below `node`.
    pub(crate) fn holds_block(&self, node: NodeRef<'_, Node>) -> bool {
        self.holds_block.contains(&node.id())
    }

    /// How many elements of the page were left out, by reason. Reasons inside what is left out do not count.
    pub(crate) fn omissions(&self) -> BTreeMap<&'static str, usize> {
        let mut out = BTreeMap::new();
        let mut pending = vec![self.html.tree.root()];
        while let Some(node) = pending.pop() {
            match left_out(node) {
                Some("script") => {}
                Some(reason) => *out.entry(reason).or_default() += 1,
                None => pending.extend(node.children()),
            }
        }
        out
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
    left_out(node).is_some()
}

/// Why `node` is left out, if it is: `navigation`, `script`, `form`, `media`, `hidden` or `footer`.
pub(crate) fn left_out(node: NodeRef<'_, Node>) -> Option<&'static str> {
    let element = node.value().as_element()?;
    let name = element.name();
    if is_skipped_name(name) {
        return Some(match name {
            "nav" | "gcse" | "map" => "navigation",
            "script" | "style" | "noscript" | "template" | "head" => "script",
            "button" | "datalist" | "form" | "input" | "select" | "textarea" => "form",
            _ => "media",
        });
    }
    let attribute = |key| element_attribute(element, key);
    if attribute("hidden").is_some() || attribute("aria-hidden") == Some("true") {
        return Some("hidden");
    }
    if let Some(role) = attribute("role")
        && matches!(role, "navigation" | "banner" | "contentinfo" | "search")
    {
        return Some(if role == "contentinfo" {
            "footer"
        } else {
            "navigation"
        });
    }
    if let Some(style) = attribute("style") {
        let style: String = style
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect::<String>()
            .to_ascii_lowercase();
        let hidden = ["display:none", "visibility:hidden", "font-size:0"];
        if hidden.iter().any(|rule| style.contains(rule))
            || style.split(';').any(|rule| rule == "opacity:0")
        {
            return Some("hidden");
        }
    }
    if matches!(name, "header" | "footer") {
        // A header inside the article holds its title.
        let inside = name == "header"
            && node
                .ancestors()
                .any(|above| matches!(self::name(above), "main" | "article"));
        return (!inside).then_some(if name == "footer" {
            "footer"
        } else {
            "navigation"
        });
    }
    if name == "aside" {
        let content = has_class(node, |class| ASIDES.contains(&class))
            || super::blocks::admonition_class(node).is_some();
        return (!content).then_some("navigation");
    }
    let furniture = !matches!(name, "body" | "html" | "main" | "article")
        && has_class(node, |class| FURNITURE.contains(&class));
    furniture.then(|| {
        let footer = has_class(node, |class| {
            matches!(class, "footer" | "site-footer" | "copyright")
        });
        if footer { "footer" } else { "navigation" }
    })
}
