//! Locality-sensitive hashing: finds sketches that agree in a whole band of registers.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::error::DedupeError;
use crate::minhash::Sketch;
use crate::shingle::mix;

/// How registers are grouped. A pair of similarity `s` shares a band with probability `1 - (1 - s^rows)^bands`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LshParams {
    bands: usize,
    rows: usize,
}

impl LshParams {
    /// `bands` bands of `rows` registers each.
    ///
    /// # Errors
    /// [`DedupeError::Config`] when either is 0.
    pub fn new(bands: usize, rows: usize) -> Result<Self, DedupeError> {
        if bands == 0 || rows == 0 {
            return Err(DedupeError::config(
                "bands",
                format!("{bands} bands of {rows} rows find nothing"),
            ));
        }
        Ok(Self { bands, rows })
    }

    /// The most selective grouping of `num_perm` registers that still finds a pair at `threshold` with probability
    /// `recall`; one row a band when none does.
    ///
    /// # Errors
    /// [`DedupeError::Config`] when `num_perm` is 0.
    pub fn for_threshold(
        threshold: f64,
        num_perm: usize,
        recall: f64,
    ) -> Result<Self, DedupeError> {
        let rows = (1..=num_perm)
            .rev()
            .find(|rows| {
                let params = Self {
                    bands: num_perm / rows,
                    rows: *rows,
                };
                params.recall_at(threshold) >= recall
            })
            .unwrap_or(1);
        Self::new(num_perm / rows, rows)
    }

    /// The probability that a pair of this similarity shares a band.
    pub fn recall_at(self, similarity: f64) -> f64 {
        let band = (0..self.rows).fold(1.0, |p, _| p * similarity);
        let miss = (0..self.bands).fold(1.0, |p, _| p * (1.0 - band));
        1.0 - miss
    }

    /// Number of bands.
    pub const fn bands(self) -> usize {
        self.bands
    }

    /// Registers in a band.
    pub const fn rows(self) -> usize {
        self.rows
    }

    /// One key per band. Sketches with different `salt` never share a key, which keeps texts apart that must not match
    /// whatever their similarity.
    pub fn keys(self, sketch: &Sketch, salt: u64) -> impl Iterator<Item = u64> + '_ {
        self.keys_of(sketch.registers(), salt)
    }

    /// [`keys`](Self::keys) of the bare registers of a sketch.
    pub fn keys_of(self, registers: &[u32], salt: u64) -> impl Iterator<Item = u64> + '_ {
        registers
            .chunks_exact(self.rows)
            .take(self.bands)
            .zip(1_u64..)
            .map(move |(band, number)| {
                let folded = band.chunks(2).fold(number, |key, pair| {
                    let pair = pair
                        .iter()
                        .fold(0, |both, register| (both << 32) | u64::from(*register));
                    (key.rotate_left(23) ^ pair).wrapping_mul(0x9e37_79b9_7f4a_7c15)
                });
                mix(salt, folded)
            })
    }
}

/// An index over band keys: insert, then ask which entries share a key. Memory is 20 bytes per entry and band.
#[derive(Debug, Clone, Default)]
pub struct LshIndex {
    heads: HashMap<u64, u32, BuildHasherDefault<KeyHasher>>,
    /// Entry id and the previous entry with the same key.
    entries: Vec<(u32, Option<u32>)>,
}

impl LshIndex {
    /// An index with room for `entries` entries of `params.bands()` keys.
    pub fn with_capacity(params: LshParams, entries: usize) -> Self {
        let total = params.bands().saturating_mul(entries);
        Self {
            heads: HashMap::with_capacity_and_hasher(total, BuildHasherDefault::default()),
            entries: Vec::with_capacity(total),
        }
    }

    /// Adds entry `id` under its band keys. Returns `false`, and adds nothing more, once 2³² keys are in.
    pub fn insert(&mut self, id: u32, keys: impl IntoIterator<Item = u64>) -> bool {
        for key in keys {
            let Ok(position) = u32::try_from(self.entries.len()) else {
                return false;
            };
            let previous = self.heads.insert(key, position);
            self.entries.push((id, previous));
        }
        true
    }

    /// The ids that share at least one key, ascending, each once.
    pub fn candidates(&self, keys: impl IntoIterator<Item = u64>) -> Vec<u32> {
        let mut found = Vec::new();
        for key in keys {
            let mut next = self.heads.get(&key).copied();
            while let Some((id, previous)) = next
                .and_then(|position| usize::try_from(position).ok())
                .and_then(|position| self.entries.get(position))
            {
                found.push(*id);
                next = *previous;
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Keys are hashes already.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxhash_rust::xxh3::xxh3_64_with_seed(bytes, self.0);
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::minhash::MinHasher;
    use crate::shingle::HashSet64;

    #[test]
    fn the_grouping_keeps_the_promised_recall() {
        for threshold in [0.5, 0.7, 0.8, 0.9] {
            let params = LshParams::for_threshold(threshold, 128, 0.99).unwrap();
            assert!(params.recall_at(threshold) >= 0.99);
            assert!(params.recall_at(threshold / 3.0) < 0.6, "{params:?}");
        }
    }

    #[test]
    fn alike_sets_are_found_and_salted_apart() {
        let hasher = MinHasher::new(128, 3).unwrap();
        let params = LshParams::for_threshold(0.8, 128, 0.99).unwrap();
        let sketch = |range: std::ops::Range<u64>| {
            let set: HashSet64 = range.map(|i| mix(9, i)).collect();
            hasher.sketch(set.as_slice())
        };
        let mut index = LshIndex::with_capacity(params, 2);
        assert!(index.insert(0, params.keys(&sketch(0..100), 0)));
        assert!(index.insert(1, params.keys(&sketch(500..600), 0)));
        assert_eq!(index.candidates(params.keys(&sketch(2..102), 0)), [0]);
        assert!(index.candidates(params.keys(&sketch(2..102), 1)).is_empty());
    }

    #[test]
    fn no_bands_are_refused() {
        assert!(LshParams::new(0, 4).is_err());
        assert!(LshParams::for_threshold(0.8, 0, 0.99).is_err());
    }
}
