//! Why a task gave no candidate.

use dsg_core::Reason;

/// Why the model's half of the generator dropped or failed a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ModelDropReason {
    /// The model says that the evidence supports no such item.
    CannotAnswer,
    /// None of its quotes is in the evidence, after one repair.
    QuoteNotFound,
    /// Its quotes fit several places that do not say the same, after one repair.
    QuoteAmbiguous,
    /// A question that needs two chunks has quotes from one only, after one repair.
    OneSourceOnly,
    /// A question that should have no answer has one in the index.
    Answerable,
    /// No reply had the shape that was asked for.
    UnusableReply,
    /// The reply was cut, and a smaller one too.
    ReplyCut,
    /// The evidence does not fit the model's context, nor does half of it.
    ContextExceeded,
    /// Another item asks the same question.
    DuplicateQuestion,
    /// Another item gives the same answer.
    DuplicateAnswer,
    /// No reply came. The only one that counts as failed.
    ModelFailed,
}

impl ModelDropReason {
    /// The reason, as in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CannotAnswer => "generate.cannot_answer",
            Self::QuoteNotFound => "generate.quote_not_found",
            Self::QuoteAmbiguous => "generate.quote_ambiguous",
            Self::OneSourceOnly => "generate.one_source_only",
            Self::Answerable => "generate.answerable",
            Self::UnusableReply => "generate.unusable_reply",
            Self::ReplyCut => "generate.reply_cut",
            Self::ContextExceeded => "generate.context_exceeded",
            Self::DuplicateQuestion => "generate.duplicate_question",
            Self::DuplicateAnswer => "generate.duplicate_answer",
            Self::ModelFailed => "generate.model_failed",
        }
    }
}

impl From<ModelDropReason> for Reason {
    fn from(reason: ModelDropReason) -> Self {
        Self::new(reason.as_str())
    }
}
