//! A run for comparison with other programs (`cargo xtask train-curve`): reads one JSON object from standard input, writes one to standard output.
//!
//! `{"base": PATH, "folder": PATH}` writes a GGUF file as a folder. `{"base": PATH, "data": PATH, "out": PATH, "config": {…}}` writes the adapter
//! before (`out/start`) and after (`out/end`) training, and answers with the rows of every step as tokens and labels, and the figures of every
//! step. `{"base": PATH, "adapter": PATH, "sequences": [[ID]], "logits": PATH, "config": {…}}` writes logits under an adapter, as singles, row after row;
//! of the configuration, `quantize` counts.
#![allow(clippy::print_stdout, reason = "a program that talks to its user")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use burn::tensor::Device;
use dsg_core::Seed;
use dsg_core::artifact::read_jsonl;
use dsg_train::adapter::LoraWeights;
use dsg_train::data::{Dataset, Encoder, ModelChat, Sample};
use dsg_train::{Meter, Source, StepMetrics, TrainConfig, Trainer, merge};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Request {
    base: PathBuf,
    folder: Option<PathBuf>,
    data: Option<PathBuf>,
    out: Option<PathBuf>,
    #[serde(default)]
    config: TrainConfig,
    adapter: Option<PathBuf>,
    #[serde(default)]
    sequences: Vec<Vec<u32>>,
    logits: Option<PathBuf>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let request: Request = serde_json::from_reader(std::io::stdin())?;
    let source = Source::open(&request.base)?;
    let answer = if let Some(folder) = &request.folder {
        merge(&source, None, folder)?;
        json!({})
    } else if let (Some(data), Some(out)) = (&request.data, &request.out) {
        train(&source, data, out, &request.config)?
    } else if let (Some(adapter), Some(path)) = (&request.adapter, &request.logits) {
        logits(&source, adapter, &request, path)?;
        json!({})
    } else {
        return Err("neither `folder`, nor `data` and `out`, nor `adapter` and `logits`".into());
    };
    println!("{answer}");
    Ok(())
}

fn train(
    source: &Source,
    data: &Path,
    out: &Path,
    config: &TrainConfig,
) -> Result<Value, Box<dyn Error>> {
    let tokenizer = source.tokenizer()?;
    let template = source.template()?.ok_or("the model has no chat template")?;
    let chat = ModelChat {
        tokenizer: &tokenizer,
        template: &template,
    };
    let dataset = Dataset::read(data, &Encoder::new(&chat, config.max_tokens))?;
    let mut decoder = source.decoder(&Device::flex())?;
    let start = LoraWeights::new(&config.adapter, &decoder, Seed(config.seed))?;
    start.write(&out.join("start"), None)?;

    let run = out.join("run");
    if run.exists() {
        fs::remove_dir_all(&run)?;
    }
    fs::create_dir_all(&run)?;
    let clock = Clock(Instant::now());
    let trainer = Trainer::new(config.clone())?
        .with_meter(&clock)
        .in_folder(&run);
    let plan = trainer.plan(dataset.samples().len());
    let result = trainer.train(&mut decoder, &dataset, None)?;
    result.weights.write(&out.join("end"), None)?;

    let sample = |sample: &Sample| {
        let labels: Vec<[usize; 2]> = sample.labels.iter().map(|r| [r.start, r.end]).collect();
        json!({"tokens": sample.tokens, "labels": labels})
    };
    let steps: Vec<Vec<Value>> = plan
        .iter()
        .map(|rows| {
            rows.iter()
                .filter_map(|row| dataset.samples().get(*row))
                .map(sample)
                .collect()
        })
        .collect();
    let metrics: Vec<StepMetrics> =
        read_jsonl(&run.join("training_metrics.jsonl"))?.collect::<Result<_, _>>()?;
    Ok(json!({"steps": steps, "metrics": metrics, "scale": config.adapter.scale()}))
}

fn logits(
    source: &Source,
    adapter: &Path,
    request: &Request,
    path: &Path,
) -> Result<(), Box<dyn Error>> {
    let device = Device::flex();
    let mut decoder = source.decoder(&device)?;
    if let Some(bits) = request.config.quantize {
        for (_, projection) in decoder.sites_mut() {
            projection.quantize(bits)?;
        }
    }
    LoraWeights::read(adapter, &device)?.attach(&mut decoder)?;
    let mut bytes = Vec::new();
    for sequence in &request.sequences {
        let hidden = decoder.hidden(decoder.batch(&[sequence])?)?;
        let [batch, length, width] = hidden.dims();
        let values = decoder
            .logits(hidden.reshape([batch * length, width]))
            .into_data();
        bytes.extend(values.iter::<f32>().flat_map(f32::to_le_bytes));
    }
    fs::write(path, bytes)?;
    Ok(())
}

struct Clock(Instant);

impl Meter for Clock {
    fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }

    fn peak_bytes(&self) -> Option<u64> {
        None
    }
}
