//! What a model is asked, and how often.

use dsg_core::Seed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::JudgeError;

/// Settings of a [`ModelJudge`](crate::ModelJudge).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RubricConfig {
    /// The run's seed, never read from a configuration file. Default: 0.
    #[serde(skip)]
    pub seed: Seed,
    /// Whether every claim of the answer must be supported by the citations. Default: true.
    pub claims: bool,
    /// Whether the answer must answer the question. Default: true.
    pub answers_question: bool,
    /// Whether the question must be understandable alone. Default: true.
    pub self_contained: bool,
    /// Whether the item must be of use to someone who does the work. Default: true.
    pub useful: bool,
    /// Whether the model, asked from the evidence without seeing the answer, must come to the same answer. Default: true.
    pub round_trip: bool,
    /// What the model reads besides the item. Default: `chunks`.
    pub evidence: EvidenceScope,
    /// Votes on each question, an odd number; the majority decides. Default: 1.
    pub votes: u32,
    /// Least probability of a yes, the mean of all votes, at which their yes counts, in `[0, 1]`; only where the model tells
    /// log-probabilities. It makes no yes of a no. Default: 0.5, at which the likelier word decides.
    pub min_probability: f64,
    /// Temperature of every vote after the first and of a second try; the first is taken at 0. Default: 0.7.
    pub vote_temperature: f32,
    /// Claims of one answer at most, each with votes of its own; neighbours are joined beyond. Default: 12.
    pub max_claims: usize,
    /// Least overlap of content words (F1) of two answers that agree without being asked about, in `[0, 1]`. Default: 0.6.
    pub min_agreement: f64,
    /// How often the writer may rewrite an item that failed a check. Default: 1; 0 repairs nothing with a model.
    pub repair_attempts: u32,
    /// Tokens of a verdict at most; twice as many at the second try. Default: 160.
    pub verdict_tokens: usize,
    /// Tokens of an answer or a rewritten item at most; twice as many at the second try. Default: 768.
    pub answer_tokens: usize,
    /// Items judged at the same time. Calls on one item follow one another, for the engine's prefix cache. Default: 4.
    pub concurrency: usize,
}

impl Default for RubricConfig {
    fn default() -> Self {
        Self {
            seed: Seed(0),
            claims: true,
            answers_question: true,
            self_contained: true,
            useful: true,
            round_trip: true,
            evidence: EvidenceScope::default(),
            votes: 1,
            min_probability: 0.5,
            vote_temperature: 0.7,
            max_claims: 12,
            min_agreement: 0.6,
            repair_attempts: 1,
            verdict_tokens: 160,
            answer_tokens: 768,
            concurrency: 4,
        }
    }
}

/// What the model reads besides the item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceScope {
    /// The chunks that the writer was shown, then the cited quotes. Where that exceeds the context: `quotes`.
    #[default]
    Chunks,
    /// The cited quotes with their headings.
    Quotes,
}

impl RubricConfig {
    /// Whether the settings can be worked with.
    ///
    /// # Errors
    /// [`JudgeError::Config`] naming the first field that cannot.
    pub fn validate(&self) -> Result<(), JudgeError> {
        let at_least_one = [
            ("max_claims", self.max_claims),
            ("verdict_tokens", self.verdict_tokens),
            ("answer_tokens", self.answer_tokens),
            ("concurrency", self.concurrency),
        ];
        for (field, value) in at_least_one {
            if value == 0 {
                return Err(JudgeError::config(field, "0 is below 1".to_owned()));
            }
        }
        if self.votes.is_multiple_of(2) {
            return Err(JudgeError::config(
                "votes",
                format!("{} is not odd, so votes could be tied", self.votes),
            ));
        }
        if !(0.0..=2.0).contains(&self.vote_temperature) {
            return Err(JudgeError::config(
                "vote_temperature",
                format!("{} is not between 0 and 2", self.vote_temperature),
            ));
        }
        for (field, value) in [
            ("min_probability", self.min_probability),
            ("min_agreement", self.min_agreement),
        ] {
            if !(0.0..=1.0).contains(&value) {
                return Err(JudgeError::config(
                    field,
                    format!("{value} is not between 0 and 1"),
                ));
            }
        }
        Ok(())
    }
}
