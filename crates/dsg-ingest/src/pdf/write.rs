//! Blocks to light Markdown and its outline.

use std::collections::HashSet;

use dsg_core::Block as Outlined;

use super::blocks::{Block, Kind, fills};
use super::lines::Line;
use super::marker::{self, Marker};
use crate::page::{OpenItem, OpenList, Page};

/// Lists inside lists.
const MAX_LISTS: usize = 6;
/// A listing's lines are indented by at most this.
const MAX_COLUMN: usize = 160;

/// The text with its outline.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) blocks: Vec<Outlined>,
    /// Where in the text each page begins.
    pub(super) page_starts: Vec<usize>,
}

pub(super) fn write(blocks: &[Block]) -> Written {
    let mut writer = Writer {
        page: Page::new(1 << 12),
        starts: Vec::new(),
        lists: Vec::new(),
        hyphenated: hyphenated(blocks),
        mono_is_code: blocks.iter().any(|block| {
            matches!(
                block.kind,
                Kind::Paragraph | Kind::Item(_) | Kind::Heading(_)
            ) && block.lines.iter().any(|line| !line.is_mono())
        }),
    };
    for block in blocks {
        writer.block(block);
    }
    writer.close_lists(0);
    let (text, blocks) = writer.page.finish();
    let mut page_starts = writer.starts;
    for start in &mut page_starts {
        *start = (*start).min(text.len());
    }
    Written {
        text,
        blocks,
        page_starts,
    }
}

/// Words written with a hyphen inside a line: `command-line` at a line's end keeps its hyphen when it is one of them.
fn hyphenated(blocks: &[Block]) -> HashSet<String> {
    blocks
        .iter()
        .flat_map(|block| &block.lines)
        .flat_map(|line| {
            let text = line.text();
            let words: Vec<String> = text
                .split_whitespace()
                .filter(|word| word.contains('-') && !word.ends_with('-'))
                .map(|word| trimmed(word).to_lowercase())
                .collect();
            words
        })
        .collect()
}

fn trimmed(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

/// A list that is being written.
struct Level {
    /// How far its markers are indented.
    indent: f32,
    body_x0: f32,
    region: usize,
    list: OpenList,
    item: OpenItem,
    /// The next number, of numbered lists.
    next: Option<u64>,
}

struct Writer {
    page: Page,
    starts: Vec<usize>,
    lists: Vec<Level>,
    hyphenated: HashSet<String>,
    mono_is_code: bool,
}

impl Writer {
    fn block(&mut self, block: &Block) {
        if let Some(first) = block.lines.first() {
            self.starts_at(first.page, self.page.len());
        }
        match &block.kind {
            Kind::Item(marker) => {
                self.item(marker, block);
                return;
            }
            Kind::Paragraph | Kind::Code if self.belongs_to_item(block) => {}
            _ => self.close_lists(0),
        }
        match &block.kind {
            Kind::Heading(level) => {
                let text: Vec<String> = block.lines.iter().map(Line::text).collect();
                self.page.heading(*level, &text.join(" "));
            }
            Kind::Code => {
                let code = code(&block.lines);
                self.page.code(None, &code);
            }
            Kind::Table(rows) => self.table(rows, block),
            Kind::Contents => {
                let text: Vec<String> = block.lines.iter().map(Line::text).collect();
                self.page.boilerplate(&text.join("\n"));
            }
            Kind::Paragraph | Kind::Item(_) => {
                let (text, pages) = self.inline(block);
                if is_caption(&text) {
                    self.page.caption(&text);
                } else {
                    self.page.paragraph(&text);
                }
                self.later_pages(&text, &pages);
            }
        }
    }

    fn table(&mut self, rows: &[Vec<String>], block: &Block) {
        let header = block.lines.first().is_some_and(Line::is_bold)
            && !block.lines.last().is_some_and(Line::is_bold);
        match rows.split_first() {
            Some((head, rows)) if header => self.page.table("", Some(head), rows),
            _ => self.page.table("", None, rows),
        }
    }

    fn starts_at(&mut self, page: usize, at: usize) {
        while self.starts.len() <= page {
            self.starts.push(at);
        }
    }

    /// Notes where pages begin inside the paragraph just written.
    fn later_pages(&mut self, text: &str, pages: &[(usize, usize)]) {
        let start = self.page.len().saturating_sub(text.len());
        for (offset, page) in pages {
            self.starts_at(*page, start + offset);
        }
    }

    fn belongs_to_item(&self, block: &Block) -> bool {
        let Some((level, line)) = self.lists.last().zip(block.lines.first()) else {
            return false;
        };
        line.region == level.region && block.x0() > level.body_x0 - line.size * 0.5
    }

    fn item(&mut self, marker: &Marker, block: &Block) {
        let indent = marker.x0 - block.left;
        let size = block.lines.first().map_or(10.0, |line| line.size);
        while self
            .lists
            .last()
            .is_some_and(|level| level.indent > indent + size * 0.6)
        {
            self.close_lists(self.lists.len().saturating_sub(1));
        }
        let number = marker.number;
        let goes_on = self.lists.last().is_some_and(|level| {
            (level.indent - indent).abs() <= size * 0.6 && level.next == number
        });
        let region = block.lines.first().map_or(0, |line| line.region);
        let body_x0 = marker.body_x0;
        if goes_on && let Some(level) = self.lists.pop() {
            let Level { mut list, item, .. } = level;
            self.page.close_item(&mut list, item);
            let item = self.page.open_item(&mut list);
            self.lists.push(Level {
                indent,
                body_x0,
                region,
                list,
                item,
                next: number.map(|number| number.saturating_add(1)),
            });
        } else {
            let beside = self
                .lists
                .last()
                .is_some_and(|level| (level.indent - indent).abs() <= size * 0.6);
            if beside || self.lists.len() >= MAX_LISTS {
                self.close_lists(self.lists.len().saturating_sub(1));
            }
            let mut list = self.page.open_list(number);
            let item = self.page.open_item(&mut list);
            self.lists.push(Level {
                indent,
                body_x0,
                region,
                list,
                item,
                next: number.map(|number| number.saturating_add(1)),
            });
        }
        let (text, pages) = self.inline(block);
        let bare = if marker.is_bullet() || marker.number.is_some() {
            marker::without_marker(&text)
        } else {
            &text
        };
        let cut = text.len() - bare.len();
        self.page.paragraph(bare);
        let pages: Vec<_> = pages
            .into_iter()
            .map(|(offset, page)| (offset.saturating_sub(cut), page))
            .collect();
        self.later_pages(bare, &pages);
    }

    /// Closes all lists but `keep`.
    fn close_lists(&mut self, keep: usize) {
        while self.lists.len() > keep {
            let Some(Level { mut list, item, .. }) = self.lists.pop() else {
                return;
            };
            self.page.close_item(&mut list, item);
            self.page.close_list(list);
        }
    }

    /// The block as Markdown, with the offsets at which later pages begin.
    fn inline(&self, block: &Block) -> (String, Vec<(usize, usize)>) {
        let mut text = String::new();
        let mut pages = Vec::new();
        let mut open = false;
        let mut previous: Option<&Line> = None;
        for line in &block.lines {
            let mut glue = String::new();
            if let Some(previous) = previous {
                let breaks = block.kind == Kind::Paragraph
                    && previous.region == line.region
                    && !fills(previous, line, block.right);
                let mono = |line: &Line, piece: Option<&super::words::Piece>| {
                    self.mono_is_code && !line.is_mono() && piece.is_some_and(|p| p.style.mono)
                };
                let stays = mono(line, line.pieces.first());
                if open && !stays {
                    text.push('`');
                    open = false;
                }
                glue = self.glue(&mut text, line, breaks);
                if previous.page != line.page {
                    pages.push((text.len() + glue.len(), line.page));
                }
            }
            for (nth, piece) in line.pieces.iter().enumerate() {
                let space = if nth == 0 {
                    glue.as_str()
                } else if piece.spaced {
                    " "
                } else {
                    ""
                };
                let literal = self.mono_is_code && piece.style.mono && !piece.text.contains('`');
                if open && !literal {
                    text.push('`');
                    open = false;
                }
                text.push_str(space);
                if literal && !open {
                    text.push('`');
                    open = true;
                }
                text.push_str(&piece.text);
            }
            previous = Some(line);
        }
        if open {
            text.push('`');
        }
        (text, pages)
    }

    /// What goes between `text` and `line`; takes a hyphen that only breaks a word off `text`.
    fn glue(&self, text: &mut String, line: &Line, breaks: bool) -> String {
        let next = line.text();
        let Some(stem) = text.strip_suffix('-') else {
            return if breaks { "\n" } else { " " }.to_owned();
        };
        if !stem.ends_with(char::is_alphanumeric) {
            return " ".to_owned();
        }
        let left = stem.rsplit(char::is_whitespace).next().unwrap_or_default();
        let right = next.split_whitespace().next().unwrap_or_default();
        let compound = format!("{left}-{right}");
        let keeps = !next.starts_with(char::is_lowercase)
            || !stem.ends_with(char::is_alphabetic)
            || left.contains('-')
            || self.hyphenated.contains(&trimmed(&compound).to_lowercase());
        if !keeps {
            text.pop();
        }
        String::new()
    }
}

/// `Figure 3: …`, `Table 1. …`
fn is_caption(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let (Some(first), Some(second)) = (words.next(), words.next()) else {
        return false;
    };
    ["Figure", "Fig.", "Table", "Listing"].contains(&first)
        && second.ends_with([':', '.'])
        && second.starts_with(|c: char| c.is_ascii_digit())
}

/// A listing, its characters in the columns in which they stand.
fn code(lines: &[Line]) -> String {
    let mut widths: Vec<f32> = lines
        .iter()
        .flat_map(|line| &line.pieces)
        .filter(|piece| piece.text.chars().count() > 2)
        .map(|piece| (piece.x1 - piece.x0) / piece.text.chars().count() as f32)
        .collect();
    widths.sort_by(f32::total_cmp);
    let width = widths
        .get(widths.len() / 2)
        .copied()
        .filter(|width| *width > 0.5)
        .unwrap_or(5.0);
    let mut out = String::new();
    let mut previous: Option<&Line> = None;
    let mut base = 0.0;
    for line in lines {
        match previous {
            Some(previous) if previous.region == line.region => {
                out.push('\n');
                if line.y - previous.y > line.size * 1.9 {
                    out.push('\n');
                }
            }
            other => {
                if other.is_some() {
                    out.push('\n');
                }
                base = lines
                    .iter()
                    .filter(|other| other.region == line.region)
                    .map(|other| other.x0)
                    .fold(f32::MAX, f32::min);
            }
        }
        let mut column = 0;
        for (nth, piece) in line.pieces.iter().enumerate() {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "clamped to a line's length"
            )]
            let at = ((piece.x0 - base) / width)
                .round()
                .clamp(0.0, MAX_COLUMN as f32) as usize;
            let gap = at
                .saturating_sub(column)
                .max(usize::from(piece.spaced && nth > 0));
            let gap = if nth > 0 && !piece.spaced { 0 } else { gap };
            out.extend(std::iter::repeat_n(' ', gap));
            out.push_str(&piece.text);
            column += gap + piece.text.chars().count();
        }
        previous = Some(line);
    }
    out
}
