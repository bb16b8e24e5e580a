//! Why a draft did not become a candidate.

use dsg_core::Reason;

/// Why a draft was left out of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// The plan needs no more of its topic.
    OverPlan,
    /// Another draft asks the same question.
    DuplicateQuestion,
    /// Another draft gives the same answer from the same place.
    DuplicateAnswer,
    /// No configured topic matches its chunk.
    OffTopic,
    /// Its chunk already gave as many as one chunk may.
    ChunkLimit,
}

impl DropReason {
    /// The reason, as in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OverPlan => "generate.over_plan",
            Self::DuplicateQuestion => "generate.duplicate_question",
            Self::DuplicateAnswer => "generate.duplicate_answer",
            Self::OffTopic => "generate.off_topic",
            Self::ChunkLimit => "generate.chunk_limit",
        }
    }
}

impl From<DropReason> for Reason {
    fn from(reason: DropReason) -> Self {
        Self::new(reason.as_str())
    }
}
