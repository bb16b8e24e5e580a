//! The file's own outline: which titles there are, and how deep.

use std::collections::HashSet;

use hayro_syntax::object::dict::keys::{FIRST, NEXT, OUTLINES, TITLE};
use hayro_syntax::object::{Dict, ObjRef, String as PdfString};

use super::words::decoded;

/// Entries read at most; a file with more is no book.
const MAX_ENTRIES: usize = 20_000;
/// Headings have six levels.
const MAX_LEVEL: u8 = 6;

/// An entry of the outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bookmark {
    /// Letters and digits of the title, lower case.
    pub(super) key: String,
    /// 1 at the top.
    pub(super) level: u8,
}

/// The outline under the document's root, in order.
pub(super) fn read(root: &Dict<'_>) -> Vec<Bookmark> {
    let mut found = Vec::new();
    let mut seen: HashSet<ObjRef> = HashSet::new();
    // Entries still to be read, the next one last.
    let mut waiting: Vec<(Dict<'_>, u8)> = Vec::new();
    if let Some(outlines) = root.get::<Dict<'_>>(OUTLINES)
        && let Some(first) = outlines.get::<Dict<'_>>(FIRST)
    {
        waiting.push((first, 1));
    }
    while let Some((entry, level)) = waiting.pop() {
        if found.len() >= MAX_ENTRIES {
            break;
        }
        if let Some(title) = entry.get::<PdfString<'_>>(TITLE) {
            found.push(Bookmark {
                key: key(&decoded(title.as_bytes())),
                level,
            });
        }
        for (name, level) in [(NEXT, level), (FIRST, level + 1)] {
            if level > MAX_LEVEL {
                continue;
            }
            // A file can point back; each entry is read once.
            if let Some(reference) = entry.get_ref(name)
                && !seen.insert(reference)
            {
                continue;
            }
            if let Some(next) = entry.get::<Dict<'_>>(name) {
                waiting.push((next, level));
            }
        }
    }
    found
}

/// Letters and digits of `text`, lower case: what titles are compared by.
pub(super) fn key(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}
