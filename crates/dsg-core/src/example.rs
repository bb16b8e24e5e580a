//! Dataset items in the shape trainers read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::candidate::{Candidate, Citation, Difficulty, Generator, QuestionType};
use crate::id::CandidateId;

/// One item of `train.jsonl` or `eval.jsonl`: chat messages with their receipts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// The candidate's id.
    pub id: CandidateId,
    /// The conversation, user first.
    pub messages: Vec<Message>,
    /// Where it comes from and how it scored.
    pub meta: ExampleMeta,
    /// Fields written by newer versions, kept on rewrite.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: String,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Instructions to the model.
    System,
    /// The person who asks.
    User,
    /// The model.
    Assistant,
}

/// An item's provenance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExampleMeta {
    /// The topic's id.
    pub topic: String,
    /// How much a reader must already know.
    pub difficulty: Difficulty,
    /// What the question asks for.
    pub question_type: QuestionType,
    /// Train or eval.
    pub split: Split,
    /// Receipts.
    pub citations: Vec<Citation>,
    /// Scores in `[0, 1]`, by name. In a dataset file every row has the same names, a score that an item lacks as null;
    /// reading skips those.
    #[serde(default, deserialize_with = "present_scores")]
    pub scores: BTreeMap<String, f64>,
    /// Who wrote it.
    pub generator: Generator,
}

fn present_scores<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, f64>, D::Error> {
    let scores = BTreeMap::<String, Option<f64>>::deserialize(deserializer)?;
    Ok(scores
        .into_iter()
        .filter_map(|(name, score)| Some((name, score?)))
        .collect())
}

/// The side of the split that an item is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// Trained on.
    Train,
    /// Held out.
    Eval,
}

impl Split {
    /// The name, as in records and file names.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Eval => "eval",
        }
    }
}

impl Example {
    /// The dataset item of an accepted candidate.
    pub fn from_candidate(candidate: &Candidate, split: Split) -> Self {
        let message = |role, content: &str| Message {
            role,
            content: content.to_owned(),
        };
        Self {
            id: candidate.id.clone(),
            messages: vec![
                message(Role::User, &candidate.question),
                message(Role::Assistant, &candidate.answer),
            ],
            meta: ExampleMeta {
                topic: candidate.topic.clone(),
                difficulty: candidate.difficulty,
                question_type: candidate.question_type,
                split,
                citations: candidate.citations.clone(),
                scores: candidate
                    .verdict
                    .as_ref()
                    .map(|v| v.scores.clone())
                    .unwrap_or_default(),
                generator: candidate.generator.clone(),
            },
            extra: Map::new(),
        }
    }
}
