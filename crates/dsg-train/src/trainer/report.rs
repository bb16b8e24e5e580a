//! What a run ended with.

use serde::{Deserialize, Serialize};

use crate::adapter::LoraWeights;

/// What training leaves.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The adapter: the one with the best evaluation where there was one, else the last.
    pub weights: LoraWeights,
    /// How it went.
    pub report: TrainReport,
}

/// How training went. Losses are mean negative log-likelihoods of labels, in nats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TrainReport {
    /// Steps of the optimiser, skipped ones included.
    pub steps: u64,
    /// The step that the run went on from, where it did.
    pub resumed_from: Option<u64>,
    /// Whether evaluations no longer got better and training ended before its time.
    pub stopped_early: bool,
    /// Steps that changed nothing, since loss or gradients were not finite.
    pub skipped: u64,
    /// Tokens seen, padding apart.
    pub tokens: u64,
    /// Labels seen.
    pub label_tokens: u64,
    /// Loss of the first step's rows, before it.
    pub first_loss: Option<f64>,
    /// Loss of the last step's rows, before it.
    pub last_loss: Option<f64>,
    /// Loss of the base model on the dataset for evaluation.
    pub base_eval_loss: Option<f64>,
    /// Loss of the adapter on it.
    pub eval_loss: Option<f64>,
    /// The step that the adapter is from.
    pub best_step: u64,
    /// Trained values.
    pub parameters: u64,
    /// Bytes of the frozen projections in memory.
    pub frozen_bytes: u64,
}
