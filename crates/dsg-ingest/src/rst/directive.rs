//! Explicit markup: directives, targets, footnotes, comments.

use dsg_core::{Block, BlockKind, Span};

use super::scanner::{Scanner, field_name};
use crate::entry_term;
use crate::outline::span;
use crate::row::{Row, base, extent, indented};

/// Directives whose content is a note; their class is their name.
const ADMONITIONS: [&str; 17] = [
    "admonition",
    "attention",
    "caution",
    "danger",
    "deprecated",
    "error",
    "hint",
    "important",
    "note",
    "seealso",
    "sidebar",
    "tip",
    "topic",
    "versionadded",
    "versionchanged",
    "warning",
    "impl-detail",
];

/// Directives whose content is code.
const CODE: [&str; 11] = [
    "code",
    "code-block",
    "console",
    "doctest",
    "math",
    "parsed-literal",
    "prompt",
    "sourcecode",
    "testcode",
    "testoutput",
    "literal",
];

/// Directives that describe an object: their argument is a term.
const OBJECTS: [&str; 24] = [
    "attribute",
    "class",
    "cmdoption",
    "confval",
    "data",
    "describe",
    "envvar",
    "exception",
    "function",
    "macro",
    "member",
    "method",
    "module",
    "object",
    "opcode",
    "option",
    "property",
    "setting",
    "staticmethod",
    "struct",
    "type",
    "var",
    "enum",
    "program-option",
];

/// Directives that only hold content.
const HOLDERS: [&str; 20] = [
    "card",
    "centered",
    "class",
    "compound",
    "container",
    "cssclass",
    "details",
    "dropdown",
    "epigraph",
    "glossary",
    "grid",
    "grid-item-card",
    "highlights",
    "hlist",
    "only",
    "pull-quote",
    "rst-class",
    "tab-set",
    "tabs",
    "grid-item",
];

/// A directive's parts.
struct Directive<'r, 'a> {
    name: &'a str,
    argument: Span,
    whole: Span,
    /// Options and blank rows skipped.
    content: &'r [Row<'a>],
    head: Row<'a>,
    /// Its `:hide:` option keeps it from being shown.
    hidden: bool,
    /// Bytes of the head before the argument.
    skip: usize,
}

impl<'a> Scanner<'a, '_> {
    /// What begins with `..` at row `at`; returns the row after it.
    pub(super) fn explicit(&mut self, rows: &[Row<'a>], at: usize, row: Row<'a>) -> usize {
        let end = indented(rows, at + 1, row.column + 1);
        let Some(whole) = rows.get(at..end).and_then(extent) else {
            return end.max(at + 1);
        };
        let rest = row.text.get(2..).unwrap_or_default();
        let named = rest.trim_start();
        let skip = row.text.len() - named.len();
        // A comment without text ends at once: `..` and a blank line.
        if named.is_empty() && rows.get(at + 1).is_none_or(|next| next.is_blank()) {
            return at + 1;
        }
        if let Some(close) = named.strip_prefix('[').and_then(|inner| inner.find("] ")) {
            // A footnote or citation.
            let mark = self.outline.open(BlockKind::Definition, whole.start());
            self.outline
                .set_label(&mark, Span::of_len(row.start + skip + 1, close));
            self.nested_body(rows, at, end, skip + close + 2, &mark);
            self.outline.close(mark, whole.end());
            return end.max(at + 1);
        }
        let directive = (!named.starts_with(['_', '|']))
            .then(|| split(named))
            .flatten();
        let Some((name, argument)) = directive else {
            self.outline.leaf(Block::new(BlockKind::Boilerplate, whole));
            return end.max(at + 1);
        };
        let argument_at = row.text.len() - argument.len();
        let inner = rows.get(at + 1..end).unwrap_or_default();
        let options = inner
            .iter()
            .take_while(|row| !row.is_blank() && field_name(row.text).is_some())
            .count();
        let directive = Directive {
            name: name.rsplit(':').next().unwrap_or(name),
            argument: Span::of_len(row.start + argument_at, argument.len()),
            whole,
            content: inner.get(options..).unwrap_or_default(),
            head: row,
            hidden: inner.iter().take(options).any(|row| row.text == ":hide:"),
            skip: argument_at,
        };
        self.directive(&directive);
        end.max(at + 1)
    }

    fn directive(&mut self, directive: &Directive<'_, 'a>) {
        let name = directive.name;
        let argument = directive.argument.slice(self.text).unwrap_or_default();
        if directive.hidden {
            self.boilerplate(directive.whole);
        } else if CODE.contains(&name) {
            let language = match name {
                "doctest" | "testcode" => Some("python".to_owned()),
                "math" => Some("latex".to_owned()),
                "prompt" | "console" => Some("console".to_owned()),
                "parsed-literal" | "testoutput" | "literal" => None,
                _ if argument.is_empty() => self.language.clone(),
                _ => Some(argument.to_ascii_lowercase()),
            };
            self.code(directive.content, language, Some(directive.whole));
        } else if ADMONITIONS.contains(&name) {
            self.admonition(directive);
        } else if OBJECTS.contains(&name)
            && !argument.is_empty()
            && !(name == "class" && argument.starts_with("align"))
        {
            self.object(directive);
        } else if matches!(name, "table" | "list-table" | "csv-table") {
            self.table_directive(directive);
        } else if name == "highlight" {
            self.language =
                (argument != "none" && !argument.is_empty()).then(|| argument.to_ascii_lowercase());
            self.boilerplate(directive.whole);
        } else if name == "rubric" {
            let block = Block::new(BlockKind::Heading { level: 6 }, directive.whole);
            self.outline.leaf(block.with_label(directive.argument));
        } else if name == "figure" {
            self.boilerplate(span(directive.head.start, directive.head.end()));
            for row in directive
                .content
                .iter()
                .filter(|row| !row.is_blank())
                .take(1)
            {
                let caption = span(row.start, row.end());
                self.outline.leaf(Block::new(BlockKind::Caption, caption));
            }
        } else if matches!(name, "tab" | "tab-item" | "group-tab" | "code-tab") {
            self.boxed(directive, "tab");
        } else if HOLDERS.contains(&name) {
            self.boilerplate(span(directive.head.start, directive.head.end()));
            self.content(directive.content);
        } else {
            self.boilerplate(directive.whole);
        }
    }

    fn boilerplate(&mut self, whole: Span) {
        self.outline.leaf(Block::new(BlockKind::Boilerplate, whole));
    }

    fn content(&mut self, rows: &[Row<'a>]) {
        let column = base(rows);
        self.blocks(rows, column);
    }

    fn boxed(&mut self, directive: &Directive<'_, 'a>, class: &str) {
        let kind = BlockKind::Admonition {
            class: class.to_owned(),
        };
        let mark = self.outline.open(kind, directive.whole.start());
        if !directive.argument.is_empty() {
            self.outline.set_label(&mark, directive.argument);
        }
        if let Some(body) = extent(directive.content) {
            self.outline.set_body(&mark, body);
        }
        self.content(directive.content);
        self.outline.close(mark, directive.whole.end());
    }

    fn admonition(&mut self, directive: &Directive<'_, 'a>) {
        let titled = matches!(directive.name, "admonition" | "topic" | "sidebar");
        if titled {
            let class = if directive.name == "admonition" {
                "note"
            } else {
                directive.name
            };
            self.boxed(directive, class);
            return;
        }
        let kind = BlockKind::Admonition {
            class: directive.name.to_owned(),
        };
        let mark = self.outline.open(kind, directive.whole.start());
        // `.. note:: Text` may begin on its first line.
        let mut rows: Vec<Row<'a>> = Vec::with_capacity(directive.content.len() + 1);
        let column = base(directive.content);
        let mut skip = directive.skip;
        if matches!(
            directive.name,
            "versionadded" | "versionchanged" | "deprecated"
        ) {
            let argument = directive.argument.slice(self.text).unwrap_or_default();
            let version = argument.find(' ').unwrap_or(argument.len());
            self.outline
                .set_label(&mark, Span::of_len(directive.argument.start(), version));
            skip += version;
        }
        let first = directive.head.after(skip, column);
        if !first.is_blank() {
            rows.push(first);
        }
        rows.extend_from_slice(directive.content);
        if let Some(body) = extent(&rows) {
            self.outline.set_body(&mark, body);
            self.blocks(&rows, column);
        }
        self.outline.close(mark, directive.whole.end());
    }

    fn object(&mut self, directive: &Directive<'_, 'a>) {
        let argument = directive.argument.slice(self.text).unwrap_or_default();
        let option = matches!(
            directive.name,
            "option" | "cmdoption" | "program-option" | "confval" | "setting"
        ) || entry_term::is_option(argument);
        let kind = if option {
            BlockKind::Option
        } else {
            BlockKind::Definition
        };
        let (offset, length) = entry_term::unmarked(argument);
        let mark = self.outline.open(kind, directive.whole.start());
        self.outline.set_label(
            &mark,
            Span::of_len(directive.argument.start() + offset, length),
        );
        if let Some(body) = extent(directive.content) {
            self.outline.set_body(&mark, body);
        }
        self.content(directive.content);
        self.outline.close(mark, directive.whole.end());
    }

    fn table_directive(&mut self, directive: &Directive<'_, 'a>) {
        let caption = (!directive.argument.is_empty()).then_some(directive.argument);
        match directive.name {
            "list-table" => self.list_table(directive.content, directive.whole, caption),
            "csv-table" => self.csv_table(directive.content, directive.whole, caption),
            _ => {
                let at = directive.content.iter().position(|row| !row.is_blank());
                if let Some(at) = at
                    && self
                        .table(
                            directive.content,
                            at,
                            caption.map(|label| (label, directive.whole)),
                        )
                        .is_some()
                {
                    return;
                }
                self.content(directive.content);
            }
        }
    }
}

/// The name and argument of a directive, `name:: argument`.
fn split(text: &str) -> Option<(&str, &str)> {
    let (name, argument) = text.split_once("::")?;
    let named = !name.is_empty()
        && name.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':' | b'+' | b'.')
        });
    named.then(|| (name, argument.trim_start()))
}
