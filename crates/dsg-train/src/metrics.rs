//! What is measured of a run, a line a step.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use dsg_core::artifact::{read_jsonl, write_jsonl};
use serde::{Deserialize, Serialize};

use crate::error::TrainError;

/// Tells a run what time it is and what memory it takes: libraries do not look at the clock or the process themselves.
pub trait Meter: Send + Sync {
    /// Seconds since some moment.
    fn seconds(&self) -> f64;

    /// The most memory that the process has had, in bytes, where that is known.
    fn peak_bytes(&self) -> Option<u64>;
}

/// One step of a run: a line of `training_metrics.jsonl`. What a [`Meter`] says comes last; all else is the same in every run of the same
/// configuration on the same machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepMetrics {
    /// Steps of the optimiser so far, from 1.
    pub step: u64,
    /// Epochs so far.
    pub epoch: f64,
    /// Mean negative log-likelihood of the step's labels under the adapter before the step, in nats. Absent where it was not finite.
    pub loss: Option<f64>,
    /// The learning rate.
    pub learning_rate: f64,
    /// Norm of all gradients before clipping. Absent where it was not finite.
    pub gradient_norm: Option<f64>,
    /// Whether the step changed nothing, since loss or gradients were not finite.
    pub skipped: bool,
    /// Tokens of the step's rows.
    pub tokens: u64,
    /// Those of them that are labels.
    pub label_tokens: u64,
    /// Tokens that went through the model, with padding.
    pub padded_tokens: u64,
    /// Mean negative log-likelihood of the labels of the dataset for evaluation after the step, where it was evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eval_loss: Option<f64>,
    /// Seconds that the step took, evaluation and checkpoint apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Tokens without padding in a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_second: Option<f64>,
    /// Labels in a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_tokens_per_second: Option<f64>,
    /// The most memory that the process has had, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_bytes: Option<u64>,
}

/// The file of metrics.
pub(crate) struct MetricsLog {
    path: PathBuf,
    file: File,
}

impl MetricsLog {
    /// Opens the file to go on after `step`; lines of later steps, which will come again, are taken out.
    pub(crate) fn open(path: &Path, step: u64) -> Result<Self, TrainError> {
        let mut kept: Vec<StepMetrics> = Vec::new();
        if path.exists() {
            for line in read_jsonl::<StepMetrics>(path)? {
                match line {
                    Ok(metrics) if metrics.step <= step => kept.push(metrics),
                    // A later line, or the one that a kill cut off.
                    Ok(_) | Err(_) => break,
                }
            }
        }
        write_jsonl(path, &kept)?;
        let file = OpenOptions::new()
            .append(true)
            .open(path)
            .map_err(TrainError::io(path, "write"))?;
        Ok(Self {
            path: path.to_path_buf(),
            file,
        })
    }

    pub(crate) fn append(&mut self, metrics: &StepMetrics) -> Result<(), TrainError> {
        let mut line = serde_json::to_vec(metrics).unwrap_or_default();
        line.push(b'\n');
        self.file
            .write_all(&line)
            .map_err(TrainError::io(&self.path, "write"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_goes_on_repeats_no_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("training_metrics.jsonl");
        let metrics = |step| StepMetrics {
            step,
            epoch: 0.5,
            loss: Some(1.0),
            learning_rate: 1e-4,
            gradient_norm: None,
            skipped: true,
            tokens: 4,
            label_tokens: 2,
            padded_tokens: 8,
            eval_loss: None,
            seconds: None,
            tokens_per_second: None,
            label_tokens_per_second: None,
            peak_bytes: None,
        };
        let mut log = MetricsLog::open(&path, 0).unwrap();
        for step in 1..=3 {
            log.append(&metrics(step)).unwrap();
        }
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("{\"step\":4,\"ep");
        std::fs::write(&path, text).unwrap();
        let mut log = MetricsLog::open(&path, 2).unwrap();
        log.append(&metrics(3)).unwrap();
        let steps: Vec<u64> = read_jsonl::<StepMetrics>(&path)
            .unwrap()
            .map(|line| line.unwrap().step)
            .collect();
        assert_eq!(steps, [1, 2, 3]);
    }
}
