//! AdamW over the adapters' matrices, and clipping over all of them together.

use burn::optim::{AdamWConfig, AdamWState, AdaptiveMomentumState, Optimizer as _};
use burn::tensor::Tensor;

use crate::config::TrainConfig;
use crate::error::TrainError;

/// burn's AdamW (Loshchilov and Hutter 2019) with the state of every matrix in hand, so that it can be written and read back bit for bit.
/// State is f32, twice the size of what is trained.
pub(crate) struct AdamW {
    inner: burn::optim::AdamW,
    states: Vec<Option<AdamWState<2>>>,
}

/// The moments of one matrix.
pub(crate) struct Moments {
    pub(crate) steps: usize,
    pub(crate) first: Tensor<2>,
    pub(crate) second: Tensor<2>,
}

impl AdamW {
    /// No moments yet, for `matrices` matrices.
    pub(crate) fn new(config: &TrainConfig, matrices: usize) -> Self {
        let inner = AdamWConfig::new()
            .with_beta_1(config.beta1)
            .with_beta_2(config.beta2)
            .with_epsilon(config.epsilon)
            .with_weight_decay(config.weight_decay)
            .build();
        Self {
            inner,
            states: (0..matrices).map(|_| None).collect(),
        }
    }

    /// Moves matrix `index` against its gradient.
    pub(crate) fn step(
        &mut self,
        index: usize,
        rate: f64,
        value: Tensor<2>,
        gradient: Tensor<2>,
    ) -> Tensor<2> {
        let Some(slot) = self.states.get_mut(index) else {
            return value;
        };
        let (value, state) = self.inner.step(rate, value, gradient, slot.take());
        *slot = state;
        value
    }

    /// The moments of matrix `index`, once it was moved.
    pub(crate) fn moments(&self, index: usize) -> Option<Moments> {
        let state = self.states.get(index)?.as_ref()?;
        Some(Moments {
            steps: state.momentum.time,
            first: state.momentum.moment_1.clone(),
            second: state.momentum.moment_2.clone(),
        })
    }

    /// Puts back what [`moments`](Self::moments) gave.
    pub(crate) fn restore(&mut self, index: usize, moments: Moments) {
        if let Some(slot) = self.states.get_mut(index) {
            let state = AdaptiveMomentumState::new(moments.steps, moments.first, moments.second);
            *slot = Some(AdamWState::new(state));
        }
    }
}

/// The Euclidean norm of all gradients together, summed in f64. One transfer from the device.
pub(crate) fn global_norm(gradients: &[Tensor<2>]) -> Result<f64, TrainError> {
    if gradients.is_empty() {
        return Ok(0.0);
    }
    let squares = gradients
        .iter()
        .map(|gradient| gradient.clone().square().sum())
        .collect();
    let sums = Tensor::<1>::cat(squares, 0)
        .try_into_data()
        .map_err(|error| TrainError::compute("read gradients", &error))?;
    let total: f64 = sums.iter::<f64>().sum();
    Ok(total.sqrt())
}

/// What gradients of this norm are multiplied with, so that their norm is at most `most`; as PyTorch's `clip_grad_norm_` has it.
pub(crate) fn clip_factor(norm: f64, most: Option<f64>) -> f64 {
    most.map_or(1.0, |most| (most / (norm + 1e-6)).min(1.0))
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn the_norm_spans_all_gradients() {
        let device = Device::flex();
        let one = Tensor::<2>::full([2, 2], 1.5, &device);
        let two = Tensor::<2>::full([1, 4], 2.0, &device);
        let norm = global_norm(&[one, two]).unwrap();
        assert!((norm - 25.0_f64.sqrt()).abs() < 1e-6, "{norm}");
        assert!((clip_factor(norm, Some(1.0)) * norm - 1.0).abs() < 1e-6);
        assert!((clip_factor(norm, Some(9.0)) - 1.0).abs() < 1e-12);
        assert!((clip_factor(norm, None) - 1.0).abs() < 1e-12);
    }
}
