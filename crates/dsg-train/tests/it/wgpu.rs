//! What the CPU computes, by wgpu. `cargo xtask wgpu` runs this on a software driver, so that it needs no GPU.

use burn::tensor::{Device, Tensor, TensorData};
use dsg_core::Seed;
use dsg_train::adapter::Adapter;
use dsg_train::architecture::Architecture;
use dsg_train::loss::label_loss;
use dsg_train::{Backend, Recompute, TrainConfig, Trainer};

use crate::decoder::{TOKENS, all_logits, distance};
use crate::model::Tiny;
use crate::rows::eight;
use crate::training;

/// Part of the largest value that logits and losses may differ by: both backends compute in single precision and sum in orders of their own.
const ROUNDING: f64 = 1e-4;
/// The same of gradients, behind which are the roundings of all blocks twice.
const GRADIENT_ROUNDING: f32 = 1e-3;
/// The same of losses and of norms of gradients after some steps.
const STEP_ROUNDING: f64 = 1e-3;

fn gpu() -> Device {
    Backend::Wgpu.device().unwrap()
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0_f32, |a, b| a.max(b.abs()))
}

fn random(name: &str, shape: [usize; 2], device: &Device) -> Tensor<2> {
    let seed = Seed(5).derive("adapter", name);
    let values: Vec<f32> = (0..shape[0] * shape[1])
        .map(|n| seed.derive("value", &n.to_string()).unit() as f32 - 0.5)
        .collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// The loss of all tokens but the first under adapters that change much, and its gradients with respect to their matrices.
fn loss_and_gradients(tiny: &Tiny, device: &Device) -> (f64, Vec<Vec<f32>>) {
    const RANK: usize = 4;
    let mut decoder = tiny.source().decoder(device).unwrap();
    let mut leaves = Vec::new();
    for (site, projection) in decoder.sites_mut() {
        let [outputs, inputs] = projection.dims();
        let [a, b] = [("a", [RANK, inputs]), ("b", [outputs, RANK])].map(|(name, shape)| {
            random(&format!("{site} {name}"), shape, device)
                .autodiff()
                .require_grad()
        });
        leaves.extend([a.clone(), b.clone()]);
        projection.set_adapter(Some(Adapter::new(a, b, 0.3)));
    }
    let hidden = decoder.hidden(decoder.batch(&[TOKENS]).unwrap()).unwrap();
    let [_, length, width] = hidden.dims();
    let predicting = hidden.reshape([length, width]).narrow(0, 0, length - 1);
    let loss = label_loss(&predicting, decoder.head(), &TOKENS[1..], Some(0.1)).unwrap();
    let tape = (predicting * loss.gradient.unwrap()).sum().backward();
    let gradients = leaves.iter().map(|leaf| {
        let gradient = leaf.grad(&tape).unwrap();
        gradient.into_data().try_into_vec::<f32>().unwrap()
    });
    (loss.sum, gradients.collect())
}

#[test]
fn logits_are_those_of_the_cpu() {
    let gpu = gpu();
    for architecture in Architecture::ALL {
        let tiny = Tiny::new(architecture);
        let on = |device: &Device| all_logits(&tiny.source().decoder(device).unwrap(), &TOKENS);
        let (expected, logits) = (on(&Device::flex()), on(&gpu));
        let largest = largest(&expected.concat());
        let far = distance(&logits, &expected);
        assert!(
            largest > 1.0 && f64::from(far) < ROUNDING * f64::from(largest),
            "{architecture:?}: {far} of {largest}"
        );
    }
}

#[test]
fn loss_and_gradients_are_those_of_the_cpu() {
    let gpu = gpu();
    for architecture in Architecture::ALL {
        let tiny = Tiny::new(architecture);
        let (expected_loss, expected) = loss_and_gradients(&tiny, &Device::flex());
        let (loss, gradients) = loss_and_gradients(&tiny, &gpu);
        assert!(
            (loss - expected_loss).abs() < ROUNDING * expected_loss,
            "{architecture:?}: {loss} instead of {expected_loss}"
        );
        assert_eq!(gradients.len(), expected.len());
        for (place, (gradient, expected)) in gradients.iter().zip(&expected).enumerate() {
            assert_eq!(gradient.len(), expected.len());
            let far: Vec<f32> = gradient.iter().zip(expected).map(|(a, b)| a - b).collect();
            let (far, largest) = (largest(&far), largest(expected));
            assert!(
                largest > 0.0 && far < GRADIENT_ROUNDING * largest,
                "{architecture:?}, matrix {place}: {far} of {largest}"
            );
        }
    }
}

#[test]
fn training_takes_the_steps_that_it_takes_on_the_cpu() {
    type Change = fn(&mut TrainConfig);
    let kinds: [(Architecture, Change); 2] = [
        // Masks with its window and with borders.
        (Architecture::Gemma3, |config| {
            config.packing = true;
            config.recompute = Recompute::Always;
        }),
        (Architecture::Qwen2, |config| config.adapter.dora = true),
    ];
    let gpu = gpu();
    for (architecture, change) in kinds {
        let steps = |device: &Device| {
            let folder = tempfile::tempdir().unwrap();
            let mut decoder = Tiny::new(architecture).source().decoder(device).unwrap();
            let mut config = training::config(3);
            change(&mut config);
            let trainer = Trainer::new(config).unwrap().in_folder(folder.path());
            trainer.train(&mut decoder, &eight(), None).unwrap();
            training::metrics(folder.path())
        };
        let (expected, steps) = (steps(&Device::flex()), steps(&gpu));
        assert_eq!((expected.len(), steps.len()), (6, 6));
        for (step, expected) in steps.iter().zip(&expected) {
            // A step makes a little more of the rounding before it.
            let same = |a: Option<f64>, b: Option<f64>| {
                (a.unwrap() / b.unwrap() - 1.0).abs() < STEP_ROUNDING
            };
            assert!(
                same(step.loss, expected.loss) && same(step.gradient_norm, expected.gradient_norm),
                "{architecture:?}: {step:?} instead of {expected:?}"
            );
        }
        assert!(
            steps[5].loss.unwrap() < 0.9 * steps[0].loss.unwrap(),
            "{architecture:?}: {steps:?}"
        );
    }
}
