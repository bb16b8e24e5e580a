//! Ollama's own API, `/api/chat`: there the context is what is asked for, and a prompt that does not fit is an error.

use async_trait::async_trait;
use dsg_core::{
    Capabilities, ChatError, ChatModel, ChatReply, ChatRequest, FinishReason, Message, ModelId,
    Usage,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::body::Bounded;
use crate::error::LlmError;
use crate::http::{Answered, Http, HttpConfig};
use crate::key::ApiKey;
use crate::store::Settings;

/// Which model of an Ollama server, and how it is loaded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OllamaConfig {
    /// The server's address. Default: `http://127.0.0.1:11434`, Ollama's own.
    pub base_url: String,
    /// The model with its tag, as `ollama list` shows it; it must be given.
    pub model: String,
    /// Tokens of prompt and reply together that the server is told to make room for. Default: 8192; left to itself, Ollama
    /// loads half of that and drops what is too much without a word.
    pub num_ctx: usize,
    /// How long the model stays in memory after a call, as Ollama writes it (`5m`, `1h`, `-1` for ever). Default: `30m`.
    pub keep_alive: String,
    /// Whether replies are streamed, so that a server which hangs is noticed after seconds. Default: true.
    pub stream: bool,
    /// Whether a model that can think before it answers does so; what it thinks is paid for and thrown away. Default: as the
    /// model is set up.
    pub think: Option<bool>,
    /// Further `options` of every request. They shape replies and stand in [`OllamaConfig::settings`]. Default: none.
    pub options: Map<String, Value>,
}

impl Default for OllamaConfig {
    fn default() -> Self {
        Self {
            base_url: "http://127.0.0.1:11434".to_owned(),
            model: String::new(),
            num_ctx: 8192,
            keep_alive: "30m".to_owned(),
            stream: true,
            think: None,
            options: Map::new(),
        }
    }
}

impl OllamaConfig {
    /// What replies depend on beside the model's name and the request, for a reply's key in the store.
    pub fn settings(&self) -> Settings {
        json!({"num_ctx": self.num_ctx, "think": self.think, "options": self.options})
    }
}

/// A model of an Ollama server.
#[derive(Debug)]
pub struct Ollama {
    id: ModelId,
    config: OllamaConfig,
    http: Http,
}

/// Options that requests set.
const OWN_OPTIONS: [&str; 6] = [
    "num_ctx",
    "num_predict",
    "seed",
    "stop",
    "temperature",
    "top_p",
];

impl Ollama {
    /// The provider's name in records.
    pub const PROVIDER: &str = "ollama";

    /// A model at a server; nothing is sent before the first request.
    ///
    /// # Errors
    /// [`LlmError::Config`] for an impossible address, no model or a reserved option, [`LlmError::RemoteNotAllowed`] for an
    /// address outside this machine, [`LlmError::FeatureMissing`] for https in a build without `tls`.
    pub fn new(
        config: OllamaConfig,
        http: HttpConfig,
        key: Option<ApiKey>,
    ) -> Result<Self, LlmError> {
        if config.model.is_empty() {
            return Err(LlmError::config("model", "must name a model of the server"));
        }
        if config.num_ctx == 0 {
            return Err(LlmError::config("num_ctx", "must be 1 or more"));
        }
        let mut own = OWN_OPTIONS.iter();
        if let Some(name) = own.find(|name| config.options.contains_key(**name)) {
            let problem = format!("`{name}` is set by dsg and cannot be a further option");
            return Err(LlmError::config("options", problem));
        }
        Ok(Self {
            id: ModelId {
                provider: Self::PROVIDER.to_owned(),
                model: config.model.clone(),
            },
            http: Http::new(&config.base_url, config.model.clone(), key, http)?,
            config,
        })
    }

    /// The parts of a reply, a line each; a reply that is not streamed is one part.
    async fn collect(&self, mut body: Bounded) -> Result<ChatReply, ChatError> {
        let mut text = String::new();
        let mut line = Vec::new();
        let mut is_first = true;
        while let Some(bytes) = self.http.part(is_first, &mut body).await? {
            is_first = false;
            for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
                line.extend_from_slice(piece);
                if piece.ends_with(b"\n")
                    && let Some(end) = self.part(&line, &mut text)?
                {
                    return Ok(self.reply(text, &end));
                }
                if piece.ends_with(b"\n") {
                    line.clear();
                }
            }
        }
        match self.part(&line, &mut text)? {
            Some(end) => Ok(self.reply(text, &end)),
            None => Err(self.http.malformed("the stream ended before the reply did")),
        }
    }

    /// Adds a part to the text; the part itself where it is the last one.
    fn part(&self, line: &[u8], text: &mut String) -> Result<Option<Part>, ChatError> {
        if line.trim_ascii().is_empty() {
            return Ok(None);
        }
        let part: Part = serde_json::from_slice(line).map_err(|error| {
            self.http
                .malformed(format!("not the JSON of a reply: {error}"))
        })?;
        if let Some(error) = &part.error {
            return Err(self.http.error_within(error));
        }
        match &part.message {
            Some(turn) => text.push_str(&turn.content),
            None if part.done => {}
            None => return Err(self.http.malformed("a part without a message")),
        }
        Ok(Some(part).filter(|part| part.done))
    }

    fn reply(&self, text: String, end: &Part) -> ChatReply {
        ChatReply {
            text: self.http.redact(text),
            finish: match end.done_reason.as_deref() {
                Some("stop") => FinishReason::Stop,
                Some("length") => FinishReason::Length,
                _ => FinishReason::Unknown,
            },
            usage: Usage {
                prompt_tokens: end.prompt_eval_count,
                cached_tokens: 0,
                completion_tokens: end.eval_count,
            },
            log_probs: Vec::new(),
        }
    }
}

#[async_trait]
impl ChatModel for Ollama {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            json_schema: true,
            json_mode: true,
            seed: true,
            context_tokens: Some(self.config.num_ctx),
            ..Capabilities::default()
        }
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        let body = Body {
            model: &self.config.model,
            messages: &request.messages,
            stream: self.config.stream,
            format: request.schema.as_ref(),
            keep_alive: keep_alive(&self.config.keep_alive),
            think: self.config.think,
            truncate: false,
            shift: false,
            options: Options {
                num_ctx: self.config.num_ctx,
                num_predict: request.sampling.max_tokens,
                seed: request.sampling.seed,
                stop: &request.sampling.stop,
                temperature: request.sampling.temperature,
                top_p: request.sampling.top_p,
                further: &self.config.options,
            },
        };
        let json = serde_json::to_vec(&body).map_err(|source| ChatError::Backend {
            what: "writing the request as JSON".to_owned(),
            source: source.into(),
        })?;
        match self.http.post("/api/chat", json).await? {
            Answered::Ok(answer) => self.collect(answer.body).await,
            Answered::Error(page) => Err(self.http.error_of(&page)),
        }
    }
}

/// A text is a duration with a unit; without one Ollama wants a number, in seconds.
fn keep_alive(text: &str) -> Value {
    text.parse::<i64>()
        .map_or_else(|_| text.into(), Value::from)
}

#[derive(Debug, Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: &'a [Message],
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a Value>,
    keep_alive: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<bool>,
    /// Whether a prompt that does not fit loses its beginning. Servers from before this field ignore it.
    truncate: bool,
    /// Whether a reply that reaches the end of the context pushes the prompt out of it.
    shift: bool,
    options: Options<'a>,
}

#[derive(Debug, Serialize)]
struct Options<'a> {
    num_ctx: usize,
    num_predict: usize,
    seed: u32,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    temperature: f32,
    top_p: f32,
    #[serde(flatten)]
    further: &'a Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Part {
    #[serde(default)]
    message: Option<Turn>,
    #[serde(default)]
    done: bool,
    #[serde(default)]
    done_reason: Option<String>,
    #[serde(default)]
    prompt_eval_count: u64,
    #[serde(default)]
    eval_count: u64,
    /// Servers report a failure within a stream like this.
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Turn {
    #[serde(default)]
    content: String,
}
