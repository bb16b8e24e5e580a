//! Block elements to blocks of a page.

use dsg_core::BlockKind;
use ego_tree::NodeRef;
use scraper::Node;

use super::inline::Inline;
use super::table::Table;
use super::tree::{Tree, all_text, attribute, has_class, is_skipped, name};
use crate::entry_term;
use crate::lines::{head, tail};
use crate::literal::Term;
use crate::page::Page;

/// Classes of notes, as documentation generators name them.
const NOTES: [&str; 12] = [
    "attention",
    "caution",
    "danger",
    "error",
    "hint",
    "important",
    "info",
    "note",
    "notice",
    "seealso",
    "tip",
    "warning",
];

/// Renders `root` into `page`.
pub(crate) fn render(tree: &Tree<'_>, root: NodeRef<'_, Node>, page: &mut Page) {
    let mut renderer = Renderer {
        tree,
        page,
        inline: Inline::default(),
        nested: 0,
        level: 1,
    };
    renderer.children(root);
    renderer.flush();
}

/// The class of the note that `node` is.
pub(crate) fn admonition_class(node: NodeRef<'_, Node>) -> Option<&'static str> {
    let classes = attribute(node, "class")?;
    NOTES.into_iter().find(|note| {
        classes.split_whitespace().any(|class| {
            let class = class.to_ascii_lowercase();
            ["admonition-", "alert-", "callout-", "md-"]
                .iter()
                .find_map(|prefix| class.strip_prefix(prefix))
                .unwrap_or(&class)
                == *note
        })
    })
}

struct Renderer<'t, 'p> {
    tree: &'t Tree<'t>,
    page: &'p mut Page,
    inline: Inline,
    /// Lists and entries around the current node.
    nested: usize,
    /// Level of the last heading.
    level: u8,
}

impl Renderer<'_, '_> {
    fn children(&mut self, node: NodeRef<'_, Node>) {
        for child in node.children() {
            self.node(child);
        }
    }

    fn node(&mut self, node: NodeRef<'_, Node>) {
        if is_skipped(node) {
            return;
        }
        match node.value() {
            Node::Text(_) => self.inline.push(node),
            Node::Element(_) if !self.tree.is_block(node) => self.inline.push(node),
            Node::Element(_) => {
                self.flush();
                self.block(node);
                self.flush();
            }
            _ => {}
        }
    }

    /// Ends the paragraph that is being collected.
    fn flush(&mut self) {
        let inline = self.inline.take();
        if inline.is_blank() || inline.in_page == inline.all {
            return;
        }
        let text = inline.as_str();
        if let Some(line) = inline.bold_line {
            let title = head(text, line.end).trim().trim_matches('*').trim();
            let rest = tail(text, line.end).trim();
            if self.nested == 0 && (title.ends_with('?') || line.anchored) && !title.contains("**")
            {
                self.page
                    .heading(self.level.saturating_add(1).min(6), title);
                self.page.paragraph(rest);
                return;
            }
        }
        self.page.paragraph(text);
    }

    fn block(&mut self, node: NodeRef<'_, Node>) {
        match name(node) {
            tag @ ("h1" | "h2" | "h3" | "h4" | "h5" | "h6") => self.heading(tag, node),
            "pre" => self.code(node),
            "ul" | "ol" | "menu" | "dir" => self.list(node),
            "dl" => self.definitions(node),
            "table" => self.table(node),
            "blockquote" => self.quote(node),
            "figcaption" | "caption" => {
                self.page.caption(Inline::of(node).as_str());
            }
            "hr" => {}
            _ if has_class(node, |class| class == "figure") && !self.tree.holds_block(node) => {
                self.page.caption(Inline::of(node).as_str());
            }
            _ => match admonition_class(node) {
                Some(class) => self.admonition(class, node),
                None => self.children(node),
            },
        }
    }

    fn heading(&mut self, tag: &str, node: NodeRef<'_, Node>) {
        let level = tag.as_bytes().get(1).map_or(1, |digit| digit - b'0');
        let inline = Inline::of(node);
        let text = inline.as_str().trim_end_matches('¶').trim();
        let bare = text
            .strip_prefix("**")
            .and_then(|inner| inner.strip_suffix("**"))
            .filter(|inner| !inner.contains("**"))
            .unwrap_or(text);
        if !bare.is_empty() {
            self.level = level;
            self.page.heading(level, bare);
        }
    }

    fn code(&mut self, node: NodeRef<'_, Node>) {
        let text = all_text(node);
        let text = text.strip_prefix('\n').unwrap_or(&text);
        self.page.code(language(node).as_deref(), text);
    }

    fn list(&mut self, node: NodeRef<'_, Node>) {
        if is_contents(node) {
            self.page.omit();
            return;
        }
        let ordered = (name(node) == "ol").then(|| {
            attribute(node, "start")
                .and_then(|start| start.parse().ok())
                .unwrap_or(1_u64)
        });
        let mut list = self.page.open_list(ordered);
        self.nested += 1;
        for child in node.children() {
            if is_skipped(child) || !child.value().is_element() {
                continue;
            }
            let item = self.page.open_item(&mut list);
            if name(child) == "li" {
                self.children(child);
            } else {
                // A list directly inside a list belongs to an item of its own.
                self.node(child);
            }
            self.flush();
            self.page.close_item(&mut list, item);
        }
        self.nested -= 1;
        self.page.close_list(list);
    }

    fn definitions(&mut self, node: NodeRef<'_, Node>) {
        let option = has_class(node, |class| class == "option");
        let mut terms: Vec<String> = Vec::new();
        let mut meanings: Vec<NodeRef<'_, Node>> = Vec::new();
        for child in parts(node) {
            match name(child) {
                "dt" => {
                    if !meanings.is_empty() {
                        self.entry(&terms, &meanings, option);
                        terms.clear();
                        meanings.clear();
                    }
                    let text = plain(child);
                    if !text.is_empty() {
                        terms.push(text);
                    }
                }
                "dd" => meanings.push(child),
                _ => {}
            }
        }
        self.entry(&terms, &meanings, option);
    }

    fn entry(&mut self, terms: &[String], meanings: &[NodeRef<'_, Node>], option: bool) {
        if terms.is_empty() {
            for meaning in meanings {
                self.children(*meaning);
                self.flush();
            }
            return;
        }
        let label = terms.join(", ");
        let kind = if option {
            BlockKind::Option
        } else {
            entry_term::kind_of(&label)
        };
        let entry = self
            .page
            .open_entry(kind, &Term::new(&label), self.nested > 0);
        self.nested += 1;
        for meaning in meanings {
            self.children(*meaning);
            self.flush();
        }
        self.nested -= 1;
        self.page.close_entry(entry);
    }

    fn table(&mut self, node: NodeRef<'_, Node>) {
        let nested = node
            .descendants()
            .skip(1)
            .any(|below| name(below) == "table");
        if !nested && let Some(table) = Table::read(node) {
            table.write(self.page);
            return;
        }
        for below in node.children() {
            self.cells(below);
        }
    }

    /// A table that lays out a page: its cells one after the other.
    fn cells(&mut self, node: NodeRef<'_, Node>) {
        match name(node) {
            "thead" | "tbody" | "tfoot" | "tr" => {
                for below in node.children() {
                    self.cells(below);
                }
            }
            "td" | "th" | "caption" => {
                self.children(node);
                self.flush();
            }
            _ => {}
        }
    }

    fn quote(&mut self, node: NodeRef<'_, Node>) {
        let has_structure = node
            .descendants()
            .any(|below| matches!(name(below), "pre" | "ul" | "ol" | "dl" | "table"));
        if has_structure {
            // Used for its indentation.
            self.children(node);
            return;
        }
        let inline = Inline::of(node);
        if inline.all > 0 && inline.code == inline.all {
            self.page.code(None, inline.as_str().trim_matches('`'));
            return;
        }
        if inline.is_blank() {
            return;
        }
        let quote = self.page.open_quote();
        self.children(node);
        self.flush();
        self.page.close_box(quote);
    }

    fn admonition(&mut self, class: &str, node: NodeRef<'_, Node>) {
        let is_title = |node: NodeRef<'_, Node>| {
            has_class(node, |class| {
                matches!(
                    class,
                    "admonition-title"
                        | "title"
                        | "alert-heading"
                        | "alert-title"
                        | "callout-title"
                )
            })
        };
        let title = node.children().find(|child| is_title(*child));
        let shown = title
            .map(plain)
            .filter(|title| !title.is_empty())
            .unwrap_or_else(|| {
                let mut letters = class.chars();
                letters
                    .next()
                    .map(|first| first.to_ascii_uppercase())
                    .into_iter()
                    .chain(letters)
                    .collect()
            });
        // A paragraph that begins with the word itself says it once.
        let text = all_text(node);
        let repeats = title.is_none()
            && text
                .trim_start()
                .get(..class.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(class));
        if repeats || text.trim().is_empty() {
            self.children(node);
            return;
        }
        let open = self
            .page
            .open_admonition(class, shown.trim_end_matches(':'));
        for child in node.children() {
            if Some(child) != title {
                self.node(child);
            }
        }
        self.flush();
        self.page.close_box(open);
    }
}

/// The `dt` and `dd` of a list, also where they are wrapped in `div`.
fn parts(node: NodeRef<'_, Node>) -> impl Iterator<Item = NodeRef<'_, Node>> {
    node.children().flat_map(|child| {
        let wrapped = matches!(name(child), "div" | "p")
            .then(|| child.children())
            .into_iter()
            .flatten();
        std::iter::once(child).chain(wrapped)
    })
}

/// The text of `node` on one line, without marks.
fn plain(node: NodeRef<'_, Node>) -> String {
    let mut out = String::new();
    let mut hidden = None;
    for below in node.descendants() {
        if let Some(outer) = hidden {
            if below.ancestors().any(|above| above.id() == outer) {
                continue;
            }
            hidden = None;
        }
        if is_skipped(below) {
            hidden = Some(below.id());
        } else if let Node::Text(text) = below.value() {
            out.push_str(text);
        }
    }
    out.replace('¶', "")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether a list only points to places in the same page.
fn is_contents(node: NodeRef<'_, Node>) -> bool {
    let mut links = 0;
    let mut linked = 0;
    let mut all = 0;
    for below in node.descendants() {
        match below.value() {
            Node::Text(text) => {
                all += text.chars().filter(|c| c.is_alphanumeric()).count();
            }
            Node::Element(_) if name(below) == "a" => {
                let href = attribute(below, "href").unwrap_or_default();
                if !href.starts_with('#') {
                    return false;
                }
                links += 1;
                linked += all_text(below)
                    .chars()
                    .filter(|c| c.is_alphanumeric())
                    .count();
            }
            _ => {}
        }
    }
    links > 0 && linked >= all
}

/// The language that a class names: `language-sh`, `highlight-python`, `brush: bash`.
fn language(pre: NodeRef<'_, Node>) -> Option<String> {
    let around = pre.ancestors().take(2);
    let inside = pre.children().filter(|child| name(*child) == "code");
    std::iter::once(pre)
        .chain(inside)
        .chain(around)
        .find_map(|node| {
            attribute(node, "class")?
                .split_whitespace()
                .find_map(|class| {
                    let named = ["language-", "lang-", "highlight-"]
                        .iter()
                        .find_map(|prefix| class.strip_prefix(prefix))?;
                    let known = !named.is_empty()
                        && !matches!(named, "default" | "none" | "text" | "source");
                    known.then(|| named.to_ascii_lowercase())
                })
        })
}
