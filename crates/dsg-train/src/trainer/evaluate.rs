//! The loss on data that is not trained on.

use crate::data::{Batch, Dataset, Padding, Sample, batches};
use crate::decoder::Decoder;
use crate::error::TrainError;
use crate::loss::label_loss;

/// Mean negative log-likelihood of a dataset's labels under `decoder` with what is attached to it, in nats; `most` tokens, padding included, go
/// through it at once, rows padded to multiples of `bucket`. `None` where there are no labels.
///
/// # Errors
/// [`TrainError::Compute`] when the device fails, [`TrainError::Context`] for rows that are longer than the model's context.
pub fn evaluate(
    decoder: &Decoder,
    dataset: &Dataset,
    most: usize,
    bucket: usize,
) -> Result<Option<f64>, TrainError> {
    let padding = Padding {
        bucket: bucket.max(1),
        most: decoder.config().context,
        packing: false,
    };
    mean_loss(decoder, dataset.samples(), padding, most)
}

pub(crate) fn mean_loss<'a>(
    decoder: &Decoder,
    rows: impl IntoIterator<Item = &'a Sample>,
    padding: Padding,
    most: usize,
) -> Result<Option<f64>, TrainError> {
    let (mut sum, mut labels) = (0.0, 0);
    for sequences in batches(rows, padding, most) {
        let batch = Batch::new(&sequences, padding, &decoder.device().inner());
        let hidden = decoder.label_states(&batch)?;
        sum += label_loss(&hidden, decoder.head(), &batch.targets, None)?.sum;
        labels += batch.targets.len();
    }
    Ok((labels > 0).then(|| sum / labels as f64))
}
