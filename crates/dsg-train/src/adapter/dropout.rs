//! Dropout whose every draw can be repeated.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use burn::tensor::{Tensor, TensorData};
use dsg_core::hash::xxh3_64;

use super::config::Site;

/// Sets some of an adapter's inputs to zero and scales the others up. What is dropped is a function of the draw that was last set, the
/// projection and the position, so that a pass can be repeated, on any device.
#[derive(Debug, Clone)]
pub struct Dropout {
    part: f64,
    salt: u64,
    draw: Draw,
}

/// Which draw dropouts are at; clones share it. 0, where it begins, drops nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draw(Arc<AtomicU64>);

impl Draw {
    pub(crate) fn set(&self, draw: u64) {
        self.0.store(draw, Ordering::Relaxed);
    }
}

impl Dropout {
    /// Drops a `part` in 0..1 of the inputs of the adapter at `site`; none where the part is 0.
    pub(crate) fn new(part: f64, site: Site, draw: &Draw) -> Option<Self> {
        (part > 0.0).then(|| Self {
            part,
            salt: xxh3_64(site.module().as_bytes(), 0),
            draw: draw.clone(),
        })
    }

    pub(super) fn apply(&self, rows: Tensor<2>) -> Tensor<2> {
        let draw = self.draw.0.load(Ordering::Relaxed);
        if draw == 0 {
            return rows;
        }
        let shape = rows.dims();
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the part is between 0 and 1; the threshold is one of 32 bits"
        )]
        let (kept, threshold) = (
            (1.0 / (1.0 - self.part)) as f32,
            (self.part * 2_f64.powi(32)) as u64,
        );
        let mut state = self.salt ^ xxh3_64(&draw.to_le_bytes(), self.salt);
        let count: usize = shape.iter().product();
        let mut mask = Vec::with_capacity(count + 1);
        while mask.len() < count {
            let bits = split_mix(&mut state);
            for half in [bits & 0xffff_ffff, bits >> 32] {
                mask.push(if half < threshold { 0.0 } else { kept });
            }
        }
        mask.truncate(count);
        let device = rows.device().inner();
        rows * Tensor::from_data(TensorData::new(mask, shape), &device)
    }
}

/// The next number of the generator SplitMix64 (Steele, Lea and Flood 2014).
pub(crate) const fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut bits = *state;
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::adapter::Target;

    #[test]
    fn a_draw_can_be_repeated_and_keeps_the_mean() {
        let draw = Draw::default();
        let site = |layer| Site {
            layer,
            target: Target::QProj,
        };
        let dropout = Dropout::new(0.25, site(0), &draw).unwrap();
        let other = Dropout::new(0.25, site(1), &draw).unwrap();
        let rows = Tensor::<2>::ones([100, 101], &Device::flex());
        assert_eq!(dropout.apply(rows.clone()).into_data(), rows.to_data());
        draw.set(7);
        let first = dropout.apply(rows.clone());
        assert_eq!(first.to_data(), dropout.apply(rows.clone()).into_data());
        assert_ne!(first.to_data(), other.apply(rows.clone()).into_data());
        let mean = first.clone().mean().into_scalar::<f64>();
        assert!((mean - 1.0).abs() < 0.03, "{mean}");
        draw.set(8);
        assert_ne!(first.to_data(), dropout.apply(rows).into_data());
        assert!(Dropout::new(0.0, site(0), &draw).is_none());
    }
}
