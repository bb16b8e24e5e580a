//! What a run or a step has to say when it is done.

use dsg_core::{Stage, StageCounts};
use dsg_export::Manifest;
use serde::Serialize;

use crate::summary::CorpusSummary;

/// A finished run.
#[derive(Debug, Clone, Serialize)]
pub struct RunReport {
    /// Every stage's funnel, in order.
    pub funnel: Vec<(Stage, StageCounts)>,
    /// Items in `train.jsonl`.
    pub train: usize,
    /// Items in `eval.jsonl`.
    pub eval: usize,
    /// Whether the dataset is what the configuration asked for.
    pub gates: Vec<GateResult>,
    /// The manifest as written.
    pub manifest: Manifest,
}

impl RunReport {
    /// Whether every gate was met.
    pub fn gates_met(&self) -> bool {
        self.gates.iter().all(|gate| gate.met)
    }
}

/// One gate and how it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GateResult {
    /// `min_train`, `min_eval`, `min_topic_fill`.
    pub gate: String,
    /// Whether it was met.
    pub met: bool,
    /// What was wanted and what there is.
    pub detail: String,
}

/// A finished step.
#[derive(Debug, Clone, Serialize)]
pub struct StepReport {
    /// The funnel of every stage in it, in order.
    pub funnel: Vec<(Stage, StageCounts)>,
    /// Records that left.
    pub rejects: Vec<dsg_core::Reject>,
    /// Of an ingest step: what it wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpus: Option<CorpusSummary>,
}

impl From<crate::store::StepResult> for StepReport {
    fn from(result: crate::store::StepResult) -> Self {
        Self {
            funnel: result.counts,
            rejects: result.rejects,
            corpus: result.corpus,
        }
    }
}
