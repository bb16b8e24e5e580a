//! Loss and gradients of the rows of one step.

use burn::tensor::{Gradients as Tape, Tensor};

use super::pass::Pass;
use crate::config::Recompute;
use crate::data::{Batch, Padding, Sample, batches};
use crate::decoder::Decoder;
use crate::error::TrainError;

/// What the rows of a step say.
pub(super) struct Gradients {
    /// Mean negative log-likelihood of the labels.
    pub(super) loss: f64,
    /// Of that mean, for each leaf. Empty when the loss is not finite.
    pub(super) values: Vec<Tensor<2>>,
    /// Tokens that went through the model.
    pub(super) padded: usize,
}

/// The gradients of the rows' mean label loss with respect to `leaves`, which are attached to `decoder`. The rows go through it in batches of at most
/// `most` tokens, of which `recompute` says when layers run again; the loss of each counts by its labels, so that the cut changes nothing but rounding. `before`
/// is told the batch.
pub(super) fn gradients(
    decoder: &Decoder,
    leaves: &[Tensor<2>],
    rows: &[&Sample],
    padding: Padding,
    most: usize,
    recompute: Recompute,
    mut before: impl FnMut(usize),
) -> Result<Gradients, TrainError> {
    let labels: usize = rows.iter().map(|row| row.label_count()).sum();
    let scale = 1.0 / labels.max(1) as f64;
    let mut sum = 0.0_f64;
    let mut padded = 0;
    let mut values: Vec<Option<Tensor<2>>> = vec![None; leaves.len()];
    for (index, sequences) in batches(rows.iter().copied(), padding, most)
        .into_iter()
        .enumerate()
    {
        before(index);
        let batch = Batch::new(&sequences, padding, &decoder.device().inner());
        let tokens = batch.tokens.shape().num_elements();
        padded += tokens;
        let pass = Pass {
            decoder,
            batch: &batch,
            scale,
        };
        let read = |tape: &mut Tape| {
            for (leaf, value) in leaves.iter().zip(&mut values) {
                if let Some(gradient) = leaf.grad_remove(tape) {
                    *value = Some(match value.take() {
                        Some(sum) => sum + gradient,
                        None => gradient,
                    });
                }
            }
        };
        sum += if recompute.applies(tokens, most) {
            pass.by_layers(read)?
        } else {
            pass.at_once(read)?
        };
        if !sum.is_finite() {
            break;
        }
    }
    // burn 0.22 computes wrong norms of DoRA's gradients on wgpu where it fuses the norm into the backward pass, so that nothing of the pass
    // may still be waiting. On the CPU nothing ever is.
    decoder
        .device()
        .flush()
        .map_err(|error| TrainError::compute("compute gradients", &error))?;
    let values = if sum.is_finite() {
        let zeros = |leaf: &Tensor<2>| Tensor::zeros(leaf.dims(), &decoder.device().inner());
        let pairs = values.into_iter().zip(leaves);
        pairs
            .map(|(value, leaf)| value.unwrap_or_else(|| zeros(leaf)))
            .collect()
    } else {
        Vec::new()
    };
    Ok(Gradients {
        loss: sum * scale,
        values,
        padded,
    })
}
