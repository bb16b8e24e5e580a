//! Softmax and loss of one row of logits, in place.

use std::f32::consts::LOG2_E;

use pulp::{Arch, NullaryFnOnce};

/// Numbers that are worked on side by side. Fixed, and without fused operations, so that wider registers change no bit.
const LANES: usize = 16;
/// Numbers whose sum is taken in f32; sums of such sums are f64.
const BLOCK: usize = 256 * LANES;

/// The logits of one row, and what they should say.
pub(super) struct Row<'a> {
    pub(super) logits: &'a mut [f32],
    /// The token that should have come, below the number of logits.
    pub(super) target: usize,
    /// With it, the logits become the loss's derivatives times this; without, what they are afterwards means nothing.
    pub(super) scale: Option<f64>,
}

impl Row<'_> {
    /// The negative log-likelihood of the target, in nats.
    pub(super) fn loss(self) -> f64 {
        let chosen = self.logits.get(self.target).copied().unwrap_or(f32::NAN);
        let (highest, total) = Arch::new().dispatch(Exponentials {
            values: &mut *self.logits,
        });
        if let Some(scale) = self.scale {
            #[allow(clippy::cast_possible_truncation, reason = "gradients have 32 bits")]
            let (by, scale) = ((scale / total) as f32, scale as f32);
            Arch::new().dispatch(Multiply {
                values: &mut *self.logits,
                by,
            });
            if let Some(target) = self.logits.get_mut(self.target) {
                *target -= scale;
            }
        }
        total.ln() + f64::from(highest) - f64::from(chosen)
    }
}

/// Replaces numbers by the exponentials of their distance to the highest; returns that and their sum.
struct Exponentials<'a> {
    values: &'a mut [f32],
}

impl NullaryFnOnce for Exponentials<'_> {
    type Output = (f32, f64);

    #[allow(
        clippy::inline_always,
        reason = "only inlined it is compiled for the processor that `dispatch` found"
    )]
    #[inline(always)]
    fn call(self) -> (f32, f64) {
        let mut highest = [f32::NEG_INFINITY; LANES];
        let mut broken = [0.0_f32; LANES];
        let (whole, rest) = self.values.as_chunks::<LANES>();
        for chunk in whole {
            for ((highest, broken), value) in highest.iter_mut().zip(&mut broken).zip(chunk) {
                *highest = if *value > *highest { *value } else { *highest };
                // Stays 0 unless a number is infinite or none.
                *broken += *value * 0.0;
            }
        }
        let mut top = rest.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        top = highest.iter().copied().fold(top, f32::max);
        let broken = broken
            .iter()
            .chain(rest.iter())
            .any(|value| !(*value * 0.0).eq(&0.0));
        let mut total = 0.0_f64;
        for block in self.values.chunks_mut(BLOCK) {
            let mut sums = [0.0_f32; LANES];
            let (whole, rest) = block.as_chunks_mut::<LANES>();
            for chunk in whole {
                for (sum, value) in sums.iter_mut().zip(chunk) {
                    *value = exp(*value - top);
                    *sum += *value;
                }
            }
            for (sum, value) in sums.iter_mut().zip(rest) {
                *value = exp(*value - top);
                *sum += *value;
            }
            total += sums.iter().copied().map(f64::from).sum::<f64>();
        }
        (top, if broken { f64::NAN } else { total })
    }
}

struct Multiply<'a> {
    values: &'a mut [f32],
    by: f32,
}

impl NullaryFnOnce for Multiply<'_> {
    type Output = ();

    #[allow(
        clippy::inline_always,
        reason = "only inlined it is compiled for the processor that `dispatch` found"
    )]
    #[inline(always)]
    fn call(self) {
        for value in self.values {
            *value *= self.by;
        }
    }
}

/// The exponential of a number that is not above 0, to about one unit in the last place: e^x = 2^n · e^r with |r| ≤ ln 2 / 2, and e^r by
/// the polynomial of the Cephes library's `expf`. Below −87 it is about 10^−38.
#[allow(
    clippy::inline_always,
    reason = "only inlined it is compiled for the processor that `dispatch` found"
)]
#[allow(
    clippy::cast_possible_truncation,
    reason = "a whole number between -126 and 0"
)]
#[inline(always)]
fn exp(x: f32) -> f32 {
    /// Added and taken away again, it leaves a whole number.
    const ROUND: f32 = 12_582_912.0;
    /// ln 2 in two parts, the first short enough that its multiples are exact.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    let x = if x > -87.0 { x } else { -87.0 };
    let n = (x * LOG2_E + ROUND) - ROUND;
    let r = (x - n * LN_2[0]) - n * LN_2[1];
    let mut p = 1.987_569_1e-4;
    p = p * r + 1.398_199_9e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_6e-2;
    p = p * r + 1.666_666_6e-1;
    p = p * r + 0.5;
    let p = p * r * r + r + 1.0;
    let power = f32::from_bits(((n as i32 + 127) << 23).cast_unsigned());
    p * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_are_right_to_the_last_place_or_two() {
        let mut worst = 0.0_f64;
        for step in 0..870_000 {
            let x = -(step as f32) * 1e-4;
            let right = f64::from(x).exp();
            worst = worst.max((f64::from(exp(x)) / right - 1.0).abs());
        }
        assert!(worst < 2e-7, "{worst}");
        assert!(exp(f32::NEG_INFINITY) < 1e-37 && exp(f32::NEG_INFINITY) > 0.0);
    }

    #[test]
    fn a_broken_logit_breaks_the_loss() {
        for broken in [f32::NAN, f32::INFINITY] {
            for place in [0, 5, 40] {
                let mut logits = vec![0.5; 41];
                logits[place] = broken;
                let row = Row {
                    logits: &mut logits,
                    target: 3,
                    scale: None,
                };
                assert!(!row.loss().is_finite(), "{broken} at {place}");
            }
        }
    }
}
