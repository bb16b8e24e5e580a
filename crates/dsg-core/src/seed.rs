//! Randomness without a shared generator: every draw is a hash of (run seed, stage, record).

use serde::{Deserialize, Serialize};

use crate::hash::xxh3_64;

/// A seed from which each stage and record derives its own, so that thread count and order change nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(pub u64);

impl Seed {
    /// The seed of record `id` in `stage`: 53 bits, since records carry it and JSON readers (pyarrow, JavaScript) keep
    /// integers beyond 2^53 only as rounded floats.
    #[must_use]
    pub fn derive(self, stage: &str, id: &str) -> Self {
        Self(xxh3_64(id.as_bytes(), xxh3_64(stage.as_bytes(), self.0)) >> 11)
    }

    /// One of `options`, uniformly; `None` when there are none.
    pub fn pick<T>(self, options: &[T]) -> Option<&T> {
        let n = u64::try_from(options.len()).ok().filter(|n| *n > 0)?;
        options.get(usize::try_from(self.0 % n).ok()?)
    }

    /// A number in `[0, 1)`, uniformly, from the lower 53 bits: all that an f64's mantissa holds.
    pub fn unit(self) -> f64 {
        (self.0 & ((1 << 53) - 1)) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_and_records_draw_independently() {
        let run = Seed(42);
        assert_eq!(run.derive("a", "x"), run.derive("a", "x"));
        assert_ne!(run.derive("a", "x"), run.derive("b", "x"));
        assert_ne!(run.derive("a", "x"), run.derive("a", "y"));
    }

    #[test]
    fn derived_seeds_survive_readers_that_only_know_doubles() {
        for id in ["a", "b", "c", "d"] {
            let seed = Seed(u64::MAX).derive("stage", id).0;
            assert!(seed < 1 << 53, "{seed}");
        }
    }

    #[test]
    fn draws_stay_in_range() {
        assert_eq!(Seed(7).pick::<u8>(&[]), None);
        assert!((0.0..1.0).contains(&Seed(u64::MAX).unit()));
    }
}
