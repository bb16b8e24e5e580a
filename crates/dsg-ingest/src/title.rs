//! What a document is called.

use dsg_core::{BlockKind, Format, Markup};

use crate::front_matter::FrontMatter;
use crate::ingester::Parsed;
use crate::lines::{head, tail};

/// Front matter, first heading, the page's own title, or the file stem, in this order.
pub(crate) fn of(path: &str, format: Format, matter: &FrontMatter, parsed: &Parsed) -> String {
    if let Some(title) = matter.text("title") {
        return one_line(title);
    }
    let heading = parsed.blocks.iter().find_map(|block| {
        if !matches!(block.kind, BlockKind::Heading { .. }) {
            return None;
        }
        let label = block.label?.slice(&parsed.text)?;
        let plain = one_line(&without_markup(label, format.markup()));
        (!plain.is_empty()).then_some(plain)
    });
    heading
        .or_else(|| {
            parsed
                .title
                .as_deref()
                .map(one_line)
                .filter(|title| !title.is_empty())
        })
        .unwrap_or_else(|| stem(path))
}

fn stem(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.rsplit_once('.')
        .map_or(file, |(stem, _)| if stem.is_empty() { file } else { stem })
        .to_owned()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `text` without emphasis, code marks and link targets.
pub(crate) fn without_markup(text: &str, markup: Markup) -> String {
    match markup {
        Markup::Plain => text.to_owned(),
        Markup::Markdown => markdown(text),
        Markup::Rst => rst(text),
        Markup::AsciiDoc => asciidoc(text),
    }
}

fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = tail(rest, c.len_utf8());
        match c {
            '\\' => {
                if let Some(next) = after.chars().next().filter(char::is_ascii_punctuation) {
                    out.push(next);
                    rest = tail(after, 1);
                    continue;
                }
                out.push(c);
            }
            '`' | '*' => {}
            '!' if after.starts_with('[') => {}
            '[' => {
                if let Some((label, target)) = link(after) {
                    out.push_str(&markdown(label));
                    rest = target;
                    continue;
                }
                out.push(c);
            }
            '<' => {
                let tag = after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
                match after.find('>').filter(|_| tag) {
                    Some(end) => {
                        rest = tail(after, end + 1);
                        continue;
                    }
                    None => out.push(c),
                }
            }
            _ => out.push(c),
        }
        rest = after;
    }
    out
}

/// The label of a link whose `[` was just read, and what follows the link.
fn link(after: &str) -> Option<(&str, &str)> {
    let close = after.find(']')?;
    let label = head(after, close);
    let rest = tail(after, close + 1);
    let (open, shut) = match rest.as_bytes().first()? {
        b'(' => ('(', ')'),
        b'[' => ('[', ']'),
        _ => return None,
    };
    let end = rest.strip_prefix(open)?.find(shut)?;
    Some((label, tail(rest, end + 2)))
}

fn rst(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (nth, part) in text.split('`').enumerate() {
        if nth % 2 == 1 {
            // `text <target>`_ shows its text.
            out.push_str(part.split_once(" <").map_or(part, |(shown, _)| shown));
        } else {
            let mut part = part.strip_prefix('_').filter(|_| nth > 0).unwrap_or(part);
            // :role:`text` loses its role.
            if let Some(bare) = part.strip_suffix(':')
                && let Some((before, role)) = bare.rsplit_once(':')
                && !role.is_empty()
                && !role.contains(' ')
            {
                part = before;
            }
            out.push_str(&part.replace("**", "").replace('\\', ""));
        }
    }
    out.replace('|', "")
}

fn asciidoc(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = tail(rest, c.len_utf8());
        // `<<id,shown>>`, `[[id]]`, `link:target[shown]`
        let reference = match c {
            '<' => enclosed(after, "<", ">>").map(|(inner, rest)| {
                let shown = inner.split_once(',').map_or(inner, |(_, shown)| shown);
                (shown.trim(), rest)
            }),
            '[' => enclosed(after, "[", "]]").map(|(_, rest)| ("", rest)),
            'l' | 'x' | 'h' => inline_macro(rest),
            _ => None,
        };
        if let Some((shown, more)) = reference {
            out.push_str(shown);
            rest = more;
            continue;
        }
        if !matches!(c, '`' | '*') {
            out.push(c);
        }
        rest = after;
    }
    out
}

/// What stands between `open` and `close`, and what follows.
fn enclosed<'a>(text: &'a str, open: &str, close: &str) -> Option<(&'a str, &'a str)> {
    text.strip_prefix(open)?.split_once(close)
}

/// What `link:target[shown]` and its like show, and what follows.
fn inline_macro(text: &str) -> Option<(&str, &str)> {
    let target = ["link:", "xref:", "https:", "http:"]
        .iter()
        .find_map(|name| text.strip_prefix(name))?;
    let open = target.find(['[', ' '])?;
    let (shown, rest) = tail(target, open).strip_prefix('[')?.split_once(']')?;
    (!shown.is_empty()).then_some((shown, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_not_part_of_a_title() {
        let md = |text| without_markup(text, Markup::Markdown);
        assert_eq!(md("The `sbatch` **command**"), "The sbatch command");
        assert_eq!(md("See [jobs](a.md) and <b>x</b>"), "See jobs and x");
        assert_eq!(md("a < b [c]"), "a < b [c]");
        let rst = |text| without_markup(text, Markup::Rst);
        assert_eq!(rst("The ``mpirun`` command"), "The mpirun command");
        assert_eq!(rst(":ref:`Jobs <jobs>` now"), "Jobs now");
        let adoc = |text| without_markup(text, Markup::AsciiDoc);
        assert_eq!(
            adoc("[[top]]The `x` *command*, <<jobs,Jobs>>"),
            "The x command, Jobs"
        );
        assert_eq!(
            adoc("See link:a.html[jobs] or xref: a"),
            "See jobs or xref: a"
        );
    }
}
