//! Sketches from which Jaccard similarity can be estimated.
//!
//! This is the *Fast Similarity Sketch* of Dahlgaard, Knudsen and Thorup (FOCS 2017, arXiv:1704.04370). Classic MinHash
//! evaluates `k` hash functions on each of `n` elements. Here elements are thrown into `k` bins round after round until no
//! bin is empty: `O(n + k log k)` work. Each register still agrees with probability exactly the Jaccard similarity, and
//! the estimate is at least as concentrated as that of `k` independent MinHash functions. Unlike one-permutation hashing,
//! no bin ever needs densification.

use crate::error::DedupeError;
use crate::shingle::mix;

/// Registers of a sketch: two sets agree in about `J · num_perm` of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketch(Box<[u32]>);

impl Sketch {
    /// The registers.
    pub fn registers(&self) -> &[u32] {
        &self.0
    }

    /// The estimated Jaccard similarity. The standard error is at most `sqrt(J(1-J)/num_perm)`: 0.035 at `J` = 0.8 with
    /// 128 registers. 0 when the two have different lengths.
    pub fn similarity(&self, other: &Self) -> f64 {
        if self.0.len() != other.0.len() || self.0.is_empty() {
            return 0.0;
        }
        let equal = self.0.iter().zip(&other.0).filter(|(a, b)| a == b).count();
        equal as f64 / self.0.len() as f64
    }
}

/// Makes [`Sketch`]es. Sketches compare only when made with the same number of registers and the same seed.
#[derive(Debug, Clone)]
pub struct MinHasher {
    registers: u32,
    /// One key per round; the first `registers` rounds choose bins at random, the rest fill bin after bin.
    rounds: Box<[u64]>,
}

/// Empty while sketching: no round reaches it.
const EMPTY: u64 = u64::MAX;

impl MinHasher {
    /// A hasher with `num_perm` registers, 8 to 65,536.
    ///
    /// # Errors
    /// [`DedupeError::Config`] when `num_perm` is outside that range.
    pub fn new(num_perm: usize, seed: u64) -> Result<Self, DedupeError> {
        let registers = u32::try_from(num_perm)
            .ok()
            .filter(|n| (8..=65_536).contains(n))
            .ok_or_else(|| {
                DedupeError::config("num_perm", format!("{num_perm} is not between 8 and 65536"))
            })?;
        Ok(Self {
            registers,
            rounds: (0..u64::from(registers) * 2)
                .map(|round| mix(seed, round + 1))
                .collect(),
        })
    }

    /// Number of registers.
    pub const fn num_perm(&self) -> usize {
        self.registers as usize
    }

    /// The sketch of a set of 64-bit hashes. Order and repetition do not matter. The sketch of the empty set agrees with
    /// itself only.
    pub fn sketch(&self, hashes: &[u64]) -> Sketch {
        let registers = u64::from(self.registers);
        let mut bins = vec![EMPTY; self.num_perm()];
        let mut empty = if hashes.is_empty() { 0 } else { bins.len() };
        for (round, key) in (0_u64..).zip(&self.rounds) {
            if empty == 0 {
                break;
            }
            let fixed = round.checked_sub(registers);
            for hash in hashes {
                let drawn = draw(*hash, *key);
                let bin = fixed.unwrap_or(((drawn >> 32) * registers) >> 32);
                // Earlier rounds win; within a round the least value does.
                let value = (round << 32) | (drawn & u64::from(u32::MAX));
                if let Some(slot) = usize::try_from(bin).ok().and_then(|bin| bins.get_mut(bin)) {
                    empty -= usize::from(*slot == EMPTY);
                    *slot = (*slot).min(value);
                }
            }
        }
        #[allow(
            clippy::cast_possible_truncation,
            reason = "the round is implied by the value"
        )]
        Sketch(bins.into_iter().map(|value| value as u32).collect())
    }
}

/// 64 random bits for an element in a round: a folded 128-bit product, as in wyhash.
const fn draw(hash: u64, key: u64) -> u64 {
    let product = ((hash ^ key) as u128) * (0x9fb2_1c65_1e98_df25 ^ (key >> 32) as u128);
    #[allow(
        clippy::cast_possible_truncation,
        reason = "folding both halves is the point"
    )]
    let folded = (product as u64) ^ ((product >> 64) as u64);
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shingle::HashSet64;

    /// Two sets of `n` elements that share `common`.
    fn overlapping(n: u64, common: u64, salt: u64) -> (HashSet64, HashSet64) {
        let element = |i: u64| mix(salt, i);
        (
            (0..n).map(element).collect(),
            (n - common..2 * n - common).map(element).collect(),
        )
    }

    #[test]
    fn the_estimate_is_unbiased_for_small_and_large_sets() {
        let hasher = MinHasher::new(128, 7).unwrap();
        for (n, common) in [(5, 4), (10, 9), (60, 40), (400, 100), (2_000, 1_500)] {
            let trials = 200;
            let mut sum = 0.0;
            let mut exact = 0.0;
            for trial in 0..trials {
                let (a, b) = overlapping(n, common, trial);
                exact = a.jaccard(&b);
                sum += hasher
                    .sketch(a.as_slice())
                    .similarity(&hasher.sketch(b.as_slice()));
            }
            let mean = sum / trials as f64;
            assert!((mean - exact).abs() < 0.02, "n {n}: {mean} for {exact}");
        }
    }

    #[test]
    fn the_spread_is_no_worse_than_that_of_independent_functions() {
        let hasher = MinHasher::new(128, 7).unwrap();
        for (n, common) in [(8, 6), (300, 200)] {
            let (mut squares, mut exact) = (0.0, 0.0);
            let trials = 400;
            for trial in 0..trials {
                let (a, b) = overlapping(n, common, 1_000 + trial);
                exact = a.jaccard(&b);
                let got = hasher
                    .sketch(a.as_slice())
                    .similarity(&hasher.sketch(b.as_slice()));
                squares += (got - exact).powi(2);
            }
            let variance = squares / trials as f64;
            let classic = exact * (1.0 - exact) / 128.0;
            assert!(variance < 1.25 * classic, "n {n}: {variance} > {classic}");
        }
    }

    #[test]
    fn the_empty_set_is_like_nothing_else() {
        let hasher = MinHasher::new(64, 1).unwrap();
        let empty = hasher.sketch(&[]);
        assert!(empty.similarity(&hasher.sketch(&[1, 2, 3])) < 0.01);
    }

    #[test]
    fn impossible_sizes_are_refused_by_name() {
        let error = MinHasher::new(3, 0).unwrap_err();
        assert!(error.to_string().contains("num_perm"));
    }
}
