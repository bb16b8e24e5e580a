//! Hugo's `{{< name >}}` and `{{% alert %}}`, Jekyll's `{% raw %}`, and attribute lists, on lines of their own.

use dsg_core::Span;

use super::region::{Held, Unclosed, fenced};
use crate::lines::Line;
use crate::outline::span;

/// A shortcode's arguments end within so many lines.
const MAX_LINES: usize = 40;

/// Shortcodes whose content is a note.
const NOTES: [&str; 10] = [
    "admonition",
    "alert",
    "callout",
    "caution",
    "hint",
    "note",
    "notice",
    "pageinfo",
    "tip",
    "warning",
];

/// The shortcode or attribute list that begins with `line`, and how many of the lines in `rest` belong to it.
pub(super) fn held<'a>(
    line: Line<'a>,
    rest: &[Line<'a>],
    unclosed: &mut Unclosed,
) -> Option<(Held<'a>, usize)> {
    let bare = line.content();
    let boilerplate = |used| Some((Held::Boilerplate(line.content_span()), used));
    if (bare.starts_with("{:") || bare.starts_with("{ .")) && bare.ends_with('}') {
        return boilerplate(0);
    }
    if let Some(tag) = bare
        .strip_prefix("{%")
        .and_then(|tag| tag.strip_suffix("%}"))
    {
        let mut words = tag.trim_matches('-').split_whitespace();
        if words.next() == Some("highlight")
            && let Some(close) = unclosed.named("endhighlight", rest, |next| {
                next.starts_with("{%") && next.contains("endhighlight")
            })
        {
            return code(line, rest, close, words.next());
        }
        return boilerplate(0);
    }
    let (open, close) = [("{{<", ">}}"), ("{{%", "%}}")]
        .into_iter()
        .find(|(open, _)| bare.starts_with(open))?;
    let Some(inner) = bare
        .strip_prefix(open)
        .and_then(|inner| inner.strip_suffix(close))
    else {
        return many_lines(line, rest, close);
    };
    // Text between two shortcodes on one line is text.
    if inner.contains("}}") {
        return None;
    }
    let name = inner.split_whitespace().next().unwrap_or_default();
    if name == "figure" {
        return Some((figure(line), 0));
    }
    if name != "highlight" && !NOTES.contains(&name) {
        return boilerplate(0);
    }
    let end = format!("/{name}");
    let Some(close) = unclosed.named(name, rest, |next| {
        next.starts_with("{{") && next.contains(&end)
    }) else {
        return boilerplate(0);
    };
    if name == "highlight" {
        return code(line, rest, close, inner.split_whitespace().nth(1));
    }
    let argument = |key: &str| argument(inner, key).map(|(_, value)| value);
    let class = argument("color")
        .or(argument("type"))
        .unwrap_or(match name {
            "alert" | "notice" | "pageinfo" | "admonition" | "callout" => "note",
            other => other,
        });
    fenced(
        line,
        rest,
        close,
        class,
        argument("title").unwrap_or_default(),
    )
}

/// Offset and text of the value in `key="value"`.
pub(super) fn argument<'a>(inner: &'a str, key: &str) -> Option<(usize, &'a str)> {
    inner.match_indices(key).find_map(|(at, _)| {
        let after = inner.get(at + key.len()..)?;
        let value = after.strip_prefix("=\"")?;
        let end = value.find('"')?;
        Some((at + key.len() + 2, value.get(..end)?))
    })
}

/// A figure's caption, title or description, where it has words.
fn figure(line: Line<'_>) -> Held<'_> {
    let whole = line.content_span();
    ["caption", "title", "alt"]
        .into_iter()
        .filter_map(|key| argument(line.content(), key))
        .find(|(_, value)| value.trim().contains(' '))
        .map_or(Held::Boilerplate(whole), |(at, value)| {
            Held::Caption(whole, Span::of_len(whole.start() + at, value.len()))
        })
}

/// A shortcode whose arguments go on below.
fn many_lines<'a>(line: Line<'a>, rest: &[Line<'a>], close: &str) -> Option<(Held<'a>, usize)> {
    let nth = rest
        .iter()
        .take(MAX_LINES)
        .take_while(|next| !next.is_blank())
        .position(|next| next.content().ends_with(close))?;
    let end = rest.get(nth)?.end();
    let whole = span(line.content_span().start(), end);
    // Not when the one that begins here ended before.
    (!line.content().contains("}}")).then_some((Held::Boilerplate(whole), nth + 1))
}

fn code<'a>(
    line: Line<'a>,
    rest: &[Line<'a>],
    close: usize,
    language: Option<&str>,
) -> Option<(Held<'a>, usize)> {
    let whole = span(line.content_span().start(), rest.get(close)?.end());
    let inner = rest.get(..close)?;
    let body = match (inner.first(), inner.last()) {
        (Some(first), Some(last)) => span(first.start, last.end()),
        _ => return Some((Held::Boilerplate(whole), close + 1)),
    };
    let language = language.map(str::to_ascii_lowercase);
    Some((Held::Code(whole, body, language), close + 1))
}
