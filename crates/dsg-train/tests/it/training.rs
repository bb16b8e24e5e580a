//! Runs of the trainer on tiny models.

use std::fs;
use std::path::Path;

use burn::tensor::{Device, Tensor};
use dsg_core::{Event, Interrupt, Observer};
use dsg_train::adapter::{AdapterConfig, LoraWeights, SiteWeights, Target};
use dsg_train::architecture::{Architecture, Weight};
use dsg_train::data::Dataset;
use dsg_train::decoder::Decoder;
use dsg_train::{Recompute, StepMetrics, TrainConfig, TrainError, Trained, Trainer, evaluate};

use crate::model::Tiny;
use crate::rows::{eight, others};

pub(crate) fn decoder(architecture: Architecture) -> Decoder {
    let tiny = Tiny::new(architecture);
    tiny.source().decoder(&Device::flex()).unwrap()
}

/// What learns eight rows by heart.
pub(crate) fn config(epochs: u32) -> TrainConfig {
    TrainConfig {
        adapter: AdapterConfig {
            rank: 8,
            alpha: 16.0,
            ..AdapterConfig::default()
        },
        epochs,
        learning_rate: 1e-2,
        batch_rows: 4,
        bucket: 8,
        ..TrainConfig::default()
    }
}

fn train(config: TrainConfig, decoder: &mut Decoder) -> Trained {
    let trainer = Trainer::new(config).unwrap();
    trainer.train(decoder, &eight(), None).unwrap()
}

pub(crate) fn values(weights: &LoraWeights) -> Vec<f32> {
    let matrices = weights.sites().values().flat_map(|site| {
        [Some(&site.a), Some(&site.b), site.magnitude.as_ref()]
            .into_iter()
            .flatten()
    });
    matrices
        .flat_map(|matrix| matrix.to_data().try_into_vec::<f32>().unwrap())
        .collect()
}

fn distance(a: &LoraWeights, b: &LoraWeights) -> f32 {
    let pairs = values(a).into_iter().zip(values(b));
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn eight_rows_are_learned_by_heart() {
    type Change = fn(&mut AdapterConfig);
    let kinds: [(Architecture, Change); 4] = [
        (Architecture::Llama, |_| {}),
        (Architecture::Gemma3, |_| {}),
        (Architecture::Llama, |adapter| adapter.dora = true),
        (Architecture::Qwen2, |adapter| adapter.rslora = true),
    ];
    for (architecture, change) in kinds {
        let mut decoder = decoder(architecture);
        let base = evaluate(&decoder, &eight(), 512, 8).unwrap().unwrap();
        let mut config = config(60);
        change(&mut config.adapter);
        let trained = train(config, &mut decoder);
        let report = trained.report;
        assert!(base > 2.0, "{architecture:?}: {base}");
        let last = report.last_loss.unwrap();
        assert!(last < 0.05, "{architecture:?}: {last}");
        // The adapter that comes back is attached.
        let after = evaluate(&decoder, &eight(), 512, 8).unwrap().unwrap();
        assert!(after < 0.05, "{architecture:?}: {after}");
        assert_eq!(report.steps, 120);
        LoraWeights::detach(&mut decoder);
        let without = evaluate(&decoder, &eight(), 512, 8).unwrap().unwrap();
        assert!((without - base).abs() < 1e-6, "{without} {base}");
    }
}

#[test]
fn the_first_loss_is_that_of_the_base_model() {
    for dora in [false, true] {
        let mut decoder = decoder(Architecture::Gemma3);
        let base = evaluate(&decoder, &eight(), 512, 8).unwrap().unwrap();
        let mut config = config(1);
        config.adapter.dora = dora;
        config.batch_rows = 8;
        let first = train(config, &mut decoder).report.first_loss.unwrap();
        assert!((first - base).abs() < 1e-4, "{first} {base}");
    }
}

#[test]
fn batches_change_nothing_but_rounding() {
    let run = |batch_tokens, bucket| {
        let mut config = config(3);
        config.batch_tokens = batch_tokens;
        config.bucket = bucket;
        train(config, &mut decoder(Architecture::Llama)).weights
    };
    let (together, apart) = (run(4096, 16), run(1, 1));
    let far = distance(&together, &apart);
    assert!(far < 1e-3, "{far}");
    let other = train(
        TrainConfig {
            seed: 43,
            ..config(3)
        },
        &mut decoder(Architecture::Llama),
    );
    assert!(distance(&together, &other.weights) > 1e-2);
}

/// Asks for a stop after so many steps.
struct StopAfter(u64, Interrupt);

impl Observer for StopAfter {
    fn on_event(&self, event: &Event) {
        if matches!(event, Event::Progress { done, .. } if *done >= self.0) {
            self.1.request();
        }
    }
}

fn run_in(folder: &Path, stop: Option<u64>) -> Result<Trained, TrainError> {
    run_with(folder, stop, |_| {})
}

fn run_with(
    folder: &Path,
    stop: Option<u64>,
    change: fn(&mut TrainConfig),
) -> Result<Trained, TrainError> {
    let mut config = config(6);
    change(&mut config);
    config.adapter.dropout = 0.2;
    config.checkpoint_steps = 2;
    let interrupt = Interrupt::default();
    let observer = StopAfter(stop.unwrap_or(u64::MAX), interrupt.clone());
    Trainer::new(config)
        .unwrap()
        .with_observer(&observer)
        .with_interrupt(interrupt)
        .in_folder(folder)
        .train(&mut decoder(Architecture::Llama), &eight(), Some(&others()))
}

pub(crate) fn metrics(folder: &Path) -> Vec<StepMetrics> {
    let path = folder.join("training_metrics.jsonl");
    let lines = dsg_core::artifact::read_jsonl(&path).unwrap();
    lines.collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_stopped_run_ends_with_the_same_bits() {
    let (whole, stopped) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let expected = run_in(whole.path(), None).unwrap();
    assert_eq!(expected.report.steps, 12);
    for stop in [1, 5, 8] {
        let error = run_in(stopped.path(), Some(stop)).unwrap_err();
        assert!(matches!(error, TrainError::Interrupted { step } if step == stop));
    }
    // As a power cut might leave it: the newest checkpoint cut, a line half written.
    let newest = stopped
        .path()
        .join("checkpoints/checkpoint-00000008.safetensors");
    let bytes = fs::read(&newest).unwrap();
    fs::write(&newest, &bytes[..bytes.len() / 2]).unwrap();
    let path = stopped.path().join("training_metrics.jsonl");
    let lines = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{lines}{{\"step\":9,\"lo")).unwrap();

    let trained = run_in(stopped.path(), None).unwrap();
    assert_eq!(values(&trained.weights), values(&expected.weights));
    assert_eq!(trained.report.resumed_from, Some(6));
    assert_eq!(
        (trained.report.tokens, trained.report.eval_loss),
        (expected.report.tokens, expected.report.eval_loss)
    );
    assert_eq!(metrics(stopped.path()), metrics(whole.path()));
    // A finished run is found finished.
    let again = run_in(stopped.path(), None).unwrap();
    assert_eq!(again.report.resumed_from, Some(12));
    assert_eq!(values(&again.weights), values(&expected.weights));
}

#[test]
fn a_stopped_run_ends_with_the_same_bits_however_it_is_computed() {
    let change = |config: &mut TrainConfig| {
        config.packing = true;
        config.recompute = Recompute::Always;
    };
    let (whole, stopped) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let expected = run_with(whole.path(), None, change).unwrap();
    run_with(stopped.path(), Some(5), change).unwrap_err();
    // Which ways there are is part of what a run is.
    let error = run_in(stopped.path(), None).unwrap_err();
    assert!(matches!(error, TrainError::OtherRun { .. }), "{error}");
    let trained = run_with(stopped.path(), None, change).unwrap();
    assert_eq!(trained.report.resumed_from, Some(5));
    assert_eq!(values(&trained.weights), values(&expected.weights));
    assert_eq!(metrics(stopped.path()), metrics(whole.path()));
}

#[test]
fn a_folder_of_another_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    run_in(folder.path(), None).unwrap();
    let error = Trainer::new(config(6))
        .unwrap()
        .in_folder(folder.path())
        .train(&mut decoder(Architecture::Llama), &eight(), None)
        .unwrap_err();
    assert!(matches!(error, TrainError::OtherRun { .. }), "{error}");
}

#[test]
fn the_best_adapter_is_kept_and_training_ends_when_nothing_gets_better() {
    let mut config = config(20);
    config.learning_rate = 1e-9;
    config.eval_steps = Some(1);
    config.patience = Some(2);
    let trained = Trainer::new(config)
        .unwrap()
        .train(&mut decoder(Architecture::Llama), &eight(), Some(&others()))
        .unwrap();
    let report = trained.report;
    assert!(report.stopped_early);
    assert_eq!((report.steps, report.best_step), (3, 0));
    assert_eq!(report.eval_loss, report.base_eval_loss);
    // That of step 0 changes nothing.
    let sites = trained.weights.sites().values();
    let sum: f32 = sites
        .map(|site| site.b.clone().abs().sum().into_scalar::<f32>())
        .sum();
    assert!(sum.abs() < f32::EPSILON);
}

/// An adapter of which one value is no number.
fn broken(decoder: &Decoder) -> LoraWeights {
    let config = AdapterConfig {
        rank: 2,
        targets: vec![Target::VProj],
        ..AdapterConfig::default()
    };
    let device = Device::flex();
    let sites = decoder
        .sites()
        .filter(|(site, _)| site.target == Target::VProj)
        .map(|(site, projection)| {
            let [outputs, inputs] = projection.dims();
            let a = Tensor::<2>::full([2, inputs], f32::NAN, &device);
            (
                site,
                SiteWeights::new(a, Tensor::ones([outputs, 2], &device), None),
            )
        });
    LoraWeights::from_sites(config, Path::new("broken"), sites.collect()).unwrap()
}

#[test]
fn steps_without_a_finite_loss_change_nothing_and_end_the_run_with_their_rows() {
    let mut decoder = decoder(Architecture::Llama);
    let mut config = config(10);
    config.skips = 2;
    let folder = tempfile::tempdir().unwrap();
    let error = Trainer::new(config)
        .unwrap()
        .with_adapter(broken(&decoder))
        .in_folder(folder.path())
        .train(&mut decoder, &eight(), None)
        .unwrap_err();
    let TrainError::Diverged {
        step, what, rows, ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!((*step, *what), (3, "loss"));
    assert_eq!(rows.split(", ").count(), 4, "{rows}");
    assert!(rows.split(", ").all(|id| id.starts_with('r')), "{rows}");
    let metrics = metrics(folder.path());
    assert!(
        metrics
            .iter()
            .all(|line| line.skipped && line.loss.is_none())
    );
}

#[test]
fn a_base_model_that_says_nothing_finite_is_refused() {
    let mut tiny = Tiny::new(Architecture::Llama);
    let norm = tiny.values.get_mut(&Weight::OutputNorm).unwrap();
    for value in norm {
        *value *= 2e38;
    }
    let path = tiny.gguf(dsg_gguf::TensorType::F32, |_| {});
    let source = dsg_train::Source::open(path).unwrap();
    let mut decoder = source.decoder(&Device::flex()).unwrap();
    let trainer = Trainer::new(config(1)).unwrap();
    let error = trainer.train(&mut decoder, &eight(), None).unwrap_err();
    assert!(matches!(error, TrainError::Guard { .. }), "{error}");
}

#[test]
fn what_cannot_be_trained_is_refused() {
    let mut decoder = decoder(Architecture::Llama);
    let mut large = config(1);
    large.adapter.rank = 17;
    let error = Trainer::new(large)
        .unwrap()
        .train(&mut decoder, &eight(), None)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("adapter.rank") && error.contains("k_proj"),
        "{error}"
    );
    let mut blocks = config(1);
    blocks.quantize = Some(dsg_train::Bits::Eight);
    let error = Trainer::new(blocks)
        .unwrap()
        .train(&mut decoder, &eight(), None)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("quantize") && error.contains("40"),
        "{error}"
    );
    let error = Trainer::new(config(1))
        .unwrap()
        .train(&mut decoder, &Dataset::default(), None)
        .unwrap_err();
    assert!(matches!(error, TrainError::NoRows { .. }), "{error}");
    assert!(
        Trainer::new(TrainConfig {
            epochs: 0,
            ..config(1)
        })
        .is_err()
    );
}
