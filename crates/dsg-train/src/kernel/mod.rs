//! Operations of the forward pass in one go each, with their derivatives, on burn's CPU backend.
//!
//! burn puts a norm together from eight operations, each of which walks over memory by itself, forward and backward, and keeps what
//! the derivative needs of each. Here a norm is one walk that keeps its input. On other devices burn fuses by itself: for them, and for numbers other
//! than singles, [`fused`] is false and callers compose burn's operations. Both ways compute the same.

mod derivative;
mod elementary;
mod flex;

use std::ops::Range;
use std::sync::Arc;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, DispatchDevice, backend_extension};
use burn::tensor::{DType, Tensor};

use crate::architecture::Activation;

/// Which keys a row of products may see. Rows are those of `group` heads one after the other, `length` queries each, the first of
/// which is at position `start`.
#[derive(Debug, Clone)]
pub(crate) struct Sight {
    /// Queries of a head.
    pub(crate) length: usize,
    /// Position of the first.
    pub(crate) start: usize,
    /// Keys that a query sees, itself among them.
    pub(crate) window: usize,
    /// Where samples share sequences, the first key of the sample that each token of the batch is of: `[batch · length]`. `None` where every
    /// sequence is one sample.
    pub(crate) borders: Option<Arc<[usize]>>,
}

impl Sight {
    /// The keys that row `row` of a matrix sees, which is of sequence `sequence` of the batch.
    pub(crate) fn of(&self, sequence: usize, row: usize) -> Range<usize> {
        let query = row % self.length;
        let end = self.start + query + 1;
        let border = self.borders.as_ref().map_or(0, |borders| {
            let token = sequence * self.length + query;
            borders.get(token).copied().unwrap_or_default()
        });
        end.saturating_sub(self.window).max(border)..end
    }
}

/// The operations. Weights, tables and masks are constants: no derivative of them is computed.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait Kernels: Backend {
    /// `x / √(mean(x²) + ε) · weight` over rows of `[rows, width]`.
    fn rms_norm(
        rows: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self>;

    /// `activation(gate) · up`.
    fn gated(
        gate: FloatTensor<Self>,
        up: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self>;

    /// Turns `[batch, length, heads, width]` by tables of `[length, 2, width / 2]`, or of `[batch · length, 2, width / 2]`:
    /// `x · cosines + swapped(x) · sines`.
    fn turn(
        heads: FloatTensor<Self>,
        cosines: FloatTensor<Self>,
        sines: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    /// Softmax over what each row of `[batch, heads, rows, keys]` sees, 0 elsewhere.
    fn attend(products: FloatTensor<Self>, sight: Sight) -> FloatTensor<Self>;
}

#[cfg(test)]
thread_local! {
    /// Makes a test take the way of other devices.
    pub(crate) static COMPOSED: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Whether the operations here compute on such a tensor.
pub(crate) fn fused<const D: usize>(tensor: &Tensor<D>) -> bool {
    #[cfg(test)]
    if COMPOSED.get() {
        return false;
    }
    let device = tensor.device().without_autodiff();
    matches!(device.as_dispatch(), DispatchDevice::Flex(_)) && tensor.dtype() == DType::F32
}

pub(crate) fn rms_norm(rows: Tensor<2>, weight: Tensor<1>, epsilon: f64) -> Tensor<2> {
    let (rows, weight) = (rows.into_dispatch(), weight.into_dispatch());
    Tensor::from_dispatch(<Dispatch as Kernels>::rms_norm(rows, weight, epsilon))
}

pub(crate) fn gated(gate: Tensor<2>, up: Tensor<2>, activation: Activation) -> Tensor<2> {
    let (gate, up) = (gate.into_dispatch(), up.into_dispatch());
    Tensor::from_dispatch(<Dispatch as Kernels>::gated(gate, up, activation))
}

pub(crate) fn turn(heads: Tensor<4>, cosines: Tensor<3>, sines: Tensor<3>) -> Tensor<4> {
    let heads = heads.into_dispatch();
    let (cosines, sines) = (cosines.into_dispatch(), sines.into_dispatch());
    Tensor::from_dispatch(<Dispatch as Kernels>::turn(heads, cosines, sines))
}

pub(crate) fn attend(products: Tensor<4>, sight: Sight) -> Tensor<4> {
    let products = products.into_dispatch();
    Tensor::from_dispatch(<Dispatch as Kernels>::attend(products, sight))
}
