//! The commands `dsg train` and `dsg merge` as calls.

use std::fs;
use std::path::{Path, PathBuf};

use dsg_core::artifact::{write_json, write_jsonl};
use dsg_core::{Event, Interrupt, Observer, Stage};
use dsg_train::adapter::LoraWeights;
use dsg_train::burn::tensor::Device;
use dsg_train::data::{Dataset, Encoder, ModelChat};
use dsg_train::source::Source;
use dsg_train::{Backend, TrainConfig, TrainError, TrainReport, Trainer};
use serde::Serialize;

use super::meter::ProcessMeter;
use crate::error::DsgError;
use crate::evaluation::clear;
use crate::lock::lock;

const CHECKPOINTS: &str = "checkpoints";
const SUMMARY: &str = "training.json";

/// What is trained on what, and where the adapter goes.
#[derive(Debug, Clone)]
pub struct TrainJob {
    /// The base model: a Hugging Face folder or a GGUF file.
    pub base: PathBuf,
    /// The rows to train on, JSON Lines with `messages` or with `prompt` and `completion`.
    pub data: PathBuf,
    /// Rows to evaluate on. With them, the adapter with the best loss on them is kept; without, the last one.
    pub eval: Option<PathBuf>,
    /// The folder for adapter, metrics and checkpoints.
    pub out: PathBuf,
    /// Whether checkpoints and summary that are there are removed first, instead of going on from the newest. Default of the command: no.
    pub restart: bool,
    /// What computes. Default of the command: the CPU.
    pub device: Backend,
    /// How it is trained.
    pub config: TrainConfig,
}

/// How it went, and what is in the folder.
#[derive(Debug, Clone, Serialize)]
pub struct TrainSummary {
    /// The base model as it was named.
    pub base: String,
    /// Rows that were trained on.
    pub rows: u64,
    /// Rows that were refused, over both datasets; they are in `rejects.jsonl`.
    pub refused: u64,
    /// Labels of the rows that were trained on.
    pub labels: u64,
    /// How it went.
    pub report: TrainReport,
    /// What computed.
    pub device: Backend,
    /// How it was trained.
    pub config: TrainConfig,
    /// The files, by name.
    pub written: Vec<String>,
}

/// Trains an adapter; the same call goes on where a stopped one was. Leaves `adapter_config.json` and `adapter_model.safetensors` for PEFT,
/// `adapter.gguf` for llama.cpp (not of DoRA), `training_metrics.jsonl`, `training.json` (the summary) and `rejects.jsonl`.
///
/// # Errors
/// [`DsgError::Train`] for base models, data and settings that cannot be used, for a device that this build or this machine lacks, and for a run
/// that diverged; [`DsgError::Interrupted`], after a checkpoint; [`DsgError::Locked`] while another run has the folder.
pub fn train(
    job: &TrainJob,
    observer: &dyn Observer,
    interrupt: &Interrupt,
) -> Result<TrainSummary, DsgError> {
    let trainer = Trainer::new(job.config.clone())?;
    let device = job.device.device()?;
    fs::create_dir_all(&job.out).map_err(DsgError::file("create", &job.out))?;
    let _lock = lock(&job.out, &job.out)?;
    let source = Source::open(&job.base)?;
    let tokenizer = source.tokenizer()?;
    let template = source.chat_template()?;
    let chat = ModelChat {
        tokenizer: &tokenizer,
        template: &template,
    };
    let most = job.config.max_tokens.min(source.config().context);
    let encoder = Encoder::new(&chat, most);
    let data = read(&job.data, &encoder, observer)?;
    let eval = match &job.eval {
        Some(path) => Some(read(path, &encoder, observer)?),
        None => None,
    };
    let rejects = data
        .rejects()
        .iter()
        .chain(eval.iter().flat_map(Dataset::rejects));
    let refused = write_jsonl(&job.out.join("rejects.jsonl"), rejects)?;
    for dataset in [Some(&data), eval.as_ref()].into_iter().flatten() {
        dataset.require_rows()?;
    }
    if job.restart {
        let checkpoints = job.out.join(CHECKPOINTS);
        if checkpoints.exists() {
            fs::remove_dir_all(&checkpoints).map_err(DsgError::file("remove", &checkpoints))?;
        }
        // It would say that what begins now is finished.
        clear(&job.out, &[SUMMARY])?;
    }

    let mut decoder = source.decoder(&device)?;
    let meter = ProcessMeter::new();
    let outcome = trainer
        .with_observer(observer)
        .with_interrupt(interrupt.clone())
        .with_meter(&meter)
        .in_folder(&job.out)
        .train(&mut decoder, &data, eval.as_ref())
        .map_err(|error| match error {
            TrainError::Interrupted { .. } => DsgError::Interrupted {
                stage: Stage::Train,
            },
            error => error.into(),
        })?;

    let base = job.base.display().to_string();
    outcome.weights.write(&job.out, Some(&base))?;
    let mut written = ["adapter_config.json", "adapter_model.safetensors"].to_vec();
    if !outcome.weights.config().dora {
        let path = job.out.join("adapter.gguf");
        outcome.weights.write_gguf(source.config(), &path)?;
        written.push("adapter.gguf");
    }
    written.extend(["rejects.jsonl", SUMMARY, "training_metrics.jsonl"]);
    let summary = TrainSummary {
        base,
        rows: data.samples().len() as u64,
        refused,
        labels: data.labels() as u64,
        report: outcome.report,
        device: job.device,
        config: job.config.clone(),
        written: written.into_iter().map(str::to_owned).collect(),
    };
    write_json(&job.out.join(SUMMARY), &summary)?;
    Ok(summary)
}

fn read(
    path: &Path,
    encoder: &Encoder<'_, ModelChat<'_>>,
    observer: &dyn Observer,
) -> Result<Dataset, DsgError> {
    let dataset = Dataset::read(path, encoder)?;
    for reject in dataset.rejects() {
        observer.on_event(&Event::Warning {
            stage: Stage::Train,
            subject: reject.id.clone(),
            message: reject.detail.clone(),
        });
    }
    Ok(dataset)
}

/// What is merged into what.
#[derive(Debug, Clone)]
pub struct MergeJob {
    /// The base model: a Hugging Face folder or a GGUF file.
    pub base: PathBuf,
    /// A folder with an adapter in PEFT's layout. None writes the base model alone, in the form of a merged one.
    pub adapter: Option<PathBuf>,
    /// The folder for the merged model.
    pub out: PathBuf,
}

/// Merges an adapter into its base model, in single precision, and writes a Hugging Face folder.
///
/// # Errors
/// [`DsgError::Train`] for models and adapters that cannot be read or do not fit each other.
pub fn merge(job: &MergeJob) -> Result<(), DsgError> {
    let source = Source::open(&job.base)?;
    let adapter = match &job.adapter {
        Some(folder) => Some(LoraWeights::read(folder, &Device::flex())?),
        None => None,
    };
    dsg_train::merge(&source, adapter.as_ref(), &job.out)?;
    Ok(())
}
