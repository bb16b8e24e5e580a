//! DoRA: magnitude and direction of the weights apart.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::decoder::Projection;

/// A trained magnitude for each output, and the length that the updated weights have now.
#[derive(Module, Debug)]
pub struct Magnitude {
    value: Tensor<2>,
    norm: Tensor<2>,
}

impl Magnitude {
    /// Magnitudes `[1, out]`, and the lengths `[1, out]` of the rows of `W + scale · B A`, which count as constants in derivatives (section
    /// 4.3 of the paper, and what PEFT does).
    pub fn new(value: Tensor<2>, norm: Tensor<2>) -> Self {
        Self {
            value,
            norm: norm.inner(),
        }
    }

    /// What outputs are multiplied with, `[1, out]`.
    pub(super) fn ratio(&self) -> Tensor<2> {
        self.value.clone() / self.norm.clone()
    }
}

/// The squared lengths of a frozen matrix's rows, `[1, out]`.
pub(crate) fn squared_rows(projection: &Projection) -> Tensor<2> {
    projection.weight().square().sum_dim(1).transpose()
}

/// The lengths of the rows of `W + scale · B A`, `[1, out]`, without composing it: ‖w‖² + 2s⟨(W Aᵀ), B⟩ + s²⟨B (A Aᵀ), B⟩, row by row. Costs as
/// much as `rank` rows of input.
pub(crate) fn updated_norms(
    projection: &Projection,
    squared_rows: &Tensor<2>,
    a: &Tensor<2>,
    b: &Tensor<2>,
    scale: f64,
) -> Tensor<2> {
    let (a, b) = (a.clone().inner(), b.clone().inner());
    let cross = projection.frozen(a.clone()).transpose() * b.clone();
    let own = b.clone().matmul(a.clone().matmul(a.transpose())) * b;
    let change = cross.mul_scalar(2.0 * scale) + own.mul_scalar(scale * scale);
    let squares = squared_rows.clone() + change.sum_dim(1).transpose();
    // Rounding may take a row that the update cancels below zero.
    squares.clamp_min(f32::MIN_POSITIVE).sqrt()
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use super::*;

    #[test]
    fn norms_are_those_of_the_composed_matrix() {
        let device = Device::flex();
        let random = |shape| Tensor::<2>::random(shape, Distribution::Normal(0.0, 0.3), &device);
        let (w, a, b) = (random([24, 40]), random([4, 40]), random([24, 4]));
        let projection = Projection::new(w.clone(), None);
        let squares = squared_rows(&projection);
        let ours = updated_norms(&projection, &squares, &a, &b, 1.5);
        let composed = w + b.matmul(a).mul_scalar(1.5);
        let right = composed.square().sum_dim(1).sqrt().transpose();
        let far = (ours - right).abs().max().into_scalar::<f32>();
        assert!(far < 1e-5, "{far}");
    }
}
