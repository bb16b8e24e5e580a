//! The trained path beside a frozen matrix.

use burn::module::Module;
use burn::tensor::Tensor;

use super::dropout::Dropout;
use super::magnitude::Magnitude;

/// A low-rank adapter (LoRA, Hu et al. 2021) that turns what its projection's frozen matrix returns, `x Wᵀ`, into
/// `x Wᵀ + scale · (x Aᵀ) Bᵀ`, and with a magnitude (DoRA, Liu et al. 2024) into `m / ‖W + scale · B A‖ · (x Wᵀ + scale · (x Aᵀ) Bᵀ)`.
///
/// The dense update `B A` is never computed, in neither direction.
#[derive(Module, Debug)]
pub struct Adapter {
    a: Tensor<2>,
    b: Tensor<2>,
    magnitude: Option<Magnitude>,
    scale: f64,
    #[module(skip)]
    dropout: Option<Dropout>,
}

impl Adapter {
    /// An adapter of matrices `a` `[rank, in]` and `b` `[out, rank]`.
    pub const fn new(a: Tensor<2>, b: Tensor<2>, scale: f64) -> Self {
        Self {
            a,
            b,
            magnitude: None,
            scale,
            dropout: None,
        }
    }

    /// The same with a magnitude.
    #[must_use]
    pub fn with_magnitude(mut self, magnitude: Option<Magnitude>) -> Self {
        self.magnitude = magnitude;
        self
    }

    /// The same with dropout of its inputs.
    #[must_use]
    pub fn with_dropout(mut self, dropout: Option<Dropout>) -> Self {
        self.dropout = dropout;
        self
    }

    /// What the projection returns, `[rows, out]`, of its frozen part's result and its inputs `[rows, in]`. Dropout concerns the inputs of
    /// the low-rank path alone, also under a magnitude, where PEFT lets the frozen part see it, too.
    pub fn apply(&self, frozen: Tensor<2>, rows: Tensor<2>) -> Tensor<2> {
        let rows = match &self.dropout {
            Some(dropout) => dropout.apply(rows),
            None => rows,
        };
        // Scaled where the matrix is smallest.
        let low = rows
            .matmul(self.a.clone().transpose())
            .mul_scalar(self.scale);
        let out = frozen + low.matmul(self.b.clone().transpose());
        match &self.magnitude {
            Some(magnitude) => out * magnitude.ratio(),
            None => out,
        }
    }
}
