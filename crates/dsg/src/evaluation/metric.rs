//! What is measured, over many answers.

use std::fmt;
use std::str::FromStr;

use dsg_train::evaluation::Measured;
use serde::{Deserialize, Serialize};

use super::GENERAL;
use super::error::UnknownMetric;
use super::record::Evaluated;

/// What is measured of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Metric {
    /// Mean negative log-likelihood of a token of the reference, in nats.
    Nll,
    /// Its exponential: of how many tokens, all as likely, each is one to the model.
    Perplexity,
    /// Share of answers that are the reference.
    Exact,
    /// Words in common with the reference.
    F1,
    /// Words in common with the reference, in their order.
    RougeL,
    /// Cosine of the embeddings of answer and reference.
    Similarity,
    /// Share of answers all of whose literals are in the row's quotes or in the question; of rows with quotes.
    Supported,
    /// Share of answers that ended by themselves.
    Ended,
}

impl Metric {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::Nll,
        Self::Perplexity,
        Self::Exact,
        Self::F1,
        Self::RougeL,
        Self::Similarity,
        Self::Supported,
        Self::Ended,
    ];

    /// The name, as in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nll => "nll",
            Self::Perplexity => "perplexity",
            Self::Exact => "exact",
            Self::F1 => "f1",
            Self::RougeL => "rouge_l",
            Self::Similarity => "similarity",
            Self::Supported => "supported",
            Self::Ended => "ended",
        }
    }

    /// Whether more of it is worse.
    pub const fn is_loss(self) -> bool {
        matches!(self, Self::Nll | Self::Perplexity)
    }

    /// What is measured of questions of an axis: general ones are short and have many right answers, so that only words and likelihood count.
    pub(super) fn of_axis(axis: &str) -> impl Iterator<Item = Self> {
        let is_general = axis == GENERAL;
        Self::ALL.into_iter().filter(move |metric| {
            !is_general || matches!(metric, Self::Nll | Self::Perplexity | Self::F1)
        })
    }

    /// What it is of one answer; `None` where it cannot be told. Of perplexity it is the logarithm, which has a mean.
    pub(super) fn of(self, result: &Evaluated) -> Option<Measured> {
        let share = |holds: bool| Measured::from(f64::from(u8::from(holds)));
        let scores = &result.scores;
        match self {
            Self::Nll | Self::Perplexity => Some(Measured {
                value: result.nll,
                weight: result.tokens as f64,
            }),
            Self::Exact => Some(share(scores.exact)),
            Self::F1 => Some(scores.f1.into()),
            Self::RougeL => Some(scores.rouge_l.into()),
            Self::Similarity => Some(scores.similarity.into()),
            Self::Supported => scores.supported.map(share),
            Self::Ended => Some(share(result.finish == "end")),
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Metric {
    type Err = UnknownMetric;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|metric| metric.as_str() == name);
        found.ok_or_else(|| UnknownMetric {
            name: name.to_owned(),
        })
    }
}
