//! A frozen matrix and what is trained beside it.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::adapter::Adapter;

/// `y = x Wᵀ + bias`, plus the adapter's part where one is attached.
///
/// The weight is `[out, in]`, contiguous, as model files store it. Neither direction needs it otherwise: the products x·Wᵀ and dy·W
/// take their strides into the kernel, so that `transpose` copies nothing. Weight and bias are plain tensors and no parameters:
/// optimisers do not see them, and autodiff computes no gradient of them and keeps no input for their sake.
#[derive(Module, Debug)]
pub struct Projection {
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    adapter: Option<Adapter>,
}

impl Projection {
    /// A projection of a `[out, in]` matrix and a bias of `[out]`, without an adapter.
    pub const fn new(weight: Tensor<2>, bias: Option<Tensor<1>>) -> Self {
        Self {
            weight,
            bias,
            adapter: None,
        }
    }

    /// The frozen matrix, `[out, in]`.
    pub const fn weight(&self) -> &Tensor<2> {
        &self.weight
    }

    /// The frozen bias, `[out]`.
    pub const fn bias(&self) -> Option<&Tensor<1>> {
        self.bias.as_ref()
    }

    /// The adapter.
    pub const fn adapter(&self) -> Option<&Adapter> {
        self.adapter.as_ref()
    }

    /// Attaches, replaces or takes away the adapter; returns the one that was there.
    pub const fn set_adapter(&mut self, adapter: Option<Adapter>) -> Option<Adapter> {
        std::mem::replace(&mut self.adapter, adapter)
    }

    /// Values that go in.
    pub fn inputs(&self) -> usize {
        let [_, inputs] = self.weight.dims();
        inputs
    }

    /// Values that come out.
    pub fn outputs(&self) -> usize {
        let [outputs, _] = self.weight.dims();
        outputs
    }

    /// `[rows, out]` for inputs of `[rows, in]`.
    pub fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        let weight = self.weight.clone().transpose();
        let mut out = match &self.adapter {
            Some(adapter) => rows.clone().matmul(weight) + adapter.forward(rows),
            None => rows.matmul(weight),
        };
        if let Some(bias) = &self.bias {
            out = out + bias.clone().unsqueeze();
        }
        out
    }
}
