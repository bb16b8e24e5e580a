//! What a run may cost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use dsg_core::{Capabilities, ChatError, ChatModel, ChatReply, ChatRequest, ModelId, Usage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::error::LlmError;

/// Limits of a run, over all models together. What is `None` is not limited, which is the default of each.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BudgetConfig {
    /// Requests at most; one that is repeated because a server was busy counts once.
    pub requests: Option<u64>,
    /// Tokens of prompts and replies together.
    pub tokens: Option<u64>,
    /// Minutes since the budget was made: a run that is taken up again has them anew.
    pub minutes: Option<f64>,
    /// Money, in the unit of [`Prices`].
    pub money: Option<f64>,
}

/// What a model's tokens cost, in any one currency. Default: nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Prices {
    /// A million tokens of prompts. Default: 0.
    pub per_million_in: f64,
    /// A million tokens of replies. Default: 0.
    pub per_million_out: f64,
}

impl Prices {
    /// # Errors
    /// [`LlmError::Config`] for a price that is no number from 0 up.
    pub(crate) fn check(&self) -> Result<(), LlmError> {
        not_negative("prices.per_million_in", self.per_million_in)?;
        not_negative("prices.per_million_out", self.per_million_out)
    }
}

fn not_negative(field: &'static str, amount: f64) -> Result<(), LlmError> {
    if amount.is_nan() || amount < 0.0 {
        return Err(LlmError::config(field, "must be a number from 0 up"));
    }
    Ok(())
}

/// What was spent so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Spent {
    /// Requests, also those under way and those that brought no reply.
    pub requests: u64,
    /// Tokens of the replies that came and of their prompts.
    pub usage: Usage,
    /// What these cost.
    pub money: f64,
}

/// A purse that several models share. Once it is empty every request is [`ChatError::BudgetSpent`], which ends a run; what is
/// under way then still comes, so that a limit is exceeded by no more than that.
#[derive(Debug)]
pub struct Budget {
    config: BudgetConfig,
    until: Option<Instant>,
    spent: Mutex<Spent>,
}

impl Budget {
    /// A full purse; its minutes begin now.
    ///
    /// # Errors
    /// [`LlmError::Config`] for minutes or money that are no number from 0 up.
    pub fn new(config: BudgetConfig) -> Result<Self, LlmError> {
        not_negative("budget.money", config.money.unwrap_or_default())?;
        let until = match config.minutes {
            Some(minutes) => {
                let limit = Duration::try_from_secs_f64(minutes * 60.0)
                    .map_err(|error| LlmError::config("budget.minutes", error.to_string()))?;
                Instant::now().checked_add(limit)
            }
            None => None,
        };
        Ok(Self {
            config,
            until,
            spent: Mutex::default(),
        })
    }

    /// What was spent so far, replies from a store not counted.
    pub fn spent(&self) -> Spent {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Spent> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request, where there is something left for it.
    fn begin(&self) -> Result<(), ChatError> {
        let mut spent = self.lock();
        let tokens = spent.usage.prompt_tokens + spent.usage.completion_tokens;
        let over = |what: &str, used: String, limit: String| ChatError::BudgetSpent {
            detail: format!("{used} of {limit} {what}"),
        };
        let config = &self.config;
        if let Some(limit) = config.requests.filter(|limit| spent.requests >= *limit) {
            return Err(over(
                "requests",
                spent.requests.to_string(),
                limit.to_string(),
            ));
        }
        if let Some(limit) = config.tokens.filter(|limit| tokens >= *limit) {
            return Err(over("tokens", tokens.to_string(), limit.to_string()));
        }
        if let Some(limit) = config.money.filter(|limit| spent.money >= *limit) {
            return Err(over(
                "in money",
                format!("{:.4}", spent.money),
                limit.to_string(),
            ));
        }
        if let (Some(limit), Some(until)) = (config.minutes, self.until)
            && Instant::now() >= until
        {
            return Err(over("minutes", "all".to_owned(), limit.to_string()));
        }
        spent.requests += 1;
        Ok(())
    }

    fn charge(&self, usage: Usage, prices: Prices) {
        let mut spent = self.lock();
        spent.usage = spent.usage + usage;
        spent.money += (usage.prompt_tokens as f64 * prices.per_million_in
            + usage.completion_tokens as f64 * prices.per_million_out)
            / 1e6;
    }
}

/// A model that is paid from a [`Budget`]. It belongs under [`Recorded`](crate::Recorded): what is recorded costs nothing.
#[derive(Debug)]
pub struct Budgeted<M> {
    inner: M,
    budget: Arc<Budget>,
    prices: Prices,
}

impl<M: ChatModel> Budgeted<M> {
    /// `inner` at `prices`, paid from `budget`.
    pub const fn new(inner: M, budget: Arc<Budget>, prices: Prices) -> Self {
        Self {
            inner,
            budget,
            prices,
        }
    }
}

#[async_trait]
impl<M: ChatModel> ChatModel for Budgeted<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        self.budget.begin()?;
        let reply = self.inner.complete(request).await?;
        self.budget.charge(charged(request, &reply), self.prices);
        Ok(reply)
    }
}

/// The server's own count, or a token for four bytes where it does not count: a budget that nothing counts against is none.
fn charged(request: &ChatRequest, reply: &ChatReply) -> Usage {
    let or = |counted: u64, bytes: usize| match counted {
        0 => bytes.div_ceil(4) as u64,
        counted => counted,
    };
    let prompt = request.messages.iter().map(|turn| turn.content.len()).sum();
    Usage {
        prompt_tokens: or(reply.usage.prompt_tokens, prompt),
        completion_tokens: or(reply.usage.completion_tokens, reply.text.len()),
        ..reply.usage
    }
}
