//! Chat models behind one seam.
//!
//! # Vocabulary
//! - A *provider* turns a [`ChatRequest`](dsg_core::ChatRequest) into a call: [`OpenAi`] for every server with
//!   `/chat/completions`, [`Ollama`] for Ollama's own API, `LlamaCpp` for files in this process (the feature `llama-cpp`,
//!   [`open_file`]; of the Hugging Face hub with the feature `hub`, [`fetch_file`]), [`Scripted`] for tests, [`Replay`] for
//!   recorded replies.
//! - A *wrapper* is a model around a model: [`Recorded`] asks the [`ReplyStore`] first and keeps what is new, [`Structured`]
//!   takes JSON out of whatever is around it and checks it, [`Guarded`] refuses what was cut, [`Budgeted`] stops at a limit,
//!   [`Retry`] asks again, [`Limited`] holds calls back, [`Deadline`] gives them up. [`stack()`] puts them together.
//! - A *transient* error may pass: [`Retry`] repeats the request. Any other concerns this request alone, or ends the run.
//! - *Loopback* is this machine; without [`HttpConfig::allow_remote`] nothing else is spoken to.
//!
//! ```
//! use std::sync::Arc;
//!
//! use dsg_core::{ChatModel, ChatRequest, Message, Role, TokenCounter};
//! use dsg_llm::{Blocking, Budget, BudgetConfig, ReplyStore, Scripted, Shared, StackConfig, stack};
//! use serde_json::{Value, json};
//!
//! struct Words;
//!
//! impl TokenCounter for Words {
//!     fn count(&self, text: &str) -> usize {
//!         text.split_whitespace().count()
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let shared = Shared {
//!     store: Some(ReplyStore::in_memory()?),
//!     budget: Arc::new(Budget::new(BudgetConfig { requests: Some(1), ..BudgetConfig::default() })?),
//!     counter: Arc::new(Words),
//! };
//! // A small model, talking around its JSON.
//! let small = Scripted::saying("Sure! ```json\n{\"answer\": \"Use sbatch.\",}\n```");
//! let model = stack(small, Value::Null, &StackConfig::default(), shared)?;
//! let request = ChatRequest {
//!     messages: vec![Message { role: Role::User, content: "How do I submit a job?".to_owned() }],
//!     schema: Some(json!({"type": "object", "required": ["answer"]})),
//!     ..ChatRequest::default()
//! };
//! let runtime = Blocking::new()?;
//! for _ in 0..2 {
//!     // The second time the store answers: the budget is for one request.
//!     let reply = runtime.block_on(model.complete(&request))?;
//!     assert_eq!(reply.text, r#"{"answer":"Use sbatch."}"#);
//! }
//! # Ok(())
//! # }
//! ```

mod blocking;
mod body;
mod budget;
mod connect;
mod deadline;
mod error;
mod file;
mod guard;
mod http;
#[cfg(feature = "hub")]
mod hub;
mod key;
mod limit;
#[cfg(feature = "llama-cpp")]
mod llama_cpp;
mod ollama;
mod openai;
mod order;
mod page;
mod recorded;
mod reference;
mod retry;
mod scripted;
mod served;
mod stack;
mod store;
mod structured;

pub use blocking::Blocking;
pub use budget::{Budget, BudgetConfig, Budgeted, Prices, Spent};
pub use deadline::Deadline;
pub use error::LlmError;
pub use file::{fetch_file, open_file};
pub use guard::{GuardConfig, Guarded};
pub use http::HttpConfig;
#[cfg(feature = "hub")]
pub use hub::HubConfig;
pub use key::ApiKey;
pub use limit::Limited;
#[cfg(feature = "llama-cpp")]
pub use llama_cpp::{
    BenchContext, BenchModel, Constraint, LlamaCpp, LlamaCppConfig, Quantization, ReadTime,
    ReplyEnd, TokenContext, TokenModel, TokenReply, TokenRequest, quantize,
};
pub use ollama::{Ollama, OllamaConfig};
pub use openai::{OpenAi, OpenAiConfig};
pub use order::in_order;
pub use recorded::{Recorded, Replay};
pub use reference::ModelRef;
pub use retry::{Retry, RetryConfig};
pub use scripted::{Script, ScriptRule, Scripted, reply_to};
pub use served::served;
pub use stack::{Shared, StackConfig, stack};
pub use store::{Exchange, ExchangeSchema, ModelStats, Prune, ReplyKey, ReplyStore, Settings};
pub use structured::Structured;
