//! Why a prompt has no label.

use dsg_core::Reason;

/// Why the labeller dropped or failed a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LabelDropReason {
    /// A label with its id is there already, and the caller asked to skip those.
    Exists,
    /// An earlier prompt has the same id.
    DuplicateId,
    /// It says nothing.
    EmptyPrompt,
    /// Its schema is no JSON Schema.
    BadSchema,
    /// The reply says nothing, or a filter withheld it.
    EmptyReply,
    /// The reply is longer than allowed.
    ReplyCut,
    /// The reply is no JSON.
    NotJson,
    /// The reply is JSON that does not satisfy the schema.
    SchemaMismatch,
    /// The prompt does not fit the model's context.
    ContextExceeded,
    /// No reply came. The only one that counts as failed.
    ModelFailed,
}

impl LabelDropReason {
    /// The reason, as in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exists => "label.exists",
            Self::DuplicateId => "label.duplicate_id",
            Self::EmptyPrompt => "label.empty_prompt",
            Self::BadSchema => "label.bad_schema",
            Self::EmptyReply => "label.empty_reply",
            Self::ReplyCut => "label.reply_cut",
            Self::NotJson => "label.not_json",
            Self::SchemaMismatch => "label.schema_mismatch",
            Self::ContextExceeded => "label.context_exceeded",
            Self::ModelFailed => "label.model_failed",
        }
    }
}

impl From<LabelDropReason> for Reason {
    fn from(reason: LabelDropReason) -> Self {
        Self::new(reason.as_str())
    }
}
