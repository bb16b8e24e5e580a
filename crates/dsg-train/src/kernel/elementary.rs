//! Functions of single numbers, written so that compilers turn loops over them into vector instructions.
#![allow(
    clippy::inline_always,
    reason = "only inlined they are compiled for the processor that was found"
)]

use crate::architecture::Activation;

/// e to the power of `x`, within two units in the last place; 0 below -87.3, which is where results stop being normal numbers, and
/// finite above 88.
#[inline(always)]
#[allow(
    clippy::cast_possible_truncation,
    reason = "a whole number between -126 and 127"
)]
pub(super) fn exp(x: f32) -> f32 {
    // Adding and taking away this number rounds to a whole one.
    const ROUND: f32 = 12_582_912.0;
    // ln 2 in two parts, of which the first has few bits, so that its products are exact (Cody and Waite).
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let clamped = x.clamp(-87.3, 88.0);
    let power = clamped * std::f32::consts::LOG2_E + ROUND - ROUND;
    let rest = clamped - power * LN2_HIGH - power * LN2_LOW;
    // Minimax polynomial of (e^r - 1 - r) / r² (Cephes).
    let mut sum = 1.987_569_1e-4;
    for coefficient in [
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        0.166_666_65,
        0.5,
    ] {
        sum = sum * rest + coefficient;
    }
    let fraction = sum * rest * rest + rest + 1.0;
    let scale = f32::from_bits(((power as i32 + 127) << 23).cast_unsigned());
    let result = fraction * scale;
    if x < -87.3 { 0.0 } else { result }
}

#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// 2 · √(2 / π).
const FACTOR: f32 = 1.595_769;
const CUBE: f32 = 0.044_715;

/// The value of an activation and its derivative.
#[inline(always)]
pub(super) fn activated(activation: Activation, x: f32) -> (f32, f32) {
    match activation {
        Activation::Silu => {
            let gate = sigmoid(x);
            (x * gate, gate + x * gate * (1.0 - gate))
        }
        Activation::GeluTanh => {
            // (1 + tanh(y)) / 2 = sigmoid(2y).
            let square = x * x;
            let gate = sigmoid(FACTOR * x * (1.0 + CUBE * square));
            let slope = FACTOR * (1.0 + 3.0 * CUBE * square);
            (x * gate, gate + x * gate * (1.0 - gate) * slope)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_exact_to_some_last_bits() {
        for step in -870_000..880_000_i32 {
            let x = step as f32 * 1e-4;
            let exact = f64::from(x).exp();
            let error = (f64::from(exp(x)) - exact).abs() / exact;
            assert!(error < 2.5e-7, "{x}: {error}");
        }
        let bits = |x: f32| exp(x).to_bits();
        assert_eq!(bits(0.0), 1.0_f32.to_bits());
        assert_eq!([bits(-1e30), bits(f32::NEG_INFINITY)], [0, 0]);
        assert!(exp(1e30).is_finite());
    }

    #[test]
    fn activations_and_their_slopes_are_those_of_the_textbook() {
        let exact = |activation, x: f64| match activation {
            Activation::Silu => x / (1.0 + (-x).exp()),
            Activation::GeluTanh => {
                let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
                0.5 * x * (1.0 + inner.tanh())
            }
        };
        for activation in [Activation::Silu, Activation::GeluTanh] {
            for step in -1200..1200_i32 {
                let x = step as f32 * 0.01;
                let (value, slope) = activated(activation, x);
                let wide = f64::from(x);
                let quotient =
                    (exact(activation, wide + 1e-5) - exact(activation, wide - 1e-5)) / 2e-5;
                assert!(
                    (f64::from(value) - exact(activation, wide)).abs() < 2e-6,
                    "{x}"
                );
                assert!((f64::from(slope) - quotient).abs() < 2e-6, "{x}");
            }
        }
    }
}
