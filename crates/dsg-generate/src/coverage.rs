//! What was planned, what was written, what is missing and why.

use std::collections::BTreeMap;

use dsg_core::{ChunkId, Difficulty, QuestionType};
use serde::{Deserialize, Serialize};

/// What was planned against what the documents supported.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// One per topic × difficulty × question type that was planned or written, in the order of the configuration.
    pub cells: Vec<Cell>,
    /// One per topic, in the order of the configuration.
    pub topics: Vec<TopicCoverage>,
    /// Drafts written, by pattern (`option/purpose`).
    pub patterns: BTreeMap<String, u64>,
    /// Chunks that gave no item, in corpus order.
    pub uncovered: Vec<Uncovered>,
}

/// One cell of the curriculum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The topic's id.
    pub topic: String,
    /// Its difficulty.
    pub difficulty: Difficulty,
    /// Its question type.
    pub question_type: QuestionType,
    /// Candidates that the quota, the mixes and the oversampling ask for.
    pub planned: usize,
    /// Candidates written.
    pub written: usize,
    /// Candidates missing.
    pub shortfall: usize,
    /// Why they are missing; absent without a shortfall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Shortfall>,
}

/// A topic's sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicCoverage {
    /// The topic's id.
    pub topic: String,
    /// Items wanted in the dataset.
    pub quota: usize,
    /// Candidates planned: the quota times the oversampling.
    pub planned: usize,
    /// Candidates written.
    pub written: usize,
    /// Chunks that match the topic and gave at least one draft.
    pub chunks: usize,
}

/// Why a cell is short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Shortfall {
    /// No chunk matches the topic.
    NoEvidence,
    /// Chunks match, but their structure supports no such question.
    NoStructure,
    /// Some such questions were found, all are used.
    Exhausted,
    /// A model was asked for such questions and brought too few that could be used.
    NotWritten,
}

/// A chunk without an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uncovered {
    /// The chunk.
    pub chunk_id: ChunkId,
    /// Its headings.
    pub heading_path: Vec<String>,
    /// Why nothing came of it.
    pub why: UncoveredReason,
}

/// Why a chunk gave no item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UncoveredReason {
    /// Its structure supports no question that could stand alone.
    NoStructure,
    /// Its questions belong to no configured topic.
    OffTopic,
    /// Its questions were not needed or repeat others.
    NotNeeded,
    /// A model was asked and brought nothing that could be used.
    NotWritten,
}
