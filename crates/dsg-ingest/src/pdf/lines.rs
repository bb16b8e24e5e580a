//! Fragments to lines.

use super::words::{Fragment, Piece};

/// A gap of this many heights separates cells of a table.
const CELL_GAP: f32 = 1.25;

/// A line of print.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) pieces: Vec<Piece>,
    pub(super) x0: f32,
    pub(super) x1: f32,
    /// The base line; y grows downwards.
    pub(super) y: f32,
    /// Height of the type, of most characters.
    pub(super) size: f32,
    /// Counted from 0.
    pub(super) page: usize,
    /// Which region of the file it belongs to; lines of one region stand below each other.
    pub(super) region: usize,
    /// Where on the page, 0 at the top, 1 at the bottom.
    pub(super) place: f32,
}

impl Line {
    /// The words, one space between them.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            if piece.spaced && !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&piece.text);
        }
        text
    }

    /// The share of characters in pieces for which `of` holds.
    pub(super) fn share(&self, of: impl Fn(&Piece) -> bool) -> f32 {
        let (mut all, mut hits) = (0, 0);
        for piece in &self.pieces {
            let count = piece.text.chars().count();
            all += count;
            hits += if of(piece) { count } else { 0 };
        }
        hits as f32 / all.max(1) as f32
    }

    pub(super) fn is_bold(&self) -> bool {
        self.share(|piece| piece.style.bold) > 0.9
    }

    pub(super) fn is_mono(&self) -> bool {
        self.share(|piece| piece.style.mono) > 0.85
    }

    /// Width of the first word.
    pub(super) fn first_word(&self) -> f32 {
        let end = self
            .pieces
            .iter()
            .take_while(|piece| !piece.spaced || piece.x0 <= self.x0)
            .last();
        end.map_or(0.0, |piece| piece.x1 - self.x0)
    }

    /// Pieces of the line that wide gaps separate.
    pub(super) fn cells(&self) -> Vec<&[Piece]> {
        let mut cells = Vec::new();
        let mut rest = self.pieces.as_slice();
        let mut at = 1_usize;
        while let (Some(before), Some(after)) = (rest.get(at.wrapping_sub(1)), rest.get(at)) {
            if after.x0 - before.x1 > self.size * CELL_GAP {
                let (cell, more) = rest.split_at(at);
                cells.push(cell);
                rest = more;
                at = 1;
            } else {
                at += 1;
            }
        }
        if !rest.is_empty() {
            cells.push(rest);
        }
        cells
    }
}

/// The lines of one region, from top to bottom.
pub(super) fn of_region(
    fragments: Vec<Fragment>,
    page: usize,
    region: usize,
    height: f32,
) -> Vec<Line> {
    let mut rows: Vec<Vec<Fragment>> = Vec::new();
    for fragment in fragments {
        // Sorted by base line, so that only the last rows can take it.
        let row = rows.iter_mut().rev().take(3).find(|row| {
            row.iter().any(|other| same_line(other, &fragment)) && fits(row, &fragment)
        });
        match row {
            Some(row) => row.push(fragment),
            None => rows.push(vec![fragment]),
        }
    }
    let mut lines: Vec<Line> = rows
        .into_iter()
        .filter_map(|row| line(row, page, region, height))
        .collect();
    lines.sort_by(|a, b| a.y.total_cmp(&b.y));
    lines
}

/// Whether two fragments stand on one line, one of them perhaps raised or lowered.
fn same_line(a: &Fragment, b: &Fragment) -> bool {
    let (large, small) = if a.size >= b.size { (a, b) } else { (b, a) };
    let off = (a.y - b.y).abs();
    if small.size > large.size * 0.85 {
        return off < small.size * 0.3;
    }
    let middle = small.y - small.size * 0.35;
    middle < large.y + large.size * 0.1 && middle > large.y - large.size * 0.75
}

fn fits(row: &[Fragment], fragment: &Fragment) -> bool {
    row.iter().all(|other| {
        let overlap = other.x1.min(fragment.x1) - other.x0.max(fragment.x0);
        overlap <= fragment.size.min(other.size) * 0.6
    })
}

fn line(mut row: Vec<Fragment>, page: usize, region: usize, height: f32) -> Option<Line> {
    row.sort_by(|a, b| a.x0.total_cmp(&b.x0));
    let main = row.iter().max_by_key(|fragment| fragment.chars())?;
    let y = main.y;
    let mut pieces: Vec<Piece> = Vec::new();
    for fragment in row {
        for (nth, mut piece) in fragment.pieces.into_iter().enumerate() {
            if let Some(last) = pieces.last()
                && nth == 0
            {
                piece.spaced = piece.x0 - last.x1 > piece.size.min(last.size) * 0.15;
            }
            pieces.push(piece);
        }
    }
    // The size of most characters: a drop cap or a footnote mark changes nothing.
    let mut sizes: Vec<(f32, usize)> = Vec::new();
    for piece in &pieces {
        let count = piece.text.chars().count();
        match sizes
            .iter_mut()
            .find(|(size, _)| (size - piece.size).abs() < 0.3)
        {
            Some((_, known)) => *known += count,
            None => sizes.push((piece.size, count)),
        }
    }
    let size = sizes.iter().max_by_key(|(_, count)| *count)?.0;
    let x0 = pieces.first()?.x0;
    let x1 = pieces.iter().map(|piece| piece.x1).fold(x0, f32::max);
    Some(Line {
        pieces,
        x0,
        x1,
        y,
        size,
        page,
        region,
        place: if height > 0.0 { y / height } else { 0.5 },
    })
}
