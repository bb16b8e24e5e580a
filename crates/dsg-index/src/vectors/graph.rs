//! The frozen graph of a hierarchical navigable small world: which rows to look at next.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Neighbours by layer, the lowest first; a search enters at the highest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Graph {
    pub(crate) entry: u32,
    pub(crate) layers: Vec<Layer>,
}

/// One layer: the neighbours of every row, end to end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Layer {
    /// Where each row's neighbours end.
    pub(crate) ends: Vec<u32>,
    pub(crate) neighbours: Vec<u32>,
}

impl Layer {
    fn of(&self, row: usize) -> &[u32] {
        let start = row
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .copied()
            .unwrap_or_default();
        let end = self.ends.get(row).copied().unwrap_or_default();
        self.neighbours
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }
}

/// A row and how near it is; nearer is greater, then the earlier row.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Near {
    score: f32,
    row: u32,
}

impl Eq for Near {}

impl Ord for Near {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score
            .total_cmp(&other.score)
            .then_with(|| other.row.cmp(&self.row))
    }
}

impl PartialOrd for Near {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Rows that were looked at, a bit each.
struct Seen(Vec<u64>);

impl Seen {
    fn none_of(rows: usize) -> Self {
        Self(vec![0; rows.div_ceil(64)])
    }

    /// Marks `row`; whether it was new.
    fn add(&mut self, row: u32) -> bool {
        let Some(word) = self.0.get_mut(row as usize / 64) else {
            return false;
        };
        let bit = 1 << (row % 64);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }
}

impl Graph {
    /// Whether this is a graph over so many rows, and every number in it one of them.
    pub(crate) fn is_consistent(&self, rows: usize) -> bool {
        let is_row = |row: u32| (row as usize) < rows;
        !self.layers.is_empty()
            && is_row(self.entry)
            && self.layers.iter().all(|layer| {
                layer.ends.len() == rows
                    && layer.ends.is_sorted()
                    && layer.ends.last().map(|end| *end as usize) == Some(layer.neighbours.len())
                    && layer.neighbours.iter().all(|row| is_row(*row))
            })
    }

    /// The rows found with so many candidates, nearest first, only such as `wanted` accepts. `score` appends how near rows are.
    pub(crate) fn search(
        &self,
        breadth: usize,
        wanted: Option<&dyn Fn(usize) -> bool>,
        score: impl Fn(&[u32], &mut Vec<f32>),
    ) -> Vec<(f32, usize)> {
        let Some((lowest, upper)) = self.layers.split_first() else {
            return Vec::new();
        };
        let mut scores = Vec::new();
        let mut near = |rows: &[u32], found: &mut Vec<Near>| {
            scores.clear();
            score(rows, &mut scores);
            found.clear();
            let pairs = rows.iter().zip(&scores);
            found.extend(pairs.map(|(row, score)| Near {
                score: *score,
                row: *row,
            }));
        };
        let mut nears = Vec::new();
        near(&[self.entry], &mut nears);
        let Some(mut best) = nears.pop() else {
            return Vec::new();
        };
        for layer in upper.iter().rev() {
            loop {
                near(layer.of(best.row as usize), &mut nears);
                match nears.iter().max() {
                    Some(better) if *better > best => best = *better,
                    _ => break,
                }
            }
        }
        let accepts = |row: u32| wanted.is_none_or(|wanted| wanted(row as usize));
        let mut seen = Seen::none_of(lowest.ends.len());
        seen.add(best.row);
        let mut open = BinaryHeap::from([best]);
        let mut found: BinaryHeap<Reverse<Near>> = BinaryHeap::with_capacity(breadth + 1);
        if accepts(best.row) {
            found.push(Reverse(best));
        }
        let mut fresh = Vec::new();
        while let Some(next) = open.pop() {
            let worst = found.peek().map(|worst| worst.0);
            if found.len() >= breadth && worst.is_some_and(|worst| next < worst) {
                break;
            }
            fresh.clear();
            fresh.extend(
                lowest
                    .of(next.row as usize)
                    .iter()
                    .filter(|row| seen.add(**row)),
            );
            near(&fresh, &mut nears);
            for candidate in &nears {
                let is_full = found.len() >= breadth;
                if is_full && found.peek().is_some_and(|worst| *candidate < worst.0) {
                    continue;
                }
                open.push(*candidate);
                if accepts(candidate.row) {
                    found.push(Reverse(*candidate));
                    if is_full {
                        found.pop();
                    }
                }
            }
        }
        found
            .into_sorted_vec()
            .into_iter()
            .map(|Reverse(near)| (near.score, near.row as usize))
            .collect()
    }
}
