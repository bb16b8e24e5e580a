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
    /// The document that the row cites first. Default: none. Questions of one document are resampled together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
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
    /// Hash of these tokens; two models' likelihoods can be compared where it is the same.
    pub labels: String,
    /// How good the answer is.
    pub scores: Scores,
    /// Changes with model, adapter, engine, sampling, constraint, question and reference; the answer is the one that `answers.jsonl` has under it.
    pub key: String,
}

impl Evaluated {
    /// The tag of every line.
    pub const SCHEMA: &'static str = "dsg.evaluated/1";

    #[cfg(test)]
    pub(super) fn example() -> Self {
        Self {
            schema: Self::SCHEMA.to_owned(),
            id: "a".to_owned(),
            axis: "unseen".to_owned(),
            document: None,
            question: "Q".to_owned(),
            reworded: None,
            reference: "R".to_owned(),
            answer: "A".to_owned(),
            finish: "end".to_owned(),
            nll: 1.0,
            tokens: 1,
            labels: "1".to_owned(),
            scores: Scores::default(),
            key: String::new(),
        }
    }
}

/// How good an answer is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Whether it has the words of the reference in their order; case counts for options alone, punctuation at the ends of words does not.
    pub exact: bool,
    /// Words in common, in `[0, 1]`.
    pub f1: f64,
    /// Words in common in their order, in `[0, 1]`.
    pub rouge_l: f64,
    /// Cosine of the embeddings of answer and reference, in `[-1, 1]`.
    pub similarity: f64,
    /// Whether every literal of the answer (number, option, path, name) stands in the row's quotes or in the question, or is a known term or a
    /// placeholder of the configuration; absent for a row without quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supported: Option<bool>,
    /// The literals that do not, numbers with their unit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsupported: Vec<String>,
}
