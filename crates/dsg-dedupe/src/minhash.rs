//! Sketches from which Jaccard similarity can be estimated.
//!
//! This is a *Fast Similarity Sketch* (Dahlgaard, Knudsen, Thorup; FOCS 2017, arXiv:1704.04370). Classic MinHash evaluates
//! `k` hash functions on each of `n` elements. Here elements are thrown into `k` bins, round after round; the first round
//! that hits a bin decides its register. Where the paper goes on for `k` rounds, this stops after [`ROUNDS`], the cheapest
//! number for sets of 5 to 100 shingles, and gives each bin that is still empty a hash function of its own. Whatever way a
//! register was filled, it agrees in two sets with probability exactly their Jaccard similarity, and the estimate is at
//! least as concentrated as that of `k` independent functions: nothing is copied from bin to bin, unlike the densification
//! of one-permutation hashing.
#![allow(
    clippy::cast_possible_truncation,
    reason = "bit fields are cut out of 64-bit products on purpose"
)]

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
    /// One function per two rounds, each throwing an element into two bins.
    rounds: Box<[Function]>,
    /// One function per register, for bins that no round hit.
    own: Box<[Function]>,
}

/// Rounds of throwing; they and the fallback must be told apart in the 5 upper bits of a register.
const ROUNDS: u32 = 20;
/// Bits of a register that hold the value; the round stands above them.
const VALUE_BITS: u32 = 27;
/// Marks registers that no round hit.
const OWN_ROUND: u32 = ROUNDS << VALUE_BITS;
/// A register that no element reached yet; no round writes it.
const EMPTY: u32 = u32::MAX;

/// A multiply-add hash function on 64 bits.
#[derive(Debug, Clone, Copy)]
struct Function {
    factor: u64,
    summand: u64,
}

impl Function {
    const fn new(seed: u64, number: u64) -> Self {
        Self {
            factor: mix(seed, 2 * number + 1) | 1,
            summand: mix(seed, 2 * number + 2),
        }
    }

    const fn apply(self, hash: u64) -> u64 {
        hash.wrapping_mul(self.factor).wrapping_add(self.summand)
    }
}

impl MinHasher {
    /// A hasher with `num_perm` registers, 8 to 4,096.
    ///
    /// # Errors
    /// [`DedupeError::Config`] when `num_perm` is outside that range.
    pub fn new(num_perm: usize, seed: u64) -> Result<Self, DedupeError> {
        if !(8..=4_096).contains(&num_perm) {
            return Err(DedupeError::config(
                "num_perm",
                format!("{num_perm} is not between 8 and 4096"),
            ));
        }
        let functions =
            |from: u64, n: usize| (from..).take(n).map(|i| Function::new(seed, i)).collect();
        Ok(Self {
            rounds: functions(0, ROUNDS as usize / 2),
            own: functions(u64::from(ROUNDS), num_perm),
        })
    }

    /// Number of registers.
    pub const fn num_perm(&self) -> usize {
        self.own.len()
    }

    /// The sketch of a set of well-mixed 64-bit hashes, as [`shingles`](crate::shingles()) makes them. Order and repetition
    /// do not matter. The sketch of the empty set agrees with itself only.
    pub fn sketch(&self, hashes: &[u64]) -> Sketch {
        let mut registers = vec![EMPTY; self.own.len()].into_boxed_slice();
        self.sketch_into(hashes, &mut registers);
        Sketch(registers)
    }

    /// [`sketch`](Self::sketch) into `num_perm` registers that the caller owns, for batches without an allocation each.
    /// Registers beyond `num_perm` are left alone; with fewer, the sketch is cut.
    pub fn sketch_into(&self, hashes: &[u64], registers: &mut [u32]) {
        registers.fill(EMPTY);
        if hashes.is_empty() {
            return;
        }
        for (pair, function) in (0_u32..).zip(&self.rounds) {
            // A known length lets the compiler drop bounds checks and turn a product into a shift.
            if let Ok(known) = <&mut [u32; 128]>::try_from(&mut *registers) {
                throw_twice(*function, hashes, 2 * pair, known);
            } else {
                throw_twice(*function, hashes, 2 * pair, registers);
            }
            // Before four throws a bin, some bin is almost surely empty: not worth a look.
            let thrown = hashes.len() * (2 * pair as usize + 2);
            if thrown >= 4 * registers.len() && registers.iter().all(|register| *register != EMPTY)
            {
                return;
            }
        }
        for (register, function) in registers.iter_mut().zip(&self.own) {
            if *register == EMPTY {
                // Four chains of comparisons run side by side.
                let mut least = [u64::MAX; 4];
                for chunk in hashes.chunks(4) {
                    for (least, hash) in least.iter_mut().zip(chunk) {
                        *least = (*least).min(function.apply(*hash));
                    }
                }
                let least = least.into_iter().fold(u64::MAX, u64::min);
                *register = OWN_ROUND | value(least);
            }
        }
    }
}

/// Throws every element into a bin, in round `round` by the upper half of its hash and in the next by the lower half.
fn throw_twice<R: AsMut<[u32]> + ?Sized>(
    function: Function,
    hashes: &[u64],
    round: u32,
    registers: &mut R,
) {
    let registers = registers.as_mut();
    let bins = registers.len() as u64;
    let mut throw = |half: u64, round: u32| {
        // The whole part of `half · bins` is the bin, the fraction what decides inside it.
        let place = half * bins;
        if let Some(register) = registers.get_mut((place >> 32) as usize) {
            // Earlier rounds win; within a round the least value does.
            *register = (*register).min((round << VALUE_BITS) | value(place << 32));
        }
    };
    for hash in hashes {
        let drawn = function.apply(*hash);
        throw(drawn >> 32, round);
        throw(drawn & u64::from(u32::MAX), round + 1);
    }
}

/// The upper bits of `drawn` as a register's value.
const fn value(drawn: u64) -> u32 {
    (drawn >> (u64::BITS - VALUE_BITS)) as u32
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
