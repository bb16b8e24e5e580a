//! What pages repeat: running heads, running feet, page numbers.

use std::collections::BTreeMap;

use super::lines::Line;

/// The share of a page at its top and its bottom where running heads and feet stand.
const MARGIN: f32 = 0.13;
/// Fewer repetitions say nothing.
const MIN_PAGES: usize = 4;
/// Lines looked at from the edge inwards.
const DEPTH: usize = 3;

/// Lines left out, by what they are.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct LeftOut {
    pub(super) running: usize,
    pub(super) page_numbers: usize,
}

/// Where a line may stand that is no content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Edge {
    Top,
    Bottom,
}

/// Takes running heads, running feet and page numbers out of `lines` of a file with `pages` pages.
pub(super) fn remove(lines: &mut Vec<Line>, pages: usize) -> LeftOut {
    let edges = edge_lines(lines);
    // The same words, numbers aside, at the same height.
    let mut repeated: BTreeMap<(Edge, String, i32), usize> = BTreeMap::new();
    // A number that counts pages: how far it is ahead of the page's index.
    let mut ahead: BTreeMap<(Edge, i64), usize> = BTreeMap::new();
    for (nth, edge) in &edges {
        let Some(line) = lines.get(*nth) else {
            continue;
        };
        *repeated
            .entry((*edge, pattern(line), height(line)))
            .or_default() += 1;
        for offset in offsets(line) {
            *ahead.entry((*edge, offset)).or_default() += 1;
        }
    }
    let counting = ahead
        .iter()
        .filter(|((edge, _), count)| {
            // More often than by chance, and on most pages that have anything there.
            let there = edges.iter().filter(|(_, other)| other == edge).count();
            **count >= MIN_PAGES && **count * 5 >= there
        })
        .max_by_key(|(_, count)| **count)
        .map(|((edge, offset), _)| (*edge, *offset));
    let enough = MIN_PAGES.max(pages / 20);
    let mut left_out = LeftOut::default();
    let mut remove = vec![false; lines.len()];
    for (nth, edge) in edges {
        let (Some(line), Some(flag)) = (lines.get(nth), remove.get_mut(nth)) else {
            continue;
        };
        let pattern = pattern(line);
        let around: usize = (-1..=1)
            .filter_map(|by| repeated.get(&(edge, pattern.clone(), height(line) + by)))
            .sum();
        let numbers = pattern.chars().all(|c| c == '#' || !c.is_alphanumeric());
        let counts = counting
            .is_some_and(|(place, offset)| place == edge && offsets(line).contains(&offset));
        if around >= enough || counts || (numbers && is_page_number(line)) {
            *flag = true;
            if numbers {
                left_out.page_numbers += 1;
            } else {
                left_out.running += 1;
            }
        }
    }
    let mut flags = remove.into_iter();
    lines.retain(|_| !flags.next().unwrap_or_default());
    left_out
}

/// The outermost lines of each page, by number.
fn edge_lines(lines: &[Line]) -> Vec<(usize, Edge)> {
    let mut by_page: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (nth, line) in lines.iter().enumerate() {
        by_page.entry(line.page).or_default().push(nth);
    }
    let mut edges = Vec::new();
    for mut page in by_page.into_values() {
        let y = |nth: &usize| lines.get(*nth).map_or(0.0, |line| line.y);
        page.sort_by(|a, b| y(a).total_cmp(&y(b)));
        let place = |nth: &usize| lines.get(*nth).map_or(0.5, |line| line.place);
        let top = page.iter().filter(|nth| place(nth) < MARGIN).take(DEPTH);
        edges.extend(top.map(|nth| (*nth, Edge::Top)));
        let bottom = page
            .iter()
            .rev()
            .filter(|nth| place(nth) > 1.0 - MARGIN)
            .take(DEPTH);
        edges.extend(bottom.map(|nth| (*nth, Edge::Bottom)));
    }
    edges
}

#[allow(clippy::cast_possible_truncation, reason = "steps of six points")]
fn height(line: &Line) -> i32 {
    (line.y / 6.0) as i32
}

/// The words with every number as `#`.
fn pattern(line: &Line) -> String {
    let text = line.text();
    let words: Vec<String> = text
        .split_whitespace()
        .map(|word| {
            if is_roman(word) || word.chars().any(|c| c.is_ascii_digit()) {
                "#".to_owned()
            } else {
                word.to_lowercase()
            }
        })
        .collect();
    words.join(" ")
}

fn is_roman(word: &str) -> bool {
    word.len() <= 6 && !word.is_empty() && word.chars().all(|c| "ivxlc".contains(c))
}

/// `12`, `- 12 -`, `Page 3`, `3 of 9`, `iv`.
fn is_page_number(line: &Line) -> bool {
    let text = line.text();
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c == '/')
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .collect();
    let number = |word: &str| {
        word.len() <= 4 && (word.bytes().all(|byte| byte.is_ascii_digit()) || is_roman(word))
    };
    match words.as_slice() {
        [only] => number(only),
        [page, one] => page.eq_ignore_ascii_case("page") && number(one),
        [one, of, all] => *of == "of" && number(one) && number(all),
        [page, one, of, all] => {
            page.eq_ignore_ascii_case("page") && *of == "of" && number(one) && number(all)
        }
        _ => false,
    }
}

/// How far the line's first and last word, as numbers, are ahead of the page's index.
fn offsets(line: &Line) -> Vec<i64> {
    let text = line.text();
    let mut words = text.split_whitespace();
    let mut offsets: Vec<i64> = [words.next(), words.next_back()]
        .into_iter()
        .flatten()
        .filter(|word| word.len() <= 5)
        .filter_map(|word| word.parse::<i64>().ok())
        .filter_map(|number| number.checked_sub(i64::try_from(line.page).ok()?))
        .collect();
    offsets.dedup();
    offsets
}
