//! Rotary positions (Su et al. 2021), halves: value `n` of a head turns with value `n + head_width / 2`.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

use crate::architecture::RopeScaling;
use crate::kernel;

/// Positions whose tables are made when the model is loaded; those of longer sequences are made when they come.
const PREPARED: usize = 2048;

/// The angles of a model's positions.
#[derive(Module, Debug)]
pub(super) struct Rotary {
    /// Radians from one position to the next, for each of the `head_width / 2` pairs.
    #[module(skip)]
    frequencies: Vec<f64>,
    /// `[prepared, 2, head_width / 2]`: cosines, the same for both halves.
    cosines: Tensor<3>,
    /// The same of sines, with their sign for each half.
    sines: Tensor<3>,
}

/// The angles of some positions: tables of `[length, 2, head_width / 2]`, or of `[batch · length, 2, head_width / 2]` where sequences have positions of
/// their own.
#[derive(Debug, Clone)]
pub(super) struct Angles {
    cosines: Tensor<3>,
    sines: Tensor<3>,
}

impl Rotary {
    /// The angles for heads of `head_width`.
    pub(super) fn new(
        base: f64,
        scaling: &RopeScaling,
        head_width: usize,
        context: usize,
        device: &Device,
    ) -> Self {
        let frequencies: Vec<f64> = (0..head_width / 2)
            .map(|pair| {
                let frequency = base.powf(-2.0 * pair as f64 / head_width as f64);
                match scaling {
                    RopeScaling::None => frequency,
                    RopeScaling::Linear(factor) => frequency / factor,
                    RopeScaling::Factors(factors) => {
                        frequency / factors.get(pair).copied().unwrap_or(1.0)
                    }
                }
            })
            .collect();
        let [cosines, sines] = tables(&frequencies, 0..context.min(PREPARED), device);
        Self {
            frequencies,
            cosines,
            sines,
        }
    }

    /// The angles of `length` positions from `start` on.
    pub(super) fn angles(&self, start: usize, length: usize) -> Angles {
        let [prepared, ..] = self.cosines.dims();
        let [cosines, sines] = if start + length <= prepared {
            [&self.cosines, &self.sines].map(|table| table.clone().narrow(0, start, length))
        } else {
            tables(
                &self.frequencies,
                start..start + length,
                &self.cosines.device(),
            )
        };
        Angles { cosines, sines }
    }

    /// The angles of a batch's tokens, whose positions are given: `[batch · length]`.
    pub(super) fn angles_of(&self, positions: impl ExactSizeIterator<Item = usize>) -> Angles {
        let [cosines, sines] = tables(&self.frequencies, positions, &self.cosines.device());
        Angles { cosines, sines }
    }
}

fn tables(
    frequencies: &[f64],
    positions: impl ExactSizeIterator<Item = usize>,
    device: &Device,
) -> [Tensor<3>; 2] {
    let shape = [positions.len(), 2, frequencies.len()];
    let values: usize = shape.iter().product();
    let mut cosines = Vec::with_capacity(values);
    let mut sines = Vec::with_capacity(values);
    for position in positions {
        for sign in [-1.0, 1.0] {
            for frequency in frequencies {
                let (sine, cosine) = (position as f64 * frequency).sin_cos();
                cosines.push(narrow(cosine));
                sines.push(narrow(sign * sine));
            }
        }
    }
    [cosines, sines].map(|values| Tensor::from_data(TensorData::new(values, shape), device))
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "sines and cosines; the nearest single is meant"
)]
const fn narrow(value: f64) -> f32 {
    value as f32
}

impl Angles {
    /// The same, multiplying what is turned.
    pub(super) fn scaled(&self, factor: f64) -> Self {
        Self {
            cosines: self.cosines.clone().mul_scalar(factor),
            sines: self.sines.clone().mul_scalar(factor),
        }
    }

    /// Turns heads: `[batch, length, heads, head_width]`.
    pub(super) fn turn(&self, heads: Tensor<4>) -> Tensor<4> {
        if kernel::fused(&heads) {
            return kernel::turn(heads, self.cosines.clone(), self.sines.clone());
        }
        let [batch, length, count, width] = heads.dims();
        // As two halves that change places, a view for which nothing is cut and joined, forward or backward.
        let halves = heads.reshape([batch, length, count, 2, width / 2]);
        let others = halves.clone().flip([3]);
        let table = |table: &Tensor<3>| {
            let [tokens, ..] = table.dims();
            let shape = [tokens / length, length, 1, 2, width / 2];
            table.clone().reshape(shape)
        };
        let turned = halves * table(&self.cosines) + others * table(&self.sines);
        turned.reshape([batch, length, count, width])
    }
}
