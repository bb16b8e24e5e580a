//! Rows that go through the model together.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::encode::Sample;

/// What fills rows up. Labels are places and no token, and attention looks back only, so that it is without effect which.
const PAD: i64 = 0;

/// How rows are brought to one length.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Padding {
    /// Lengths are multiples of it.
    pub(crate) bucket: usize,
    /// No multiple is longer than this, the model's context.
    pub(crate) most: usize,
}

impl Padding {
    fn length(&self, longest: usize) -> usize {
        longest
            .next_multiple_of(self.bucket)
            .min(self.most)
            .max(longest)
    }
}

/// Rows of one length, padded on the right: attention is causal, so that padding needs no mask and changes nothing.
#[derive(Debug)]
pub(crate) struct Batch {
    /// `[rows, length]`.
    pub(crate) tokens: Tensor<2, Int>,
    /// For each label the position, in `[0, rows · length)`, of the hidden state that predicts it.
    pub(crate) positions: Tensor<1, Int>,
    /// For each label its token.
    pub(crate) targets: Vec<u32>,
}

impl Batch {
    /// The samples as a batch of rows of the padding's length.
    pub(crate) fn new(samples: &[&Sample], padding: Padding, device: &Device) -> Self {
        let longest = samples.iter().map(|sample| sample.tokens.len()).max();
        let length = padding.length(longest.unwrap_or_default());
        let mut tokens: Vec<i64> = Vec::with_capacity(samples.len() * length);
        let mut positions: Vec<i64> = Vec::new();
        let mut targets = Vec::new();
        for sample in samples {
            let base = tokens.len();
            tokens.extend(sample.tokens.iter().map(|token| i64::from(*token)));
            tokens.resize(base + length, PAD);
            for place in sample.labels.iter().cloned().flatten() {
                let Some(target) = sample.tokens.get(place) else {
                    continue;
                };
                // What predicts a token stands before it.
                let Ok(position) = i64::try_from(base + place - 1) else {
                    continue;
                };
                positions.push(position);
                targets.push(*target);
            }
        }
        let count = positions.len();
        let tokens = TensorData::new(tokens, [samples.len(), length]);
        let positions = TensorData::new(positions, [count]);
        Self {
            tokens: Tensor::from_data(tokens, device),
            positions: Tensor::from_data(positions, device),
            targets,
        }
    }
}

/// Puts rows of similar length together, longest first, so that a batch has at most `most` tokens with its padding, or one row.
pub(crate) fn batches<'a>(
    samples: impl IntoIterator<Item = &'a Sample>,
    padding: Padding,
    most: usize,
) -> Vec<Vec<&'a Sample>> {
    let mut samples: Vec<&Sample> = samples.into_iter().collect();
    // Stable: rows of one length stay in their order.
    samples.sort_by_key(|sample| std::cmp::Reverse(sample.tokens.len()));
    let mut batches: Vec<Vec<&Sample>> = Vec::new();
    let mut room = 0;
    for sample in samples {
        match batches.last_mut() {
            Some(batch) if room > 0 => {
                batch.push(sample);
                room -= 1;
            }
            _ => {
                let length = padding.length(sample.tokens.len()).max(1);
                room = (most / length).max(1) - 1;
                batches.push(vec![sample]);
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn padding(bucket: usize) -> Padding {
        Padding { bucket, most: 104 }
    }

    fn sample(length: usize, labels: std::ops::Range<usize>) -> Sample {
        Sample {
            id: length.to_string(),
            tokens: (100..).take(length).collect(),
            labels: vec![labels],
        }
    }

    #[test]
    fn a_label_is_predicted_by_the_state_before_it() {
        let (a, b) = (sample(3, 1..3), sample(5, 4..5));
        let batch = Batch::new(&[&a, &b], padding(4), &Device::flex());
        let tokens: Vec<i64> = batch.tokens.into_data().iter().collect();
        assert_eq!(tokens[..8], [100, 101, 102, 0, 0, 0, 0, 0]);
        assert_eq!(tokens[8..], [100, 101, 102, 103, 104, 0, 0, 0]);
        let positions: Vec<i64> = batch.positions.into_data().iter().collect();
        assert_eq!(positions, [0, 1, 11]);
        assert_eq!(batch.targets, [101, 102, 104]);
    }

    #[test]
    fn batches_are_full_and_no_fuller() {
        let samples: Vec<Sample> = [30, 5, 9, 100, 16, 4].map(|n| sample(n, 1..2)).into();
        let batches = batches(&samples, padding(8), 64);
        let lengths: Vec<Vec<usize>> = batches
            .iter()
            .map(|batch| batch.iter().map(|sample| sample.tokens.len()).collect())
            .collect();
        assert_eq!(lengths, [vec![100], vec![30, 16], vec![9, 5, 4]]);
    }
}
