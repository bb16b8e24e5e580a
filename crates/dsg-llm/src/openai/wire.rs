//! The request and the reply as JSON.

use dsg_core::{ChatRequest, FinishReason, LogProb, Message, TokenLogProb, TopLogProb, Usage};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::dialect::{Dialect, Feature};

/// Name that OpenAI wants for a schema; it means nothing.
const SCHEMA_NAME: &str = "reply";

#[derive(Debug, Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    messages: Vec<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<usize>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_prompt: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_logprobs: Option<u8>,
    #[serde(flatten)]
    extra: &'a Map<String, Value>,
    /// What of it a server may reject.
    #[serde(skip)]
    pub(super) sent: Vec<Feature>,
}

#[derive(Debug, Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ResponseFormat<'a> {
    JsonSchema { json_schema: NamedSchema<'a> },
    JsonObject,
}

#[derive(Debug, Serialize)]
struct NamedSchema<'a> {
    name: &'static str,
    strict: bool,
    schema: &'a Value,
}

/// What is the same for every request to a server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'a> {
    pub(super) model: &'a str,
    pub(super) stream: bool,
    pub(super) cache_prompt: bool,
    pub(super) extra: &'a Map<String, Value>,
}

impl<'a> Body<'a> {
    /// The request in the server's dialect: what it is known to reject is left out, a schema that it cannot enforce is
    /// asked for in words.
    pub(super) fn new(
        request: &'a ChatRequest,
        setting: Setting<'a>,
        dialect: &Dialect,
        schema_hash: Option<u64>,
    ) -> Self {
        let mut sent = Vec::new();
        let mut take = |wanted: bool, feature: Feature| {
            let takes = wanted && dialect.takes(feature);
            if takes {
                sent.push(feature);
            }
            takes
        };
        let sampling = &request.sampling;
        let temperature = take(true, Feature::Temperature).then_some(sampling.temperature);
        let top_p = take(sampling.top_p < 1.0, Feature::TopP).then_some(sampling.top_p);
        let seed = take(true, Feature::Seed).then_some(sampling.seed);
        let max_tokens = take(true, Feature::MaxTokens).then_some(sampling.max_tokens);
        let has_stop = take(!sampling.stop.is_empty(), Feature::Stop);
        let counts_stream = take(setting.stream, Feature::StreamOptions);
        let caches = take(setting.cache_prompt, Feature::CachePrompt);
        let has_log_probs = take(request.top_log_probs > 0, Feature::LogProbs);
        let by_schema = schema_hash.is_some_and(|hash| dialect.takes_schema(hash));
        let by_schema = take(by_schema, Feature::JsonSchema);
        let by_mode = take(schema_hash.is_some() && !by_schema, Feature::JsonMode);
        let mut messages = request.messages.clone();
        let response_format = match &request.schema {
            Some(schema) if by_schema => Some(ResponseFormat::JsonSchema {
                json_schema: NamedSchema {
                    name: SCHEMA_NAME,
                    strict: true,
                    schema,
                },
            }),
            Some(schema) => {
                ask_in_words(&mut messages, schema);
                by_mode.then_some(ResponseFormat::JsonObject)
            }
            None => None,
        };
        Self {
            model: setting.model,
            messages,
            temperature,
            top_p,
            seed,
            max_tokens,
            max_completion_tokens: max_tokens.is_none().then_some(sampling.max_tokens),
            stop: if has_stop { &sampling.stop } else { &[] },
            stream: setting.stream,
            stream_options: counts_stream.then_some(StreamOptions {
                include_usage: true,
            }),
            cache_prompt: caches.then_some(true),
            response_format,
            logprobs: has_log_probs.then_some(true),
            top_logprobs: has_log_probs.then_some(request.top_log_probs),
            extra: setting.extra,
            sent,
        }
    }
}

/// Puts the schema behind the last turn, where it keeps the prompt's beginning the same for every schema.
pub(crate) fn ask_in_words(messages: &mut [Message], schema: &Value) {
    if let Some(last) = messages.last_mut() {
        last.content.push_str(
            "\n\nReply with one JSON value and nothing else: no explanation, no code fence. \
             It must satisfy this JSON Schema:\n",
        );
        last.content.push_str(&schema.to_string());
    }
}

/// A reply, or a part of one in a stream.
#[derive(Debug, Deserialize)]
pub(super) struct Completion {
    #[serde(default)]
    pub(super) choices: Vec<Choice>,
    #[serde(default)]
    pub(super) usage: Option<WireUsage>,
    /// Servers report a failure within a stream, or under status 200, like this.
    #[serde(default)]
    pub(super) error: Option<Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    #[serde(default)]
    pub(super) message: Option<Turn>,
    #[serde(default)]
    pub(super) delta: Option<Turn>,
    #[serde(default)]
    pub(super) finish_reason: Option<String>,
    /// Read by [`log_probs`].
    #[serde(default)]
    pub(super) logprobs: Value,
}

#[derive(Debug, Deserialize)]
pub(super) struct Turn {
    #[serde(default)]
    pub(super) content: Option<String>,
    #[serde(default)]
    pub(super) refusal: Option<String>,
}

/// The tokens of a choice. What has another shape than OpenAI's is left out: nobody loses a reply for it.
pub(super) fn log_probs(logprobs: Value) -> Vec<TokenLogProb> {
    let LogProbs { content } = serde_json::from_value(logprobs).unwrap_or_default();
    let tokens = content.unwrap_or_default().into_iter();
    tokens.map(TokenLogProb::from).collect()
}

#[derive(Debug, Default, Deserialize)]
struct LogProbs {
    #[serde(default)]
    content: Option<Vec<WireToken>>,
}

#[derive(Debug, Deserialize)]
struct WireToken {
    token: String,
    /// Null where JSON has no number for it.
    #[serde(default)]
    logprob: Option<f64>,
    #[serde(default)]
    top_logprobs: Option<Vec<Self>>,
}

impl From<WireToken> for TokenLogProb {
    fn from(wire: WireToken) -> Self {
        let log_prob = |wire: Option<f64>| wire.map_or(LogProb::LEAST, LogProb::new);
        let top = wire.top_logprobs.unwrap_or_default().into_iter();
        Self {
            text: wire.token,
            log_prob: log_prob(wire.logprob),
            top: top
                .map(|other| TopLogProb {
                    text: other.token,
                    log_prob: log_prob(other.logprob),
                })
                .collect(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct WireUsage {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
    #[serde(default)]
    prompt_tokens_details: Option<PromptDetails>,
}

#[derive(Debug, Default, Deserialize)]
struct PromptDetails {
    #[serde(default)]
    cached_tokens: Option<u64>,
}

impl From<WireUsage> for Usage {
    fn from(wire: WireUsage) -> Self {
        Self {
            prompt_tokens: wire.prompt_tokens,
            cached_tokens: wire
                .prompt_tokens_details
                .and_then(|details| details.cached_tokens)
                .unwrap_or(0),
            completion_tokens: wire.completion_tokens,
        }
    }
}

pub(super) fn finish(reason: Option<&str>) -> FinishReason {
    match reason {
        Some("stop" | "eos" | "eos_token") => FinishReason::Stop,
        Some("length" | "max_tokens") => FinishReason::Length,
        Some("content_filter") => FinishReason::Filtered,
        _ => FinishReason::Unknown,
    }
}
