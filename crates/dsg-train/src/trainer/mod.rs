//! The loop: steps, evaluations, checkpoints.

mod evaluate;
mod pass;
mod report;
mod run;
mod step;

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use dsg_core::hash::xxh3_hex;
use dsg_core::{Interrupt, Observer, Seed, Silent};
use serde_json::json;

pub use evaluate::evaluate;
pub(crate) use evaluate::mean_loss;
pub use report::{TrainReport, Trained};

use crate::adapter::LoraWeights;
use crate::config::TrainConfig;
use crate::data::{Dataset, Order};
use crate::decoder::Decoder;
use crate::error::TrainError;
use crate::metrics::Meter;
use run::Run;

/// Trains the adapters of a model.
///
/// On a CPU, the same configuration, data and model give the same adapter on the same machine, to the last bit, also when the run was stopped and
/// went on from a checkpoint. On a GPU, which tries out kernels and takes the fastest, they give one that differs by rounding.
pub struct Trainer<'a> {
    config: TrainConfig,
    observer: &'a dyn Observer,
    interrupt: Interrupt,
    meter: Option<&'a dyn Meter>,
    start: Option<LoraWeights>,
    folder: Option<PathBuf>,
}

impl<'a> Trainer<'a> {
    /// A trainer that tells nobody of its progress and keeps nothing on disk.
    ///
    /// # Errors
    /// [`TrainError::Config`] naming the first impossible value.
    pub fn new(config: TrainConfig) -> Result<Self, TrainError> {
        config.validate()?;
        Ok(Self {
            config,
            observer: &Silent,
            interrupt: Interrupt::default(),
            meter: None,
            start: None,
            folder: None,
        })
    }

    /// Tells `observer` of the progress: steps, a line of figures after each, evaluations, and what was skipped.
    #[must_use]
    pub fn with_observer(mut self, observer: &'a dyn Observer) -> Self {
        self.observer = observer;
        self
    }

    /// Stops before the next step once `interrupt` is requested.
    #[must_use]
    pub fn with_interrupt(mut self, interrupt: Interrupt) -> Self {
        self.interrupt = interrupt;
        self
    }

    /// Measures time and memory.
    #[must_use]
    pub fn with_meter(mut self, meter: &'a dyn Meter) -> Self {
        self.meter = Some(meter);
        self
    }

    /// Begins with this adapter instead of one that changes nothing. Its kind is what counts, not the configuration's.
    #[must_use]
    pub fn with_adapter(mut self, adapter: LoraWeights) -> Self {
        self.config.adapter = adapter.config().clone();
        self.start = Some(adapter);
        self
    }

    /// Writes `training_metrics.jsonl` and checkpoints (under `checkpoints/`) into a folder, and goes on from the newest checkpoint there.
    #[must_use]
    pub fn in_folder(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_path_buf());
        self
    }

    /// How it trains.
    pub const fn config(&self) -> &TrainConfig {
        &self.config
    }

    /// The rows of every step, by their place in the dataset: what a run will see, before it runs.
    pub fn plan(&self, rows: usize) -> Vec<Vec<usize>> {
        let order = self.order(rows);
        let steps = self.step_count(rows);
        let mut plan = Vec::new();
        for epoch in 0..u64::from(self.config.epochs) {
            let shuffled = order.shuffled(epoch);
            let first = epoch * order.steps();
            plan.extend(
                (first..first + order.steps())
                    .filter(|step| *step < steps)
                    .map(|step| order.of_step(&shuffled, step).to_vec()),
            );
        }
        plan
    }

    const fn order(&self, rows: usize) -> Order {
        Order {
            seed: Seed(self.config.seed),
            rows,
            batch_rows: self.config.batch_rows,
        }
    }

    fn step_count(&self, rows: usize) -> u64 {
        let steps = self.order(rows).steps() * u64::from(self.config.epochs);
        self.config.max_steps.map_or(steps, |most| steps.min(most))
    }

    /// Trains on `train` and, where there is an `eval`, returns the adapter with the best loss on it; else the last one. Afterwards the adapter
    /// is attached to `decoder`.
    ///
    /// # Errors
    /// [`TrainError::NoRows`] for a dataset without rows; [`TrainError::Interrupted`], after a checkpoint; [`TrainError::Diverged`] when too many steps in a row had no finite loss or gradient;
    /// [`TrainError::OtherRun`] for a folder with checkpoints of other data, configuration, model or device; [`TrainError::Artifact`] and
    /// [`TrainError::Io`] when a file cannot be written.
    pub fn train(
        &self,
        decoder: &mut Decoder,
        train: &Dataset,
        eval: Option<&Dataset>,
    ) -> Result<Trained, TrainError> {
        train.require_rows()?;
        if let Some(bits) = self.config.quantize {
            for (_, projection) in decoder.sites_mut() {
                projection.quantize(bits)?;
            }
        }
        Run::start(self, decoder, train, eval)?.go()
    }

    /// Changes with everything that the result depends on.
    fn key(&self, decoder: &Decoder, train: &Dataset, eval: Option<&Dataset>) -> String {
        let start = self.start.as_ref();
        let all = json!({
            "config": self.config,
            "train": train.fingerprint(),
            "eval": eval.map(Dataset::fingerprint),
            "model": decoder.fingerprint(),
            // Others round otherwise.
            "cpu": decoder.device() == Device::flex(),
            "start": start.map_or_else(|| xxh3_hex(&[]), LoraWeights::fingerprint),
        });
        xxh3_hex(all.to_string().as_bytes())
    }
}
