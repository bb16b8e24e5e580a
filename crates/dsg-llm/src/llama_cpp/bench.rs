//! How fast a model file is read from and written with: what llama.cpp's `llama-bench` measures as `pp` and `tg`.
//!
//! As there, tokens are drawn at random, the first one is that of a beginning where the model wants one, and nothing is in the context before;
//! what a token says does not change how long it takes. Here they are the same in every run.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dsg_core::Sampling;
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;

use super::sampler::Sampler;
use super::{LlamaCppConfig, Plan, engine, name_of};
use crate::error::LlmError;

/// A model file, loaded to be measured. A chat template is not needed.
pub struct BenchModel {
    path: PathBuf,
    name: String,
    model: LlamaModel,
}

impl BenchModel {
    /// Loads a GGUF file.
    ///
    /// # Errors
    /// [`LlmError::Model`] for a file that cannot be read, is no GGUF, or is cut or damaged.
    pub fn open(path: &Path) -> Result<Self, LlmError> {
        Ok(Self {
            name: name_of(path)?,
            model: engine::load(path)?,
            path: path.to_owned(),
        })
    }

    /// The file's name and the beginning of its SHA-256.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A context for a prompt or a reply of so many tokens, not both at once, of which `batch` are read at once, on so many threads.
    ///
    /// # Errors
    /// [`LlmError::Config`] for settings that cannot be and more tokens than the model was trained for, [`LlmError::Model`] where there is
    /// no memory for it.
    pub fn context(
        &self,
        threads: NonZeroUsize,
        batch: NonZeroUsize,
        prompt_tokens: usize,
        reply_tokens: usize,
    ) -> Result<BenchContext<'_>, LlmError> {
        let (field, tokens) = if prompt_tokens >= reply_tokens {
            ("prompt_tokens", prompt_tokens)
        } else {
            ("reply_tokens", reply_tokens)
        };
        if tokens == 0 || i32::try_from(tokens).is_err() {
            return Err(LlmError::config(field, "must be from 1 to 2^31 - 1"));
        }
        let plan = Plan::new(&LlamaCppConfig {
            context_tokens: tokens,
            threads: Some(threads),
            batch,
            ..LlamaCppConfig::new(&self.path)
        })?;
        let (context, most, width) = engine::context(&plan, &self.model)?;
        if tokens > most {
            let problem =
                format!("{tokens} are more than the {most} that the model was trained for");
            return Err(LlmError::config(field, problem));
        }
        Ok(BenchContext {
            path: &self.path,
            model: &self.model,
            context,
            batch: LlamaBatch::new(width, 1),
            width,
        })
    }
}

/// A context to measure in.
pub struct BenchContext<'a> {
    path: &'a Path,
    model: &'a LlamaModel,
    context: LlamaContext<'a>,
    batch: LlamaBatch<'static>,
    width: usize,
}

/// How long a prompt took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadTime {
    /// Until all of it was read.
    pub prompt: Duration,
    /// Until the first token of a reply was chosen.
    pub first_token: Duration,
}

impl BenchContext<'_> {
    /// Reads a prompt of so many tokens.
    ///
    /// # Errors
    /// [`LlmError::Model`] where llama.cpp cannot decode.
    pub fn read(&mut self, tokens: NonZeroUsize) -> Result<ReadTime, LlmError> {
        let prompt = self.draw(tokens);
        self.context.clear_kv_cache();
        let start = Instant::now();
        for (nth, part) in (0..).zip(prompt.chunks(self.width)) {
            self.batch.clear();
            for (place, token) in (nth * self.width..).zip(part) {
                // The last of every part has likelihoods, as `llama_batch_get_one` has it: computing them is a part of the time there.
                let is_last = place + 1 == nth * self.width + part.len();
                self.push(*token, place, is_last)?;
            }
            self.decode()?;
        }
        let read = start.elapsed();
        let last = self.batch.n_tokens() - 1;
        let greedy = Sampling {
            temperature: 0.0,
            ..Sampling::default()
        };
        let first = Sampler::new(&greedy, None).next(&self.context, last);
        let first_token = start.elapsed();
        match first {
            Some(_) => Ok(ReadTime {
                prompt: read,
                first_token,
            }),
            None => Err(self.failed("gave no likelihoods", None)),
        }
    }

    /// Writes so many tokens, one after the other.
    ///
    /// # Errors
    /// [`LlmError::Model`] where llama.cpp cannot decode.
    pub fn write(&mut self, tokens: NonZeroUsize) -> Result<Duration, LlmError> {
        let reply = self.draw(tokens);
        self.context.clear_kv_cache();
        let start = Instant::now();
        for (place, token) in reply.into_iter().enumerate() {
            self.batch.clear();
            self.push(token, place, true)?;
            self.decode()?;
        }
        Ok(start.elapsed())
    }

    fn draw(&self, tokens: NonZeroUsize) -> Vec<LlamaToken> {
        let vocab = self.model.vocab();
        let first = vocab.should_add_bos().then(|| vocab.bos());
        let most = vocab.n_tokens().max(1);
        // Knuth's generator; its high bits are the good ones.
        let state = |state: &u64| {
            Some(
                state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1),
            )
        };
        let random = std::iter::successors(Some(1_u64), state)
            .filter_map(|state| i32::try_from(state >> 33).ok())
            .map(|number| LlamaToken(number % most));
        first.into_iter().chain(random).take(tokens.get()).collect()
    }

    fn push(&mut self, token: LlamaToken, place: usize, is_last: bool) -> Result<(), LlmError> {
        let position = i32::try_from(place).unwrap_or(i32::MAX);
        self.batch
            .add(token, position, &[0], is_last)
            .map_err(|error| self.failed("takes no such batch", Some(error.into())))
    }

    fn decode(&mut self) -> Result<(), LlmError> {
        let outcome = self.context.decode(&mut self.batch);
        outcome.map_err(|error| self.failed("cannot decode with it", Some(error.into())))?;
        // Devices may still be at it.
        self.context.synchronize();
        Ok(())
    }

    fn failed(
        &self,
        what: &str,
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    ) -> LlmError {
        LlmError::Model {
            path: self.path.to_owned(),
            problem: format!("llama.cpp {what}"),
            source,
        }
    }
}
