//! The seam between dsg and a language model: a request, a reply, and the trait that turns one into the other.

use std::error::Error;
use std::ops::Add;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::example::Message;
use crate::log_prob::TokenLogProb;

/// A language model that continues a conversation: a server, an engine in this process, a recording.
///
/// One method, so that a wrapper (a reply store, a retry, a budget) is a model again. Implementations are safe to call from
/// many tasks at once and keep no state between requests that changes a reply.
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// Who answers.
    fn id(&self) -> &ModelId;

    /// What it can be asked for. A caller may ask for more: what a model lacks is left out of the request, and the reply
    /// is checked by the caller all the same.
    fn capabilities(&self) -> Capabilities;

    /// The reply to one request.
    ///
    /// # Errors
    /// [`ChatError`]; its [`ChatError::is_transient`] says whether the same request may succeed later.
    async fn complete(&self, request: &ChatRequest) -> Result<ChatReply, ChatError>;
}

/// A shared model is a model.
#[async_trait]
impl<M: ChatModel + ?Sized> ChatModel for Arc<M> {
    fn id(&self) -> &ModelId {
        (**self).id()
    }

    fn capabilities(&self) -> Capabilities {
        (**self).capabilities()
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        (**self).complete(request).await
    }
}

/// Who answers, as it stands in records: `ollama`, `qwen2.5-coder:1.5b`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ModelId {
    /// The provider: `openai`, `ollama`, `llama-cpp`, `scripted`.
    pub provider: String,
    /// The model's name at that provider; for a file, its name and digest, never its path.
    pub model: String,
}

/// What a model can be asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Replies can be held to a JSON Schema while they are decoded.
    pub json_schema: bool,
    /// Replies can be held to JSON of any shape.
    pub json_mode: bool,
    /// Replies can be held to a GBNF grammar.
    pub grammar: bool,
    /// The same seed gives the same reply, on the same machine and version.
    pub seed: bool,
    /// Log-probabilities of the reply's tokens can be had.
    pub log_probs: bool,
    /// Prompt and reply together, in tokens; unknown where the server does not say.
    pub context_tokens: Option<usize>,
}

/// One call. Everything in it shapes the reply, so its serialized form is what a reply store hashes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ChatRequest {
    /// The conversation; the last turn is the one to answer.
    pub messages: Vec<Message>,
    /// How the next token is chosen, and when to stop.
    pub sampling: Sampling,
    /// The JSON Schema that the reply must satisfy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// How many of the likeliest tokens are wanted at each token of the reply, with their log-probabilities; 0 wants none, not
    /// even the token's own. Servers give 5 at least, where they give any. Default: 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub top_log_probs: u8,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
const fn is_zero(count: &u8) -> bool {
    *count == 0
}

/// How the next token is chosen, and when to stop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sampling {
    /// 0 takes the likeliest token. Default: 0.
    pub temperature: f32,
    /// Nucleus sampling: the least set of tokens whose probability reaches this. Default: 1, which is off.
    pub top_p: f32,
    /// Default: 0.
    pub seed: u32,
    /// Tokens of the reply at most. Default: 512.
    pub max_tokens: usize,
    /// Texts that end the reply; they are not part of it. Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            temperature: 0.0,
            top_p: 1.0,
            seed: 0,
            max_tokens: 512,
            stop: Vec::new(),
        }
    }
}

/// What a model said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatReply {
    /// The text, as it came.
    pub text: String,
    /// Why it ended.
    pub finish: FinishReason,
    /// Tokens spent.
    pub usage: Usage,
    /// The tokens that were generated, in order, where [`ChatRequest::top_log_probs`] asked for them and the model can tell.
    /// Together they are what the model said, of which `text` may be a part: without a stop text, or the JSON alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log_probs: Vec<TokenLogProb>,
}

/// Why a reply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FinishReason {
    /// The model was done, or said a stop text.
    Stop,
    /// `max_tokens` or the context was used up: the reply is cut.
    Length,
    /// A filter of the server's withheld the rest.
    Filtered,
    /// The server did not say.
    Unknown,
}

/// Tokens of one call; zero where the server does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: u64,
    /// Of those, tokens that the engine still had from an earlier call.
    #[serde(default)]
    pub cached_tokens: u64,
    /// Tokens of the reply.
    pub completion_tokens: u64,
}

/// What several calls took together.
impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            prompt_tokens: self.prompt_tokens.saturating_add(other.prompt_tokens),
            cached_tokens: self.cached_tokens.saturating_add(other.cached_tokens),
            completion_tokens: self
                .completion_tokens
                .saturating_add(other.completion_tokens),
        }
    }
}

/// A call that brought no reply.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChatError {
    /// The server is busy or asks to slow down: 408, 409, 425, 429, 5xx.
    #[error("{model} is busy: {detail}")]
    Busy {
        /// Who was asked.
        model: String,
        /// What the server said.
        detail: String,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// The connection failed, was reset, or took longer than allowed.
    #[error("{model} did not answer: {detail}")]
    Unreachable {
        /// Who was asked.
        model: String,
        /// What was attempted.
        detail: String,
        /// The transport's own error.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// An answer came that is no reply: not JSON, no choices, larger than allowed.
    #[error("{model} answered with something that is no reply: {detail}")]
    Malformed {
        /// Who was asked.
        model: String,
        /// What is wrong with it.
        detail: String,
    },
    /// Prompt and reply do not fit the model's context.
    #[error(
        "{model} holds {context} tokens; the prompt has {prompt} and the reply may take {reply}"
    )]
    ContextExceeded {
        /// Who was asked.
        model: String,
        /// Tokens of the prompt.
        prompt: usize,
        /// Tokens that the reply may take.
        reply: usize,
        /// Tokens that the model holds.
        context: usize,
    },
    /// The server rejects this one request: it is too large, or has what this model does not take.
    #[error("{model} rejects the request: {detail}")]
    Rejected {
        /// Who was asked.
        model: String,
        /// What the server said.
        detail: String,
    },
    /// The reply was stopped by its length, so that it is no answer.
    #[error(
        "{model} was cut off after {completion} tokens of its reply; {max_tokens} were allowed"
    )]
    ReplyCut {
        /// Who was asked.
        model: String,
        /// Tokens of the reply; zero where the server does not say.
        completion: u64,
        /// Tokens that the request allowed.
        max_tokens: usize,
    },
    /// The server answered, but not to the whole prompt: it counted far fewer tokens than were sent.
    #[error("{model} saw {counted} of about {sent} tokens of the prompt; its context is too small")]
    PromptCut {
        /// Who was asked.
        model: String,
        /// Tokens of the prompt that the server counted.
        counted: u64,
        /// Tokens that were sent, as estimated.
        sent: usize,
    },
    /// The reply has not the shape that was asked for, and asking again did not help.
    #[error("{model} gave no reply that fits the schema: {problem}")]
    Unusable {
        /// Who was asked.
        model: String,
        /// What is wrong with the last reply.
        problem: String,
        /// The last reply, as it came.
        text: String,
    },
    /// The server is not on this machine, and nothing else may be spoken to.
    #[error(
        "{host} is not on this machine; set `allow_remote: true` or pass `--allow-remote` to speak to it"
    )]
    RemoteNotAllowed {
        /// The host as configured.
        host: String,
    },
    /// The server refuses, and will refuse again: a wrong key, an unknown model.
    #[error("{model} refuses: {detail}")]
    Refused {
        /// Who was asked.
        model: String,
        /// What the server said.
        detail: String,
    },
    /// Request after request failed, each after all its attempts.
    #[error("{failed} requests in a row failed")]
    GaveUp {
        /// How many.
        failed: usize,
        /// Why the last one did.
        #[source]
        source: Box<ChatError>,
    },
    /// The run's budget of requests, tokens, time or money is spent.
    #[error("the budget is spent: {detail}")]
    BudgetSpent {
        /// Which budget, and how much of it was used.
        detail: String,
    },
    /// A stop was asked for.
    #[error("stopped on request")]
    Interrupted,
    /// A recording does not hold this request.
    #[error("{model} has no recorded reply for this request (key {key})")]
    NotRecorded {
        /// Whose replies were recorded.
        model: String,
        /// The request's key in the store.
        key: String,
    },
    /// This build lacks the provider.
    #[error("this dsg was built without `{feature}`; build it with `--features {feature}`")]
    FeatureMissing {
        /// The Cargo feature to build with.
        feature: &'static str,
    },
    /// The provider itself failed: a model file, the reply store.
    #[error("{what}")]
    Backend {
        /// What was attempted, on what.
        what: String,
        /// The provider's own error.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl ChatError {
    /// Whether the same request may succeed later.
    pub const fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Busy { .. } | Self::Unreachable { .. } | Self::Malformed { .. }
        )
    }

    /// Whether no further request of this run can succeed, so that the run must stop. Anything else concerns one
    /// request: its record fails, the run goes on.
    pub const fn ends_run(&self) -> bool {
        matches!(
            self,
            Self::Refused { .. }
                | Self::GaveUp { .. }
                | Self::RemoteNotAllowed { .. }
                | Self::BudgetSpent { .. }
                | Self::Interrupted
                | Self::FeatureMissing { .. }
                | Self::Backend { .. }
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::log_prob::LogProb;

    #[test]
    fn log_probabilities_are_written_only_where_they_are() {
        let mut request = ChatRequest::default();
        let plain = json!({
            "messages": [],
            "sampling": {"temperature": 0.0, "top_p": 1.0, "seed": 0, "max_tokens": 512},
        });
        assert_eq!(serde_json::to_value(&request).unwrap(), plain);
        request.top_log_probs = 5;
        let asked = serde_json::to_value(&request).unwrap();
        assert_eq!(asked["top_log_probs"], 5);
        assert_eq!(
            serde_json::from_value::<ChatRequest>(asked).unwrap(),
            request
        );

        // As replies were stored before there were any.
        let old = json!({
            "text": "Yes.",
            "finish": "stop",
            "usage": {"prompt_tokens": 9, "cached_tokens": 0, "completion_tokens": 2},
        });
        let mut reply: ChatReply = serde_json::from_value(old.clone()).unwrap();
        assert!(reply.log_probs.is_empty());
        assert_eq!(serde_json::to_value(&reply).unwrap(), old);
        reply.log_probs.push(TokenLogProb {
            text: "Yes".to_owned(),
            log_prob: LogProb::new(-0.1),
            top: Vec::new(),
        });
        let text = serde_json::to_string(&reply).unwrap();
        assert_eq!(serde_json::from_str::<ChatReply>(&text).unwrap(), reply);
    }
}
