//! Keeps nesting within bounds before a tree is built: the tree builder looks up its stack for many tags, which makes
//! hostile nesting quadratic, and rendering recurses.

use std::borrow::Cow;

use crate::lines::{head, tail};

/// Elements nested deeper than this lose their tags and keep their text.
const MAX_DEPTH: usize = 160;

/// Elements that end without an end tag, which says nothing about nesting.
const FLAT: [&str; 33] = [
    "area", "base", "body", "br", "col", "colgroup", "dd", "dt", "embed", "head", "hr", "html",
    "img", "input", "li", "link", "meta", "optgroup", "option", "p", "param", "rp", "rt", "source",
    "tbody", "td", "tfoot", "th", "thead", "tr", "track", "wbr", "a",
];

/// `source` with tags beyond the limit removed; as it is when there are none.
pub(crate) fn limited(source: &str) -> Cow<'_, str> {
    let mut out: Option<String> = None;
    let mut kept = 0;
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(open) = tail(source, at).find('<').map(|found| at + found) {
        let rest = tail(source, open + 1);
        let Some(tag) = Tag::read(rest) else {
            at = open + 1;
            continue;
        };
        let end = open + 1 + tag.length;
        at = end;
        if tag.raw {
            let close = format!("</{}", tag.name);
            at = find_ignoring_case(tail(source, end), &close)
                .map_or(source.len(), |found| end + found);
            continue;
        }
        if tag.name.is_empty() || FLAT.contains(&tag.name.as_str()) {
            continue;
        }
        let over = if tag.closing {
            let over = depth > MAX_DEPTH;
            depth = depth.saturating_sub(1);
            over
        } else {
            depth += 1;
            depth > MAX_DEPTH
        };
        if over {
            out.get_or_insert_default()
                .push_str(source.get(kept..open).unwrap_or_default());
            kept = end;
        }
    }
    match out {
        Some(mut text) => {
            text.push_str(tail(source, kept));
            Cow::Owned(text)
        }
        None => Cow::Borrowed(source),
    }
}

struct Tag {
    name: String,
    closing: bool,
    /// Its content is not markup.
    raw: bool,
    /// Bytes after the `<`.
    length: usize,
}

impl Tag {
    /// The tag whose `<` stands before `rest`; a comment has no name.
    fn read(rest: &str) -> Option<Self> {
        if rest.starts_with("!--") {
            return Some(Self {
                name: String::new(),
                closing: false,
                raw: false,
                length: rest.find("-->").map_or(rest.len(), |end| end + 3),
            });
        }
        let closing = rest.starts_with('/');
        let named = tail(rest, usize::from(closing));
        let length = named
            .bytes()
            .take(24)
            .take_while(u8::is_ascii_alphanumeric)
            .count();
        if length == 0 || !named.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        let name = head(named, length).to_ascii_lowercase();
        let end = rest.find('>')? + 1;
        let raw = !closing && matches!(name.as_str(), "script" | "style" | "textarea" | "title");
        Some(Self {
            name,
            closing,
            raw,
            length: end,
        })
    }
}

fn find_ignoring_case(text: &str, needle: &str) -> Option<usize> {
    let needle = needle.as_bytes();
    text.as_bytes()
        .windows(needle.len())
        .position(|window| window.eq_ignore_ascii_case(needle))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_pages_are_untouched() {
        let page = "<p>a<p>b<ul><li>c<li>d</ul><!-- <div> -->".repeat(500);
        assert!(matches!(limited(&page), Cow::Borrowed(_)));
    }

    #[test]
    fn deep_nesting_keeps_its_text() {
        let deep = format!("{}x{}", "<div>".repeat(5000), "</div>".repeat(5000));
        let text = limited(&deep);
        assert_eq!(text.matches("<div>").count(), MAX_DEPTH);
        assert!(text.contains('x'));
    }
}
