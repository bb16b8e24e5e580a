//! MDX: imports, exports, expressions and components. What is inside a component is Markdown; the rest is no content.

use dsg_core::Span;

use super::region::{Container, Held, Unclosed};
use super::shortcode::argument;
use crate::lines::{Line, tail};
use crate::outline::span;

/// A statement, expression or tag ends within so many lines, or is none.
const MAX_LINES: usize = 200;

/// The statement, expression or component that begins with `line`, and how many of the lines in `rest` belong to it.
pub(super) fn held<'a>(
    line: Line<'a>,
    rest: &[Line<'a>],
    unclosed: &mut Unclosed,
) -> Option<(Held<'a>, usize)> {
    let bare = line.content();
    let boilerplate = |used: usize| {
        let end = used.checked_sub(1).and_then(|last| rest.get(last));
        let end = end.map_or(line.end(), |last| last.end());
        Some((
            Held::Boilerplate(span(line.content_span().start(), end)),
            used,
        ))
    };
    if is_statement(line.text) {
        return boilerplate(balanced(line, rest)?.0);
    }
    if bare.starts_with('{') && !bare.starts_with("{{") && !bare.starts_with("{%") {
        let (used, after) = balanced(line, rest)?;
        return if after.trim().is_empty() {
            boilerplate(used)
        } else {
            None
        };
    }
    if !bare.starts_with('<') {
        return None;
    }
    if let Some(name) = bare.strip_prefix("</") {
        return name.ends_with('>').then(|| boilerplate(0)).flatten();
    }
    let tag = Tag::read(line, rest)?;
    if !tag.after.trim().is_empty() {
        return None;
    }
    if tag.is_closed {
        return boilerplate(tag.used);
    }
    let open = format!("<{}", tag.name);
    let end = format!("</{}>", tag.name);
    let below = rest.get(tag.used..).unwrap_or_default();
    let mut inner = 0_usize;
    let Some(close) = unclosed.named(&open, below, |next| {
        if next == end {
            inner = inner.wrapping_sub(1);
            return inner == usize::MAX;
        }
        let opens = next.strip_prefix(open.as_str()).is_some_and(|rest| {
            !rest.starts_with(|c: char| c.is_alphanumeric()) && !next.ends_with("/>")
        });
        inner += usize::from(opens && !next.contains(&end));
        false
    }) else {
        return boilerplate(tag.used);
    };
    let content: Vec<Line<'a>> = below.get(..close)?.to_vec();
    let last = below.get(close)?;
    let dedent = content
        .iter()
        .filter(|line| !line.is_blank())
        .map(|line| line.columns(4))
        .min()
        .unwrap_or_default();
    let head = match tag.used.checked_sub(1).and_then(|last| rest.get(last)) {
        Some(last) => span(line.content_span().start(), last.end()),
        None => line.content_span(),
    };
    let (class, label) = class(&tag, line);
    let frame = if class.is_some() {
        Vec::new()
    } else {
        vec![head, last.content_span()]
    };
    let container = Container {
        class,
        frame,
        span: span(head.start(), last.end()),
        label,
        content,
        dedent,
    };
    Some((Held::Container(container), tag.used + close + 1))
}

/// Whether a line begins an import or an export.
fn is_statement(text: &str) -> bool {
    let quoted = |rest: &str| rest.contains(['"', '\'']);
    if let Some(rest) = text.strip_prefix("import ") {
        return (quoted(rest) && (rest.contains(" from ") || rest.starts_with(['"', '\''])))
            || rest.trim_end().ends_with('{');
    }
    text.strip_prefix("export ").is_some_and(|rest| {
        [
            "const ",
            "let ",
            "var ",
            "function ",
            "default ",
            "async ",
            "{",
            "*",
        ]
        .iter()
        .any(|word| rest.starts_with(word))
    })
}

/// Lines below `line` up to where its brackets are closed, and what follows on the last one.
fn balanced<'a>(line: Line<'a>, rest: &[Line<'a>]) -> Option<(usize, &'a str)> {
    let mut depth = 0_i32;
    for (nth, next) in [line].iter().chain(rest).take(MAX_LINES).enumerate() {
        let mut quote = None;
        for (at, c) in next.text.char_indices() {
            if let Some(open) = quote {
                quote = (c != open).then_some(open);
                continue;
            }
            match c {
                '"' | '`' => quote = Some(c),
                '{' | '(' | '[' => depth += 1,
                '}' | ')' | ']' => {
                    depth -= 1;
                    // An expression ends with its bracket.
                    if depth == 0 && line.content().starts_with('{') {
                        return Some((nth, tail(next.text, at + 1)));
                    }
                }
                _ => {}
            }
        }
        if depth <= 0 {
            return Some((nth, ""));
        }
    }
    None
}

/// An opening tag.
struct Tag<'a> {
    name: &'a str,
    /// Lines below the first one that it goes on in.
    used: usize,
    /// What follows on its last line.
    after: &'a str,
    /// `<br />`
    is_closed: bool,
}

impl<'a> Tag<'a> {
    fn read(line: Line<'a>, rest: &[Line<'a>]) -> Option<Self> {
        let first = line.content().strip_prefix('<')?;
        let length = first
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
            .count();
        let name = first.get(..length)?;
        // `<https://…>` is a link, `<!-- -->` a comment.
        let fits = tail(first, length).starts_with([' ', '\t', '>', '/']) || first.len() == length;
        if !fits || (name.is_empty() && !first.starts_with('>')) {
            return None;
        }
        let mut depth = 0_i32;
        let mut quote = None;
        let mut last = ' ';
        for (nth, next) in [line].iter().chain(rest).take(MAX_LINES).enumerate() {
            for (at, c) in next.text.char_indices() {
                if let Some(open) = quote {
                    quote = (c != open).then_some(open);
                    last = c;
                    continue;
                }
                match c {
                    '"' | '\'' | '`' => quote = Some(c),
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    '>' if depth <= 0 && last != '=' => {
                        return Some(Self {
                            name,
                            used: nth,
                            after: tail(next.text, at + 1),
                            is_closed: last == '/',
                        });
                    }
                    _ => {}
                }
                last = c;
            }
        }
        None
    }
}

/// The class and title of a component that is a note or a tab.
fn class(tag: &Tag<'_>, line: Line<'_>) -> (Option<String>, Option<Span>) {
    let bare = line.content();
    let title = |keys: &[&str]| {
        keys.iter().find_map(|key| {
            let (at, value) = argument(bare, key)?;
            let start = line.content_span().start() + at;
            (!value.is_empty()).then(|| Span::of_len(start, value.len()))
        })
    };
    let name = tag.name.to_ascii_lowercase();
    match name.as_str() {
        "note" | "tip" | "info" | "warning" | "caution" | "danger" | "important" => {
            (Some(name), title(&["title"]))
        }
        "admonition" | "callout" | "alert" | "aside" => {
            let kind = argument(bare, "type").or_else(|| argument(bare, "variant"));
            let kind = kind.map_or("note", |(_, value)| value);
            (Some(kind.to_ascii_lowercase()), title(&["title"]))
        }
        "tab" | "tabitem" | "tabpanel" => {
            (Some("tab".to_owned()), title(&["label", "title", "value"]))
        }
        _ => (None, None),
    }
}
