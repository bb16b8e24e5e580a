//! A model whose replies were made on the whole prompt and are whole themselves.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use async_trait::async_trait;
use dsg_core::{
    Capabilities, ChatError, ChatModel, ChatReply, ChatRequest, FinishReason, ModelId, TokenCounter,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Tokens that a chat template puts around a turn, about.
const AROUND_A_TURN: usize = 4;

/// What counts as cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GuardConfig {
    /// Tokens of prompt and reply together that the model holds. Default: what the model itself declares; where it declares
    /// nothing, no request is refused beforehand.
    pub context_tokens: Option<usize>,
    /// Per cent of the prompt's tokens, as counted on this side, that the server must have counted too; 0 checks nothing.
    /// Default: 50, since an estimate for another tokenizer's vocabulary may be off by a third.
    pub min_prompt_percent: u8,
    /// How many times its `max_tokens` a cut reply gets when it is asked for once more, as far as the context allows; 1 asks
    /// for none again. Default: 2.
    pub growth: NonZeroUsize,
}

impl Default for GuardConfig {
    fn default() -> Self {
        Self {
            context_tokens: None,
            min_prompt_percent: 50,
            growth: NonZeroUsize::MIN.saturating_add(1),
        }
    }
}

/// Refuses what does not fit ([`ChatError::ContextExceeded`], before it is sent), what was answered on a part of the prompt
/// ([`ChatError::PromptCut`]) and what was stopped by its length twice ([`ChatError::ReplyCut`]).
pub struct Guarded<M> {
    inner: M,
    counter: Arc<dyn TokenCounter>,
    config: GuardConfig,
}

impl<M: ChatModel> Guarded<M> {
    /// `inner`, whose prompts `counter` counts: with the model's own tokenizer where there is one, else by an estimate.
    pub fn new(inner: M, counter: Arc<dyn TokenCounter>, config: GuardConfig) -> Self {
        Self {
            inner,
            counter,
            config,
        }
    }

    /// Tokens that are sent: the turns, and the schema where it must be asked for in words.
    fn prompt_tokens(&self, request: &ChatRequest) -> usize {
        let turns = request.messages.iter();
        let turns = turns.map(|turn| self.counter.count(&turn.content) + AROUND_A_TURN);
        let in_words = request
            .schema
            .as_ref()
            .filter(|_| !self.capabilities().json_schema);
        turns.sum::<usize>() + in_words.map_or(0, |schema| self.counter.count(&schema.to_string()))
    }

    /// Tokens that are left for the reply; `None` where nobody knows.
    fn room(&self, prompt: usize) -> Option<usize> {
        let context = self.capabilities().context_tokens?;
        Some(context.saturating_sub(prompt))
    }

    async fn ask(&self, request: &ChatRequest, prompt: usize) -> Result<ChatReply, ChatError> {
        let reply = self.inner.complete(request).await?;
        let counted = reply.usage.prompt_tokens;
        let least = (prompt as u64).saturating_mul(self.config.min_prompt_percent.into()) / 100;
        // A server that counts nothing says nothing.
        if counted > 0 && counted < least {
            return Err(ChatError::PromptCut {
                model: self.id().model.clone(),
                counted,
                sent: prompt,
            });
        }
        Ok(reply)
    }

    fn cut(&self, reply: &ChatReply, max_tokens: usize) -> ChatError {
        ChatError::ReplyCut {
            model: self.id().model.clone(),
            completion: reply.usage.completion_tokens,
            max_tokens,
        }
    }
}

#[async_trait]
impl<M: ChatModel> ChatModel for Guarded<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn capabilities(&self) -> Capabilities {
        let inner = self.inner.capabilities();
        Capabilities {
            context_tokens: self.config.context_tokens.or(inner.context_tokens),
            ..inner
        }
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        let max_tokens = request.sampling.max_tokens;
        let prompt = self.prompt_tokens(request);
        let room = self.room(prompt).unwrap_or(usize::MAX);
        if room < max_tokens {
            return Err(ChatError::ContextExceeded {
                model: self.id().model.clone(),
                prompt,
                reply: max_tokens,
                context: self.capabilities().context_tokens.unwrap_or_default(),
            });
        }
        let reply = self.ask(request, prompt).await?;
        if reply.finish != FinishReason::Length {
            return Ok(reply);
        }
        let more = max_tokens
            .saturating_mul(self.config.growth.get())
            .min(room);
        if more <= max_tokens {
            return Err(self.cut(&reply, max_tokens));
        }
        let mut larger = request.clone();
        larger.sampling.max_tokens = more;
        let again = self.ask(&larger, prompt).await?;
        if again.finish == FinishReason::Length {
            return Err(self.cut(&again, more));
        }
        Ok(ChatReply {
            usage: reply.usage + again.usage,
            ..again
        })
    }
}

impl<M: fmt::Debug> fmt::Debug for Guarded<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded")
            .field("inner", &self.inner)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
