//! Chat models behind one seam.
//!
//! # Vocabulary
//! - A *provider* turns a [`ChatRequest`](dsg_core::ChatRequest) into a call: [`OpenAi`] for every server with
//!   `/chat/completions`, [`Scripted`] for tests, [`Replay`] for recorded replies.
//! - A *wrapper* is a model around a model: [`Recorded`] asks the [`ReplyStore`] first and keeps what is new.
//! - *Loopback* is this machine; without [`HttpConfig::allow_remote`] nothing else is spoken to.
//!
//! ```
//! use dsg_core::{ChatModel, ChatRequest, Message, Role};
//! use dsg_llm::{Blocking, Recorded, ReplyStore, Scripted};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = ReplyStore::in_memory()?;
//! let model = Recorded::new(Scripted::saying("Use sbatch."), store.clone(), serde_json::Value::Null);
//! let request = ChatRequest {
//!     messages: vec![Message { role: Role::User, content: "How do I submit a job?".to_owned() }],
//!     ..ChatRequest::default()
//! };
//! let runtime = Blocking::new()?;
//! let reply = runtime.block_on(model.complete(&request))?;
//! assert_eq!(reply.text, "Use sbatch.");
//! assert_eq!(store.stats()?[0].replies, 1);
//! # Ok(())
//! # }
//! ```

mod blocking;
mod body;
mod connect;
mod error;
mod http;
mod key;
mod openai;
mod recorded;
mod scripted;
mod store;

pub use blocking::Blocking;
pub use error::LlmError;
pub use http::HttpConfig;
pub use key::ApiKey;
pub use openai::{OpenAi, OpenAiConfig};
pub use recorded::{Recorded, Replay};
pub use scripted::{Script, ScriptRule, Scripted, reply_to};
pub use store::{Exchange, ExchangeSchema, ModelStats, Prune, ReplyKey, ReplyStore, Settings};
