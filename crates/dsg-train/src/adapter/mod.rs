//! What is trained: low-rank matrices beside frozen ones.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

/// A low-rank adapter (LoRA, Hu et al. 2021): adds `scale · (x Aᵀ) Bᵀ` to what its projection returns.
#[derive(Module, Debug)]
pub struct Adapter {
    /// `[rank, in]`.
    pub a: Param<Tensor<2>>,
    /// `[out, rank]`.
    pub b: Param<Tensor<2>>,
    /// Alpha over rank.
    pub scale: f64,
}

impl Adapter {
    /// What is added, `[rows, out]`, for inputs of `[rows, in]`.
    pub fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        let low = rows.matmul(self.a.val().transpose());
        low.matmul(self.b.val().transpose()).mul_scalar(self.scale)
    }
}
