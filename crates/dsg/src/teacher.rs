//! A model on a server or in a file, with its reply store and everything that keeps a run whole.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dsg_chunk::EstimatedTokens;
use dsg_core::ChatModel;
use dsg_llm::{
    ApiKey, Budget, BudgetConfig, HttpConfig, ModelRef, Ollama, OllamaConfig, OpenAi, OpenAiConfig,
    ReplyStore, Shared, StackConfig, fetch_file, open_file, stack,
};

use crate::error::DsgError;

/// Which model is asked, and under which limits.
#[derive(Debug, Clone)]
pub struct TeacherConfig {
    /// Where it is: `http://127.0.0.1:8080/v1`, `ollama:qwen2.5-coder:1.5b`, `models/qwen.gguf`,
    /// `hf://owner/repo/qwen.gguf`.
    pub model: ModelRef,
    /// Its name at an OpenAI-compatible server; llama-server takes any. Default: `default`.
    pub name: String,
    /// The environment variable that holds the key, if the server wants one. Default: `DSG_API_KEY`.
    pub key_variable: String,
    /// Tokens of prompt and reply together. Default: what the provider assumes or declares.
    pub context_tokens: Option<usize>,
    /// The SQLite file that keeps every reply, so that the same request is never paid for twice.
    pub store: PathBuf,
    /// How servers are spoken to; this machine only unless allowed.
    pub http: HttpConfig,
    /// Retries, concurrency, deadlines, prices.
    pub stack: StackConfig,
    /// What the run may spend. Default: no limit.
    pub budget: BudgetConfig,
}

impl TeacherConfig {
    /// A model with every setting at its default.
    pub fn new(model: ModelRef, store: PathBuf) -> Self {
        Self {
            model,
            name: OpenAiConfig::default().model,
            key_variable: "DSG_API_KEY".to_owned(),
            context_tokens: None,
            store,
            http: HttpConfig::default(),
            stack: StackConfig::default(),
            budget: BudgetConfig::default(),
        }
    }

    /// The model, ready to be asked. A file is loaded now, after it was fetched if need be; a server hears nothing before the first request.
    ///
    /// # Errors
    /// [`DsgError::Llm`] for an impossible setting, a server elsewhere that is not allowed, a key or a store that cannot be used,
    /// a model file that cannot be fetched or loaded or that this build cannot read.
    pub fn open(&self) -> Result<Arc<dyn ChatModel>, DsgError> {
        self.open_with(Shared {
            store: Some(ReplyStore::open(&self.store)?),
            budget: Arc::new(Budget::new(self.budget.clone())?),
            counter: Arc::new(EstimatedTokens),
        })
    }

    /// The same, on a store and a budget that other models use too.
    pub(crate) fn open_with(&self, shared: Shared) -> Result<Arc<dyn ChatModel>, DsgError> {
        let mut config = self.stack.clone();
        config.guard.context_tokens = config.guard.context_tokens.or(self.context_tokens);
        let key = ApiKey::from_env(&self.key_variable)?;
        Ok(match &self.model {
            ModelRef::Server(base_url) => {
                let server = OpenAiConfig {
                    base_url: base_url.clone(),
                    model: self.name.clone(),
                    context_tokens: self.context_tokens,
                    ..OpenAiConfig::default()
                };
                let settings = server.settings();
                let model = OpenAi::new(server, self.http.clone(), key)?;
                stack(model, settings, &config, shared)?
            }
            ModelRef::Ollama(name) => {
                let mut server = OllamaConfig {
                    model: name.clone(),
                    ..OllamaConfig::default()
                };
                if let Some(tokens) = self.context_tokens {
                    server.num_ctx = tokens;
                }
                let settings = server.settings();
                let model = Ollama::new(server, self.http.clone(), key)?;
                stack(model, settings, &config, shared)?
            }
            ModelRef::File(path) => {
                let (model, settings) = open_file(path, self.context_tokens)?;
                stack(model, settings, &config, shared)?
            }
            ModelRef::Hub { repo, file } => {
                // What this build cannot load is not fetched.
                if cfg!(all(feature = "hub", not(feature = "llama-cpp"))) {
                    open_file(Path::new(file), None)?;
                }
                let path = fetch_file(repo, file, &self.http)?;
                let (model, settings) = open_file(&path, self.context_tokens)?;
                stack(model, settings, &config, shared)?
            }
        })
    }
}
