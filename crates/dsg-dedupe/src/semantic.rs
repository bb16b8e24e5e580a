//! Which vectors are near each other, without comparing all pairs.
//!
//! Texts that must not be merged anyway, since they differ in a literal, a number or a negation, are never compared: vectors are kept
//! in groups of one fingerprint of meaning. A small group is compared pair by pair. In a larger one each vector gets a signature of 512
//! bits, on which side of 512 random planes it lies (Charikar, *Similarity estimation techniques from rounding algorithms*, STOC 2002);
//! vectors that agree in the bits of one of some tables are candidates, those of them whose signatures differ too much are left
//! out, and the rest is compared exactly.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::config::SemanticConfig;
use crate::links::BandLinks;
use crate::shingle::mix;
use crate::vectors::{TextVectors, dot};

/// Words of 64 bits in a signature.
const WORDS: usize = 8;
const BITS: usize = WORDS * 64;
/// The share of pairs at the threshold that the tables must bring to comparison.
const RECALL: f64 = 0.98;
/// Most tables, and most candidates looked at in one of them: what bounds time where thousands of texts are alike.
const MOST_TABLES: usize = 96;
const MOST_LOOKED_AT: usize = 128;
/// How many standard deviations a signature may be farther off than expected before a candidate is left out.
const SLACK: f64 = 4.0;
/// Signatures live only inside one call, so their seed is no setting.
const SEED: u64 = 0x6473_672d_7365_6d61;

type Signature = [u64; WORDS];

/// Finds for each vector the nearest earlier one. Ask for them in ascending order.
pub(crate) struct Neighbours<'a> {
    vectors: &'a TextVectors,
    /// Which vector stands at which rank.
    order: &'a [usize],
    /// Per rank, what two texts must agree in.
    fingerprints: Vec<u64>,
    threshold: f32,
    /// Ranks that may be found, by fingerprint, in groups that are compared pair by pair.
    small: HashMap<u64, Vec<usize>>,
    large: Option<Tables>,
}

/// The signatures of the ranks that are in large groups, and their tables.
struct Tables {
    /// Per rank, its place among those that are in large groups.
    places: HashMap<usize, usize>,
    ranks: Vec<usize>,
    signatures: Vec<Signature>,
    links: Vec<BandLinks>,
    most_apart: u32,
}

impl<'a> Neighbours<'a> {
    /// `fingerprints` are those of the ranks in `order`.
    pub(crate) fn new(
        vectors: &'a TextVectors,
        order: &'a [usize],
        fingerprints: Vec<u64>,
        config: &SemanticConfig,
    ) -> Self {
        let mut sizes: HashMap<u64, usize> = HashMap::new();
        for fingerprint in &fingerprints {
            *sizes.entry(*fingerprint).or_default() += 1;
        }
        let size = |fingerprint: &u64| sizes.get(fingerprint).copied().unwrap_or(0);
        let ranks: Vec<usize> = fingerprints
            .iter()
            .enumerate()
            .filter(|(_, fingerprint)| size(fingerprint) >= config.exact_below)
            .map(|(rank, _)| rank)
            .collect();
        let largest = sizes.values().copied().max().unwrap_or(0);
        let large = (!ranks.is_empty())
            .then(|| Tables::new(vectors, order, &fingerprints, ranks, largest, config));
        #[allow(
            clippy::cast_possible_truncation,
            reason = "a threshold between 0 and 1"
        )]
        let threshold = config.threshold as f32;
        Self {
            vectors,
            order,
            fingerprints,
            threshold,
            small: HashMap::new(),
            large,
        }
    }

    /// Lets `rank` be found by later ones without asking for its own neighbours.
    pub(crate) fn pass(&mut self, rank: usize) {
        let large = self
            .large
            .as_ref()
            .is_some_and(|tables| tables.places.contains_key(&rank));
        if let (false, Some(fingerprint)) = (large, self.fingerprints.get(rank)) {
            self.small.entry(*fingerprint).or_default().push(rank);
        }
    }

    /// The nearest earlier rank at or above the threshold for which `counts` holds; ties go to the better rank. `counts` must never
    /// change for a rank once asked about.
    pub(crate) fn nearest(
        &mut self,
        rank: usize,
        counts: impl Fn(usize) -> bool,
    ) -> Option<(usize, f32)> {
        let (vectors, order) = (self.vectors, self.order);
        let row = |rank: usize| order.get(rank).map_or(&[][..], |text| vectors.row(*text));
        let own = row(rank);
        let fingerprint = *self.fingerprints.get(rank)?;
        let found: Vec<usize> = match &mut self.large {
            Some(tables) if tables.places.contains_key(&rank) => tables.candidates(rank, counts),
            _ => {
                let group = self.small.entry(fingerprint).or_default();
                let found = group.iter().copied().filter(|rank| counts(*rank)).collect();
                group.push(rank);
                found
            }
        };
        let fingerprints = &self.fingerprints;
        found
            .into_iter()
            .filter(|other| fingerprints.get(*other) == Some(&fingerprint))
            .map(|other| (other, dot(own, row(other))))
            .filter(|(_, cosine)| *cosine >= self.threshold)
            .reduce(|best, next| if next.1 > best.1 { next } else { best })
    }
}

impl Tables {
    fn new(
        vectors: &TextVectors,
        order: &[usize],
        fingerprints: &[u64],
        ranks: Vec<usize>,
        largest: usize,
        config: &SemanticConfig,
    ) -> Self {
        let planes = Planes::new(vectors.dimension());
        let signatures: Vec<Signature> = ranks
            .par_iter()
            .map(|rank| {
                let row = order.get(*rank).map_or(&[][..], |text| vectors.row(*text));
                planes.signature(row)
            })
            .collect();
        // The chance that two vectors at the threshold lie on different sides of a plane.
        let apart = config.threshold.clamp(-1.0, 1.0).acos() / std::f64::consts::PI;
        let spread = (BITS as f64 * apart * (1.0 - apart)).sqrt();
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a number of bits"
        )]
        let most_apart = (BITS as f64 * apart + SLACK * spread).ceil() as u32;
        let (tables, bits) = shape(largest, apart);
        let links = (0..tables as u64)
            .map(|table| {
                let chosen = chosen_bits(table, bits);
                let keys: Vec<u64> = signatures
                    .par_iter()
                    .zip(&ranks)
                    .map(|(signature, rank)| {
                        let salt = fingerprints.get(*rank).copied().unwrap_or_default();
                        mix(salt, gather(signature, &chosen))
                    })
                    .collect();
                BandLinks::new(&keys, 1)
            })
            .collect();
        Self {
            places: ranks
                .iter()
                .enumerate()
                .map(|(place, rank)| (*rank, place))
                .collect(),
            ranks,
            signatures,
            links,
            most_apart,
        }
    }

    /// Earlier ranks for which `counts` holds and whose signature is near that of `rank`, ascending.
    fn candidates(&mut self, rank: usize, counts: impl Fn(usize) -> bool) -> Vec<usize> {
        let Some(place) = self.places.get(&rank).copied() else {
            return Vec::new();
        };
        let (ranks, signatures) = (&self.ranks, &self.signatures);
        let Some(own) = signatures.get(place) else {
            return Vec::new();
        };
        let mut found: Vec<usize> = Vec::new();
        for links in &mut self.links {
            let near = links
                .earlier(place, |place| ranks.get(place).is_some_and(|r| counts(*r)))
                .take(MOST_LOOKED_AT)
                .filter(|other| {
                    signatures
                        .get(*other)
                        .is_some_and(|other| differing(own, other) <= self.most_apart)
                });
            found.extend(near);
        }
        found.sort_unstable();
        found.dedup();
        found
            .into_iter()
            .filter_map(|place| ranks.get(place).copied())
            .collect()
    }
}

/// How many tables of how many bits find pairs that lie `apart` (the chance of a differing bit) in a group of `largest`: as many bits as
/// leave a handful of unlike vectors in a bucket, then as many tables as the recall asks for.
fn shape(largest: usize, apart: f64) -> (usize, usize) {
    let bits = (usize::BITS - largest.leading_zeros())
        .saturating_sub(2)
        .clamp(8, 24);
    let fit = |bits: u32| (0..bits).fold(1.0, |chance, _| chance * (1.0 - apart));
    let needed = |bits: u32| ((1.0 - RECALL).ln() / (1.0 - fit(bits)).ln()).ceil();
    // Fewer bits rather than less recall.
    let bits = (4..=bits)
        .rev()
        .find(|bits| needed(*bits) <= MOST_TABLES as f64)
        .unwrap_or(4);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to a small number"
    )]
    let tables = needed(bits).clamp(1.0, MOST_TABLES as f64) as usize;
    (tables, bits as usize)
}

/// A number of a stream of them; `mix` does not look at the lowest bit of what it mixes in.
const fn drawn(stream: u64, number: u64) -> u64 {
    mix(mix(SEED, stream << 1), number << 1)
}

/// Different bits of a signature, drawn for a table.
fn chosen_bits(table: u64, bits: usize) -> Vec<usize> {
    let mut places: Vec<(u64, usize)> = (0..BITS)
        .map(|bit| (drawn(table + 1, bit as u64), bit))
        .collect();
    places.sort_unstable();
    places.into_iter().take(bits).map(|(_, bit)| bit).collect()
}

/// The chosen bits of a signature, as a number.
fn gather(signature: &Signature, chosen: &[usize]) -> u64 {
    chosen.iter().fold(0, |seen, bit| {
        let word = signature.get(bit / 64).copied().unwrap_or_default();
        seen << 1 | (word >> (bit % 64) & 1)
    })
}

/// Bits in which two signatures differ.
fn differing(a: &Signature, b: &Signature) -> u32 {
    a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum()
}

/// Random planes through the origin.
struct Planes {
    dimension: usize,
    values: Vec<f32>,
}

impl Planes {
    fn new(dimension: usize) -> Self {
        let values = (0..(BITS * dimension) as u64)
            .map(|number| {
                // The sum of four uniform numbers is near enough to a normal one.
                let drawn = drawn(0, number);
                let sum: u16 = (0..4)
                    .map(|part| u16::try_from(drawn >> (16 * part) & 0xfff).unwrap_or(0))
                    .sum();
                f32::from(sum) / 4096.0 - 2.0 * 4095.0 / 4096.0
            })
            .collect();
        Self { dimension, values }
    }

    fn signature(&self, row: &[f32]) -> Signature {
        let mut signature = [0; WORDS];
        for (bit, plane) in self.values.chunks_exact(self.dimension).enumerate() {
            if dot(plane, row) > 0.0
                && let Some(word) = signature.get_mut(bit / 64)
            {
                *word |= 1 << (bit % 64);
            }
        }
        signature
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `n` vectors of which every second is a copy of the one before it, turned by an angle with this cosine.
    fn pairs(n: usize, cosine: f32) -> TextVectors {
        let dimension = 64;
        let drawn = |number: usize, at: usize| {
            let bits = drawn(1_000 + number as u64, at as u64) >> 40;
            bits as f32 / (1_u64 << 24) as f32 - 0.5
        };
        let mut vectors = TextVectors::new(dimension).unwrap();
        for number in 0..n {
            let of: Vec<f32> = (0..dimension).map(|at| drawn(number / 2, at)).collect();
            if number % 2 == 0 {
                vectors.push(&of).unwrap();
                continue;
            }
            let other: Vec<f32> = (0..dimension).map(|at| drawn(n + number, at)).collect();
            let length = dot(&of, &of).sqrt();
            let along = dot(&of, &other) / (length * length);
            let across: Vec<f32> = other.iter().zip(&of).map(|(x, o)| x - along * o).collect();
            let width = dot(&across, &across).sqrt();
            let sine = (1.0 - cosine * cosine).sqrt();
            let turned: Vec<f32> = of
                .iter()
                .zip(&across)
                .map(|(o, a)| cosine * o / length + sine * a / width)
                .collect();
            vectors.push(&turned).unwrap();
        }
        vectors
    }

    fn found(vectors: &TextVectors, config: &SemanticConfig) -> Vec<Option<usize>> {
        let order: Vec<usize> = (0..vectors.len()).collect();
        let mut neighbours = Neighbours::new(vectors, &order, vec![1; order.len()], config);
        order
            .iter()
            .map(|rank| neighbours.nearest(*rank, |_| true).map(|(to, _)| to))
            .collect()
    }

    #[test]
    fn tables_find_what_all_pairs_find() {
        let vectors = pairs(3_000, 0.96);
        let exact = found(
            &vectors,
            &SemanticConfig {
                threshold: 0.95,
                exact_below: 10_000,
            },
        );
        let tables = found(
            &vectors,
            &SemanticConfig {
                threshold: 0.95,
                exact_below: 2,
            },
        );
        assert_eq!(exact.iter().flatten().count(), 1_500);
        let missed = exact.iter().zip(&tables).filter(|(a, b)| a != b).count();
        assert!(missed <= 45, "{missed} of 1500 pairs missed");
        assert_eq!(
            tables.iter().flatten().filter(|to| **to % 2 == 1).count(),
            0
        );
    }

    #[test]
    fn other_fingerprints_are_never_found() {
        let vectors = pairs(40, 0.99);
        let order: Vec<usize> = (0..40).collect();
        for exact_below in [2, 1_000] {
            let config = SemanticConfig {
                threshold: 0.9,
                exact_below,
            };
            let apart: Vec<u64> = (0..40).map(|rank| rank % 2).collect();
            let mut neighbours = Neighbours::new(&vectors, &order, apart, &config);
            assert!(
                order
                    .iter()
                    .all(|rank| neighbours.nearest(*rank, |_| true).is_none())
            );
        }
    }

    #[test]
    fn tables_grow_with_the_group_and_keep_their_recall() {
        let apart = 0.95_f64.acos() / std::f64::consts::PI;
        for largest in [10, 10_000, 1_000_000] {
            let (tables, bits) = shape(largest, apart);
            let fit = (1.0 - apart).powi(i32::try_from(bits).unwrap());
            let recall = 1.0 - (1.0 - fit).powi(i32::try_from(tables).unwrap());
            assert!(recall >= 0.98 && tables <= MOST_TABLES, "{tables} × {bits}");
        }
    }
}
