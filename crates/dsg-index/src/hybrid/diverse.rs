//! Maximal marginal relevance: hits that are good and unlike each other.

use dsg_core::Hit;

use crate::vectors::dot;

/// Takes `k` of `hits`, which are best first, one by one: the next is the one whose relevance, less its likeness to those taken, is most.
/// `share` weighs the likeness, the rest the relevance, which is the score as a share of the best. A hit's new score is what it was taken for, so
/// that scores still fall. Ties in the order of `hits`.
pub(super) fn diverse<'v>(
    hits: &[Hit],
    k: usize,
    share: f32,
    vector: impl Fn(usize) -> Option<&'v [f32]>,
) -> Vec<Hit> {
    let Some(best) = hits.first().map(|hit| hit.score) else {
        return Vec::new();
    };
    let relevance = |hit: &Hit| {
        if best > 0.0 { hit.score / best } else { 1.0 }
    };
    let mut left: Vec<(&Hit, f32)> = hits.iter().map(|hit| (hit, 0.0)).collect();
    let mut taken = Vec::with_capacity(k.min(hits.len()));
    while taken.len() < k {
        let worth =
            |(hit, likeness): &(&Hit, f32)| (1.0 - share) * relevance(hit) - share * likeness;
        let mut next: Option<(usize, f32)> = None;
        for (at, candidate) in left.iter().enumerate() {
            let worth = worth(candidate);
            if next.is_none_or(|(_, most)| worth > most) {
                next = Some((at, worth));
            }
        }
        let Some((at, score)) = next else {
            break;
        };
        let position = left.remove(at).0.position;
        taken.push(Hit { position, score });
        if let Some(new) = vector(position) {
            for (hit, likeness) in &mut left {
                if let Some(other) = vector(hit.position) {
                    *likeness = likeness.max(dot(new, other));
                }
            }
        }
    }
    taken
}
