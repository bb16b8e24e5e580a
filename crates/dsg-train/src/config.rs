//! How a model is trained.

use serde::{Deserialize, Serialize};

use crate::adapter::AdapterConfig;
use crate::decoder::Bits;
use crate::device::Backend;
use crate::error::TrainError;
use crate::schedule::Schedule;

/// How a model is trained. The defaults suit a dataset of some hundred to some thousand rows and a model of 0.1 to 1.5 billion parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// The adapter.
    pub adapter: AdapterConfig,
    /// Bits in which the frozen projections are kept, 8 or 4; they are turned back into floats whenever they are used. Default: none,
    /// which keeps them as f32. Embeddings and head stay f32.
    pub quantize: Option<Bits>,
    /// Seed of the adapter's first values, the order of rows, and dropout. Default: 42.
    pub seed: u64,
    /// How often every row is seen, 1 or more. Default: 3.
    pub epochs: u32,
    /// Stops after so many steps. Default: none.
    pub max_steps: Option<u64>,
    /// Highest learning rate. Default: 2e-4, about ten times what full fine-tuning takes.
    pub learning_rate: f64,
    /// How the rate falls. Default: cosine.
    pub schedule: Schedule,
    /// Part of all steps in which the rate climbs, 0 to below 1. Default: 0.03.
    pub warmup: f64,
    /// AdamW's weight decay, 0 or more. Default: 0, since the update has a low rank already.
    pub weight_decay: f32,
    /// AdamW's decay of the first moment, 0 to below 1. Default: 0.9.
    pub beta1: f32,
    /// AdamW's decay of the second moment, 0 to below 1. Default: 0.999.
    pub beta2: f32,
    /// What AdamW adds to the denominator, above 0. Default: 1e-8.
    pub epsilon: f32,
    /// Highest norm of all gradients together, above 0. Default: 1. None does not clip.
    pub clip_norm: Option<f64>,
    /// Rows of one step of the optimiser, 1 or more. Default: 16; adapters learn worse from large batches.
    pub batch_rows: usize,
    /// Tokens, padding included, that go through the model at once; what a step needs beyond that is added up over several passes. Sets
    /// what memory is needed and changes no result but by rounding, and what dropout drops. A longer row goes alone. Default: 512,
    /// since on a CPU more only adds padding and memory; a GPU wants [more](TrainConfig::for_backend).
    pub batch_tokens: usize,
    /// When layers run again in the backward pass instead of keeping what it needs of them, which takes less memory and more time and changes no result
    /// but by rounding. Default: auto.
    pub recompute: Recompute,
    /// Most tokens of a row. Turns that do not fit are left out, rows of which no labelled turn fits are refused. Default: 1024.
    pub max_tokens: usize,
    /// Rows are padded to multiples of so many tokens, 1 or more. Default: 16. On a GPU, where kernels are tried out for every
    /// kind of shape, [fewer lengths](TrainConfig::for_backend) settle sooner.
    pub bucket: usize,
    /// Whether samples share a sequence where it has room for them, each of them seeing itself alone, so that less of a pass is padding. A sequence gets no
    /// longer than the longest sample of its step. Changes no result but by rounding, and what dropout drops; evaluations do the same. Default: false.
    pub packing: bool,
    /// Steps between evaluations. Default: none, which evaluates after every epoch. Without a dataset for it, nothing is evaluated.
    pub eval_steps: Option<u64>,
    /// Evaluations in a row that may be no better than the best before training stops early. Default: none, which goes on.
    pub patience: Option<u32>,
    /// Steps between checkpoints, 1 or more. Default: 50. There is always one after the last step.
    pub checkpoint_steps: u64,
    /// Steps in a row that may be skipped because loss or gradients are not finite. Default: 3; one more ends the training.
    pub skips: u32,
}

/// When a pass keeps of every layer its input alone, and the backward pass runs the layer again for whatever else it needs (Chen et al. 2016, with
/// layers as segments).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recompute {
    /// When more than [`TrainConfig::batch_tokens`] tokens, padding included, go through the model at once, which one long row makes them: it is to
    /// take no more memory than many short ones.
    #[default]
    Auto,
    /// In every pass.
    Always,
    /// In none.
    Never,
}

impl Recompute {
    /// Whether layers run again in a pass of `tokens` tokens, padding included.
    pub(crate) const fn applies(self, tokens: usize, batch_tokens: usize) -> bool {
        match self {
            Self::Auto => tokens > batch_tokens,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            adapter: AdapterConfig::default(),
            quantize: None,
            seed: 42,
            epochs: 3,
            max_steps: None,
            learning_rate: 2e-4,
            schedule: Schedule::default(),
            warmup: 0.03,
            weight_decay: 0.0,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            clip_norm: Some(1.0),
            batch_rows: 16,
            batch_tokens: 512,
            recompute: Recompute::default(),
            max_tokens: 1024,
            bucket: 16,
            packing: false,
            eval_steps: None,
            patience: None,
            checkpoint_steps: 50,
            skips: 3,
        }
    }
}

impl TrainConfig {
    /// The defaults for a backend: on a GPU, 4,096 tokens go through the model at once, and rows are padded to multiples of 64.
    pub fn for_backend(backend: Backend) -> Self {
        match backend {
            Backend::Cpu => Self::default(),
            _ => Self {
                batch_tokens: 4096,
                bucket: 64,
                ..Self::default()
            },
        }
    }

    /// Refuses impossible values.
    ///
    /// # Errors
    /// [`TrainError::Config`] naming the field.
    pub fn validate(&self) -> Result<(), TrainError> {
        self.adapter.validate()?;
        let positive =
            |field, value: f64| check(field, value, value.is_finite() && value > 0.0, "above 0");
        let part = |field, value: f64| check(field, value, (0.0..1.0).contains(&value), "in 0..1");
        let count = |field, value: u64| check(field, value, value > 0, "above 0");
        positive("learning_rate", self.learning_rate)?;
        positive("epsilon", self.epsilon.into())?;
        if let Some(norm) = self.clip_norm {
            positive("clip_norm", norm)?;
        }
        part("warmup", self.warmup)?;
        part("beta1", self.beta1.into())?;
        part("beta2", self.beta2.into())?;
        let decay = f64::from(self.weight_decay);
        check(
            "weight_decay",
            decay,
            decay.is_finite() && decay >= 0.0,
            "0 or above",
        )?;
        count("epochs", self.epochs.into())?;
        count("batch_rows", self.batch_rows as u64)?;
        count("batch_tokens", self.batch_tokens as u64)?;
        count("bucket", self.bucket as u64)?;
        count("checkpoint_steps", self.checkpoint_steps)?;
        check(
            "max_tokens",
            self.max_tokens,
            self.max_tokens > 1,
            "above 1",
        )?;
        for (field, value) in [
            ("max_steps", self.max_steps),
            ("eval_steps", self.eval_steps),
        ] {
            if let Some(value) = value {
                count(field, value)?;
            }
        }
        Ok(())
    }
}

fn check(
    field: &'static str,
    value: impl std::fmt::Display,
    holds: bool,
    must: &str,
) -> Result<(), TrainError> {
    if holds {
        return Ok(());
    }
    let problem = format!("{value} is not {must}");
    Err(TrainError::Config { field, problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_possible_and_survive_json() {
        let config = TrainConfig::default();
        config.validate().unwrap();
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<TrainConfig>(&text).unwrap(), config);
        assert_eq!(serde_json::from_str::<TrainConfig>("{}").unwrap(), config);
        assert!(serde_json::from_str::<TrainConfig>(r#"{"learning-rate":1}"#).is_err());
    }

    #[test]
    fn layers_run_again_by_themselves_only_for_a_row_that_is_too_long() {
        let applies =
            |recompute: Recompute| [512, 513].map(|tokens| recompute.applies(tokens, 512));
        assert_eq!(applies(Recompute::Auto), [false, true]);
        assert_eq!(applies(Recompute::Always), [true, true]);
        assert_eq!(applies(Recompute::Never), [false, false]);
    }

    #[test]
    fn a_gpu_gets_more_at_once_and_fewer_lengths() {
        let (cpu, gpu) = (
            TrainConfig::default(),
            TrainConfig::for_backend(Backend::Cuda),
        );
        assert_eq!(TrainConfig::for_backend(Backend::Cpu), cpu);
        assert!(gpu.batch_tokens > cpu.batch_tokens && gpu.bucket > cpu.bucket);
        gpu.validate().unwrap();
    }

    #[test]
    fn impossible_values_are_named() {
        let refused = |change: fn(&mut TrainConfig)| {
            let mut config = TrainConfig::default();
            change(&mut config);
            config.validate().unwrap_err().to_string()
        };
        assert!(refused(|c| c.learning_rate = f64::INFINITY).contains("learning_rate"));
        assert!(refused(|c| c.clip_norm = Some(0.0)).contains("clip_norm"));
        assert!(refused(|c| c.warmup = 1.0).contains("warmup"));
        assert!(refused(|c| c.weight_decay = -0.1).contains("weight_decay"));
        assert!(refused(|c| c.epochs = 0).contains("epochs"));
        assert!(refused(|c| c.batch_tokens = 0).contains("batch_tokens"));
        assert!(refused(|c| c.eval_steps = Some(0)).contains("eval_steps"));
        assert!(refused(|c| c.adapter.rank = 0).contains("adapter.rank"));
    }
}
