//! Root mean square norm.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::kernel;

/// `x / √(mean(x²) + ε) · weight` over each row (Zhang and Sennrich 2019), all of it in single precision. burn's own narrows before it
/// multiplies with the weight, as Llama does and Gemma does not; in single precision the two are one.
#[derive(Module, Debug)]
pub struct RmsNorm {
    weight: Tensor<1>,
    epsilon: f64,
}

impl RmsNorm {
    /// A norm that multiplies with `weight` as it is, which for Gemma is one more than what Hugging Face's files have.
    pub const fn new(weight: Tensor<1>, epsilon: f64) -> Self {
        Self { weight, epsilon }
    }

    /// What is multiplied with, `[width]`.
    pub const fn weight(&self) -> &Tensor<1> {
        &self.weight
    }

    /// `[rows, width]` for inputs of `[rows, width]`.
    pub fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        if kernel::fused(&rows) {
            return kernel::rms_norm(rows, self.weight.clone(), self.epsilon);
        }
        let square = rows.clone() * rows.clone();
        let mean = square.mean_dim(1).add_scalar(self.epsilon);
        rows * mean.sqrt().recip() * self.weight.clone().unsqueeze()
    }
}
