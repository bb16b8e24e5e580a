//! A model that answers in time or not at all.

use std::time::Duration;

use async_trait::async_trait;
use dsg_core::{Capabilities, ChatError, ChatModel, ChatReply, ChatRequest, ModelId};
use tokio::time::timeout;

/// Gives a call up after a time, whatever it is doing: a last resort behind the provider's own limits, which notice a server
/// that hangs much sooner.
#[derive(Debug)]
pub struct Deadline<M> {
    inner: M,
    limit: Duration,
}

impl<M: ChatModel> Deadline<M> {
    /// `inner` within `limit` a call. What is late is [`ChatError::Unreachable`], so that it may be asked again.
    pub const fn new(inner: M, limit: Duration) -> Self {
        Self { inner, limit }
    }
}

#[async_trait]
impl<M: ChatModel> ChatModel for Deadline<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        match timeout(self.limit, self.inner.complete(request)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(ChatError::Unreachable {
                model: self.id().model.clone(),
                detail: format!("no reply within {} s", self.limit.as_secs_f64()),
                source: None,
            }),
        }
    }
}
