//! Scoring: term at a time into one score per chunk, then the best `k`.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::Mutex;

use dsg_core::Hit;

use crate::postings::Postings;

/// Scores looked at together.
const BLOCK: usize = 64;

/// Score arrays that are not in use: all zero, one score per chunk. Saves allocating one per query.
#[derive(Debug, Default)]
pub(crate) struct ScorePool(Mutex<Vec<Vec<f32>>>);

impl ScorePool {
    fn take(&self, chunks: usize) -> Vec<f32> {
        let free = self.0.lock().ok().and_then(|mut free| free.pop());
        free.unwrap_or_else(|| vec![0.0; chunks])
    }

    fn give(&self, scores: Vec<f32>) {
        if let Ok(mut free) = self.0.lock() {
            free.push(scores);
        }
    }
}

/// A chunk on its way to the top; greater is better.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Entry {
    score: f32,
    rank: u32,
    position: u32,
}

impl Eq for Entry {}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score
            .total_cmp(&other.score)
            .then_with(|| other.rank.cmp(&self.rank))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The `k` best chunks for these terms, given with how often the query names each.
pub(crate) fn best(
    postings: &Postings,
    pool: &ScorePool,
    terms: &[(usize, u32)],
    k: usize,
) -> Vec<Hit> {
    if k == 0 || terms.is_empty() {
        return Vec::new();
    }
    let mut scores = pool.take(postings.shape.chunks);
    let mut touched = 0;
    for (term, times) in terms {
        let list = postings.list(*term);
        touched += list.len() / 2;
        let times = *times as f32;
        for pair in list.as_chunks::<2>().0 {
            let [position, bits] = *pair;
            if let Some(score) = scores.get_mut(position as usize) {
                *score += f32::from_bits(bits) * times;
            }
        }
    }
    let mut top = Top::new(k, postings.ranks());
    if touched < scores.len() / 8 {
        for (term, _) in terms {
            for [position, _] in postings.list(*term).as_chunks::<2>().0 {
                if let Some(score) = scores.get_mut(*position as usize) {
                    // Taken once: a chunk that several terms share is zero the second time.
                    top.offer(*position, std::mem::take(score));
                }
            }
        }
    } else {
        for (base, block) in (0_u32..).step_by(BLOCK).zip(scores.chunks_mut(BLOCK)) {
            // Most blocks hold nothing good enough, and a maximum over a block is a few vector instructions.
            if block.iter().copied().fold(0.0, f32::max) >= top.least {
                for (position, score) in (base..).zip(&*block) {
                    top.offer(position, *score);
                }
            }
            block.fill(0.0);
        }
    }
    pool.give(scores);
    top.hits()
}

/// Keeps the `k` best.
struct Top<'a> {
    k: usize,
    ranks: &'a [u32],
    heap: BinaryHeap<Reverse<Entry>>,
    /// Scores below this cannot get in any more.
    least: f32,
}

impl<'a> Top<'a> {
    fn new(k: usize, ranks: &'a [u32]) -> Self {
        Self {
            k,
            ranks,
            heap: BinaryHeap::with_capacity(k.min(ranks.len()) + 1),
            least: f32::MIN_POSITIVE,
        }
    }

    #[inline]
    fn offer(&mut self, position: u32, score: f32) {
        if score >= self.least {
            self.insert(position, score);
        }
    }

    fn insert(&mut self, position: u32, score: f32) {
        let rank = self
            .ranks
            .get(position as usize)
            .copied()
            .unwrap_or(u32::MAX);
        let entry = Entry {
            score,
            rank,
            position,
        };
        if self.heap.len() < self.k {
            self.heap.push(Reverse(entry));
        } else if let Some(mut worst) = self.heap.peek_mut()
            && entry > worst.0
        {
            *worst = Reverse(entry);
        }
        if self.heap.len() == self.k
            && let Some(worst) = self.heap.peek()
        {
            self.least = worst.0.score;
        }
    }

    fn hits(self) -> Vec<Hit> {
        // Ascending in `Reverse` is best first.
        self.heap
            .into_sorted_vec()
            .into_iter()
            .map(|Reverse(entry)| Hit {
                position: entry.position as usize,
                score: entry.score,
            })
            .collect()
    }
}
