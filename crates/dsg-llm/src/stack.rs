//! All wrappers around a provider, in the order that makes them work together.

use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use dsg_core::{ChatModel, TokenCounter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::budget::{Budget, Budgeted, Prices};
use crate::deadline::Deadline;
use crate::error::LlmError;
use crate::guard::{GuardConfig, Guarded};
use crate::limit::Limited;
use crate::recorded::Recorded;
use crate::retry::{Retry, RetryConfig};
use crate::store::{ReplyStore, Settings};
use crate::structured::Structured;

/// How a model is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StackConfig {
    /// What happens when the server is busy or out of reach.
    pub retry: RetryConfig,
    /// What counts as cut.
    pub guard: GuardConfig,
    /// What tokens cost. Default: nothing.
    pub prices: Prices,
    /// Calls at once at most; fewer while the server is busy. Default: 8.
    pub concurrency: NonZeroUsize,
    /// Seconds that one attempt may take. Default: 600: a prompt of 4,000 tokens and a reply of 512 take two minutes on two
    /// processor cores, and there eight at once take four times as long.
    pub deadline_seconds: NonZeroU64,
}

impl Default for StackConfig {
    fn default() -> Self {
        Self {
            retry: RetryConfig::default(),
            guard: GuardConfig::default(),
            prices: Prices::default(),
            concurrency: NonZeroUsize::MIN.saturating_add(7),
            deadline_seconds: NonZeroU64::MIN.saturating_add(599),
        }
    }
}

impl StackConfig {
    fn check(&self) -> Result<(), LlmError> {
        self.prices.check()?;
        if self.guard.min_prompt_percent > 100 {
            let field = "guard.min_prompt_percent";
            return Err(LlmError::config(field, "must be a share from 0 to 100"));
        }
        if self.retry.max_wait_ms < self.retry.first_wait_ms {
            let field = "retry.max_wait_ms";
            return Err(LlmError::config(
                field,
                "must not be less than `first_wait_ms`",
            ));
        }
        Ok(())
    }
}

/// What a model shares with others of the run.
#[derive(Clone)]
pub struct Shared {
    /// Where replies are kept. `None` keeps none.
    pub store: Option<ReplyStore>,
    /// What pays for the calls.
    pub budget: Arc<Budget>,
    /// What counts the tokens of prompts.
    pub counter: Arc<dyn TokenCounter>,
}

/// `provider` with everything around it. `settings` is what its replies depend on beside its name and the request, for the
/// store.
///
/// From the outside in: [`Structured`], [`Recorded`], [`Guarded`], [`Budgeted`], [`Retry`], [`Limited`], [`Deadline`]. Salvage
/// and checks cost nothing, so they stand outside of the store and what the model said stays in it; a reply that was cut is
/// never stored. The limit is inside of the retry: it learns of every busy answer, and a call that waits holds no place.
///
/// # Errors
/// [`LlmError::Config`] for a price below 0, a share over 100 per cent, or a first wait that is longer than the longest.
pub fn stack<M: ChatModel + 'static>(
    provider: M,
    settings: Settings,
    config: &StackConfig,
    shared: Shared,
) -> Result<Arc<dyn ChatModel>, LlmError> {
    config.check()?;
    let Shared {
        store,
        budget,
        counter,
    } = shared;
    let model = Deadline::new(provider, Duration::from_secs(config.deadline_seconds.get()));
    let model = Limited::new(model, config.concurrency);
    let model = Retry::new(model, config.retry.clone());
    let model = Budgeted::new(model, budget, config.prices);
    let model = Guarded::new(model, counter, config.guard.clone());
    Ok(match store {
        Some(store) => Arc::new(Structured::new(Recorded::new(model, store, settings))),
        None => Arc::new(Structured::new(model)),
    })
}
