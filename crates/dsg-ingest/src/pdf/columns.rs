//! Reading order: columns are found by the white space between them, not by the order in which a file draws.

use super::words::Fragment;

/// The narrowest space between columns, in heights of the type.
const GUTTER: f32 = 1.1;
/// Lines that each column must have.
const MIN_LINES: usize = 3;
/// Gutters tried for one region.
const MAX_TRIED: usize = 12;
/// Columns inside columns.
const MAX_DEPTH: usize = 4;
/// A page with more fragments than any reader would face is read from top to bottom.
const MAX_FRAGMENTS: usize = 6_000;

/// The regions of a page in reading order; each is read from top to bottom.
pub(super) fn regions(mut fragments: Vec<Fragment>) -> Vec<Vec<Fragment>> {
    fragments.sort_by(|a, b| a.y.total_cmp(&b.y).then(a.x0.total_cmp(&b.x0)));
    let mut regions = Vec::new();
    divide(fragments, 0, &mut regions);
    regions
}

fn divide(fragments: Vec<Fragment>, depth: usize, regions: &mut Vec<Vec<Fragment>>) {
    let found = if depth < MAX_DEPTH && fragments.len() <= MAX_FRAGMENTS {
        best_gutter(&fragments)
    } else {
        None
    };
    let Some(Columns { from, to, x }) = found else {
        if !fragments.is_empty() {
            regions.push(fragments);
        }
        return;
    };
    let mut above = fragments;
    let mut inside = above.split_off(from);
    let below = inside.split_off(to - from);
    let (left, right) = inside
        .into_iter()
        .partition(|fragment| f32::midpoint(fragment.x0, fragment.x1) < x);
    divide(above, depth + 1, regions);
    divide(left, depth + 1, regions);
    divide(right, depth + 1, regions);
    divide(below, depth + 1, regions);
}

/// Fragments `from..to` leave the line at `x` free.
struct Columns {
    from: usize,
    to: usize,
    x: f32,
}

fn best_gutter(fragments: &[Fragment]) -> Option<Columns> {
    if fragments.len() < MIN_LINES * 2 {
        return None;
    }
    let mut best: Option<(usize, Columns)> = None;
    for x in candidates(fragments) {
        let mut from = 0;
        for at in 0..=fragments.len() {
            let crosses = fragments.get(at).is_none_or(|fragment| {
                let half = fragment.size * GUTTER / 2.0;
                fragment.x0 < x + half * 0.5 && fragment.x1 > x - half * 0.5
            });
            if !crosses {
                continue;
            }
            let stretch = fragments.get(from..at).unwrap_or_default();
            if let Some(lines) = columns(stretch, x)
                && best.as_ref().is_none_or(|(most, _)| lines > *most)
            {
                best = Some((lines, Columns { from, to: at, x }));
            }
            from = at + 1;
        }
    }
    best.map(|(_, columns)| columns)
}

/// Middles of gaps between neighbours on a line, the most frequent first.
fn candidates(fragments: &[Fragment]) -> Vec<f32> {
    let mut votes: Vec<(i32, usize, f32)> = Vec::new();
    for (nth, left) in fragments.iter().enumerate() {
        // The nearest fragment to the right that overlaps in height.
        let mut right: Option<f32> = None;
        for other in fragments.iter().skip(nth.saturating_sub(24)).take(49) {
            let beside = (other.y - left.y).abs() < left.size.max(other.size) * 0.8;
            if beside && other.x0 > left.x1 + left.size * GUTTER * 0.7 {
                right = Some(right.map_or(other.x0, |x| x.min(other.x0)));
            }
        }
        if let Some(right) = right {
            // The gutter's right edge is sharper than its left.
            let x = right - left.size * GUTTER * 0.5;
            #[allow(clippy::cast_possible_truncation, reason = "steps of six points")]
            let step = (x / 6.0) as i32;
            match votes.iter_mut().find(|(known, ..)| *known == step) {
                Some((_, count, least)) => {
                    *count += 1;
                    *least = least.min(x);
                }
                None => votes.push((step, 1, x)),
            }
        }
    }
    votes.sort_by_key(|(step, count, _)| (std::cmp::Reverse(*count), *step));
    votes
        .into_iter()
        .take(MAX_TRIED)
        .map(|(_, _, x)| x)
        .collect()
}

/// How many lines the shorter column has, when both sides of `x` look like columns of text rather than of a table.
fn columns(stretch: &[Fragment], x: f32) -> Option<usize> {
    let (left, right): (Vec<&Fragment>, Vec<&Fragment>) = stretch
        .iter()
        .partition(|fragment| f32::midpoint(fragment.x0, fragment.x1) < x);
    let (left, right) = (Side::new(&left)?, Side::new(&right)?);
    let lines = left.lines.len().min(right.lines.len());
    if lines < MIN_LINES {
        return None;
    }
    // Columns stand side by side; a list of links under a paragraph does not.
    let overlap = left.bottom.min(right.bottom) - left.top.max(right.top);
    if overlap < (left.bottom - left.top).min(right.bottom - right.top) * 0.5 {
        return None;
    }
    let balance = left.width / right.width.max(1.0);
    if !(0.35..=2.9).contains(&balance) {
        return None;
    }
    // In a table each cell begins on the line of its neighbour.
    let aligned = right
        .lines
        .iter()
        .filter(|y| {
            left.lines
                .iter()
                .any(|other| (*y - *other).abs() < left.size * 0.15)
        })
        .count();
    let aligned = aligned as f32 / right.lines.len() as f32;
    let prose = left.chars.min(right.chars) >= 28.0;
    let full = left.fill.min(right.fill) >= 0.55;
    let list = left.chars.min(right.chars) >= 12.0 && aligned < 0.75;
    (full && (prose || list) && left.chars.min(right.chars) >= 10.0).then_some(lines)
}

/// One side of a gutter.
struct Side {
    lines: Vec<f32>,
    top: f32,
    bottom: f32,
    width: f32,
    size: f32,
    /// Mean characters of a line.
    chars: f32,
    /// Mean share of the width that a line fills.
    fill: f32,
}

impl Side {
    fn new(fragments: &[&Fragment]) -> Option<Self> {
        let first = fragments.first()?;
        let mut lines: Vec<f32> = Vec::new();
        let (mut x0, mut x1) = (f32::MAX, f32::MIN);
        let (mut chars, mut inked) = (0, 0.0);
        for fragment in fragments {
            if lines
                .last()
                .is_none_or(|y| (fragment.y - y).abs() > fragment.size * 0.5)
            {
                lines.push(fragment.y);
            }
            x0 = x0.min(fragment.x0);
            x1 = x1.max(fragment.x1);
            chars += fragment.chars();
            inked += fragment.x1 - fragment.x0;
        }
        let count = lines.len() as f32;
        Some(Self {
            top: *lines.first()?,
            bottom: *lines.last()?,
            width: x1 - x0,
            size: first.size,
            chars: chars as f32 / count,
            fill: inked / count / (x1 - x0).max(1.0),
            lines,
        })
    }
}
