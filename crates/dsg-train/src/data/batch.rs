//! Rows that go through the model together.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

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
    /// Whether samples share a sequence where it has room for them, so that less of it is padding.
    pub(crate) packing: bool,
}

/// What becomes a row of a batch: a sample, or with packing several, one behind the other.
pub(crate) type Sequence<'a> = Vec<&'a Sample>;

fn tokens_of(sequence: &[&Sample]) -> usize {
    sequence.iter().map(|sample| sample.tokens.len()).sum()
}

impl Padding {
    fn length(&self, longest: usize) -> usize {
        longest
            .next_multiple_of(self.bucket)
            .min(self.most)
            .max(longest)
    }
}

/// Sequences of one length, padded on the right: attention is causal, so that padding needs no mask and changes nothing.
#[derive(Debug)]
pub(crate) struct Batch {
    /// `[sequences, length]`.
    pub(crate) tokens: Tensor<2, Int>,
    /// For each token the place in its sequence where its sample begins, `[sequences · length]`; padding counts to the last sample. `None` where
    /// every sequence is one sample.
    pub(crate) borders: Option<Arc<[usize]>>,
    /// For each label the position, in `[0, sequences · length)`, of the hidden state that predicts it.
    pub(crate) positions: Tensor<1, Int>,
    /// For each label its token.
    pub(crate) targets: Vec<u32>,
}

impl Batch {
    /// The sequences as a batch of rows of the padding's length.
    pub(crate) fn new(sequences: &[Sequence<'_>], padding: Padding, device: &Device) -> Self {
        let longest = sequences.iter().map(|sequence| tokens_of(sequence)).max();
        let length = padding.length(longest.unwrap_or_default());
        let mut tokens: Vec<i64> = Vec::with_capacity(sequences.len() * length);
        let mut borders: Vec<usize> = Vec::with_capacity(sequences.len() * length);
        let mut positions: Vec<i64> = Vec::new();
        let mut targets = Vec::new();
        for sequence in sequences {
            let row = tokens.len();
            let mut border = 0;
            for sample in sequence {
                let base = tokens.len();
                border = base - row;
                tokens.extend(sample.tokens.iter().map(|token| i64::from(*token)));
                borders.resize(tokens.len(), border);
                for place in sample.labels.iter().cloned().flatten() {
                    let Some(target) = sample.tokens.get(place) else {
                        continue;
                    };
                    // What predicts a token stands before it, in the same sample.
                    let Ok(position) = i64::try_from(base + place - 1) else {
                        continue;
                    };
                    positions.push(position);
                    targets.push(*target);
                }
            }
            tokens.resize(row + length, PAD);
            borders.resize(row + length, border);
        }
        let shared = sequences.iter().any(|sequence| sequence.len() > 1);
        let count = positions.len();
        let tokens = TensorData::new(tokens, [sequences.len(), length]);
        let positions = TensorData::new(positions, [count]);
        Self {
            tokens: Tensor::from_data(tokens, device),
            borders: shared.then(|| borders.into()),
            positions: Tensor::from_data(positions, device),
            targets,
        }
    }
}

/// Puts sequences of similar length together, longest first, so that a batch has at most `most` tokens with its padding, or one sequence.
pub(crate) fn batches<'a>(
    samples: impl IntoIterator<Item = &'a Sample>,
    padding: Padding,
    most: usize,
) -> Vec<Vec<Sequence<'a>>> {
    let mut samples: Vec<&Sample> = samples.into_iter().collect();
    // Stable: rows of one length stay in their order.
    samples.sort_by_key(|sample| Reverse(sample.tokens.len()));
    let sequences = if padding.packing {
        packed(samples, padding, most)
    } else {
        samples.into_iter().map(|sample| vec![sample]).collect()
    };
    let mut batches: Vec<Vec<Sequence<'_>>> = Vec::new();
    let mut room = 0;
    for sequence in sequences {
        match batches.last_mut() {
            Some(batch) if room > 0 => {
                batch.push(sequence);
                room -= 1;
            }
            _ => {
                let length = padding.length(tokens_of(&sequence)).max(1);
                room = (most / length).max(1) - 1;
                batches.push(vec![sequence]);
            }
        }
    }
    batches
}

/// Sequences of samples that come longest first, by best fit: each goes into the fullest sequence with room for it. None gets longer than `most`
/// tokens or than the longest sample is, both with padding: every token of a sequence is multiplied with all others of it, and attention is to cost no
/// more than that sample makes it cost anyway.
fn packed(samples: Vec<&Sample>, padding: Padding, most: usize) -> Vec<Sequence<'_>> {
    let longest = samples.first().map_or(0, |sample| sample.tokens.len());
    let capacity = padding.length(longest).min(most - most % padding.bucket);
    let mut sequences: Vec<Sequence<'_>> = Vec::new();
    // What is left in which sequence.
    let mut rooms: BTreeSet<(usize, usize)> = BTreeSet::new();
    for sample in samples {
        let tokens = sample.tokens.len();
        let fullest = rooms.range((tokens, 0)..).next().copied();
        let (room, index) = fullest.unwrap_or((capacity.max(tokens), sequences.len()));
        rooms.remove(&(room, index));
        rooms.insert((room - tokens, index));
        match sequences.get_mut(index) {
            Some(sequence) => sequence.push(sample),
            None => sequences.push(vec![sample]),
        }
    }
    sequences.sort_by_key(|sequence| Reverse(tokens_of(sequence)));
    sequences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn padding(bucket: usize) -> Padding {
        Padding {
            bucket,
            most: 104,
            packing: false,
        }
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
        let batch = Batch::new(&[vec![&a], vec![&b]], padding(4), &Device::flex());
        assert!(batch.borders.is_none());
        let tokens: Vec<i64> = batch.tokens.into_data().iter().collect();
        assert_eq!(tokens[..8], [100, 101, 102, 0, 0, 0, 0, 0]);
        assert_eq!(tokens[8..], [100, 101, 102, 103, 104, 0, 0, 0]);
        let positions: Vec<i64> = batch.positions.into_data().iter().collect();
        assert_eq!(positions, [0, 1, 11]);
        assert_eq!(batch.targets, [101, 102, 104]);
    }

    #[test]
    fn samples_of_a_sequence_have_their_own_labels_and_borders() {
        let (a, b, c) = (sample(3, 1..3), sample(2, 1..2), sample(5, 4..5));
        let batch = Batch::new(&[vec![&a, &b], vec![&c]], padding(4), &Device::flex());
        let tokens: Vec<i64> = batch.tokens.into_data().iter().collect();
        assert_eq!(tokens[..8], [100, 101, 102, 100, 101, 0, 0, 0]);
        assert_eq!(tokens[8..], [100, 101, 102, 103, 104, 0, 0, 0]);
        let borders = batch.borders.unwrap();
        assert_eq!(borders[..8], [0, 0, 0, 3, 3, 3, 3, 3]);
        assert_eq!(borders[8..], [0; 8]);
        // The first token of the second sample is nobody's target.
        let positions: Vec<i64> = batch.positions.into_data().iter().collect();
        assert_eq!(positions, [0, 1, 3, 11]);
        assert_eq!(batch.targets, [101, 102, 101, 104]);
    }

    /// The lengths of a batch's samples, sequence by sequence.
    fn lengths(batches: &[Vec<Sequence<'_>>]) -> Vec<Vec<Vec<usize>>> {
        let of_sequence = |sequence: &Sequence<'_>| -> Vec<usize> {
            let tokens = sequence.iter().map(|sample| sample.tokens.len());
            tokens.collect()
        };
        batches
            .iter()
            .map(|batch| batch.iter().map(of_sequence).collect())
            .collect()
    }

    #[test]
    fn batches_are_full_and_no_fuller() {
        let samples: Vec<Sample> = [30, 5, 9, 100, 16, 4].map(|n| sample(n, 1..2)).into();
        let batches = batches(&samples, padding(8), 64);
        let expected: [&[&[usize]]; 3] = [&[&[100]], &[&[30], &[16]], &[&[9], &[5], &[4]]];
        assert_eq!(lengths(&batches), expected);
    }

    #[test]
    fn sequences_are_filled_up_to_the_longest_sample_or_the_most_tokens() {
        let packing = Padding {
            packing: true,
            ..padding(8)
        };
        let samples: Vec<Sample> = [5, 26, 9, 16, 4, 9].map(|n| sample(n, 1..2)).into();
        // Of 32 tokens, as 26 become.
        let expected: [&[&[usize]]; 2] = [&[&[26, 5], &[16, 9, 4]], &[&[9]]];
        assert_eq!(lengths(&batches(&samples, packing, 64)), expected);
        // What is longer than a batch should be goes alone, and no other gets as long.
        let expected: [&[&[usize]]; 4] = [&[&[26]], &[&[16]], &[&[9, 5]], &[&[9, 4]]];
        assert_eq!(lengths(&batches(&samples, packing, 20)), expected);
        // Where a batch should be shorter than lengths can be, nothing is shared.
        let alone = lengths(&batches(&samples, packing, 4));
        assert_eq!(alone.concat(), [[26], [16], [9], [9], [5], [4]]);
    }
}
