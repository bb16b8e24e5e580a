//! From rows of messages to batches of tokens.

mod batch;
mod encode;
mod model_chat;
mod order;
mod row;

use std::path::{Path, PathBuf};

use dsg_core::artifact::read_jsonl;
use dsg_core::hash::xxh3_hex;
use dsg_core::{Outcome, Reject, Stage, StageCounts};
use rayon::prelude::*;

pub(crate) use batch::{Batch, Padding, batches};
pub use encode::{ChatFormat, Encoder, Refusal, Sample};
pub use model_chat::ModelChat;
pub(crate) use order::Order;
pub use row::Row;

use crate::error::TrainError;

/// Encoded rows, and those that were refused.
#[derive(Debug, Clone, Default)]
pub struct Dataset {
    /// The file; names it in errors.
    origin: PathBuf,
    samples: Vec<Sample>,
    rejects: Vec<Reject>,
    counts: StageCounts,
}

impl Dataset {
    /// Reads a JSON Lines file whose rows have `messages`, or `prompt` and `completion`.
    ///
    /// # Errors
    /// [`TrainError::Artifact`] naming file and line that is no such row.
    pub fn read(path: &Path, encoder: &Encoder<'_, impl ChatFormat>) -> Result<Self, TrainError> {
        let rows: Vec<Row> = read_jsonl(path)?
            .enumerate()
            .map(|(index, row)| row.map(|row: Row| row.or_id(|| format!("row {}", index + 1))))
            .collect::<Result<_, _>>()?;
        let mut dataset = Self::encode(rows, encoder);
        dataset.origin = path.to_path_buf();
        Ok(dataset)
    }

    /// Whether there is anything to learn from.
    ///
    /// # Errors
    /// [`TrainError::NoRows`] with the reasons why not.
    pub fn require_rows(&self) -> Result<(), TrainError> {
        if !self.samples.is_empty() {
            return Ok(());
        }
        Err(TrainError::NoRows {
            path: self.origin.clone(),
            seen: self.counts.entered,
            reasons: self.reasons(),
        })
    }

    /// Encodes rows, with all threads and in their order.
    pub fn encode(rows: Vec<Row>, encoder: &Encoder<'_, impl ChatFormat>) -> Self {
        let outcomes: Vec<Outcome<Sample>> = rows
            .into_par_iter()
            .map(|row| match encoder.encode(&row) {
                Ok(sample) => Outcome::Kept(sample),
                Err(refusal) => Outcome::Dropped(refusal.reject(&row, Stage::Train)),
            })
            .collect();
        let mut dataset = Self {
            origin: PathBuf::from("dataset"),
            ..Self::default()
        };
        for outcome in outcomes {
            dataset.counts.record(&outcome);
            match outcome {
                Outcome::Kept(sample) => dataset.samples.push(sample),
                Outcome::Dropped(reject) | Outcome::Failed(reject) => dataset.rejects.push(reject),
            }
        }
        dataset
    }

    /// The rows, in their order.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// What was refused, with reasons.
    pub fn rejects(&self) -> &[Reject] {
        &self.rejects
    }

    /// Rows that came, stayed and left.
    pub const fn counts(&self) -> &StageCounts {
        &self.counts
    }

    /// Tokens that are learned from, over all rows.
    pub fn labels(&self) -> usize {
        self.samples.iter().map(Sample::label_count).sum()
    }

    /// Changes with every token and label.
    pub fn fingerprint(&self) -> String {
        let mut bytes = Vec::new();
        for sample in &self.samples {
            bytes.extend((sample.tokens.len() as u64).to_le_bytes());
            for token in &sample.tokens {
                bytes.extend(token.to_le_bytes());
            }
            for labels in &sample.labels {
                bytes.extend((labels.start as u64).to_le_bytes());
                bytes.extend((labels.end as u64).to_le_bytes());
            }
        }
        xxh3_hex(&bytes)
    }

    fn reasons(&self) -> String {
        let parts: Vec<String> = self
            .counts
            .dropped
            .iter()
            .map(|(reason, count)| format!("{reason} {count}"))
            .collect();
        parts.join(", ")
    }
}
