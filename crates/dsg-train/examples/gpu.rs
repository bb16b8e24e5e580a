//! Measures a GPU beside the CPU: logits, then training. Prints one JSON object a line, progress on standard error.
//!
//! ```text
//! cargo run --release -p dsg-train --features vulkan --example gpu -- vulkan MODEL DATA
//! ```
//!
//! `cargo xtask gpu` builds it for CUDA where there is no LLVM. The last line has the fields of `xtask/python/train_speed.py`, which compares it with
//! TRL's trainer.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that talks to its user"
)]

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use dsg_core::artifact::read_jsonl;
use dsg_train::burn::tensor::Device;
use dsg_train::data::{Dataset, Encoder, ModelChat};
use dsg_train::decoder::Decoder;
use dsg_train::{Backend, Meter, Source, StepMetrics, TrainConfig, Trainer};
use serde_json::json;

const USAGE: &str = "\
usage: gpu cpu|cuda|wgpu|vulkan MODEL DATA [--NAME N]...

MODEL is a GGUF file or a folder, DATA a train.jsonl. Options and their defaults:
  --rows 16            rows of a step
  --tokens 1024        most tokens of a row
  --batch-tokens 4096  tokens that go through the model at once (on the CPU 512)
  --bucket 64          rows are padded to multiples of so many tokens (on the CPU 16)
  --rank 16            rank of the adapter
  --epochs 3           how often every row is seen; of more than one, the first does not count, since kernels are tried out in it
  --compared 4         rows whose logits are compared with the CPU's, 256 tokens of each";
/// Tokens of a row whose logits are compared.
const COMPARED_TOKENS: usize = 256;

struct Request {
    backend: Backend,
    model: PathBuf,
    data: PathBuf,
    config: TrainConfig,
    compared: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let request = Request::read(env::args().skip(1))?;
    let device = request.backend.device()?;
    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    let name = device.identity().map(|identity| identity.name);
    #[cfg(not(any(feature = "cuda", feature = "wgpu")))]
    let name = None::<String>;
    println!(
        "{}",
        json!({"measure": "device", "backend": request.backend, "name": name})
    );
    let source = Source::open(&request.model)?;
    let (tokenizer, template) = (source.tokenizer()?, source.chat_template()?);
    let chat = ModelChat {
        tokenizer: &tokenizer,
        template: &template,
    };
    let most = request.config.max_tokens.min(source.config().context);
    let encoder = Encoder::new(&chat, most);
    let dataset = Dataset::read(&request.data, &encoder)?;
    let mut decoder = source.decoder(&device)?;
    if request.compared > 0 {
        eprintln!("comparing logits with those of the CPU");
        compare(&source, &decoder, &dataset, request.compared)?;
    }
    eprintln!("training on {} rows", dataset.samples().len());
    train(&mut decoder, &dataset, &request.config, device)
}

impl Request {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let (mut places, mut options) = (Vec::new(), Vec::new());
        while let Some(argument) = arguments.next() {
            match argument.strip_prefix("--") {
                Some(name) => {
                    let value = arguments.next().and_then(|value| value.parse().ok());
                    let value: usize = value.ok_or(USAGE)?;
                    options.push((name.to_owned(), value));
                }
                None => places.push(argument),
            }
        }
        let [backend, model, data] = places.as_slice() else {
            return Err(USAGE.into());
        };
        let backend: Backend = backend.parse()?;
        let mut config = TrainConfig::for_backend(backend);
        let mut compared = 4;
        for (name, value) in options {
            match name.as_str() {
                "rows" => config.batch_rows = value,
                "tokens" => config.max_tokens = value,
                "batch-tokens" => config.batch_tokens = value,
                "bucket" => config.bucket = value,
                "rank" => {
                    config.adapter.rank = value;
                    config.adapter.alpha = 2.0 * value as f64;
                }
                "epochs" => config.epochs = u32::try_from(value)?,
                "compared" => compared = value,
                _ => return Err(USAGE.into()),
            }
        }
        config.validate()?;
        Ok(Self {
            backend,
            model: model.into(),
            data: data.into(),
            config,
            compared,
        })
    }
}

/// Prints how far logits are from those of the CPU.
fn compare(
    source: &Source,
    decoder: &Decoder,
    dataset: &Dataset,
    rows: usize,
) -> Result<(), Box<dyn Error>> {
    let cpu = source.decoder(&Backend::Cpu.device()?)?;
    let vocabulary = source.config().vocabulary;
    let (mut positions, mut same) = (0_usize, 0_usize);
    let (mut farthest, mut largest) = (0.0_f32, 0.0_f32);
    for sample in dataset.samples().iter().take(rows) {
        let tokens: Vec<u32> = sample
            .tokens
            .iter()
            .copied()
            .take(COMPARED_TOKENS)
            .collect();
        let (expected, actual) = (logits(&cpu, &tokens)?, logits(decoder, &tokens)?);
        let pairs = expected.chunks(vocabulary).zip(actual.chunks(vocabulary));
        for (expected, actual) in pairs {
            positions += 1;
            same += usize::from(highest(expected) == highest(actual));
            for (expected, actual) in expected.iter().zip(actual) {
                // Not `max`, which passes over what is no number.
                let far = (expected - actual).abs();
                if far > farthest || far.is_nan() {
                    farthest = far;
                }
                largest = largest.max(expected.abs());
            }
        }
    }
    println!(
        "{}",
        json!({"measure": "logits", "positions": positions, "largest_difference": farthest, "largest_logit": largest,
            "same_likeliest": same as f64 / positions.max(1) as f64})
    );
    Ok(())
}

fn logits(decoder: &Decoder, tokens: &[u32]) -> Result<Vec<f32>, Box<dyn Error>> {
    let hidden = decoder.hidden(decoder.batch(&[tokens])?)?;
    let [batch, length, width] = hidden.dims();
    let logits = decoder.logits(hidden.reshape([batch * length, width]));
    let values = logits.into_data().try_into_vec::<f32>();
    Ok(values.map_err(|error| format!("{error:?}"))?)
}

fn highest(logits: &[f32]) -> Option<usize> {
    let places = logits.iter().enumerate();
    let highest = places.max_by(|(_, a), (_, b)| a.total_cmp(b));
    highest.map(|(place, _)| place)
}

/// Prints a line for every step and one for all that count.
fn train(
    decoder: &mut Decoder,
    dataset: &Dataset,
    config: &TrainConfig,
    device: Device,
) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let clock = Clock {
        start: Instant::now(),
        device,
        peak: AtomicU64::new(0),
    };
    let trainer = Trainer::new(config.clone())?
        .with_meter(&clock)
        .in_folder(folder.path());
    trainer.train(decoder, dataset, None)?;

    let path = folder.path().join("training_metrics.jsonl");
    let steps: Vec<StepMetrics> = read_jsonl(&path)?.collect::<Result<_, _>>()?;
    for step in &steps {
        let mut line = serde_json::to_value(step)?;
        if let Some(line) = line.as_object_mut() {
            line.insert("measure".to_owned(), "step".into());
        }
        println!("{line}");
    }
    let first = if config.epochs > 1 {
        dataset.samples().len().div_ceil(config.batch_rows)
    } else {
        0
    };
    let counted = steps.get(first..).unwrap_or_default();
    let labels: u64 = counted.iter().map(|step| step.label_tokens).sum();
    let tokens: u64 = counted.iter().map(|step| step.tokens).sum();
    let seconds: f64 = counted.iter().filter_map(|step| step.seconds).sum();
    let peak = counted.last().and_then(|step| step.peak_bytes);
    println!(
        "{}",
        json!({"measure": "training", "engine": "dsg", "steps": counted.len(), "labels": labels, "tokens": tokens, "seconds": seconds,
            "labels_per_second": labels as f64 / seconds, "first_loss": steps.first().and_then(|step| step.loss),
            "last_loss": steps.last().and_then(|step| step.loss), "peak_mib": peak.map(|bytes| bytes >> 20)})
    );
    Ok(())
}

/// Waits for the device whenever it is asked for the time, so that a step has its own work in it. Memory is what the allocator has reserved on the
/// device.
struct Clock {
    start: Instant,
    device: Device,
    peak: AtomicU64,
}

impl Meter for Clock {
    fn seconds(&self) -> f64 {
        // Whatever failed is told by the step that needs it.
        let _ = self.device.sync();
        self.start.elapsed().as_secs_f64()
    }

    fn peak_bytes(&self) -> Option<u64> {
        let reserved = self.device.memory_pool_usage()?.bytes_reserved;
        let before = self.peak.fetch_max(reserved, Ordering::Relaxed);
        Some(before.max(reserved))
    }
}
