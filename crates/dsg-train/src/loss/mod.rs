//! Cross-entropy on the rows that have a label, without the logits of all others and without logits on the tape.
//!
//! The head is frozen, so the gradient of the loss with respect to a hidden state `h` is `(softmax(h Eᵀ) − onehot) E`: it needs the logits
//! of some rows at a time and once. Computed beside the tape, it goes onto it as the weight of `sum(h · gradient)`, whose backward pass is
//! that of the loss, exactly.

mod row;

use burn::tensor::{Device, Int, Tensor, TensorData};
use rayon::prelude::*;

use crate::error::TrainError;
use row::Row;

/// Logits that exist at the same time, as f32: 64 MiB, and those of [`ROWS`] rows at least.
const LOGITS: usize = 1 << 24;
/// With fewer rows a product reads the head for too little work.
const ROWS: usize = 128;

/// The loss of some labelled rows.
#[derive(Debug)]
pub struct LabelLoss {
    /// Sum of the labels' negative log-likelihoods, in nats.
    pub sum: f64,
    /// Derivative of `scale · sum` with respect to the hidden states, `[labels, width]`, outside of autodiff; if it was asked for.
    pub gradient: Option<Tensor<2>>,
}

/// The loss of `hidden` states `[labels, width]`, each of which has to predict its target, under a frozen `head` of `[vocabulary, width]`.
/// With a `scale`, the derivative of the loss times that scale comes with it. What was recorded for autodiff is neither used nor changed.
///
/// # Errors
/// [`TrainError::Token`] for a target beyond the vocabulary, [`TrainError::Compute`] when the device fails.
pub fn label_loss(
    hidden: &Tensor<2>,
    head: &Tensor<2>,
    targets: &[u32],
    scale: Option<f64>,
) -> Result<LabelLoss, TrainError> {
    let hidden = hidden.clone().inner();
    let head = head.clone().inner();
    let [vocabulary, _] = head.dims();
    if let Some(id) = targets.iter().find(|id| **id as usize >= vocabulary) {
        return Err(TrainError::Token {
            id: *id,
            vocabulary,
        });
    }
    let device = hidden.device();
    let on_cpu = device == Device::flex();
    let rows = (LOGITS / vocabulary.max(1)).max(ROWS);
    let mut sum = 0.0;
    let mut gradients = Vec::new();
    for (chunk, targets) in targets.chunks(rows).enumerate() {
        let start = chunk * rows;
        let part = hidden.clone().slice(start..start + targets.len());
        let logits = part.matmul(head.clone().transpose());
        let (chunk, gradient) = if on_cpu {
            in_place(logits, &head, targets, scale)?
        } else {
            on_device(logits, &head, targets, scale)?
        };
        sum += chunk;
        gradients.extend(gradient);
    }
    let gradient = match gradients.len() {
        0 => None,
        1 => gradients.pop(),
        _ => Some(Tensor::cat(gradients, 0)),
    };
    Ok(LabelLoss { sum, gradient })
}

/// In the memory of the logits, with all threads.
fn in_place(
    logits: Tensor<2>,
    head: &Tensor<2>,
    targets: &[u32],
    scale: Option<f64>,
) -> Result<(f64, Option<Tensor<2>>), TrainError> {
    let device = logits.device();
    let [_, vocabulary] = logits.dims();
    let mut data = read(logits)?;
    let values = data
        .as_mut_slice::<f32>()
        .map_err(|error| TrainError::compute("read logits", &error))?;
    let losses: Vec<f64> = values
        .par_chunks_mut(vocabulary.max(1))
        .zip(targets)
        .map(|(logits, target)| {
            Row {
                logits,
                target: *target as usize,
                scale,
            }
            .loss()
        })
        .collect();
    let gradient = scale.map(|_| Tensor::<2>::from_data(data, &device).matmul(head.clone()));
    Ok((losses.iter().sum(), gradient))
}

/// With operations that every device has.
fn on_device(
    logits: Tensor<2>,
    head: &Tensor<2>,
    targets: &[u32],
    scale: Option<f64>,
) -> Result<(f64, Option<Tensor<2>>), TrainError> {
    let device = logits.device();
    let ids: Vec<i64> = targets.iter().map(|id| i64::from(*id)).collect();
    let ids = Tensor::<1, Int>::from_data(TensorData::new(ids, [targets.len()]), &device);
    let highest = logits.clone().max_dim(1);
    let shifted = logits - highest;
    let chosen = shifted.clone().gather(1, ids.clone().unsqueeze_dim::<2>(1));
    let exponentials = shifted.exp();
    let total = exponentials.clone().sum_dim(1);
    let losses = read(total.clone().log() - chosen)?;
    let gradient = scale.map(|scale| {
        let expected = (exponentials / total).matmul(head.clone());
        (expected - head.clone().select(0, ids)).mul_scalar(scale)
    });
    Ok((losses.iter::<f64>().sum(), gradient))
}

fn read(tensor: Tensor<2>) -> Result<TensorData, TrainError> {
    tensor
        .try_into_data()
        .map_err(|error| TrainError::compute("read logits", &error))
}

#[cfg(test)]
mod tests {
    use burn::tensor::Distribution;
    use burn::tensor::activation::log_softmax;

    use super::*;

    fn random(shape: [usize; 2], device: &Device) -> Tensor<2> {
        Tensor::random(shape, Distribution::Normal(0.0, 1.0), device)
    }

    /// The definition, differentiated by burn.
    fn plain(hidden: &Tensor<2>, head: &Tensor<2>, targets: &[u32]) -> (f64, Tensor<2>) {
        let hidden = hidden.clone().autodiff().require_grad();
        let ids: Vec<i64> = targets.iter().map(|id| i64::from(*id)).collect();
        let count = ids.len();
        let ids = Tensor::<1, Int>::from_data(TensorData::new(ids, [count]), &head.device());
        let logits = hidden.clone().matmul(head.clone().transpose());
        let chosen = log_softmax(logits, 1).gather(1, ids.unsqueeze_dim::<2>(1));
        let loss = -chosen.sum();
        let grads = loss.backward();
        (loss.into_scalar::<f64>(), hidden.grad(&grads).unwrap())
    }

    fn distance(a: Tensor<2>, b: Tensor<2>) -> f64 {
        (a - b).abs().max().into_scalar::<f64>()
    }

    #[test]
    fn it_is_the_plain_cross_entropy_and_its_gradient() {
        let device = Device::flex();
        // More rows than a chunk has, and a vocabulary that no vector register divides.
        let (labels, width, vocabulary) = (ROWS + 5, 24, (LOGITS / ROWS) / 32 + 3);
        let head = random([vocabulary, width], &device);
        let targets: Vec<u32> = (0..300)
            .map(|n| (n * 97) % u32::try_from(vocabulary).unwrap())
            .collect();
        for count in [1, labels, 300] {
            let hidden = random([count, width], &device);
            let targets = &targets[..count];
            let (sum, gradient) = plain(&hidden, &head, targets);
            let ours = label_loss(&hidden, &head, targets, Some(0.25)).unwrap();
            assert!(
                (ours.sum - sum).abs() < 1e-5 * sum.abs(),
                "{} {sum}",
                ours.sum
            );
            let far = distance(ours.gradient.unwrap().mul_scalar(4.0), gradient);
            assert!(far < 2e-5, "{far}");

            let logits = hidden.clone().matmul(head.clone().transpose());
            let (generic, _) = on_device(logits, &head, targets, None).unwrap();
            assert!((generic - sum).abs() < 1e-5 * sum.abs());
        }
    }

    #[test]
    fn operations_of_any_device_give_the_same() {
        let device = Device::flex();
        let (hidden, head) = (random([7, 8], &device), random([50, 8], &device));
        let targets = [0, 49, 7, 7, 3, 20, 1];
        let logits = hidden.matmul(head.clone().transpose());
        let (a, da) = in_place(logits.clone(), &head, &targets, Some(0.5)).unwrap();
        let (b, db) = on_device(logits, &head, &targets, Some(0.5)).unwrap();
        assert!((a - b).abs() < 1e-4, "{a} {b}");
        assert!(distance(da.unwrap(), db.unwrap()) < 1e-5);
    }

    #[test]
    fn hopeless_targets_have_a_finite_loss() {
        let device = Device::flex();
        let hidden = Tensor::<2>::full([1, 1], 100.0, &device);
        let head = Tensor::<2>::from_data([[1.0_f32], [-1.0]], &device);
        let loss = label_loss(&hidden, &head, &[1], Some(1.0)).unwrap();
        assert!((loss.sum - 200.0).abs() < 1e-3, "{}", loss.sum);
        assert!(
            loss.gradient
                .unwrap()
                .sum()
                .into_scalar::<f32>()
                .is_finite()
        );
    }

    #[test]
    fn a_target_beyond_the_vocabulary_is_named() {
        let device = Device::flex();
        let (hidden, head) = (random([1, 4], &device), random([9, 4], &device));
        let error = label_loss(&hidden, &head, &[9], None).unwrap_err();
        assert!(error.to_string().contains("id 9"), "{error}");
    }
}
