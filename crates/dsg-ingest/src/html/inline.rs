//! Inline content: white space collapsed, code in backticks, emphasis in asterisks, links as their text.

use ego_tree::NodeRef;
use scraper::Node;

use super::marks;
use super::tree::{attribute, has_class, is_skipped, name};
use crate::lines::{head, tail};
use crate::links;

/// Inline Markdown under construction, with the counts that tell what kind of paragraph it is.
#[derive(Debug, Default)]
pub(crate) struct Inline {
    text: String,
    space: bool,
    /// Characters that are not white space.
    pub all: usize,
    /// Of these, in links within the page.
    pub in_page: usize,
    /// Of these, in code.
    pub code: usize,
    /// Of these, in bold.
    pub bold: usize,
    /// Of these, in an element that is the target of links.
    pub anchored: usize,
    /// The first line, when it was bold from end to end and a line break followed.
    pub bold_line: Option<BoldLine>,
}

/// A bold first line: a heading in all but name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BoldLine {
    /// Where it ends in the text.
    pub end: usize,
    /// Whether links can point to it.
    pub anchored: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Style {
    code: bool,
    bold: bool,
    italic: bool,
    in_page: bool,
    anchored: bool,
}

/// Deeper elements are read without their style.
const MAX_DEPTH: usize = 200;

impl Inline {
    /// Adds `node` and all below it.
    pub(crate) fn push(&mut self, node: NodeRef<'_, Node>) {
        self.node(node, Style::default(), 0);
    }

    /// Everything below `node`.
    pub(crate) fn of(node: NodeRef<'_, Node>) -> Self {
        let mut inline = Self::default();
        for child in node.children() {
            inline.push(child);
        }
        inline
    }

    /// The Markdown so far, leaving nothing behind.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    /// The Markdown.
    pub(crate) fn as_str(&self) -> &str {
        self.text.trim()
    }

    /// Whether there is nothing to show.
    pub(crate) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    fn node(&mut self, node: NodeRef<'_, Node>, style: Style, depth: usize) {
        match node.value() {
            Node::Text(text) => self.text(text, style),
            Node::Element(_) if depth > MAX_DEPTH => {
                self.text(&super::tree::all_text(node), style);
            }
            Node::Element(_) if !is_skipped(node) => self.element(node, style, depth),
            _ => {}
        }
    }

    fn children(&mut self, node: NodeRef<'_, Node>, style: Style, depth: usize) {
        for child in node.children() {
            self.node(child, style, depth + 1);
        }
    }

    fn element(&mut self, node: NodeRef<'_, Node>, mut style: Style, depth: usize) {
        let tag = name(node);
        style.anchored |=
            attribute(node, "id").is_some() || (tag == "a" && attribute(node, "name").is_some());
        match tag {
            "br" => self.line_break(),
            "code" | "tt" | "kbd" | "samp" => self.code(node, style, depth),
            "span"
                if has_class(node, |class| {
                    matches!(class, "commandline" | "pre" | "literal")
                }) =>
            {
                self.code(node, style, depth);
            }
            "b" | "strong" if !style.bold && !style.code => {
                let outer = style;
                style.bold = true;
                self.marked("**", node, style, outer, depth);
            }
            "i" | "em" | "var" | "cite" | "dfn" if !style.italic && !style.code => {
                let outer = style;
                style.italic = true;
                self.marked("*", node, style, outer, depth);
            }
            "a" => self.link(node, style, depth),
            "sup" | "sub" => {
                let mark = if tag == "sup" { '^' } else { '_' };
                let joined = !self.space && self.text.ends_with(char::is_alphanumeric);
                let inner = super::tree::all_text(node);
                let simple = inner
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '+' | '-'));
                if joined && simple && !inner.is_empty() {
                    self.text.push(mark);
                }
                self.children(node, style, depth);
            }
            "q" => {
                self.text("“", style);
                self.children(node, style, depth);
                self.text("”", style);
            }
            "p" | "div" | "li" | "tr" | "td" | "th" | "dt" | "dd" | "ul" | "ol" | "table"
            | "pre" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                // A block where only a line is possible, such as a list in a table cell.
                self.space = true;
                self.children(node, style, depth);
                self.space = true;
            }
            _ => self.children(node, style, depth),
        }
    }

    fn text(&mut self, text: &str, style: Style) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let word = rest.bytes().take_while(u8::is_ascii_graphic).count();
            if word > 0 {
                self.glue();
                self.text.push_str(head(rest, word));
                self.count(word, style);
                rest = tail(rest, word);
                continue;
            }
            rest = tail(rest, c.len_utf8());
            if c == '\u{ad}' || c == '\u{200b}' || marks::is_mark(c) {
                continue;
            }
            if c.is_whitespace() {
                self.space = true;
                continue;
            }
            self.glue();
            self.text.push(c);
            self.count(1, style);
        }
    }

    /// Counts characters that were written.
    fn count(&mut self, characters: usize, style: Style) {
        let of = |is: bool| if is { characters } else { 0 };
        self.all += characters;
        self.in_page += of(style.in_page);
        self.code += of(style.code);
        self.bold += of(style.bold);
        self.anchored += of(style.anchored);
    }

    /// Writes the space that is due.
    fn glue(&mut self) {
        if std::mem::take(&mut self.space) && !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push(' ');
        }
    }

    fn line_break(&mut self) {
        if self.text.trim().is_empty() {
            return;
        }
        if !self.text.contains('\n') && self.bold == self.all && self.bold_line.is_none() {
            self.bold_line = Some(BoldLine {
                end: self.text.len(),
                anchored: self.anchored > 0,
            });
        }
        self.space = false;
        self.text.push('\n');
    }

    /// Renders what is below `node` apart, so that marks can go around it without the white space at its ends.
    fn marked(
        &mut self,
        mark: &str,
        node: NodeRef<'_, Node>,
        style: Style,
        outer: Style,
        depth: usize,
    ) {
        let before = self.text.chars().next_back();
        let open = self.space;
        // Marks inside words or placeholders (`<*name*>`) would be noise.
        let joined = !open
            && before.is_some_and(|c| {
                c.is_alphanumeric() || matches!(c, '<' | '[' | '=' | '*' | '_' | '`')
            });
        let at = self.text.len();
        let words = self.all;
        let code = self.code;
        self.children(node, style, depth);
        let _ = outer;
        if self.all == words || (joined && mark == "*") {
            return;
        }
        let Some(added) = self.text.get(at..) else {
            return;
        };
        let lead = added.len() - added.trim_start().len();
        let inner = added.trim();
        let only_code = self.code - code == self.all - words;
        if only_code || inner.contains(['*', '\n']) || !inner.chars().any(char::is_alphanumeric) {
            return;
        }
        let (start, end) = (at + lead, at + lead + inner.len());
        self.text.insert_str(end, mark);
        self.text.insert_str(start, mark);
    }

    fn code(&mut self, node: NodeRef<'_, Node>, mut style: Style, depth: usize) {
        if style.code {
            self.children(node, style, depth);
            return;
        }
        style.code = true;
        style.bold = false;
        let at = self.text.len();
        self.children(node, style, depth);
        let Some(added) = self.text.get(at..) else {
            return;
        };
        let lead = added.len() - added.trim_start().len();
        let inner = added.trim();
        if inner.is_empty() {
            return;
        }
        let mark = if inner.contains('`') { "``" } else { "`" };
        let (start, end) = (at + lead, at + lead + inner.len());
        self.text.insert_str(end, mark);
        self.text.insert_str(start, mark);
    }

    fn link(&mut self, node: NodeRef<'_, Node>, mut style: Style, depth: usize) {
        let href = attribute(node, "href").unwrap_or_default().trim();
        style.in_page |= href.starts_with('#');
        let at = self.text.len();
        self.children(node, style, depth);
        let web = href.starts_with("http://") || href.starts_with("https://");
        if !web && links::is_page(href) && self.text.len() > at {
            marks::around(&mut self.text, at, href);
            return;
        }
        if style.code || !web {
            return;
        }
        let Some(added) = self.text.get(at..) else {
            return;
        };
        let lead = added.len() - added.trim_start().len();
        let shown = added.trim();
        let bare = |url: &str| {
            url.trim_start_matches("https://")
                .trim_start_matches("http://")
                .trim_end_matches('/')
                .to_owned()
        };
        if shown.is_empty() || shown.contains(['\n', '[', ']']) || bare(shown) == bare(href) {
            return;
        }
        if href.contains([' ', ')', '(']) {
            return;
        }
        let (start, end) = (at + lead, at + lead + shown.len());
        self.text.insert_str(end, &format!("]({href})"));
        self.text.insert(start, '[');
    }
}
