//! Characters to fragments of lines: words that stand close together on one base line.

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::content::{Content, Glyph};
use super::font::Style;

/// A gap of this share of the type's height separates words. Kerning stays below, the narrowest spaces of justified
/// text above.
const WORD_GAP: f32 = 0.15;
/// A gap of more than this many heights separates fragments.
const FRAGMENT_GAP: f32 = 1.0;
/// Smaller type is not meant to be read.
const MIN_SIZE: f32 = 1.5;

/// Characters in one style without a space between them.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) x0: f32,
    pub(super) x1: f32,
    pub(super) size: f32,
    pub(super) style: Style,
    /// Whether a space goes before it.
    pub(super) spaced: bool,
}

/// Words on one base line.
#[derive(Debug, Clone)]
pub(super) struct Fragment {
    pub(super) pieces: Vec<Piece>,
    pub(super) x0: f32,
    pub(super) x1: f32,
    /// The base line; y grows downwards.
    pub(super) y: f32,
    /// Height of the type, of the largest piece.
    pub(super) size: f32,
}

impl Fragment {
    pub(super) fn chars(&self) -> usize {
        self.pieces
            .iter()
            .map(|piece| piece.text.chars().count() + usize::from(piece.spaced))
            .sum()
    }
}

/// What a page shows and what of it is no text to read.
#[derive(Debug, Default)]
pub(super) struct PageText {
    /// Fragments by the direction in which they run, the main direction first, with the height of the page so turned.
    pub(super) turned: Vec<(Vec<Fragment>, f32)>,
    /// Characters that the producer marks as page furniture.
    pub(super) artifacts: usize,
    /// Characters off the page, without ink or too small to see.
    pub(super) unseen: usize,
    /// Characters that the font gives no meaning.
    pub(super) unmapped: usize,
    pub(super) chars: usize,
}

/// The fragments of a page.
pub(super) fn fragments(content: &Content) -> PageText {
    let mut page = PageText::default();
    let ink = content
        .glyphs
        .iter()
        .any(|glyph| !glyph.invisible && !glyph.c.is_whitespace());
    // Text without ink is what a scanner recognised, if the page has no other; else it is hidden on purpose.
    let all_artifact = content.glyphs.iter().all(|glyph| glyph.artifact);
    let mut turned: [(usize, Vec<Fragment>); 4] = Default::default();
    let mut open: [Open; 4] = Default::default();
    for glyph in &content.glyphs {
        let (c, direction) = (glyph.c, direction(glyph));
        let Some(glyph) = upright(glyph, direction, content) else {
            page.unseen += usize::from(!c.is_whitespace());
            continue;
        };
        let (Some((count, fragments)), Some(open)) =
            (turned.get_mut(direction), open.get_mut(direction))
        else {
            continue;
        };
        if glyph.c.is_whitespace() {
            open.space = true;
            continue;
        }
        if glyph.size < MIN_SIZE || (glyph.invisible && ink) {
            page.unseen += 1;
            continue;
        }
        if glyph.artifact && !all_artifact {
            page.artifacts += 1;
            continue;
        }
        page.chars += 1;
        page.unmapped += usize::from(glyph.c == char::REPLACEMENT_CHARACTER);
        *count += 1;
        open.add(&glyph, fragments);
    }
    for ((_, fragments), open) in turned.iter_mut().zip(&mut open) {
        open.finish(fragments);
    }
    let sizes = [content.height, content.width, content.height, content.width];
    let mut all: Vec<_> = turned.into_iter().zip(sizes).collect();
    all.sort_by_key(|((count, _), _)| std::cmp::Reverse(*count));
    page.turned = all
        .into_iter()
        .filter(|((_, fragments), _)| !fragments.is_empty())
        .map(|((_, fragments), height)| (fragments, narrow(height)))
        .collect();
    page
}

/// A glyph turned so that its text runs to the right.
struct Upright {
    c: char,
    x0: f32,
    x1: f32,
    y: f32,
    size: f32,
    style: Style,
    invisible: bool,
    artifact: bool,
}

/// 0 to the right, 1 down, 2 to the left, 3 up.
fn direction(glyph: &Glyph) -> usize {
    let run = glyph.advance;
    if run.x.abs() >= run.y.abs() {
        if run.x >= 0.0 { 0 } else { 2 }
    } else if run.y > 0.0 {
        1
    } else {
        3
    }
}

/// `None` off the page.
fn upright(glyph: &Glyph, direction: usize, page: &Content) -> Option<Upright> {
    let (w, h) = (page.width, page.height);
    let slack = f64::from(glyph.size);
    let (x, y) = (glyph.at.x, glyph.at.y);
    if x < -slack || y < -slack || x > w + slack || y > h + slack {
        return None;
    }
    let (x0, y) = match direction {
        0 => (x, y),
        1 => (y, w - x),
        2 => (w - x, h - y),
        _ => (h - y, x),
    };
    Some(Upright {
        c: glyph.c,
        x0: narrow(x0),
        x1: narrow(x0 + glyph.advance.hypot()),
        y: narrow(y),
        size: glyph.size,
        style: glyph.style,
        invisible: glyph.invisible,
        artifact: glyph.artifact,
    })
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "points on a page need no more precision"
)]
fn narrow(points: f64) -> f32 {
    points as f32
}

/// The fragment that is being read.
#[derive(Default)]
struct Open {
    fragment: Option<Fragment>,
    /// Where the last glyph began, and its base line.
    last: (f32, f32),
    space: bool,
}

impl Open {
    fn add(&mut self, glyph: &Upright, done: &mut Vec<Fragment>) {
        let space = std::mem::take(&mut self.space);
        if let Some(fragment) = &mut self.fragment {
            let size = fragment.size.max(glyph.size);
            let (gap, rise) = (glyph.x0 - fragment.x1, (glyph.y - fragment.y).abs());
            let doubled = (glyph.x0 - self.last.0).abs() < size * 0.08
                && (glyph.y - self.last.1).abs() < size * 0.08
                && fragment
                    .pieces
                    .last()
                    .is_some_and(|piece| piece.text.ends_with(glyph.c));
            if doubled {
                // Drawn twice to look bold.
                return;
            }
            let script = glyph.size < fragment.size * 0.85 || glyph.size > fragment.size * 1.18;
            let near = gap > size * -0.4 && gap <= size * FRAGMENT_GAP;
            let on_line =
                rise <= size * 0.12 || (script && rise <= size * 0.5 && gap <= size * 0.3);
            if near && on_line {
                if glyph.size > fragment.size {
                    fragment.y = glyph.y;
                    fragment.size = glyph.size;
                }
                let spaced = space || gap > glyph.size.min(size) * WORD_GAP;
                fragment.x1 = fragment.x1.max(glyph.x1);
                self.last = (glyph.x0, glyph.y);
                match fragment.pieces.last_mut() {
                    Some(piece)
                        if !spaced
                            && piece.style == glyph.style
                            && (piece.size - glyph.size).abs() < size * 0.08 =>
                    {
                        piece.text.push(glyph.c);
                        piece.x1 = piece.x1.max(glyph.x1);
                    }
                    _ => fragment.pieces.push(piece(glyph, spaced)),
                }
                return;
            }
        }
        self.finish(done);
        self.last = (glyph.x0, glyph.y);
        self.fragment = Some(Fragment {
            pieces: vec![piece(glyph, true)],
            x0: glyph.x0,
            x1: glyph.x1,
            y: glyph.y,
            size: glyph.size,
        });
    }

    fn finish(&mut self, done: &mut Vec<Fragment>) {
        let Some(fragment) = self.fragment.take() else {
            return;
        };
        let again = done.last().is_some_and(|last| {
            let near = |a: f32, b: f32| (a - b).abs() < fragment.size * 0.1;
            near(last.x0, fragment.x0)
                && near(last.y, fragment.y)
                && near(last.x1, fragment.x1)
                && last.pieces.len() == fragment.pieces.len()
                && last
                    .pieces
                    .iter()
                    .zip(&fragment.pieces)
                    .all(|(a, b)| a.text == b.text)
        });
        if !again {
            done.push(fragment);
        }
    }
}

fn piece(glyph: &Upright, spaced: bool) -> Piece {
    Piece {
        text: glyph.c.to_string(),
        x0: glyph.x0,
        x1: glyph.x1,
        size: glyph.size,
        style: glyph.style,
        spaced,
    }
}

/// A text string of the file: UTF-16 or UTF-8 by its mark, else close to windows-1252.
pub(super) fn decoded(bytes: &[u8]) -> String {
    match bytes {
        [0xfe, 0xff, rest @ ..] => UTF_16BE.decode_without_bom_handling(rest).0.into_owned(),
        [0xff, 0xfe, rest @ ..] => UTF_16LE.decode_without_bom_handling(rest).0.into_owned(),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        other => WINDOWS_1252
            .decode_without_bom_handling(other)
            .0
            .into_owned(),
    }
}
