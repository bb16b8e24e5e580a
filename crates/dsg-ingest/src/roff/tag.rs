//! Tags and lines that stand for something else: bullets, numbers, lead-in sentences, lists made by hand.

use crate::entry_term;
use crate::literal::is_literal;

/// A tag that marks an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bullet {
    /// A bullet.
    Dot,
    /// A number.
    Number(u64),
}

impl Bullet {
    /// The number, if it has one.
    pub(super) const fn number(self) -> Option<u64> {
        match self {
            Self::Dot => None,
            Self::Number(number) => Some(number),
        }
    }
}

/// The item that a tag marks, if it is no term.
pub(super) fn bullet(tag: &str) -> Option<Bullet> {
    if matches!(tag, "•" | "*" | "-" | "o" | "+" | "–" | "—" | "·") {
        return Some(Bullet::Dot);
    }
    let digits = tag.trim_start_matches('(').trim_end_matches([')', '.']);
    let marked = digits.len() < tag.len();
    (marked && digits.len() <= 3)
        .then(|| digits.parse().ok().map(Bullet::Number))
        .flatten()
}

/// Whether a tag is a lead-in or a title rather than a term.
pub(super) fn is_sentence(tag: &str) -> bool {
    if entry_term::is_option(tag) {
        return false;
    }
    let words = tag.split_whitespace().count();
    let prose = !is_literal(tag);
    (prose && tag.ends_with([':', '.']) && words > 1) || (prose && words > 6)
}

/// How many of the first `lines` are items of a list made by hand, and its first number.
pub(super) fn hand_made_list(lines: &[&str]) -> (usize, Option<u64>) {
    let number = |line: &str| -> Option<u64> {
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        let rest = line.get(digits..)?;
        (digits > 0 && (rest.starts_with(". ") || rest.starts_with(") ")))
            .then(|| line.get(..digits)?.parse().ok())
            .flatten()
    };
    let Some(first) = lines.first() else {
        return (0, None);
    };
    if let Some(start) = number(first) {
        let count = lines
            .iter()
            .zip(start..)
            .take_while(|(line, expected)| number(line) == Some(*expected))
            .count();
        return (count, Some(start));
    }
    let is_bullet =
        |line: &str| line.starts_with("* ") || line.starts_with("- ") || line.starts_with("• ");
    (
        lines.iter().take_while(|line| is_bullet(line)).count(),
        None,
    )
}

/// `line` past its bullet or number.
pub(super) fn without_bullet(line: &str) -> &str {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = line.get(digits..).unwrap_or(line);
    let mut chars = rest.chars();
    chars.next();
    chars.as_str().trim_start()
}
