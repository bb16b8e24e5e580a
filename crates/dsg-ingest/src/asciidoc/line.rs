//! What a line is by itself: a delimiter, a list item, a directive, …

use crate::row::Row;

/// Bullets and dots repeated more often than this are text.
const MAX_REPEAT: usize = 6;

/// What encloses a delimited block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fence {
    /// `////`
    Comment,
    /// `----` and ```` ``` ````
    Listing,
    /// `....`
    Literal,
    /// `====`
    Example,
    /// `****`
    Sidebar,
    /// `____`
    Quote,
    /// `++++`
    Pass,
    /// `--`
    Open,
    /// `|===`, `,===`, `:===`, `!===`, with the separator.
    Table(char),
}

/// The fence that `row` is, if it is one.
pub(super) fn fence(row: Row<'_>) -> Option<Fence> {
    if row.column > 0 {
        return None;
    }
    let text = row.text;
    if text == "--" {
        return Some(Fence::Open);
    }
    if text.starts_with("```") {
        // "``` is a fence" is prose that begins with one.
        return (!text.contains(' ') && !text.trim_start_matches('`').contains('`'))
            .then_some(Fence::Listing);
    }
    let first = text.chars().next()?;
    if let Some(rest) = text.strip_prefix(first)
        && matches!(first, '|' | ',' | ':' | '!')
    {
        return (rest.len() >= 3 && rest.bytes().all(|byte| byte == b'='))
            .then_some(Fence::Table(first));
    }
    let fence = match first {
        '/' => Fence::Comment,
        '-' => Fence::Listing,
        '.' => Fence::Literal,
        '=' => Fence::Example,
        '*' => Fence::Sidebar,
        '_' => Fence::Quote,
        '+' => Fence::Pass,
        _ => return None,
    };
    (text.len() >= 4 && text.chars().all(|c| c == first)).then_some(fence)
}

/// What closes the fence `text`.
pub(super) fn closing(text: &str) -> &str {
    if text.starts_with("```") { "```" } else { text }
}

/// Whether `text` is a comment line, `// …`; `///` is none.
pub(super) fn is_comment(text: &str) -> bool {
    text.strip_prefix("//")
        .is_some_and(|rest| !rest.starts_with('/'))
}

/// Whether `text` is for the preprocessor: an include or a condition.
pub(super) fn is_directive(text: &str) -> bool {
    ["include::", "ifdef::", "ifndef::", "ifeval::", "endif::"]
        .iter()
        .any(|name| text.starts_with(name))
        && text.ends_with(']')
}

/// Name and value of an attribute entry, `:name: value` or `:!name:`.
pub(super) fn attribute(row: Row<'_>) -> Option<(&str, &str)> {
    if row.column > 0 {
        return None;
    }
    let rest = row.text.strip_prefix(':')?;
    let end = rest.find(':')?;
    let name = rest.get(..end)?;
    let value = rest.get(end + 1..)?;
    let bare = name.trim_matches('!');
    let named = bare.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        && bare
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    (named && (value.is_empty() || value.starts_with([' ', '\t']))).then_some((name, value.trim()))
}

/// Whether `row` is a line of block attributes or an anchor: `[source,sh]`, `[[id]]`.
pub(super) fn is_attributes(row: Row<'_>) -> bool {
    row.column == 0
        && row.text.ends_with(']')
        && row.text.strip_prefix('[').is_some_and(|rest| {
            rest.starts_with(|c: char| {
                c.is_alphanumeric()
                    || matches!(
                        c,
                        '[' | ']' | '{' | ',' | '.' | '#' | '"' | '\'' | '%' | '_'
                    )
            })
        })
}

/// Whether `row` is a block title: `.Title`.
pub(super) fn is_title(row: Row<'_>) -> bool {
    row.column == 0
        && row
            .text
            .strip_prefix('.')
            .is_some_and(|rest| !rest.starts_with(['.', ' ', '\t']) && !rest.is_empty())
}

/// Whether `row` is a rule or a page break.
pub(super) fn is_rule(row: Row<'_>) -> bool {
    row.column == 0 && matches!(row.text, "'''" | "<<<" | "---" | "***" | "- - -" | "* * *")
}

/// A block macro, `name::target[list]`: its name and the offset of what is in the brackets.
pub(super) fn block_macro(row: Row<'_>) -> Option<(&str, usize)> {
    if row.column > 0 || !row.text.ends_with(']') {
        return None;
    }
    let (name, rest) = row.text.split_once("::")?;
    let named = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    let open = rest.find('[')?;
    (named && !rest.starts_with([' ', '\t'])).then_some((name, name.len() + 2 + open + 1))
}

/// Level and label (offset, length) of a one-line section title.
pub(super) fn section(row: Row<'_>) -> Option<(u8, usize, usize)> {
    if row.column > 0 {
        return None;
    }
    let mark = row.text.chars().next().filter(|c| matches!(c, '=' | '#'))?;
    let count = row
        .text
        .bytes()
        .take_while(|byte| char::from(*byte) == mark)
        .count();
    let rest = row.text.get(count..)?;
    let title = rest.trim_start();
    if count > 6 || title.is_empty() || rest.len() == title.len() {
        return None;
    }
    // `== Title ==`
    let shown = title
        .rsplit_once(' ')
        .filter(|(_, close)| close.len() == count && close.chars().all(|c| c == mark))
        .map_or(title, |(shown, _)| shown.trim_end());
    let level = u8::try_from(count).ok()?;
    Some((level, row.text.len() - title.len(), shown.len()))
}

/// The level of the title that `under` underlines, if it does.
pub(super) fn underlined(row: Row<'_>, under: Row<'_>) -> Option<u8> {
    let mark = *under.text.as_bytes().first()?;
    let level = match mark {
        b'=' => 1,
        b'-' => 2,
        b'~' => 3,
        b'^' => 4,
        b'+' => 5,
        _ => return None,
    };
    let width = row.text.chars().count();
    let fits = row.column == 0
        && under.column == 0
        && under.text.len() >= 2
        && under.text.len().abs_diff(width) <= 2
        && under.text.bytes().all(|byte| byte == mark)
        && row.text.contains(char::is_alphanumeric)
        // A sentence over a listing is no title.
        && !(under.text.len() == 4 && row.text.ends_with([':', '.', ',']));
    fits.then_some(level)
}

/// What tells one list from another; items with the same marker are siblings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    /// `*`, `-`, repeated.
    Bullet(char, usize),
    /// `.`, repeated.
    Dots(usize),
    /// `1.`, `a.`, `i)`: what kind of numeral.
    Numeral(char),
    /// `<1>`
    Callout,
    /// `term::`, `term;;`
    Term(char, usize),
}

/// A line that begins a list item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ItemLine {
    pub marker: Marker,
    /// Length of the term, of a description list.
    pub term: usize,
    /// Where the item's text begins, in the row's content.
    pub text: usize,
}

/// The list item that `text` begins, if it does.
pub(super) fn item(text: &str) -> Option<ItemLine> {
    marked(text).or_else(|| term(text))
}

/// An item behind a bullet or a number.
fn marked(text: &str) -> Option<ItemLine> {
    let behind = |marker: Marker, width: usize| {
        let rest = text.get(width..)?;
        let said = rest.trim_start();
        (rest.len() > said.len() && !said.is_empty()).then(|| ItemLine {
            marker,
            term: 0,
            text: text.len() - said.len(),
        })
    };
    let first = text.chars().next()?;
    match first {
        '*' | '.' => {
            let count = text.chars().take_while(|c| *c == first).count();
            let marker = if first == '*' {
                Marker::Bullet('*', count)
            } else {
                Marker::Dots(count)
            };
            (count <= MAX_REPEAT).then(|| behind(marker, count))?
        }
        '-' | '•' => behind(Marker::Bullet(first, 1), first.len_utf8()),
        '<' => {
            let close = text.get(..6.min(text.len())).unwrap_or(text).find('>')?;
            let inner = text.get(1..close)?;
            let numbered = inner == "." || inner.parse::<u16>().is_ok();
            numbered.then(|| behind(Marker::Callout, close + 1))?
        }
        '0'..='9' => {
            let digits = text.bytes().take(5).take_while(u8::is_ascii_digit).count();
            text.get(digits..)?
                .starts_with('.')
                .then(|| behind(Marker::Numeral('1'), digits + 1))?
        }
        'a'..='z' | 'A'..='Z' => {
            let letters = text
                .bytes()
                .take(6)
                .take_while(u8::is_ascii_alphabetic)
                .count();
            let kind = if first.is_ascii_lowercase() { 'a' } else { 'A' };
            match text.as_bytes().get(letters)? {
                b'.' if letters == 1 => behind(Marker::Numeral(kind), 2),
                b')' if text
                    .bytes()
                    .take(letters)
                    .all(|byte| matches!(byte.to_ascii_lowercase(), b'i' | b'v' | b'x')) =>
                {
                    behind(Marker::Numeral(')'), letters + 1)
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// `term::`, `term:: text`, `term;;`.
fn term(text: &str) -> Option<ItemLine> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(found) = text.get(at..)?.find(['\u{3a}', ';']) {
        let start = at + found;
        let mark = *bytes.get(start)?;
        let count = bytes
            .get(start..)?
            .iter()
            .take_while(|byte| **byte == mark)
            .count();
        let fits = if mark == b':' {
            (2..=4).contains(&count)
        } else {
            count == 2
        };
        let after = text.get(start + count..)?;
        if fits && start > 0 && (after.is_empty() || after.starts_with([' ', '\t'])) {
            return Some(ItemLine {
                marker: Marker::Term(char::from(mark), count),
                term: text.get(..start)?.trim_end().len(),
                text: text.len() - after.trim_start().len(),
            });
        }
        at = start + count;
    }
    None
}
