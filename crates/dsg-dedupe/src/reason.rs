//! Why an item left.

use dsg_core::{Candidate, Outcome, Reason, Reject, RejectSchema, Stage};

/// Why deduplication, balancing or splitting removed an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DedupeReason {
    /// The same question, up to case, spacing and punctuation.
    ExactQuestion,
    /// Nearly the same question.
    NearQuestion,
    /// Nearly the same question and answer together.
    NearPair,
    /// The topic's quota is full.
    OverQuota,
    /// It rests on documents of both sides.
    StraddlesSplit,
    /// The other side asks nearly the same.
    QuestionInEval,
}

impl DedupeReason {
    /// All reasons.
    pub const ALL: [Self; 6] = [
        Self::ExactQuestion,
        Self::NearQuestion,
        Self::NearPair,
        Self::OverQuota,
        Self::StraddlesSplit,
        Self::QuestionInEval,
    ];

    /// The reason as it stands in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ExactQuestion => "dedupe.exact_question",
            Self::NearQuestion => "dedupe.near_question",
            Self::NearPair => "dedupe.near_pair",
            Self::OverQuota => "balance.over_quota",
            Self::StraddlesSplit => "split.straddles_documents",
            Self::QuestionInEval => "split.question_in_eval",
        }
    }

    /// The stage it belongs to.
    pub const fn stage(self) -> Stage {
        match self {
            Self::ExactQuestion | Self::NearQuestion | Self::NearPair => Stage::Dedupe,
            Self::OverQuota => Stage::Balance,
            Self::StraddlesSplit | Self::QuestionInEval => Stage::Split,
        }
    }

    /// Drops `candidate` for this reason.
    pub(crate) fn drop(self, candidate: &Candidate, detail: String) -> Outcome<Candidate> {
        Outcome::Dropped(Reject {
            schema: RejectSchema,
            id: candidate.id.as_str().to_owned(),
            stage: self.stage(),
            reason: self.into(),
            detail,
            record: serde_json::to_value(candidate).unwrap_or_default(),
        })
    }
}

impl From<DedupeReason> for Reason {
    fn from(reason: DedupeReason) -> Self {
        Self::new(reason.as_str())
    }
}
