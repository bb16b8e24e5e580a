//! How a step is computed changes nothing but rounding.

use std::path::Path;

use burn::tensor::Device;
use dsg_train::adapter::{AdapterConfig, LoraWeights};
use dsg_train::architecture::Architecture;
use dsg_train::{Bits, Recompute, Schedule, TrainConfig, Trainer};

use crate::adapter::trained;
use crate::model::Tiny;
use crate::rows::eight;
use crate::training::metrics;

/// One step over all eight rows, after which a matrix is next to nothing but its gradient times -1e4: nothing is clipped, and beside `epsilon` the
/// rest of AdamW's denominator is small.
fn config() -> TrainConfig {
    TrainConfig {
        max_steps: Some(1),
        learning_rate: 1e8,
        epsilon: 1e4,
        schedule: Schedule::Constant,
        warmup: 0.0,
        clip_norm: None,
        batch_rows: 8,
        bucket: 8,
        ..TrainConfig::default()
    }
}

/// An adapter of which no matrix is zero, where `layer` is given with that layer's matrices alone.
fn start(tiny: &Tiny, dora: bool, dropout: f64, layer: Option<usize>) -> LoraWeights {
    let weights = trained(tiny, dora, false);
    let config = AdapterConfig {
        dropout,
        ..weights.config().clone()
    };
    let mut sites = weights.sites().clone();
    sites.retain(|site, _| layer.is_none_or(|layer| site.layer == layer));
    LoraWeights::from_sites(config, Path::new("start"), sites).unwrap()
}

/// The loss of a step, and every matrix after it.
struct Step {
    loss: f64,
    matrices: Vec<Vec<f32>>,
}

fn step_in(folder: &Path, tiny: &Tiny, start: &LoraWeights, config: TrainConfig) -> Step {
    let mut decoder = tiny.source().decoder(&Device::flex()).unwrap();
    let trained = Trainer::new(config)
        .unwrap()
        .with_adapter(start.clone())
        .in_folder(folder)
        .train(&mut decoder, &eight(), None)
        .unwrap();
    let matrices = trained.weights.sites().values().flat_map(|site| {
        [Some(&site.a), Some(&site.b), site.magnitude.as_ref()]
            .into_iter()
            .flatten()
    });
    Step {
        loss: trained.report.first_loss.unwrap(),
        matrices: matrices
            .map(|matrix| matrix.to_data().try_into_vec().unwrap())
            .collect(),
    }
}

fn largest(values: impl IntoIterator<Item = f32>) -> f32 {
    values
        .into_iter()
        .fold(0.0, |most, value| most.max(value.abs()))
}

/// Every matrix to within `tolerance` of its largest value.
fn assert_same(one: &Step, other: &Step, tolerance: f32, what: &str) {
    let apart = (one.loss - other.loss).abs() / other.loss;
    assert!(apart < f64::from(tolerance), "loss of {what}: {apart}");
    assert_eq!(one.matrices.len(), other.matrices.len());
    // The gradients are what is compared.
    let moved = largest(other.matrices.iter().flatten().copied());
    assert!(moved > 10.0, "{what}: {moved}");
    for (index, (one, other)) in one.matrices.iter().zip(&other.matrices).enumerate() {
        let apart = largest(one.iter().zip(other).map(|(one, other)| one - other));
        let scale = largest(other.iter().copied());
        assert!(
            apart <= tolerance * scale,
            "matrix {index} of {what}: {apart} of {scale}"
        );
    }
}

#[test]
fn layers_that_run_again_give_the_same_gradients() {
    let cases = [
        (Tiny::new(Architecture::Llama), false, 0.25, None, None),
        (Tiny::new(Architecture::Qwen2), true, 0.0, None, None),
        // Its head is no embedding.
        (Tiny::new(Architecture::Qwen3), true, 0.25, None, None),
        (Tiny::new(Architecture::Gemma3), false, 0.25, None, None),
        (
            Tiny::of_blocks(Architecture::Llama),
            false,
            0.25,
            Some(Bits::Four),
            None,
        ),
        (
            Tiny::of_blocks(Architecture::Gemma3),
            true,
            0.0,
            Some(Bits::Eight),
            None,
        ),
        // Nothing learns above, nothing below.
        (Tiny::new(Architecture::Llama), false, 0.25, None, Some(0)),
        (Tiny::new(Architecture::Llama), false, 0.25, None, Some(1)),
    ];
    for (tiny, dora, dropout, quantize, layer) in cases {
        let start = start(&tiny, dora, dropout, layer);
        let run = |recompute| {
            let config = TrainConfig {
                recompute,
                quantize,
                // Several passes.
                batch_tokens: 96,
                ..config()
            };
            step_in(tempfile::tempdir().unwrap().path(), &tiny, &start, config)
        };
        let architecture = tiny.config.architecture;
        assert_same(
            &run(Recompute::Always),
            &run(Recompute::Never),
            1e-5,
            &format!("{architecture:?}, {dora}, {dropout}, {quantize:?}, {layer:?}"),
        );
    }
}

/// Tokens of the step's passes with their padding.
fn padded_tokens(folder: &Path) -> u64 {
    let lines = metrics(folder);
    lines.iter().map(|line| line.padded_tokens).sum()
}

#[test]
fn samples_that_share_a_sequence_are_learned_as_if_alone() {
    for architecture in Architecture::ALL {
        let tiny = Tiny::new(architecture);
        let start = start(&tiny, false, 0.0, None);
        let run = |packing, batch_tokens, recompute| {
            let folder = tempfile::tempdir().unwrap();
            let config = TrainConfig {
                packing,
                batch_tokens,
                recompute,
                ..config()
            };
            let step = step_in(folder.path(), &tiny, &start, config);
            (step, padded_tokens(folder.path()))
        };
        let (apart, padded) = run(false, 4096, Recompute::Never);
        // Of 12 to 25 tokens each.
        assert_eq!(padded, 8 * 32);
        for (batch_tokens, recompute) in [
            (4096, Recompute::Never),
            (4096, Recompute::Always),
            // Passes of two sequences, and of one.
            (64, Recompute::Never),
            (32, Recompute::Never),
        ] {
            let (packed, padded) = run(true, batch_tokens, recompute);
            // Three of the eight share with another one, without a token of padding.
            assert_eq!(padded, 5 * 32, "{batch_tokens}");
            let what = format!("{architecture:?}, {batch_tokens}, {recompute:?}");
            assert_same(&packed, &apart, 1e-3, &what);
        }
    }
}

#[test]
fn samples_that_share_a_sequence_are_evaluated_as_if_alone() {
    for architecture in Architecture::ALL {
        let tiny = Tiny::new(architecture);
        let start = start(&tiny, false, 0.0, None);
        let loss = |packing| {
            let mut decoder = tiny.source().decoder(&Device::flex()).unwrap();
            let config = TrainConfig {
                packing,
                learning_rate: 1e-9,
                ..config()
            };
            let trainer = Trainer::new(config).unwrap().with_adapter(start.clone());
            let eight = eight();
            let outcome = trainer.train(&mut decoder, &eight, Some(&eight)).unwrap();
            outcome.report.base_eval_loss.unwrap()
        };
        let (packed, apart) = (loss(true), loss(false));
        assert!(
            (packed - apart).abs() < 1e-4 * apart,
            "{architecture:?}: {packed} instead of {apart}"
        );
    }
}
