//! Bullets and numbers that begin list items.

use super::lines::Line;

/// What an item begins with.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Marker {
    /// The number, for `1.`; `None` for bullets.
    pub(super) number: Option<u64>,
    /// The marker as it stands, for `(a)` and the like.
    pub(super) label: String,
    /// Where the marker begins, and where its text does.
    pub(super) x0: f32,
    pub(super) body_x0: f32,
}

impl Marker {
    pub(super) fn is_bullet(&self) -> bool {
        self.label.is_empty()
    }
}

/// Characters that are bullets when text follows.
const BULLETS: &str = "•‣▪◦●○■□▸►▶–—-*·∙❖➢➤✓✔✗⁃\u{f0a8}\u{f0fc}";

/// The marker at the beginning of `line`.
pub(super) fn of(line: &Line) -> Option<Marker> {
    let text = line.text();
    let (first, rest) = text.split_once(' ')?;
    if rest.trim().is_empty() {
        return None;
    }
    let body_x0 = line
        .pieces
        .iter()
        .skip(1)
        .find(|piece| piece.spaced)
        .map_or(line.x0, |piece| piece.x0);
    let marker = |number, label: &str| {
        Some(Marker {
            number,
            label: label.to_owned(),
            x0: line.x0,
            body_x0,
        })
    };
    let mut chars = first.chars();
    if let (Some(only), None) = (chars.next(), chars.next())
        && BULLETS.contains(only)
    {
        return marker(None, "");
    }
    let inner = first
        .strip_suffix(['.', ')'])
        .map(|inner| inner.strip_prefix('(').unwrap_or(inner))?;
    if let Ok(number) = inner.parse::<u64>()
        && inner.len() <= 3
    {
        return marker(Some(number), first);
    }
    let letter = inner.len() == 1 && inner.bytes().all(|byte| byte.is_ascii_alphabetic());
    let roman = (2..=4).contains(&inner.len()) && inner.chars().all(|c| "ivx".contains(c));
    (letter || roman).then(|| marker(None, first)).flatten()
}

/// `text` without the bullet or number that an item begins with.
pub(super) fn without_marker(text: &str) -> &str {
    text.split_once(' ')
        .map_or(text, |(_, rest)| rest.trim_start())
}

/// A title without its number: `2.1 Prerequisites`, `Chapter 3: Names`.
pub(super) fn without_number(text: &str) -> &str {
    let Some((first, rest)) = text.split_once(' ') else {
        return text;
    };
    let digits = first.bytes().any(|byte| byte.is_ascii_digit());
    if digits
        && first
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.' || byte.is_ascii_uppercase())
    {
        return rest.trim_start();
    }
    text
}
