//! Servers with OpenAI's `/chat/completions`: llama-server, vLLM, LM Studio, Ollama's `/v1`, OpenAI itself.

mod dialect;
mod stream;
pub(crate) mod wire;

use async_trait::async_trait;
use dsg_core::hash::xxh3_64;
use dsg_core::{Capabilities, ChatError, ChatModel, ChatReply, ChatRequest, FinishReason, ModelId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::LlmError;
use crate::http::{Answer, Answered, ErrorPage, Http, HttpConfig};
use crate::key::ApiKey;
use crate::page::message_of;
use crate::store::Settings;
use dialect::{Dialect, Feature};
use wire::{Body, Completion, Setting, Turn};

/// Which server, which model, and how it is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OpenAiConfig {
    /// Where `/chat/completions` is. Default: `http://127.0.0.1:8080/v1`, llama-server's own default.
    pub base_url: String,
    /// The model's name at the server. llama-server serves one model and takes any name. Default: `default`.
    pub model: String,
    /// Whether replies are streamed, so that a server which hangs is noticed after seconds. Default: true.
    pub stream: bool,
    /// Tokens of prompt and reply together, where known. Default: unknown.
    pub context_tokens: Option<usize>,
    /// Further fields of every request, as the server wants them. They shape replies, so they belong to a reply's key in
    /// the store. Default: none.
    pub extra: Map<String, Value>,
}

impl Default for OpenAiConfig {
    fn default() -> Self {
        Self {
            base_url: "http://127.0.0.1:8080/v1".to_owned(),
            model: "default".to_owned(),
            stream: true,
            context_tokens: None,
            extra: Map::new(),
        }
    }
}

impl OpenAiConfig {
    /// What replies depend on beside the model's name and the request, for a reply's key in the store.
    pub fn settings(&self) -> Settings {
        if self.extra.is_empty() {
            Settings::Null
        } else {
            Settings::Object(self.extra.clone())
        }
    }
}

/// A model behind an OpenAI-compatible server.
#[derive(Debug)]
pub struct OpenAi {
    id: ModelId,
    config: OpenAiConfig,
    http: Http,
    dialect: Dialect,
}

impl OpenAi {
    /// The provider's name in records.
    pub const PROVIDER: &str = "openai";

    /// A model at a server; nothing is sent before the first request.
    ///
    /// # Errors
    /// [`LlmError::Config`] for an impossible address or a reserved extra field, [`LlmError::RemoteNotAllowed`] for an
    /// address outside this machine, [`LlmError::FeatureMissing`] for https in a build without `tls`.
    pub fn new(
        config: OpenAiConfig,
        http: HttpConfig,
        key: Option<ApiKey>,
    ) -> Result<Self, LlmError> {
        if let Some(field) = [
            "model",
            "messages",
            "stream",
            "max_tokens",
            "response_format",
            "logprobs",
            "top_logprobs",
        ]
        .iter()
        .find(|field| config.extra.contains_key(**field))
        {
            let problem = format!("`{field}` is set by dsg and cannot be an extra field");
            return Err(LlmError::config("extra", problem));
        }
        Ok(Self {
            id: ModelId {
                provider: Self::PROVIDER.to_owned(),
                model: config.model.clone(),
            },
            http: Http::new(&config.base_url, config.model.clone(), key, http)?,
            config,
            dialect: Dialect::default(),
        })
    }

    async fn reply(&self, answer: Answer) -> Result<ChatReply, ChatError> {
        if answer.is_event_stream {
            return stream::collect(&self.http, answer.body).await;
        }
        let bytes = self.http.read(answer.body).await?;
        let whole: Completion = serde_json::from_slice(&bytes).map_err(|error| {
            self.http
                .malformed(format!("not the JSON of a reply: {error}"))
        })?;
        if let Some(error) = whole.error {
            return Err(self.http.error_within(&error));
        }
        let Some(choice) = whole.choices.into_iter().next() else {
            return Err(self.http.malformed("no choices"));
        };
        let Some(turn) = choice.message else {
            return Err(self.http.malformed("a choice without a message"));
        };
        let Turn { content, refusal } = turn;
        Ok(ChatReply {
            text: self.http.redact(content.unwrap_or_default()),
            finish: match refusal {
                Some(_) => FinishReason::Filtered,
                None => wire::finish(choice.finish_reason.as_deref()),
            },
            usage: whole.usage.unwrap_or_default().into(),
            log_probs: self.http.redact_tokens(wire::log_probs(choice.logprobs)),
        })
    }

    /// The error of a page that no change to the request can mend.
    fn error_of(&self, page: &ErrorPage, request: &ChatRequest) -> ChatError {
        let says_context = [
            "context length",
            "context size",
            "context_length",
            "exceed_context",
        ]
        .iter()
        .any(|words| page.text.contains(words));
        if !(says_context && page.status.is_client_error()) {
            return self.http.error_of(page);
        }
        let json: Value = serde_json::from_str(&page.text).unwrap_or_default();
        let number = |name: &str| {
            let value = json.pointer(&format!("/error/{name}"))?.as_u64()?;
            usize::try_from(value).ok()
        };
        match (number("n_prompt_tokens"), number("n_ctx")) {
            (Some(prompt), Some(context)) => ChatError::ContextExceeded {
                model: self.config.model.clone(),
                prompt,
                reply: request.sampling.max_tokens,
                context,
            },
            _ => self.http.error_of(page),
        }
    }
}

#[async_trait]
impl ChatModel for OpenAi {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            json_schema: self.dialect.takes(Feature::JsonSchema),
            json_mode: self.dialect.takes(Feature::JsonMode),
            grammar: false,
            seed: self.dialect.takes(Feature::Seed),
            // Not what was learnt: callers ask by this, and the same request must have the same key in the store.
            log_probs: true,
            context_tokens: self.config.context_tokens,
        }
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        let setting = Setting {
            model: &self.config.model,
            stream: self.config.stream,
            cache_prompt: self.http.is_local(),
            extra: &self.config.extra,
        };
        let schema_hash = request
            .schema
            .as_ref()
            .map(|schema| xxh3_64(schema.to_string().as_bytes(), 0));
        // Ends: every round but the last takes one more feature out of the request.
        loop {
            let body = Body::new(request, setting, &self.dialect, schema_hash);
            let json = serde_json::to_vec(&body).map_err(|source| ChatError::Backend {
                what: "writing the request as JSON".to_owned(),
                source: source.into(),
            })?;
            let page = match self.http.post("/chat/completions", json).await? {
                Answered::Ok(answer) => return self.reply(answer).await,
                Answered::Error(page) => page,
            };
            let is_about_fields = matches!(page.status.as_u16(), 400 | 403 | 422 | 501);
            let refusal = message_of(&page.text);
            let learnt = is_about_fields
                .then(|| self.dialect.learn(&body.sent, schema_hash, &refusal))
                .flatten();
            if learnt.is_none() {
                return Err(self.error_of(&page, request));
            }
        }
    }
}
