//! The gated feed-forward part (Shazeer 2020).

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;

use super::projection::Projection;
use crate::architecture::Activation;
use crate::kernel;

/// `down(activation(gate(x)) · up(x))`.
#[derive(Module, Debug)]
pub struct FeedForward {
    /// `[inner, width]`.
    pub gate: Projection,
    /// `[inner, width]`.
    pub up: Projection,
    /// `[width, inner]`.
    pub down: Projection,
    #[module(skip)]
    pub(super) activation: Activation,
}

impl FeedForward {
    /// `[rows, width]` for inputs of `[rows, width]`.
    pub(super) fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        let gate = self.gate.forward(rows.clone());
        let up = self.up.forward(rows);
        self.down.forward(if kernel::fused(&gate) {
            kernel::gated(gate, up, self.activation)
        } else {
            activate(self.activation, gate) * up
        })
    }
}

fn activate(activation: Activation, x: Tensor<2>) -> Tensor<2> {
    match activation {
        Activation::Silu => sigmoid(x.clone()) * x,
        Activation::GeluTanh => {
            // (1 + tanh(y)) / 2 = sigmoid(2y), which is one pass less and has no tanh, which burn's CPU backend computes one by one.
            let factor = 2.0 * (2.0 / std::f64::consts::PI).sqrt();
            let inner = (x.clone() * x.clone())
                .mul_scalar(0.044_715 * factor)
                .add_scalar(factor);
            sigmoid(inner * x.clone()) * x
        }
    }
}
