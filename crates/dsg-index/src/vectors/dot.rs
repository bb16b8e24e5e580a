//! The scalar product, the same to the last bit whatever the processor.

use pulp::{Arch, NullaryFnOnce};

/// Sums that run side by side. Fixed, and without fused operations, so that wider registers change the speed and no bit.
const LANES: usize = 16;
/// Rows that are multiplied together: a row from afar is waited for while the others are worked on.
const TOGETHER: usize = 4;

/// The scalar product of two vectors of equal length; what one has beyond the other counts nothing.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let [product] = Arch::new().dispatch(Dots {
        query: a,
        rows: [b],
    });
    product
}

/// Appends to `products` the scalar product of `query` with each of the rows, the same numbers as [`dot`] gives.
pub(crate) fn dots<'a>(
    query: &[f32],
    rows: impl Iterator<Item = &'a [f32]>,
    products: &mut Vec<f32>,
) {
    let (mut block, mut filled): ([&[f32]; TOGETHER], usize) = ([&[]; TOGETHER], 0);
    for row in rows {
        if let Some(slot) = block.get_mut(filled) {
            *slot = row;
            filled += 1;
        }
        if filled == TOGETHER {
            products.extend(Arch::new().dispatch(Dots { query, rows: block }));
            filled = 0;
        }
    }
    for row in block.iter().take(filled) {
        products.push(dot(query, row));
    }
}

struct Dots<'a, const N: usize> {
    query: &'a [f32],
    rows: [&'a [f32]; N],
}

impl<const N: usize> NullaryFnOnce for Dots<'_, N> {
    type Output = [f32; N];

    #[allow(
        clippy::inline_always,
        reason = "only inlined it is compiled for the processor that `dispatch` found"
    )]
    #[inline(always)]
    fn call(self) -> [f32; N] {
        let (query, rest) = self.query.as_chunks::<LANES>();
        let rows = self.rows.map(|row| row.as_chunks::<LANES>());
        let whole = rows.iter().map(|(row, _)| row.len()).min();
        let whole = whole.unwrap_or_default().min(query.len());
        let mut sums = [[0.0_f32; LANES]; N];
        for at in 0..whole {
            let Some(query) = query.get(at) else { break };
            for (sums, (row, _)) in sums.iter_mut().zip(&rows) {
                let Some(row) = row.get(at) else { break };
                for ((sum, a), b) in sums.iter_mut().zip(query).zip(row) {
                    *sum += a * b;
                }
            }
        }
        let mut products = [0.0; N];
        for ((product, sums), (_, row)) in products.iter_mut().zip(&mut sums).zip(&rows) {
            for (a, b) in rest.iter().zip(*row) {
                *product += a * b;
            }
            let mut width = LANES / 2;
            while width > 0 {
                let (low, high) = sums.split_at_mut(width);
                for (low, high) in low.iter_mut().zip(high.iter()) {
                    *low += high;
                }
                width /= 2;
            }
            *product += sums.first().copied().unwrap_or_default();
        }
        products
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
            let mut together = Vec::new();
            dots(
                &ones,
                [&*counting, &*ones].into_iter().cycle().take(7),
                &mut together,
            );
            let alone = [dot(&ones, &counting), dot(&ones, &ones)];
            assert!(
                together
                    .iter()
                    .zip(alone.iter().cycle())
                    .all(|(a, b)| a.to_bits() == b.to_bits())
            );
            assert_eq!(together.len(), 7);
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
