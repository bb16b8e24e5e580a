//! A line of `results.jsonl`.

use dsg_train::evaluation::Wording;
use serde::{Deserialize, Serialize};

/// What a model made of one question. One line of `results.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluated {
    /// Always `dsg.evaluated/1`.
    pub schema: String,
    /// The row's id.
    pub id: String,
    /// The kind of question.
    pub axis: String,
    /// What was asked.
    pub question: String,
    /// Where the question is a known one in other words: which, and how it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reworded: Option<Wording>,
    /// What should be answered.
    pub reference: String,
    /// What the model answered.
    pub answer: String,
    /// Why the answer ended: `end` of the turn, `length` (the most tokens), `context`.
    pub finish: String,
    /// Mean negative log-likelihood of the tokens of the reference, with the one that ends the turn, in nats.
    pub nll: f64,
    /// The number of these tokens.
    pub tokens: usize,
    /// How good the answer is. Absent in a line that a stopped run left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<Scores>,
    /// Changes with model, adapter, sampling and question; a line whose key is the same is not made again.
    pub key: String,
}

impl Evaluated {
    /// The tag of every line.
    pub const SCHEMA: &'static str = "dsg.evaluated/1";
}

/// How good an answer is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Whether it is the reference, but for case, spacing and punctuation.
    pub exact: bool,
    /// Words in common, in `[0, 1]`.
    pub f1: f64,
    /// Words in common in their order, in `[0, 1]`.
    pub rouge_l: f64,
    /// Cosine of the embeddings of answer and reference, in `[-1, 1]`.
    pub similarity: f64,
    /// Whether every literal of the answer (number, option, path, name) stands in the row's quotes or in the question; absent for a row without quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supported: Option<bool>,
    /// The literals that do not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsupported: Vec<String>,
}
