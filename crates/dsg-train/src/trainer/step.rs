//! Loss and gradients of the rows of one step.

use burn::tensor::Tensor;

use crate::data::{Batch, Padding, Sample, batches};
use crate::decoder::Decoder;
use crate::error::TrainError;
use crate::loss::label_loss;

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
/// `most` tokens; the loss of each counts by its labels, so that the cut changes nothing but rounding. `before` is told the batch.
pub(super) fn gradients(
    decoder: &Decoder,
    leaves: &[Tensor<2>],
    rows: &[&Sample],
    padding: Padding,
    most: usize,
    mut before: impl FnMut(usize),
) -> Result<Gradients, TrainError> {
    let labels: usize = rows.iter().map(|row| row.label_count()).sum();
    let scale = 1.0 / labels.max(1) as f64;
    let mut sum = 0.0;
    let mut padded = 0;
    let mut values: Vec<Option<Tensor<2>>> = vec![None; leaves.len()];
    for (index, rows) in batches(rows.iter().copied(), padding, most)
        .into_iter()
        .enumerate()
    {
        before(index);
        let batch = Batch::new(&rows, padding, &decoder.device().inner());
        padded += batch.tokens.shape().num_elements();
        let hidden = decoder.label_states(&batch)?;
        let loss = label_loss(&hidden, decoder.head(), &batch.targets, Some(scale))?;
        sum += loss.sum;
        let Some(gradient) = loss.gradient.filter(|_| sum.is_finite()) else {
            break;
        };
        // Its derivative is that of the loss.
        let mut tape = (hidden * gradient).sum().backward();
        for (leaf, value) in leaves.iter().zip(&mut values) {
            if let Some(gradient) = leaf.grad_remove(&mut tape) {
                *value = Some(match value.take() {
                    Some(sum) => sum + gradient,
                    None => gradient,
                });
            }
        }
    }
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
