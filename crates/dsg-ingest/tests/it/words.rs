//! What a document says as a multiset of words, for comparing two renderings of one page.

use std::collections::BTreeMap;

use dsg_core::{Block, BlockKind, Document, Markup, Span};

/// Lower-cased words and how often each occurs. A word is a maximal run of letters and digits, so `--mem-per-cpu` is
/// three words and quotes, dashes and brackets count for nothing.
pub(crate) type Words = BTreeMap<String, usize>;

/// The words of `text`.
pub(crate) fn words(text: &str) -> Words {
    let mut out = Words::new();
    for word in text.split(|c: char| !c.is_alphanumeric()) {
        if !word.is_empty() {
            *out.entry(word.to_lowercase()).or_default() += 1;
        }
    }
    out
}

/// How well two multisets agree, from 0 to 1: the harmonic mean of precision and recall.
#[allow(clippy::cast_precision_loss, reason = "counts of words on a page")]
pub(crate) fn f1(a: &Words, b: &Words) -> f64 {
    let size = |words: &Words| words.values().sum::<usize>();
    let common: usize = a
        .iter()
        .map(|(word, count)| (*count).min(b.get(word).copied().unwrap_or_default()))
        .sum();
    2.0 * common as f64 / (size(a) + size(b)).max(1) as f64
}

/// The words that `a` has more often than `b`, most frequent first.
pub(crate) fn surplus(a: &Words, b: &Words) -> Vec<(usize, String)> {
    let mut out: Vec<_> = a
        .iter()
        .filter_map(|(word, count)| {
            let more = count.saturating_sub(b.get(word).copied().unwrap_or_default());
            (more > 0).then(|| (more, word.clone()))
        })
        .collect();
    out.sort_by(|a, b| b.cmp(a));
    out
}

/// What `document` says to a reader: its blocks without boilerplate and without markup. References that show the title of
/// what they lead to are looked up in `all`.
pub(crate) fn body(document: &Document, all: &[&Document]) -> String {
    match document.source.format.markup() {
        Markup::Rst => rst_body(document, all),
        _ => extracted_body(document),
    }
}

/// Extracted text is what a reader sees, but for fences, link targets and boilerplate.
fn extracted_body(document: &Document) -> String {
    let mut out = String::new();
    let mut at = 0;
    for block in &document.blocks {
        let (start, end) = (block.span.start(), block.span.end());
        if start < at {
            continue;
        }
        if let (BlockKind::Code { .. }, Some(body)) = (&block.kind, block.body) {
            out.push_str(&document.text[at..start]);
            out.push_str(&document.text[body.start()..body.end()]);
            at = end;
        } else if block.kind == BlockKind::Boilerplate {
            out.push_str(&document.text[at..start]);
            at = end;
        }
    }
    out.push_str(&document.text[at..]);
    without_link_targets(&out)
}

/// The text of a man page without its title, which rendered pages have in the running header only.
pub(crate) fn untitled(document: &Document) -> String {
    let title = document
        .blocks
        .first()
        .filter(|block| block.kind == BlockKind::Heading { level: 1 });
    without_link_targets(&document.text[title.map_or(0, |title| title.span.end())..])
}

/// `[text](target)` as `text`.
pub(crate) fn without_link_targets(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("](") {
        let Some(end) = rest[at..].find(')') else {
            break;
        };
        out.push_str(&rest[..at]);
        rest = &rest[at + end + 1..];
    }
    out + rest
}

/// The pieces of an rst document that a reader sees: labels, paragraphs, captions, code, table rows. Directive names,
/// targets, comments and options are in none of them.
fn rst_body(document: &Document, all: &[&Document]) -> String {
    let mut pieces: Vec<Span> = Vec::new();
    let mut out = String::new();
    for block in &document.blocks {
        match &block.kind {
            BlockKind::Paragraph | BlockKind::Caption | BlockKind::Row { .. } => {
                pieces.push(block.span);
            }
            BlockKind::Code { .. } => pieces.push(block.body.unwrap_or(block.span)),
            BlockKind::Admonition { class } => {
                // Sphinx writes the directive's name out.
                out.push_str(shown(class));
                out.push('\n');
            }
            _ => {}
        }
        pieces.extend(block.label);
    }
    pieces.sort_by_key(|piece| (piece.start(), std::cmp::Reverse(piece.end())));
    let mut at = 0;
    for piece in pieces {
        if piece.end() <= at {
            continue;
        }
        let code = document.blocks.iter().any(|block| is_code(block, piece));
        let from = piece.start().max(at);
        let text = &document.text[from..piece.end()];
        if code {
            // Sphinx takes out what is meant for doctest.
            for line in text.lines() {
                out.push_str(line.split("# doctest:").next().unwrap_or_default());
                out.push('\n');
            }
        } else {
            out.push_str(&titles(document, all, from, piece.end()));
            out.push_str(&without_roles(&text.replace("\\ ", "")));
        }
        out.push('\n');
        at = piece.end();
    }
    out
}

/// The titles that the untitled references in `from..to` show.
fn titles(document: &Document, all: &[&Document], from: usize, to: usize) -> String {
    let mut out = String::new();
    for link in &document.links {
        let written = document.slice(link.span).unwrap();
        let untitled = written.starts_with(":ref:") || written.starts_with(":doc:");
        if link.span.start() < from || link.span.end() > to || !untitled || written.contains('<') {
            continue;
        }
        let Some(target) = all
            .iter()
            .find(|other| Some(&other.doc_id) == link.doc_id.as_ref())
        else {
            continue;
        };
        let heading = target
            .blocks
            .iter()
            .find(|block| Some(block.span.start()) == link.at);
        let title = heading
            .and_then(|block| target.slice(block.label?))
            .unwrap_or(&target.title);
        out.push_str(&without_roles(title));
        out.push('\n');
    }
    out
}

fn is_code(block: &Block, piece: Span) -> bool {
    matches!(block.kind, BlockKind::Code { .. }) && block.span.contains(piece)
}

/// What Sphinx shows for an admonition of this class.
fn shown(class: &str) -> &str {
    match class {
        "seealso" => "See also",
        "versionadded" => "New in version",
        "versionchanged" => "Changed in version",
        "deprecated" => "Deprecated since version",
        "impl-detail" => "CPython implementation detail",
        "topic" | "sidebar" => "",
        other => other,
    }
}

/// Inline markup as a reader sees it: a role's text without the role, a link's text without the target.
fn without_roles(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('`') {
        let (before, after) = rest.split_at(at);
        if let Some(literal) = after.strip_prefix("``") {
            let end = literal.find("``").unwrap_or(literal.len());
            out.push_str(before);
            out.push_str(&literal[..end]);
            rest = literal.get(end + 2..).unwrap_or_default();
            continue;
        }
        let inner = &after[1..];
        let end = inner.find('`').unwrap_or(inner.len());
        let (before, role) = role(before);
        out.push_str(before);
        out.push_str(&said(role, &inner[..end]));
        rest = inner.get(end + 1..).unwrap_or_default();
    }
    out + rest
}

/// What stands before a role, and the role.
fn role(before: &str) -> (&str, &str) {
    if let Some(open) = before.strip_suffix(':') {
        let at = open
            .rfind(|c: char| !(c.is_alphanumeric() || matches!(c, ':' | '-' | '_' | '.' | '+')))
            .map_or(0, |at| at + 1);
        if open[at..].starts_with(':') {
            return (
                &before[..at],
                open[at..].rsplit(':').next().unwrap_or_default(),
            );
        }
    }
    (before, "")
}

fn said(role: &str, content: &str) -> String {
    let text = content
        .split_once('<')
        .filter(|(text, _)| !text.trim().is_empty() && content.ends_with('>'))
        .map_or(content, |(text, _)| text);
    match role {
        "pep" => format!("PEP {text}"),
        "rfc" => format!("RFC {text}"),
        // A label or path, for which the title is shown.
        "ref" | "doc" if text == content => String::new(),
        _ => match text.strip_prefix('~') {
            Some(short) => short.rsplit('.').next().unwrap_or_default().to_owned(),
            None => text.to_owned(),
        },
    }
}
