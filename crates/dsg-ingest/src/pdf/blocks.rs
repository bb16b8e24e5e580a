//! Lines to blocks: headings, paragraphs, items, code, tables.

use std::collections::{BTreeMap, HashMap};

use super::bookmarks::{self, Bookmark};
use super::lines::Line;
use super::marker::{self, Marker};
use super::table;

/// Headings have six levels.
const MAX_LEVEL: u8 = 6;

/// What a run of lines is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Heading(u8),
    Paragraph,
    Item(Marker),
    Code,
    /// Rows of cells.
    Table(Vec<Vec<String>>),
    /// A table of contents.
    Contents,
}

/// Lines that belong together.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) kind: Kind,
    pub(super) lines: Vec<Line>,
    /// Left and right edge of the text around.
    pub(super) left: f32,
    pub(super) right: f32,
}

impl Block {
    pub(super) fn x0(&self) -> f32 {
        self.lines
            .iter()
            .map(|line| line.x0)
            .fold(f32::MAX, f32::min)
    }

    fn size(&self) -> f32 {
        self.lines.first().map_or(0.0, |line| line.size)
    }

    fn text(&self) -> String {
        let lines: Vec<String> = self.lines.iter().map(Line::text).collect();
        lines.join(" ")
    }
}

/// What is usual in the file.
#[derive(Debug, Clone, Copy)]
struct Usual {
    /// Height of the type of running text.
    size: f32,
    /// From base line to base line, in heights of the type.
    leading: f32,
    /// Whether everything is in one monospaced font, so that it says nothing about code.
    all_mono: bool,
}

/// The blocks of the file in reading order.
pub(super) fn blocks(lines: Vec<Line>, outline: &[Bookmark]) -> Vec<Block> {
    let usual = usual(&lines);
    let mut blocks: Vec<Block> = Vec::new();
    for region in regions(lines) {
        let left = region.iter().map(|line| line.x0).fold(f32::MAX, f32::min);
        let right = region.iter().map(|line| line.x1).fold(f32::MIN, f32::max);
        for (lines, rows) in table::split(region) {
            if let Some(rows) = rows {
                blocks.push(Block {
                    kind: Kind::Table(rows),
                    lines,
                    left,
                    right,
                });
                continue;
            }
            for line in lines {
                place(line, (left, right), &mut blocks, usual);
            }
        }
    }
    headings(&mut blocks, usual, outline);
    contents(&mut blocks);
    blocks
}

fn regions(lines: Vec<Line>) -> Vec<Vec<Line>> {
    let mut regions: Vec<Vec<Line>> = Vec::new();
    for line in lines {
        match regions.last_mut() {
            Some(region) if region.last().is_some_and(|last| last.region == line.region) => {
                region.push(line);
            }
            _ => regions.push(vec![line]),
        }
    }
    regions
}

fn usual(lines: &[Line]) -> Usual {
    let (mut all, mut mono) = (0, 0.0);
    let mut sizes: BTreeMap<i32, usize> = BTreeMap::new();
    let mut leadings: Vec<f32> = Vec::new();
    #[allow(clippy::cast_possible_truncation, reason = "quarters of a point")]
    let step = |size: f32| (size * 4.0).round() as i32;
    for line in lines {
        let count: usize = line.pieces.iter().map(|piece| piece.text.len()).sum();
        all += count;
        mono += line.share(|piece| piece.style.mono) * count as f32;
        if !line.is_mono() {
            *sizes.entry(step(line.size)).or_default() += count;
        }
    }
    for pair in lines.windows(2) {
        if let [a, b] = pair
            && a.region == b.region
            && (a.size - b.size).abs() < 0.3
            && b.y - a.y > a.size * 0.8
            && b.y - a.y < a.size * 2.6
        {
            leadings.push((b.y - a.y) / a.size);
        }
    }
    leadings.sort_by(f32::total_cmp);
    let all_mono = mono > all as f32 * 0.75;
    let size = sizes
        .into_iter()
        .max_by_key(|(_, count)| *count)
        .map_or(10.0, |(size, _)| size as f32 / 4.0);
    Usual {
        size: if all_mono {
            lines.first().map_or(size, |line| line.size)
        } else {
            size
        },
        // Paragraphs are set apart, so that the middle is not above the usual leading by much.
        leading: leadings.get(leadings.len() * 2 / 5).copied().unwrap_or(1.2),
        all_mono,
    }
}

/// Adds `line` to the block that it goes on with, or begins a new one.
fn place(line: Line, (left, right): (f32, f32), blocks: &mut Vec<Block>, usual: Usual) {
    let marker = marker::of(&line);
    let mono = line.is_mono() && !usual.all_mono;
    let join = goes_on(&line, marker.as_ref(), mono, blocks, usual)
        .or_else(|| from_last_page(&line, marker.as_ref(), mono, blocks, usual));
    if let Some(block) = join.and_then(|nth| blocks.get_mut(nth)) {
        block.lines.push(line);
        return;
    }
    let kind = match marker {
        Some(marker) if !mono => Kind::Item(marker),
        _ if mono => Kind::Code,
        _ => Kind::Paragraph,
    };
    blocks.push(Block {
        kind,
        lines: vec![line],
        left,
        right,
    });
}

/// The number of the last block, when `line` is its next line.
fn goes_on(
    line: &Line,
    marker: Option<&Marker>,
    mono: bool,
    blocks: &[Block],
    usual: Usual,
) -> Option<usize> {
    let nth = blocks.len().checked_sub(1)?;
    let block = blocks.get(nth)?;
    let last = block.lines.last()?;
    if last.region != line.region || last.page != line.page {
        return None;
    }
    let gap = line.y - last.y;
    let size = last.size.max(line.size);
    let close = gap <= size * usual.leading * 1.28 + 0.6;
    let same_size = (last.size - line.size).abs() <= size * 0.06;
    if block.kind == Kind::Code {
        // A blank line or two inside a listing.
        return (mono && gap <= size * usual.leading * 2.6 && gap > 0.0).then_some(nth);
    }
    if matches!(block.kind, Kind::Table(_)) {
        return None;
    }
    let unfinished = !last.text().ends_with(['.', ':', '!', '?', ';']);
    if mono {
        // A literal that fills a line of its paragraph.
        let inside = unfinished
            && close
            && (line.x0 - last.x0).abs() < size * 0.3
            && !last.is_mono()
            && fills(last, line, block.right);
        return inside.then_some(nth);
    }
    if !close || gap <= 0.0 {
        return None;
    }
    if last.is_bold() != line.is_bold() && same_size {
        // A bold line over a paragraph is a heading; a bold phrase that wraps is not.
        let wraps = fills(last, line, block.right) && unfinished && !is_short(block);
        return wraps.then_some(nth);
    }
    if !same_size {
        return None;
    }
    if let Some(marker) = marker {
        // A number that begins a line by chance.
        let chance = !marker.is_bullet()
            && !matches!(block.kind, Kind::Item(_))
            && unfinished
            && (line.x0 - block.x0()).abs() < size * 0.3
            && fills(last, line, block.right);
        return chance.then_some(nth);
    }
    if let Kind::Item(marker) = &block.kind {
        // Back at the margin where the bullet hangs, and it was no bullet's line.
        if line.x0 < marker.body_x0 - size * 0.6 && line.x0 <= marker.x0 + size * 0.3 {
            return (unfinished && fills(last, line, block.right)).then_some(nth);
        }
        return Some(nth);
    }
    let first = block.lines.first()?;
    let base = if block.lines.len() == 1 {
        first.x0
    } else {
        last.x0
    };
    // Centred lines begin anywhere.
    let centred = |line: &Line| {
        let middle = f32::midpoint(block.left, block.right);
        (f32::midpoint(line.x0, line.x1) - middle).abs() < size * 0.6 && line.x0 > block.left + size
    };
    if centred(last) && centred(line) {
        return Some(nth);
    }
    let indented = line.x0 > base + size * 0.7;
    let outdented = line.x0 < base - size * 0.7;
    if indented || (outdented && block.lines.len() > 1) {
        return None;
    }
    if outdented && line.x0 < base - size * 4.0 {
        return None;
    }
    // The next word would have had room: the line ends on purpose.
    if !unfinished && !fills(last, line, block.right) {
        return None;
    }
    Some(nth)
}

/// Whether the first word of `next` would not have fitted on `line`.
pub(super) fn fills(line: &Line, next: &Line, right: f32) -> bool {
    line.x1 + next.first_word() + line.size * 0.25 > right - line.size * 0.8
}

fn is_short(block: &Block) -> bool {
    block.lines.len() <= 2 && block.text().chars().count() < 90
}

/// The paragraph of the last page or column that `line` goes on with; footnotes may stand between.
fn from_last_page(
    line: &Line,
    marker: Option<&Marker>,
    mono: bool,
    blocks: &[Block],
    usual: Usual,
) -> Option<usize> {
    let last = blocks.last()?.lines.last()?;
    if last.region == line.region || marker.is_some() || line.page > last.page + 1 {
        return None;
    }
    let body = |line: &Line| (line.size - usual.size).abs() < usual.size * 0.06;
    let (nth, block) = blocks
        .iter()
        .enumerate()
        .rev()
        .take(6)
        .find(|(_, block)| block.size() > usual.size * 0.93)?;
    let end = block.lines.last()?;
    if mono {
        let code = block.kind == Kind::Code && nth + 1 == blocks.len() && end.page != line.page;
        return (code && (block.left - line.x0).abs() < f32::MAX).then_some(nth);
    }
    if !matches!(block.kind, Kind::Paragraph | Kind::Item(_)) || !body(line) || !body(end) {
        return None;
    }
    let text = end.text();
    let lower = line
        .text()
        .chars()
        .find(|c| c.is_alphanumeric())
        .is_some_and(char::is_lowercase);
    let open = !text.ends_with(['.', ':', '!', '?', ';', '"', '”']);
    let full = end.x1 > block.right - end.size * 2.5;
    (open && (lower || text.ends_with('-')) && full && !end.is_bold() && !line.is_bold())
        .then_some(nth)
}

/// Finds the headings among paragraphs and gives them levels.
fn headings(blocks: &mut [Block], usual: Usual, outline: &[Bookmark]) {
    let mut titles: HashMap<&str, Vec<u8>> = HashMap::new();
    for bookmark in outline.iter().rev() {
        let levels = titles.entry(bookmark.key.as_str()).or_default();
        levels.push(bookmark.level);
    }
    // Looks of headings, largest first, with the level that the outline gives them.
    let mut looks: BTreeMap<Look, Option<u8>> = BTreeMap::new();
    let mut found: Vec<(usize, Look, Option<u8>)> = Vec::new();
    for (nth, block) in blocks.iter().enumerate() {
        if !matches!(block.kind, Kind::Paragraph | Kind::Item(_)) || block.lines.len() > 4 {
            continue;
        }
        let look = Look::of(block, usual);
        let text = block.text();
        let plain = marker::without_number(&text);
        let level = [text.as_str(), plain].iter().find_map(|title| {
            let levels = titles.get_mut(bookmarks::key(title).as_str())?;
            (block.lines.len() <= 3).then(|| levels.pop()).flatten()
        });
        if level.is_some() || stands_out(block, &text, usual) {
            found.push((nth, look, level));
            let known = looks.entry(look).or_default();
            *known = match (*known, level) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
    }
    let mut levels: BTreeMap<Look, u8> = BTreeMap::new();
    let mut next = 1;
    for (look, level) in &looks {
        let level = level.unwrap_or(next).clamp(1, MAX_LEVEL);
        levels.insert(*look, level);
        next = (level + 1).max(next).min(MAX_LEVEL);
    }
    for (nth, look, level) in found {
        if let Some(block) = blocks.get_mut(nth) {
            let level = level.or_else(|| levels.get(&look).copied()).unwrap_or(1);
            block.kind = Kind::Heading(level);
        }
    }
}

/// How a heading looks; larger ones come first, bold before plain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Look {
    size: std::cmp::Reverse<i32>,
    plain: bool,
}

impl Look {
    fn of(block: &Block, usual: Usual) -> Self {
        #[allow(
            clippy::cast_possible_truncation,
            reason = "steps of a twentieth of the body size"
        )]
        let size = (block.size() / usual.size * 20.0).round() as i32;
        Self {
            size: std::cmp::Reverse(size),
            plain: !block.lines.iter().all(Line::is_bold),
        }
    }
}

fn stands_out(block: &Block, text: &str, usual: Usual) -> bool {
    let count = text.chars().count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    if letters < 2 || count > 160 || letters * 2 < count {
        return false;
    }
    let larger = block.size() >= usual.size * 1.12;
    let bold = block.lines.iter().all(Line::is_bold) && block.size() >= usual.size * 0.97;
    let bullet = matches!(&block.kind, Kind::Item(marker) if marker.is_bullet());
    if bullet {
        return false;
    }
    let sentence = text.ends_with(['.', ',', ';']) && count > 40;
    (larger && !sentence) || (bold && !sentence && block.lines.len() <= 2 && count <= 110)
}

/// Marks tables of contents: lines that lead to a page number by dots, and the short lines between.
fn contents(blocks: &mut Vec<Block>) {
    let mut split: Vec<Block> = Vec::with_capacity(blocks.len());
    for block in blocks.drain(..) {
        if matches!(block.kind, Kind::Heading(_) | Kind::Code)
            || !block.lines.iter().any(leads_to_page)
        {
            split.push(block);
            continue;
        }
        split.push(Block {
            kind: Kind::Contents,
            ..block
        });
    }
    // Entries of the top level often have no dots: `3 Commands   87` between two lines that do.
    let entry = |block: &Block| {
        matches!(
            block.kind,
            Kind::Paragraph | Kind::Item(_) | Kind::Table(_) | Kind::Heading(_)
        ) && block.lines.iter().all(ends_in_number)
    };
    let dotted: Vec<usize> = split
        .iter()
        .enumerate()
        .filter(|(_, block)| block.kind == Kind::Contents)
        .map(|(nth, _)| nth)
        .collect();
    for from in dotted {
        for at in (0..from).rev() {
            match split.get_mut(at) {
                Some(block) if entry(block) => block.kind = Kind::Contents,
                _ => break,
            }
        }
        for at in from + 1..split.len() {
            match split.get_mut(at) {
                Some(block) if entry(block) => block.kind = Kind::Contents,
                _ => break,
            }
        }
    }
    *blocks = split;
}

fn leads_to_page(line: &Line) -> bool {
    let text = line.text();
    let dots = text.contains("....") || text.contains(". . . .");
    dots && ends_in_number(line)
}

/// Ends in a page number that stands apart.
fn ends_in_number(line: &Line) -> bool {
    let text = line.text();
    let Some((before, number)) = text.rsplit_once([' ', '.']) else {
        return false;
    };
    let gap = line.pieces.last().zip(line.pieces.iter().rev().nth(1));
    let apart = gap.is_some_and(|(last, before)| last.x0 - before.x1 > line.size)
        || before.trim_end().ends_with('.');
    apart
        && number.len() <= 4
        && !number.is_empty()
        && number
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"ivxlc".contains(&byte))
}
