//! Paragraphs that begin with `NOTE:`, `**Warning:**` and the like.

use dsg_core::Span;

use crate::lines::tail;
use crate::outline::span;

/// The words that begin a note, and the class they give.
const WORDS: [(&str, &str); 11] = [
    ("attention", "attention"),
    ("caution", "caution"),
    ("danger", "danger"),
    ("hint", "hint"),
    ("important", "important"),
    ("nb", "note"),
    ("note", "note"),
    ("notes", "note"),
    ("tip", "tip"),
    ("warning", "warning"),
    ("warnings", "warning"),
];

/// A note found at the start of a paragraph; spans count from the paragraph's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Note {
    /// Its class.
    pub class: &'static str,
    /// The word that begins it, as written.
    pub label: Span,
    /// Where what it says begins.
    pub body: usize,
}

/// Whether text with these characters, marks left out, can be a note at all: it begins with one of the words.
pub(crate) fn may_begin(text: impl Iterator<Item = char>) -> bool {
    let word: String = text
        .skip_while(|c| c.is_whitespace() || matches!(c, '*' | '_'))
        .take_while(char::is_ascii_alphabetic)
        .take(12)
        .collect();
    word.starts_with(|c: char| c.is_ascii_uppercase())
        && WORDS
            .iter()
            .any(|(name, _)| word.eq_ignore_ascii_case(name))
}

/// The note that `paragraph` is, if it is one.
pub(crate) fn split(paragraph: &str) -> Option<Note> {
    let marks = paragraph.len() - paragraph.trim_start_matches(['*', '_']).len();
    if marks > 3 {
        return None;
    }
    let rest = tail(paragraph, marks);
    let word_len = rest
        .bytes()
        .take_while(u8::is_ascii_alphabetic)
        .take(12)
        .count();
    let word = rest.get(..word_len)?;
    let (_, class) = WORDS
        .iter()
        .find(|(name, _)| word.eq_ignore_ascii_case(name))?;
    // `note: x` in lower case is prose of some other kind.
    if !word.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let mut at = marks + word_len;
    let mut colon = false;
    let mut closed = marks == 0;
    loop {
        let rest = tail(paragraph, at);
        if !colon && rest.starts_with(':') {
            colon = true;
            at += 1;
        } else if !closed && rest.starts_with(['*', '_']) {
            at += rest.len() - rest.trim_start_matches(['*', '_']).len();
            closed = true;
        } else {
            break;
        }
    }
    let rest = tail(paragraph, at);
    let body = at + (rest.len() - rest.trim_start().len());
    let separated = colon || (marks >= 2 && rest.starts_with('\n'));
    (separated && closed && body < paragraph.len()).then_some(Note {
        class,
        label: span(marks, marks + word_len),
        body,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<(&'static str, &str, &str)> {
        split(text).map(|note| {
            (
                note.class,
                note.label.slice(text).unwrap(),
                tail(text, note.body),
            )
        })
    }

    #[test]
    fn notes_in_every_dress() {
        assert_eq!(
            parts("NOTE: save first"),
            Some(("note", "NOTE", "save first"))
        );
        assert_eq!(
            parts("**Warning:** hot"),
            Some(("warning", "Warning", "hot"))
        );
        assert_eq!(parts("**NOTE**: hot"), Some(("note", "NOTE", "hot")));
        assert_eq!(parts("__Tip__\nread"), Some(("tip", "Tip", "read")));
    }

    #[test]
    fn prose_about_notes_is_prose() {
        assert_eq!(parts("Note that this"), None);
        assert_eq!(parts("Notes are kept"), None);
        assert_eq!(parts("note: x"), None);
        assert_eq!(parts("**Note:**"), None);
    }
}
