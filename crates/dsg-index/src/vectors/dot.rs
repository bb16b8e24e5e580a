//! The scalar product, the same to the last bit whatever the processor.

use pulp::{Arch, NullaryFnOnce};

/// Sums that run side by side. Fixed, and without fused operations, so that wider registers change the speed and no bit.
const LANES: usize = 32;

/// The scalar product of two vectors of equal length; what one has beyond the other counts nothing.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    Arch::new().dispatch(Dot { a, b })
}

struct Dot<'a> {
    a: &'a [f32],
    b: &'a [f32],
}

impl NullaryFnOnce for Dot<'_> {
    type Output = f32;

    #[allow(
        clippy::inline_always,
        reason = "only inlined it is compiled for the processor that `dispatch` found"
    )]
    #[inline(always)]
    fn call(self) -> f32 {
        let (a, a_rest) = self.a.as_chunks::<LANES>();
        let (b, b_rest) = self.b.as_chunks::<LANES>();
        let mut sums = [0.0_f32; LANES];
        for (a, b) in a.iter().zip(b) {
            for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
                *sum += a * b;
            }
        }
        let mut rest = 0.0;
        for (a, b) in a_rest.iter().zip(b_rest) {
            rest += a * b;
        }
        let mut width = LANES / 2;
        while width > 0 {
            let (low, high) = sums.split_at_mut(width);
            for (low, high) in low.iter_mut().zip(high.iter()) {
                *low += high;
            }
            width /= 2;
        }
        sums.first().copied().unwrap_or_default() + rest
    }
}

/// Brings `vector` to length 1; `false` when it has none.
pub(crate) fn normalise(vector: &mut [f32]) -> bool {
    let length = vector
        .iter()
        .map(|value| f64::from(*value) * f64::from(*value))
        .sum::<f64>()
        .sqrt();
    if !length.is_normal() {
        return false;
    }
    for value in vector {
        #[allow(
            clippy::cast_possible_truncation,
            reason = "a vector's part is shorter than the vector"
        )]
        {
            *value = (f64::from(*value) / length) as f32;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_summed_whole() {
        for length in [0, 1, 31, 32, 33, 384] {
            let ones = vec![1.0; length];
            let counting: Vec<f32> = (0..length).map(|n| n as f32).collect();
            let expected: f32 = counting.iter().sum();
            assert!((dot(&ones, &counting) - expected).abs() < 1e-3);
        }
    }

    #[test]
    fn a_vector_without_length_is_told() {
        assert!(!normalise(&mut [0.0, 0.0]));
        assert!(!normalise(&mut [f32::NAN, 1.0]));
        let mut vector = [3.0, 4.0];
        assert!(normalise(&mut vector));
        assert!((vector[0] - 0.6).abs() < 1e-6 && (vector[1] - 0.8).abs() < 1e-6);
    }
}
