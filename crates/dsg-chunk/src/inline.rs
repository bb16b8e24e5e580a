//! Inline code, bold text and manual references in running text, found byte by byte: most text has none.

use std::ops::Range;

use memchr::{memchr, memchr2, memchr2_iter};

/// Code or bold text on one line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Inline {
    /// Bytes with the marks.
    pub(crate) outer: Range<usize>,
    /// Bytes between the marks; not empty.
    pub(crate) inner: Range<usize>,
    pub(crate) bold: bool,
}

/// Finds `` `code` ``, ``` ``code`` ``` and `**bold**`, first to last, none inside another.
#[derive(Debug)]
pub(crate) struct InlineCode<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> InlineCode<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self {
            text: text.as_bytes(),
            at: 0,
        }
    }

    /// What stands between `open` marks at `start` and as many behind it.
    fn enclosed(&self, start: usize, mark: u8, marks: usize) -> Option<Inline> {
        let inner = start + marks;
        let rest = self.text.get(inner..)?;
        let length = memchr2(mark, b'\n', rest).filter(|length| *length > 0)?;
        let close = rest.get(length..length + marks)?;
        close.iter().all(|byte| *byte == mark).then(|| Inline {
            outer: start..inner + length + marks,
            inner: inner..inner + length,
            bold: mark == b'*',
        })
    }
}

impl Iterator for InlineCode<'_> {
    type Item = Inline;

    fn next(&mut self) -> Option<Inline> {
        loop {
            let start = self.at + memchr2(b'`', b'*', self.text.get(self.at..)?)?;
            let mark = *self.text.get(start)?;
            let double = self.text.get(start + 1) == Some(&mark);
            let found = match (mark, double) {
                (_, true) => self.enclosed(start, mark, 2),
                (b'`', false) => self.enclosed(start, mark, 1),
                _ => None,
            };
            if let Some(found) = found {
                self.at = found.outer.end;
                return Some(found);
            }
            self.at = start + 1;
        }
    }
}

/// The names in manual references of sections 1 and 8, `sbatch(1)`, with their offset; emphasis may stand around the name.
pub(crate) fn references(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = text.as_bytes();
    memchr2_iter(b'1', b'8', bytes).filter_map(move |digit| {
        let paren = digit.checked_sub(1)?;
        let section = bytes.get(digit + 1..)?;
        let close = memchr(b')', section.get(..section.len().min(SUFFIX))?)?;
        let closed = section.get(..close)?.iter().all(u8::is_ascii_lowercase);
        if bytes.get(paren) != Some(&b'(') || !closed {
            return None;
        }
        named(text, paren)
    })
}

/// Most letters that follow the digit of a manual's section.
const SUFFIX: usize = 16;

/// The name that ends at `paren`, with its offset.
fn named(text: &str, paren: usize) -> Option<(usize, &str)> {
    let before = text.get(..paren)?;
    // An underscore may be part of the name and may be emphasis; it is the name's where nothing else lies between.
    let core = before.trim_end_matches(['*', '`', '_']).len();
    let marks = before.get(core..)?;
    let trailing = marks.len() - marks.trim_start_matches('_').len();
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '+' | '-');
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_';
    let whole = before.get(..core + trailing)?;
    let run = whole.trim_end_matches(inside).len();
    let start = run + whole.get(run..)?.find(starts)?;
    Some((start, whole.get(start..)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    /// A name of underscores alone is no command.
    fn worded(name: &str) -> bool {
        name.contains(|c: char| c != '_')
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn inline_code_is_what_the_pattern_says(text in "[ab`*\né]{0,24}") {
            let pattern = Regex::new(r"``([^`\n]+)``|`([^`\n]+)`|\*\*([^*\n]+)\*\*").unwrap();
            let expected: Vec<Inline> = pattern
                .captures_iter(&text)
                .map(|hit| Inline {
                    outer: hit.get(0).unwrap().range(),
                    inner: hit.get(1).or(hit.get(2)).or(hit.get(3)).unwrap().range(),
                    bold: hit.get(3).is_some(),
                })
                .collect();
            prop_assert_eq!(InlineCode::new(&text).collect::<Vec<_>>(), expected);
        }

        #[test]
        fn references_are_what_the_pattern_says(text in "([a-bA1é.+_-]{0,3}[*`_]{0,2}(\\([128][a-z]{0,2}\\)?)?[ *]?){0,4}") {
            let pattern = Regex::new(r"([A-Za-z_][\w.+-]*)[*`_]*\(([18])[a-z]*\)").unwrap();
            let expected: Vec<(usize, &str)> = pattern
                .captures_iter(&text)
                .map(|hit| (hit.get(1).unwrap().start(), hit.get(1).unwrap().as_str()))
                .filter(|(_, name)| worded(name))
                .collect();
            let found: Vec<_> = references(&text).filter(|(_, name)| worded(name)).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn emphasis_around_a_name_is_not_part_of_it() {
        let found = |text| references(text).map(|(_, name)| name).collect::<Vec<_>>();
        assert_eq!(
            found("see **sbatch**(1), *srun*(8x) and scontrol(5)"),
            ["sbatch", "srun"]
        );
        assert_eq!(
            found("sacct_(1) mpirun.openmpi(1) 3dview(1)"),
            ["sacct_", "mpirun.openmpi", "dview"]
        );
    }
}
