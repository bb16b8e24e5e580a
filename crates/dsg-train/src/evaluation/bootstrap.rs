//! How far a mean can be trusted.

use dsg_core::Seed;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::adapter::split_mix;

/// Samples that are drawn from the items.
pub const RESAMPLES: usize = 10_000;
/// What is not further from 0 is rounding.
pub const SAME: f64 = 1e-9;
/// Means on each side that are outside of the interval: 2.5 %.
const TAIL: usize = RESAMPLES / 40;

/// What was measured of one item, or the difference of two measurements of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// The value.
    pub value: f64,
    /// How much it counts in the mean; more than 0. A loss per token counts as often as it has tokens.
    pub weight: f64,
}

impl From<f64> for Measured {
    /// A value that counts once.
    fn from(value: f64) -> Self {
        Self { value, weight: 1.0 }
    }
}

/// A mean with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Values that it was made of.
    pub items: usize,
    /// The weighted mean.
    pub mean: f64,
    /// 2.5 % of the resampled means are below.
    pub low: f64,
    /// 2.5 % of the resampled means are above.
    pub high: f64,
    /// Share of the resampled means above [`SAME`], with half of those that are 0 but for rounding: of differences, how sure it is that they are more than none.
    pub above_zero: f64,
}

/// The weighted mean of `values` with its percentile bootstrap interval (Efron 1979): [`RESAMPLES`] times as many values are drawn from them, with
/// replacement, and their mean is taken. Of differences that were taken item by item this is the paired bootstrap.
///
/// The same values and seed give the same estimate, with any number of threads. Values should not depend on each other: of items that come from the
/// same place, the mean with the sum of their weights is one value. With fewer than about 20 values such intervals are too narrow. `None` where
/// there are no values, one is not finite or weighs nothing.
///
/// ```
/// use dsg_core::Seed;
/// use dsg_train::evaluation::{Measured, bootstrap};
///
/// let estimate = bootstrap(&[0.0, 0.5, 1.0, 0.5].map(Measured::from), Seed(42)).ok_or("no values")?;
/// assert_eq!(estimate.mean, 0.5);
/// assert!(estimate.low < 0.5 && 0.5 < estimate.high);
/// # Ok::<(), &str>(())
/// ```
pub fn bootstrap(values: &[Measured], seed: Seed) -> Option<Estimate> {
    let sound =
        |item: &Measured| item.value.is_finite() && item.weight.is_finite() && item.weight > 0.0;
    if values.is_empty() || !values.iter().all(sound) {
        return None;
    }
    let mut means: Vec<f64> = (0..RESAMPLES)
        .into_par_iter()
        .map(|resample| {
            let mut state = seed.derive("bootstrap", &resample.to_string()).0;
            mean(
                values
                    .iter()
                    .filter_map(|_| drawn(values, split_mix(&mut state))),
            )
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let above = means.iter().filter(|mean| **mean > SAME).count();
    let at = means.iter().filter(|mean| mean.abs() <= SAME).count();
    Some(Estimate {
        items: values.len(),
        mean: mean(values),
        low: *means.get(TAIL)?,
        high: *means.get(RESAMPLES - 1 - TAIL)?,
        above_zero: (above as f64 + at as f64 / 2.0) / RESAMPLES as f64,
    })
}

/// The weighted mean; no number where there are no values.
pub fn mean<'a>(values: impl IntoIterator<Item = &'a Measured>) -> f64 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for item in values {
        sum += item.value * item.weight;
        weight += item.weight;
    }
    sum / weight
}

/// One of `values`, by 64 random bits.
fn drawn(values: &[Measured], bits: u64) -> Option<&Measured> {
    let place = (u128::from(bits) * values.len() as u128) >> 64;
    values.get(usize::try_from(place).ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[f64]) -> Estimate {
        let values: Vec<Measured> = values.iter().copied().map(Measured::from).collect();
        bootstrap(&values, Seed(42)).unwrap()
    }

    #[test]
    fn an_interval_is_as_wide_as_theory_says() {
        // 200 coins, half of them heads: the standard error of the mean is 0.5 / √200.
        let coins: Vec<f64> = (0..200).map(|coin| f64::from(coin % 2)).collect();
        let estimate = of(&coins);
        let half = 1.96 * 0.5 / 200_f64.sqrt();
        assert!((estimate.mean - 0.5).abs() < 1e-12);
        assert!((estimate.low - (0.5 - half)).abs() < 0.006, "{estimate:?}");
        assert!((estimate.high - (0.5 + half)).abs() < 0.006, "{estimate:?}");
        assert!(estimate.above_zero > 0.9999);
    }

    #[test]
    fn values_count_by_their_weight() {
        let values = [(1.0, 3.0), (5.0, 1.0)].map(|(value, weight)| Measured { value, weight });
        let estimate = bootstrap(&values, Seed(1)).unwrap();
        // (1 · 3 + 5 · 1) / 4; a sample may be one of the two alone.
        assert_eq!(
            (estimate.mean, estimate.low, estimate.high),
            (2.0, 1.0, 5.0)
        );
    }

    #[test]
    fn no_difference_is_no_reason_to_prefer_one() {
        let estimate = of(&[0.0; 7]);
        assert_eq!(
            (estimate.mean, estimate.low, estimate.high),
            (0.0, 0.0, 0.0)
        );
        assert!((estimate.above_zero - 0.5).abs() < 1e-12);
        // No 0 in floating point, but no difference either.
        let rounded = of(&[0.1 + 0.2 - 0.3; 7]);
        assert!((rounded.above_zero - 0.5).abs() < 1e-12, "{rounded:?}");
        assert!(of(&[0.2, 0.1, 0.3]).above_zero > 0.9999);
        assert!(of(&[-0.2, -0.1, -0.3]).above_zero < 1e-4);
    }

    #[test]
    fn what_has_no_mean_has_no_estimate() {
        assert_eq!(bootstrap(&[], Seed(1)), None);
        for (value, weight) in [
            (f64::NAN, 1.0),
            (1.0, 0.0),
            (1.0, -1.0),
            (f64::INFINITY, 1.0),
        ] {
            assert_eq!(bootstrap(&[Measured { value, weight }], Seed(1)), None);
        }
    }

    #[test]
    fn threads_change_nothing() {
        let values: Vec<Measured> = (0..50).map(|n| f64::from(n * n % 17).into()).collect();
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| bootstrap(&values, Seed(3)).unwrap())
        };
        assert_eq!(with(1), with(3));
        assert_ne!(bootstrap(&values, Seed(4)), bootstrap(&values, Seed(3)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn an_interval_lies_within_the_values(values in prop::collection::vec(-5.0..5.0_f64, 1..20)) {
            let estimate = of(&values);
            let least = values.iter().copied().fold(f64::INFINITY, f64::min) - 1e-12;
            let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max) + 1e-12;
            prop_assert!(least <= estimate.low && estimate.low <= estimate.high && estimate.high <= most);
            prop_assert!((0.0..=1.0).contains(&estimate.above_zero));
        }
    }
}
