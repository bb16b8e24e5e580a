//! A model that says what it was told to say: for tests and for trying a configuration without a server.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use dsg_core::{
    Capabilities, ChatError, ChatModel, ChatReply, ChatRequest, FinishReason, ModelId, Usage,
};
use serde::{Deserialize, Serialize};

use crate::error::LlmError;

type Answer = Box<dyn Fn(&ChatRequest) -> Result<ChatReply, ChatError> + Send + Sync>;

/// A model whose replies are a function of the request alone, so that the order of calls changes nothing.
pub struct Scripted {
    id: ModelId,
    capabilities: Capabilities,
    answer: Answer,
    calls: AtomicUsize,
}

/// Replies by what the last turn contains; the first rule that fits answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// Tried in order.
    #[serde(default)]
    pub rules: Vec<ScriptRule>,
    /// What is said where no rule fits. Default: nothing, the request is rejected.
    #[serde(default)]
    pub otherwise: Option<String>,
}

/// One reply and when it is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptRule {
    /// Every one of these must stand in the conversation.
    pub contains: Vec<String>,
    /// What is said.
    pub reply: String,
}

impl Scripted {
    /// The provider's name in records.
    pub const PROVIDER: &str = "scripted";

    /// A model that answers with whatever `answer` returns.
    pub fn new(
        model: &str,
        answer: impl Fn(&ChatRequest) -> Result<ChatReply, ChatError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            id: ModelId {
                provider: Self::PROVIDER.to_owned(),
                model: model.to_owned(),
            },
            capabilities: Capabilities {
                json_schema: true,
                json_mode: true,
                seed: true,
                ..Capabilities::default()
            },
            answer: Box::new(answer),
            calls: AtomicUsize::new(0),
        }
    }

    /// A model that always says `text`.
    pub fn saying(text: &str) -> Self {
        let text = text.to_owned();
        Self::new("saying", move |request| Ok(reply_to(request, &text)))
    }

    /// A model that follows a script.
    pub fn following(model: &str, script: Script) -> Self {
        let name = model.to_owned();
        Self::new(model, move |request| {
            let fits = |rule: &&ScriptRule| {
                rule.contains.iter().all(|needle| {
                    let mut turns = request.messages.iter();
                    turns.any(|turn| turn.content.contains(needle))
                })
            };
            let found = script.rules.iter().find(fits).map(|rule| &rule.reply);
            match found.or(script.otherwise.as_ref()) {
                Some(text) => Ok(reply_to(request, text)),
                None => Err(ChatError::Rejected {
                    model: name.clone(),
                    detail: "the script has no rule for this request".to_owned(),
                }),
            }
        })
    }

    /// A model that follows the script in a JSON file; it is called like the file.
    ///
    /// # Errors
    /// [`LlmError::Config`] where the file is no script.
    pub fn from_file(path: &Path) -> Result<Self, LlmError> {
        let complain =
            |problem: String| LlmError::config("script", format!("{}: {problem}", path.display()));
        let text = fs::read_to_string(path).map_err(|error| complain(error.to_string()))?;
        let script = serde_json::from_str(&text).map_err(|error| complain(error.to_string()))?;
        let name = path.file_name().unwrap_or(path.as_os_str());
        Ok(Self::following(&name.to_string_lossy(), script))
    }

    /// The same model with other capabilities. Default: JSON Schema, JSON mode and seeds, context unknown.
    #[must_use]
    pub const fn with_capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// How often it was asked.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

/// `text` as a whole reply to `request`, with a word counted as a token.
pub fn reply_to(request: &ChatRequest, text: &str) -> ChatReply {
    let words = |text: &str| text.split_whitespace().count() as u64;
    ChatReply {
        text: text.to_owned(),
        finish: FinishReason::Stop,
        usage: Usage {
            prompt_tokens: request
                .messages
                .iter()
                .map(|turn| words(&turn.content))
                .sum(),
            cached_tokens: 0,
            completion_tokens: words(text),
        },
        log_probs: Vec::new(),
    }
}

#[async_trait]
impl ChatModel for Scripted {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        (self.answer)(request)
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scripted")
            .field("id", &self.id)
            .field("calls", &self.calls)
            .finish_non_exhaustive()
    }
}
