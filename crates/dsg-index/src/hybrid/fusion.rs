//! Two rankings of one corpus become one.

use std::collections::BTreeMap;

use dsg_core::Hit;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How rankings are fused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fusion {
    /// By ranks alone: every ranking gives 1 / (k + rank).
    Rrf,
    /// By scores: each ranking's are brought to 0..1, then mixed.
    #[default]
    Convex,
}

/// Reciprocal rank fusion: a chunk's score is the sum of 1 / (k + rank) over the rankings that have it, ranks from 1. Best first, ties in
/// corpus order.
pub fn reciprocal_rank(rankings: &[&[Hit]], k: u32) -> Vec<Hit> {
    let mut scores: BTreeMap<usize, f64> = BTreeMap::new();
    for ranking in rankings {
        for (rank, hit) in ranking.iter().enumerate() {
            *scores.entry(hit.position).or_default() += 1.0 / (f64::from(k) + rank as f64 + 1.0);
        }
    }
    best_first(scores)
}

/// A convex mix of BM25 and cosines: `weight` of the cosine, the rest of BM25, each divided by the best of its ranking after its floor was
/// taken off: 0 for BM25, which is what a chunk without the query's words has; for cosines the least in their ranking. `cosine` gives that of
/// a chunk which only BM25 found. Best first, ties in corpus order.
pub fn convex(
    words: &[Hit],
    near: &[Hit],
    weight: f32,
    cosine: impl Fn(usize) -> Option<f32>,
) -> Vec<Hit> {
    let top = |hits: &[Hit]| hits.first().map_or(0.0, |hit| f64::from(hit.score));
    let floor = near.last().map_or(0.0, |hit| f64::from(hit.score));
    let (best_word, reach) = (top(words), top(near) - floor);
    let weight = f64::from(weight);
    let of_words = |score: f32| {
        if best_word > 0.0 {
            (1.0 - weight) * f64::from(score) / best_word
        } else {
            0.0
        }
    };
    let of_cosine = |score: f32| {
        if reach > 0.0 {
            weight * ((f64::from(score) - floor) / reach).max(0.0)
        } else {
            // All are as near: the ranking says only that they are there.
            weight
        }
    };
    let mut scores: BTreeMap<usize, f64> = near
        .iter()
        .map(|hit| (hit.position, of_cosine(hit.score)))
        .collect();
    for hit in words {
        let score = scores.entry(hit.position).or_insert_with(|| {
            let known = cosine(hit.position).filter(|_| !near.is_empty() && reach > 0.0);
            known.map_or(0.0, of_cosine)
        });
        *score += of_words(hit.score);
    }
    best_first(scores)
}

fn best_first(scores: BTreeMap<usize, f64>) -> Vec<Hit> {
    let mut hits: Vec<(usize, f64)> = scores.into_iter().collect();
    hits.sort_by(|a, b| b.1.total_cmp(&a.1));
    #[allow(
        clippy::cast_possible_truncation,
        reason = "a score need not be exact, its order was settled before"
    )]
    hits.into_iter()
        .map(|(position, score)| Hit {
            position,
            score: score as f32,
        })
        .collect()
}
