//! A model that is asked again when it is busy or out of reach.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use backon::{ExponentialBuilder, Retryable as _};
use dsg_core::hash::xxh3_64;
use dsg_core::{Capabilities, ChatError, ChatModel, ChatReply, ChatRequest, ModelId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How often a request is sent, and how long is waited in between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetryConfig {
    /// How often a request is sent at most; 1 is never again. Default: 7, which with the waits below outlasts a server that
    /// takes half a minute to start.
    pub attempts: NonZeroUsize,
    /// Milliseconds before the second attempt. Every further wait is twice as long, and each is drawn out at random by up to
    /// its own length, so that requests which failed together do not come again together. Default: 500.
    pub first_wait_ms: u64,
    /// Milliseconds of a wait at most, before it is drawn out; also of a server's `Retry-After`, which is waited in addition.
    /// Default: 60,000.
    pub max_wait_ms: u64,
    /// Requests in a row that may fail after all their attempts; then the run ends, and goes on once the server is back.
    /// Default: 5.
    pub give_up_after: NonZeroUsize,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            attempts: NonZeroUsize::MIN.saturating_add(6),
            first_wait_ms: 500,
            max_wait_ms: 60_000,
            give_up_after: NonZeroUsize::MIN.saturating_add(4),
        }
    }
}

/// Repeats what [`ChatError::is_transient`] says may succeed later. The last error is handed on and says how often was asked;
/// when request after request fails, it is [`ChatError::GaveUp`].
#[derive(Debug)]
pub struct Retry<M> {
    inner: M,
    config: RetryConfig,
    /// Requests that failed since the last one which brought an answer.
    failed: AtomicUsize,
}

impl<M: ChatModel> Retry<M> {
    /// `inner`, asked again.
    pub const fn new(inner: M, config: RetryConfig) -> Self {
        Self {
            inner,
            config,
            failed: AtomicUsize::new(0),
        }
    }

    /// The waits for one request: random, but the same ones in every run.
    fn backoff(&self, request: &ChatRequest) -> ExponentialBuilder {
        let text = request.messages.last().map_or("", |turn| &turn.content);
        ExponentialBuilder::new()
            .with_factor(2.0)
            .with_min_delay(Duration::from_millis(self.config.first_wait_ms))
            .with_max_delay(Duration::from_millis(self.config.max_wait_ms))
            .with_max_times(self.config.attempts.get() - 1)
            .with_jitter()
            .with_jitter_seed(xxh3_64(text.as_bytes(), u64::from(request.sampling.seed)))
    }
}

#[async_trait]
impl<M: ChatModel> ChatModel for Retry<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        let most = Duration::from_millis(self.config.max_wait_ms);
        let mut asked = 0_usize;
        let last = (|| {
            asked += 1;
            self.inner.complete(request)
        })
        .retry(self.backoff(request))
        .sleep(tokio::time::sleep)
        .when(ChatError::is_transient)
        .adjust(|error, wait| {
            let asks_for = match error {
                ChatError::Busy { retry_after, .. } => retry_after.unwrap_or_default(),
                _ => Duration::ZERO,
            };
            wait.map(|wait| wait.saturating_add(asks_for.min(most)))
        })
        .await;
        match last {
            Err(error) if error.is_transient() => {
                let failed = self.failed.fetch_add(1, Ordering::Relaxed) + 1;
                let error = told(error, asked);
                if failed < self.config.give_up_after.get() {
                    return Err(error);
                }
                Err(ChatError::GaveUp {
                    failed,
                    source: Box::new(error),
                })
            }
            // A refusal is an answer too.
            other => {
                self.failed.store(0, Ordering::Relaxed);
                other
            }
        }
    }
}

/// The error, saying how often was asked.
fn told(mut error: ChatError, asked: usize) -> ChatError {
    if asked > 1
        && let ChatError::Busy { detail, .. }
        | ChatError::Unreachable { detail, .. }
        | ChatError::Malformed { detail, .. } = &mut error
    {
        *detail = format!("{detail}; asked {asked} times");
    }
    error
}
