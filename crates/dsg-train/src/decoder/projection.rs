//! A frozen matrix and what is trained beside it.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::adapter::Adapter;
use crate::decoder::blocks::{Bits, Blocks};
use crate::error::TrainError;

/// `y = x Wᵀ + bias`, plus the adapter's part where one is attached.
///
/// The weight is `[out, in]`, contiguous, as model files store it. Neither direction needs it otherwise: the products x·Wᵀ and dy·W
/// take their strides into the kernel, so that `transpose` copies nothing. Weight and bias are plain tensors and no parameters:
/// optimisers do not see them, and autodiff computes no gradient of them and keeps no input for their sake.
#[derive(Module, Debug)]
pub struct Projection {
    /// Empty, `[0, 0]`, where the matrix is in blocks.
    weight: Tensor<2>,
    #[module(skip)]
    blocks: Option<Blocks>,
    bias: Option<Tensor<1>>,
    adapter: Option<Adapter>,
}

impl Projection {
    /// A projection of a `[out, in]` matrix and a bias of `[out]`, without an adapter.
    pub const fn new(weight: Tensor<2>, bias: Option<Tensor<1>>) -> Self {
        Self {
            weight,
            blocks: None,
            bias,
            adapter: None,
        }
    }

    /// Keeps the matrix in blocks from now on, which changes its values by what the blocks cannot hold. Floats are made of it whenever it
    /// is used, in the forward and again in the backward pass.
    ///
    /// # Errors
    /// [`TrainError::Config`] for a matrix whose rows are no whole number of blocks of 32 values.
    pub fn quantize(&mut self, bits: Bits) -> Result<(), TrainError> {
        if self.blocks.is_none() {
            let weight = self.weight.clone().inner();
            self.blocks = Some(Blocks::new(&weight, bits)?);
            self.weight = Tensor::empty([0, 0], &weight.device());
        }
        Ok(())
    }

    /// The frozen matrix, `[out, in]`; made of its blocks where it is kept in such.
    pub fn weight(&self) -> Tensor<2> {
        match &self.blocks {
            Some(blocks) => blocks.matrix(&self.weight.device().inner()),
            None => self.weight.clone().inner(),
        }
    }

    /// Bytes of memory of the frozen matrix.
    pub fn weight_bytes(&self) -> usize {
        match &self.blocks {
            Some(blocks) => blocks.bytes(),
            None => self.weight.shape().num_elements() * size_of::<f32>(),
        }
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

    /// `[out, in]`.
    pub fn dims(&self) -> [usize; 2] {
        match &self.blocks {
            Some(blocks) => blocks.dims(),
            None => self.weight.dims(),
        }
    }

    /// Values that go in.
    pub fn inputs(&self) -> usize {
        let [_, inputs] = self.dims();
        inputs
    }

    /// Values that come out.
    pub fn outputs(&self) -> usize {
        let [outputs, _] = self.dims();
        outputs
    }

    /// `[rows, out]` for inputs of `[rows, in]`.
    pub fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        let out = match &self.adapter {
            Some(adapter) => adapter.apply(self.frozen(rows.clone()), rows),
            None => self.frozen(rows),
        };
        match &self.bias {
            Some(bias) => out + bias.clone().unsqueeze(),
            None => out,
        }
    }

    /// What the frozen matrix alone makes of rows: `x Wᵀ`.
    pub(crate) fn frozen(&self, rows: Tensor<2>) -> Tensor<2> {
        match &self.blocks {
            Some(blocks) => blocks.product(rows),
            None => rows.matmul(self.weight.clone().transpose()),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use super::*;

    fn random(shape: [usize; 2]) -> Tensor<2> {
        Tensor::random(shape, Distribution::Normal(0.0, 0.1), &Device::flex())
    }

    #[test]
    fn a_matrix_in_blocks_is_used_as_its_floats_are_both_ways() {
        for bits in [Bits::Eight, Bits::Four] {
            let weight = random([48, 64]);
            let mut blocked = Projection::new(weight.clone(), None);
            blocked.quantize(bits).unwrap();
            let expected_bytes = 48 * 64 / 32 * bits.tensor_type().block_bytes();
            assert_eq!(blocked.weight_bytes(), expected_bytes);
            assert_eq!(blocked.dims(), [48, 64]);
            let far = (blocked.weight() - weight).abs().max().into_scalar::<f32>();
            assert!(far > 0.0 && far < 0.1, "{far}");
            let dense = Projection::new(blocked.weight(), None);

            let input = random([5, 64]);
            let results = [&blocked, &dense].map(|projection| {
                let rows = input.clone().autodiff().require_grad();
                let out = projection.forward(rows.clone());
                let grads = (out.clone() * out.clone()).sum().backward();
                (
                    out.inner().into_data(),
                    rows.grad(&grads).unwrap().into_data(),
                )
            });
            let [(out, grad), (dense_out, dense_grad)] = results;
            assert_eq!(out, dense_out);
            assert_eq!(grad, dense_grad);
        }
    }

    #[test]
    fn rows_that_are_no_whole_blocks_are_refused() {
        let mut projection = Projection::new(random([4, 40]), None);
        let error = projection.quantize(Bits::Eight).unwrap_err().to_string();
        assert!(
            error.contains("quantize") && error.contains("40"),
            "{error}"
        );
    }
}
