//! References as they are written: Markdown links, rst roles and tables of contents, `sbatch(1)`.

use dsg_core::{Block, BlockKind, Format, Link, Markup, Span};

use crate::lines::{head, lines, tail};
use crate::outline::span;

/// Roles of rst whose content names a place.
const ROLES: [&str; 4] = ["doc", "ref", "numref", "option"];
/// Link texts longer than this are not looked through for their beginning, in bytes.
const MAX_TEXT: usize = 500;

/// Begins the target of a link in HTML.
const HREF: &str = "href=\"";

/// The references of a document, in the order of its text. Web addresses, links within the page and links to files that
/// are no documents are left out.
pub(crate) fn find(text: &str, blocks: &[Block], format: Format) -> Vec<Link> {
    let code: Vec<Span> = blocks
        .iter()
        .filter(|block| matches!(block.kind, BlockKind::Code { .. }))
        .map(|block| block.span)
        .collect();
    let mut out = Vec::new();
    match format.markup() {
        Markup::Markdown => markdown(text, &mut out),
        Markup::Rst => rst(text, &mut out),
        Markup::AsciiDoc => asciidoc(text, &mut out),
        Markup::Plain => {}
    }
    pages(text, &mut out);
    out.retain(|link| {
        let after = code.partition_point(|code| code.end() <= link.span.start());
        code.get(after)
            .is_none_or(|code| code.start() > link.span.start())
    });
    out.sort_by_key(|link| (link.span.start(), link.span.end()));
    out.dedup_by(|next, before| before.span.contains(next.span));
    out
}

/// Whether a target is the name of a command or option rather than a place somebody wrote down.
pub(crate) fn is_name(target: &str) -> bool {
    target.ends_with(')') || target.starts_with("option:")
}

fn link(span: Span, target: &str) -> Link {
    Link {
        span,
        target: target.to_owned(),
        doc_id: None,
        at: None,
    }
}

/// Where `mark` stands in `text`.
fn matches<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = usize> + 'a {
    memchr::memmem::find_iter(text.as_bytes(), mark.as_bytes())
}

/// `[text](target)`, `[label]: target`, `href="target"`.
fn markdown(text: &str, out: &mut Vec<Link>) {
    for close in matches(text, "](") {
        let target = tail(text, close + 2);
        let Some(end) = target.find([')', '\n']) else {
            continue;
        };
        let target = head(target, end);
        let Some(open) = opening(text, close) else {
            continue;
        };
        let image = open > 0 && text.as_bytes().get(open - 1) == Some(&b'!');
        let line = tail(text, head(text, open).rfind('\n').map_or(0, |at| at + 1));
        let before = head(line, line.len() - tail(text, open).len());
        let in_code = before.matches('`').count() % 2 == 1;
        // `target "title"`, `<target>`
        let target = target.split_whitespace().next().unwrap_or_default();
        let target = target.trim_start_matches('<').trim_end_matches('>');
        if !image && !in_code && is_page(target) {
            out.push(link(span(open, close + 2 + end + 1), target));
        }
    }
    for line in lines(text, 0) {
        let row = line.content_span();
        let content = line.content();
        if content.starts_with('[')
            && !content.starts_with("[^")
            && let Some((_, target)) = content.split_once("]: ")
            && is_page(target.split_whitespace().next().unwrap_or_default())
        {
            out.push(link(
                row,
                target.split_whitespace().next().unwrap_or_default(),
            ));
        }
    }
    for at in matches(text, HREF) {
        let from = at + HREF.len();
        if let Some(end) = tail(text, from).find(['"', '\n'])
            && is_page(head(tail(text, from), end))
        {
            out.push(link(span(from, from + end), head(tail(text, from), end)));
        }
    }
}

/// The `[` that belongs to the `]` at `close`.
fn opening(text: &str, close: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let from = text.floor_char_boundary(close.saturating_sub(MAX_TEXT));
    for (at, byte) in text.get(from..close)?.bytes().enumerate().rev() {
        match byte {
            b']' => depth += 1,
            b'[' if depth == 0 => return Some(from + at),
            b'[' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Whether a written target can be a page of the same documentation.
pub(crate) fn is_page(target: &str) -> bool {
    let path = target.split(['#', '?']).next().unwrap_or_default();
    if path.is_empty()
        || path.starts_with("//")
        || path.contains(['{', '<', '$', ' ', '\\', '@', '`', '"'])
    {
        return false;
    }
    if path
        .find(':')
        .is_some_and(|colon| !head(path, colon).contains('/'))
    {
        return false;
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.trim_matches('.').is_empty() => {
            targets_page(extension) || extension.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => true,
    }
}

fn targets_page(extension: &str) -> bool {
    matches!(
        extension,
        "md" | "mdx"
            | "markdown"
            | "rst"
            | "rest"
            | "html"
            | "htm"
            | "shtml"
            | "xhtml"
            | "txt"
            | "adoc"
            | "asciidoc"
            | "ipynb"
            | "pdf"
    )
}

/// Roles, tables of contents, includes.
fn rst(text: &str, out: &mut Vec<Link>) {
    for tick in memchr::memchr_iter(b'`', text.as_bytes()) {
        let Some(before) = head(text, tick).strip_suffix(':') else {
            continue;
        };
        let named = ROLES.iter().find_map(|role| {
            let at = before.strip_suffix(role)?.strip_suffix(':')?.len();
            Some((*role, at))
        });
        if let Some((role, at)) = named {
            let from = tick + 1;
            let Some(end) = tail(text, from).find('`') else {
                continue;
            };
            let content = head(tail(text, from), end);
            let target = content
                .strip_suffix('>')
                .and_then(|content| content.rsplit_once('<'))
                .map_or(content, |(_, target)| target);
            let target = target.trim_start_matches(['~', '!']);
            let words: Vec<&str> = target.split_whitespace().collect();
            // A role that the text only names, as in ``:ref:``.
            if words.is_empty() {
                continue;
            }
            out.push(link(
                span(at, from + end + 1),
                &format!("{role}:{}", words.join(" ")),
            ));
        }
    }
    let mut toc: Option<usize> = None;
    for line in lines(text, 0) {
        let content = line.content();
        if toc.is_none() && !content.starts_with(".. ") {
            continue;
        }
        let column = line.columns(8);
        if let Some(file) = content.strip_prefix(".. include:: ")
            && is_page(file)
        {
            out.push(link(line.content_span(), file.trim()));
        }
        if content.starts_with(".. toctree::") {
            toc = Some(column);
        } else if let Some(outer) = toc
            && !content.is_empty()
        {
            if column <= outer {
                toc = None;
            } else if !content.starts_with(':') {
                let page = content
                    .strip_suffix('>')
                    .and_then(|content| content.rsplit_once('<'))
                    .map_or(content, |(_, page)| page);
                if page != "self" && !page.contains(['*', ':']) {
                    out.push(link(line.content_span(), &format!("doc:{page}")));
                }
            }
        }
    }
}

/// `link:page.html[text]`, `xref:page.adoc#id[text]`, `<<page.adoc#id,text>>`, `include::part.adoc[]`. What names an id of
/// the same page or a page of another component is left out.
fn asciidoc(text: &str, out: &mut Vec<Link>) {
    for macro_name in ["link:", "xref:", "include::"] {
        for (at, _) in text.match_indices(macro_name) {
            let from = at + macro_name.len();
            let inside_a_word = head(text, at).ends_with(|c: char| c.is_alphanumeric());
            let target = tail(text, from);
            if let Some(open) = target.find(['[', ' ', '\n'])
                && let Some(close) = tail(target, open).find([']', '\n'])
                && tail(target, open).starts_with('[')
                && !inside_a_word
                && is_file(head(target, open))
            {
                out.push(link(span(at, from + open + close + 1), head(target, open)));
            }
        }
    }
    for (at, mark) in text.match_indices("<<") {
        let inner = tail(text, at + mark.len());
        if let Some(end) = inner.find(['>', '\n'])
            && tail(inner, end).starts_with(">>")
            && let target = head(inner, end)
                .split(',')
                .next()
                .unwrap_or_default()
                .trim()
            && is_file(target)
        {
            out.push(link(span(at, at + mark.len() + end + 2), target));
        }
    }
}

/// Whether a target names a page by its file name, and no id of the page that it stands in.
fn is_file(target: &str) -> bool {
    let path = target.split('#').next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    is_page(target) && name.contains('.')
}

/// `sbatch(1)`, also with a mark or a space before the section.
fn pages(text: &str, out: &mut Vec<Link>) {
    let bytes = text.as_bytes();
    for open in memchr::memchr_iter(b'(', bytes) {
        let section = tail(text, open + 1);
        let Some(close) = section.bytes().take(6).position(|byte| byte == b')') else {
            continue;
        };
        let section = head(section, close);
        let digit = section.starts_with(|c: char| c.is_ascii_digit() && c != '0');
        if !digit
            || !section
                .bytes()
                .skip(1)
                .all(|byte| byte.is_ascii_lowercase())
        {
            continue;
        }
        let named =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+');
        let marks = bytes
            .iter()
            .take(open)
            .rev()
            .take_while(|byte| matches!(byte, b'*' | b'`'))
            .count();
        let end = open - marks;
        let length = bytes
            .iter()
            .take(end)
            .rev()
            .take(64)
            .take_while(|byte| named(**byte))
            .count();
        let name = head(tail(text, end - length), length);
        if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            let whole = span(end - length, open + 1 + close + 1);
            out.push(link(whole, &format!("{name}({section})")));
        }
    }
}
