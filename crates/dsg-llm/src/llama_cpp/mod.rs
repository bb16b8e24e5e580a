//! Models from GGUF files, in this process, by llama.cpp.
//!
//! One thread owns the model and its context; requests wait in a [`queue`]. What a reply depends on is the file and the request
//! alone: see [`sequence`] for how a prompt's beginning is reused all the same. [`tokens`] asks without queue and template.

mod bench;
mod constraint;
mod engine;
mod gguf;
mod log_probs;
mod prompt;
mod quantize;
mod queue;
mod repetition;
mod sampler;
mod sequence;
mod tokens;

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use async_trait::async_trait;
use dsg_core::hash::sha256_reader;
use dsg_core::{Capabilities, ChatError, ChatModel, ChatReply, ChatRequest, ModelId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::error::LlmError;
use crate::store::Settings;
use engine::Loaded;
pub use quantize::{Quantization, quantize};
use queue::Job;

pub use bench::{BenchContext, BenchModel, ReadTime};
pub use constraint::Constraint;
pub use tokens::{ReplyEnd, TokenContext, TokenModel, TokenReply, TokenRequest};

/// Threads at most where none are configured: decoding is bound by memory, and more of them wait for each other.
const MOST_THREADS: usize = 8;
/// Hex digits of the file's SHA-256 that stand in the model's name.
const DIGEST_DIGITS: usize = 16;

/// Which file, and how it is loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LlamaCppConfig {
    /// The GGUF file.
    pub model: PathBuf,
    /// Tokens of prompt and reply together; no more than the model was trained for are used. Memory for them is taken at
    /// once. Default: 4096.
    #[serde(default = "default_context_tokens")]
    pub context_tokens: usize,
    /// Threads that decode. They wait for each other in loops that use the processor: more of them than cores are free make
    /// decoding many times slower, unless `OMP_WAIT_POLICY=passive` is in the environment. Default: one a core, 8 at most.
    #[serde(default)]
    pub threads: Option<NonZeroUsize>,
    /// Tokens of a prompt that are decoded at once; also the steps in which the beginning of a prompt is reused for the next
    /// one. Default: 64.
    #[serde(default = "default_batch")]
    pub batch: NonZeroUsize,
}

const fn default_context_tokens() -> usize {
    4096
}

const fn default_batch() -> NonZeroUsize {
    NonZeroUsize::MIN.saturating_add(63)
}

impl LlamaCppConfig {
    /// A file with every setting at its default.
    pub fn new(model: impl Into<PathBuf>) -> Self {
        Self {
            model: model.into(),
            context_tokens: default_context_tokens(),
            threads: None,
            batch: default_batch(),
        }
    }

    /// What replies depend on beside the model's name and the request, for a reply's key in the store: nothing. The name has
    /// the file's digest; threads and batch can change the rounding of a likelihood, no more.
    pub const fn settings(&self) -> Settings {
        Settings::Null
    }

    fn threads(&self) -> NonZeroUsize {
        self.threads.unwrap_or_else(|| {
            let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
            cores.min(NonZeroUsize::MIN.saturating_add(MOST_THREADS - 1))
        })
    }
}

/// The configuration in the engine's own types.
#[derive(Debug, Clone)]
struct Plan {
    path: PathBuf,
    context_tokens: NonZeroU32,
    threads: i32,
    batch: NonZeroUsize,
}

impl Plan {
    fn new(config: &LlamaCppConfig) -> Result<Self, LlmError> {
        let context_tokens = u32::try_from(config.context_tokens)
            .ok()
            .and_then(NonZeroU32::new)
            .filter(|tokens| i32::try_from(tokens.get()).is_ok())
            .ok_or_else(|| LlmError::config("context_tokens", "must be from 1 to 2^31 - 1"))?;
        let threads = i32::try_from(config.threads().get())
            .ok()
            .filter(|threads| *threads <= engine::MOST_THREADS)
            .ok_or_else(|| {
                let problem = format!("must be from 1 to {}", engine::MOST_THREADS);
                LlmError::config("threads", problem)
            })?;
        if config.batch.get() > engine::MOST_BATCH {
            let problem = format!("must be from 1 to {}", engine::MOST_BATCH);
            return Err(LlmError::config("batch", problem));
        }
        Ok(Self {
            path: config.model.clone(),
            context_tokens,
            threads,
            batch: config.batch,
        })
    }
}

/// A model from a GGUF file, in this process.
#[derive(Debug)]
pub struct LlamaCpp {
    id: ModelId,
    context_tokens: usize,
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl LlamaCpp {
    /// The provider's name in records.
    pub const PROVIDER: &str = "llama-cpp";

    /// Reads the file twice, once for its digest and once into memory, and starts the thread that answers.
    ///
    /// # Errors
    /// [`LlmError::Model`] for a file that cannot be read, is no GGUF, is cut or damaged, or has no chat template that
    /// llama.cpp knows; [`LlmError::Config`] for an impossible setting.
    pub fn open(config: &LlamaCppConfig) -> Result<Self, LlmError> {
        let plan = Plan::new(config)?;
        let id = ModelId {
            provider: Self::PROVIDER.to_owned(),
            model: name_of(&config.model)?,
        };
        let (jobs, inbox) = mpsc::channel();
        let (loaded, is_loaded) = mpsc::channel();
        let name = id.model.clone();
        let thread = thread::Builder::new()
            .name("llama-cpp".to_owned())
            .spawn(move || engine::run(&plan, &name, &loaded, &inbox))
            .map_err(LlmError::Runtime)?;
        let Loaded { context_tokens } = is_loaded.recv().unwrap_or_else(|_| {
            Err(LlmError::Model {
                path: config.model.clone(),
                problem: "llama.cpp gave up on this model".to_owned(),
                source: None,
            })
        })?;
        Ok(Self {
            id,
            context_tokens,
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    fn gone(&self) -> ChatError {
        ChatError::Backend {
            what: format!("{} cannot answer", self.id.model),
            source: "the thread that runs llama.cpp has ended".into(),
        }
    }
}

/// The file's name and the beginning of its digest. A file that is no GGUF is refused before it is read to its end.
fn name_of(path: &Path) -> Result<String, LlmError> {
    let mut digest = sha256_reader(checked(path)?).map_err(|error| unreadable(path, error))?;
    digest.truncate(DIGEST_DIGITS);
    let name = path.file_name().unwrap_or(path.as_os_str());
    Ok(format!("{}@{digest}", name.to_string_lossy()))
}

/// A file at its beginning, which has the header of a sound GGUF file there.
fn checked(path: &Path) -> Result<File, LlmError> {
    let complain = |problem: &str| LlmError::Model {
        path: path.to_owned(),
        problem: problem.to_owned(),
        source: None,
    };
    let unreadable = |error| unreadable(path, error);
    let mut file = File::open(path).map_err(unreadable)?;
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err(complain("is no file"));
    }
    let mut magic = [0_u8; 4];
    match file.read_exact(&mut magic) {
        Ok(()) if &magic == b"GGUF" => {}
        Ok(()) => return Err(complain("is no GGUF file")),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            return Err(complain("is no GGUF file"));
        }
        Err(error) => return Err(unreadable(error)),
    }
    let mut header = BufReader::new(file);
    gguf::check(&mut header).map_err(|problem| complain(&problem))?;
    let mut file = header.into_inner();
    file.rewind().map_err(unreadable)?;
    Ok(file)
}

fn unreadable(path: &Path, error: std::io::Error) -> LlmError {
    LlmError::Model {
        path: path.to_owned(),
        problem: "cannot be read".to_owned(),
        source: Some(error.into()),
    }
}

#[async_trait]
impl ChatModel for LlamaCpp {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            json_schema: true,
            json_mode: true,
            grammar: true,
            seed: true,
            log_probs: true,
            context_tokens: Some(self.context_tokens),
        }
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        let (reply, replied) = oneshot::channel();
        let job = Job {
            request: request.clone(),
            reply,
        };
        let jobs = self.jobs.as_ref().ok_or_else(|| self.gone())?;
        jobs.send(job).map_err(|_| self.gone())?;
        replied.await.unwrap_or_else(|_| Err(self.gone()))
    }
}

/// The thread ends before the model is gone, so that nothing of llama.cpp runs while the process winds up. Nobody waits for
/// replies any more; a decode under way is finished.
impl Drop for LlamaCpp {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // A panic of that thread was reported as the end of its replies.
            let _ = thread.join();
        }
    }
}
