//! One request and its reply, as exported.

use dsg_core::{ChatReply, ChatRequest, ModelId};
use serde::{Deserialize, Serialize};

use super::{ReplyKey, Settings};

/// A request that was answered: a line of `dsg replies export`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// The record's type and version.
    pub schema: ExchangeSchema,
    /// The hash of model, settings and request.
    pub key: ReplyKey,
    /// Who was asked.
    pub model: ModelId,
    /// What the model's replies depend on beside its name.
    #[serde(default)]
    pub settings: Settings,
    /// What was asked.
    pub request: ChatRequest,
    /// What was said.
    pub reply: ChatReply,
}

/// The type and version of an [`Exchange`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExchangeSchema {
    /// `dsg.reply/1`.
    #[default]
    #[serde(rename = "dsg.reply/1")]
    V1,
}
