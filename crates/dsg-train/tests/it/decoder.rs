//! Logits are those of the textbook, however a pass is made.

use burn::module::Module as _;
use burn::tensor::{Device, Tensor};
use dsg_train::TrainError;
use dsg_train::architecture::Architecture;
use dsg_train::decoder::{Cache, Decoder};

use crate::model::{CONTEXT, Tiny, VOCABULARY};
use crate::reference;

/// More than the window of local layers.
pub(crate) const TOKENS: [u32; 13] = [1, 17, 42, 42, 5, 299, 0, 8, 77, 123, 9, 200, 64];

pub(crate) fn all_logits(decoder: &Decoder, tokens: &[u32]) -> Vec<Vec<f32>> {
    let ids = decoder.batch(&[tokens]).unwrap();
    rows(decoder, decoder.hidden(ids).unwrap())
}

fn rows(decoder: &Decoder, hidden: Tensor<3>) -> Vec<Vec<f32>> {
    let [batch, length, width] = hidden.dims();
    let logits = decoder.logits(hidden.reshape([batch * length, width]));
    let values = logits.into_data().try_into_vec::<f32>().unwrap();
    values.chunks(VOCABULARY).map(<[f32]>::to_vec).collect()
}

/// The largest difference.
pub(crate) fn distance(a: &[Vec<f32>], b: &[Vec<f32>]) -> f32 {
    assert_eq!(a.len(), b.len());
    let pairs = a.iter().flatten().zip(b.iter().flatten());
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn logits_are_those_of_the_textbook() {
    for architecture in Architecture::ALL {
        let tiny = Tiny::new(architecture);
        let decoder = tiny.source().decoder(&Device::flex()).unwrap();
        let expected: Vec<Vec<f32>> = reference::logits(&tiny.config, &tiny.values, &TOKENS)
            .into_iter()
            .map(|row| row.into_iter().map(|value| value as f32).collect())
            .collect();
        let largest = expected
            .iter()
            .flatten()
            .fold(0.0_f32, |a, b| a.max(b.abs()));
        let distance = distance(&all_logits(&decoder, &TOKENS), &expected);
        assert!(
            largest > 1.0 && distance < 1e-4,
            "{architecture:?}: {distance} of {largest}"
        );
    }
}

#[test]
fn padding_and_neighbours_change_nothing() {
    for architecture in Architecture::ALL {
        let decoder = Tiny::new(architecture)
            .source()
            .decoder(&Device::flex())
            .unwrap();
        let alone = all_logits(&decoder, &TOKENS[..7]);
        let ids = decoder.batch(&[&TOKENS[..7], &TOKENS[..]]).unwrap();
        assert_eq!(ids.dims(), [2, 13]);
        let both = rows(&decoder, decoder.hidden(ids).unwrap());
        assert!(distance(&both[..7], &alone) < 1e-4, "{architecture:?}");
        let long = all_logits(&decoder, &TOKENS);
        assert!(distance(&both[13..], &long) < 1e-4, "{architecture:?}");
    }
}

#[test]
fn a_cache_gives_what_a_whole_pass_gives() {
    for architecture in Architecture::ALL {
        let decoder = Tiny::new(architecture)
            .source()
            .decoder(&Device::flex())
            .unwrap();
        let whole = all_logits(&decoder, &TOKENS);
        let mut cache = Cache::new();
        let mut pieces = Vec::new();
        // A prompt, a longer piece behind it, then one by one.
        for piece in [&TOKENS[..4], &TOKENS[4..11], &TOKENS[11..12], &TOKENS[12..]] {
            let ids = decoder.batch(&[piece]).unwrap();
            pieces.extend(rows(
                &decoder,
                decoder.hidden_after(ids, &mut cache).unwrap(),
            ));
        }
        assert_eq!(cache.len(), TOKENS.len());
        assert!(distance(&pieces, &whole) < 1e-4, "{architecture:?}");
    }
}

#[test]
fn in_training_logits_are_the_same_and_frozen_weights_have_no_gradient() {
    for architecture in Architecture::ALL {
        let decoder = Tiny::new(architecture)
            .source()
            .decoder(&Device::flex())
            .unwrap();
        let plain = all_logits(&decoder, &TOKENS);
        let training = decoder.train();
        assert!(training.device().is_autodiff());
        let ids = training.batch(&[&TOKENS]).unwrap();
        let hidden = training.hidden(ids).unwrap();
        // Nothing in it wants a gradient, so that nothing is recorded.
        assert!(!hidden.is_tracked());
        assert!(distance(&rows(&training, hidden), &plain) < 1e-5);
        assert_eq!(training.num_params(), 0);
        assert!(!training.valid().device().is_autodiff());
    }
}

#[test]
fn blocks_one_by_one_are_a_whole_pass_with_gradients_of_their_inputs() {
    for architecture in Architecture::ALL {
        let decoder = Tiny::new(architecture)
            .source()
            .decoder(&Device::flex())
            .unwrap()
            .train();
        let ids = decoder.batch(&[&TOKENS]).unwrap();
        let frame = decoder.frame(1, TOKENS.len()).unwrap();
        let input = decoder.embed(ids.clone()).require_grad();
        let mut rows = input.clone();
        for block in decoder.blocks() {
            rows = block.forward(rows, &frame);
        }
        let hidden = decoder.finish(rows);
        let whole = decoder.hidden(ids).unwrap().reshape(hidden.dims());
        let apart = (hidden.clone() - whole).abs().into_data();
        assert!(
            apart
                .try_into_vec::<f32>()
                .unwrap()
                .iter()
                .all(|d| *d < 1e-6)
        );

        // The gradient of a sum, held against a difference quotient.
        let weights = hidden.clone().detach().mul_scalar(0.1);
        let gradients = (hidden * weights.clone()).sum().backward();
        let gradient = input.grad(&gradients).unwrap();
        let direction = gradient.clone() / gradient.clone().abs().mean().unsqueeze();
        let slope = (gradient * direction.clone()).sum().into_scalar::<f32>();
        let value = |step: f64| {
            let mut rows =
                input.clone().detach().without_autodiff() + direction.clone().mul_scalar(step);
            let model = decoder.valid();
            let frame = model.frame(1, TOKENS.len()).unwrap();
            for block in model.blocks() {
                rows = block.forward(rows, &frame);
            }
            (model.finish(rows) * weights.clone().without_autodiff())
                .sum()
                .into_scalar::<f32>()
        };
        let step = 1e-3;
        let quotient = (value(step) - value(-step)) / (2.0 * step as f32);
        assert!(
            (slope - quotient).abs() < 0.02 * slope.abs(),
            "{architecture:?}: {slope} and {quotient}"
        );
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let decoder = Tiny::new(Architecture::Qwen3)
        .source()
        .decoder(&Device::flex())
        .unwrap();
    let long = vec![1_u32; CONTEXT + 1];
    let error = decoder.batch(&[&long]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a sequence of 41 tokens is longer than the model's context of 40"
    );
    let error = decoder.batch(&[[300_u32]]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "token id 300 is outside of the vocabulary of 300"
    );
    let nothing: [&[u32]; 1] = [&[]];
    assert!(matches!(
        decoder.batch(&nothing),
        Err(TrainError::Config { .. })
    ));
    let mut cache = Cache::new();
    let ids = decoder.batch(&[&long[..CONTEXT]]).unwrap();
    decoder.hidden_after(ids, &mut cache).unwrap();
    let one = decoder.batch(&[[1_u32]]).unwrap();
    assert!(matches!(
        decoder.hidden_after(one, &mut cache),
        Err(TrainError::Context { tokens: 41, .. })
    ));
}
