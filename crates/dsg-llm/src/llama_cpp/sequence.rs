//! The one sequence of tokens in a context.
//!
//! The tokens that were read last stay in the cache, and a sequence that begins with the same ones is read from where they
//! part. What is said of one must not depend on what was asked before, down to the rounding of likelihoods, which follows the shape of a
//! batch: tokens are therefore read in batches of one size that begin at its multiples, and only whole batches are reused.
//! Tokens of a reply, decoded one by one, never are.

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;

use super::{Plan, engine};
use crate::error::LlmError;

/// Why llama.cpp cannot decode.
pub(super) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A context and what is in it.
pub(super) struct Sequence<'a> {
    context: LlamaContext<'a>,
    room: usize,
    batch: LlamaBatch<'static>,
    width: usize,
    /// The tokens that were read and are in the context from position 0.
    cached: Vec<LlamaToken>,
}

impl<'a> Sequence<'a> {
    /// An empty one with the plan's context.
    ///
    /// # Errors
    /// [`LlmError::Model`] where there is no memory for it.
    pub(super) fn new(plan: &Plan, model: &'a LlamaModel) -> Result<Self, LlmError> {
        let (context, room, width) = engine::context(plan, model)?;
        Ok(Self {
            context,
            room,
            batch: LlamaBatch::new(width, 1),
            width,
            cached: Vec::new(),
        })
    }

    /// Tokens that fit into the context.
    pub(super) const fn room(&self) -> usize {
        self.room
    }

    /// Tokens that are read at once.
    pub(super) const fn width(&self) -> usize {
        self.width
    }

    /// The context, for the logits of the last batch.
    pub(super) const fn context(&self) -> &LlamaContext<'a> {
        &self.context
    }

    /// The place in the last batch of its last token.
    pub(super) fn last(&self) -> i32 {
        self.batch.n_tokens() - 1
    }

    /// How many tokens these begin with that are there already.
    pub(super) fn shared(&self, tokens: &[LlamaToken]) -> usize {
        let pairs = self.cached.iter().zip(tokens);
        pairs.take_while(|(a, b)| a == b).count()
    }

    /// Forgets what these tokens do not begin with; how many of them, `most` at most, need not be read.
    pub(super) fn reuse(&mut self, tokens: &[LlamaToken], most: usize) -> usize {
        let reused = self.shared(tokens).min(most) / self.width * self.width;
        let from = u32::try_from(reused).ok();
        let is_cut = self.context.clear_kv_cache_seq(Some(0), from, None);
        // Not every kind of model can forget only a part.
        let reused = if is_cut == Ok(true) {
            reused
        } else {
            self.context.clear_kv_cache();
            0
        };
        self.cached.truncate(reused);
        reused
    }

    /// Reads the next tokens, [`width`](Self::width) at most. Those at position `from` and behind it have logits.
    ///
    /// # Errors
    /// What llama.cpp says.
    pub(super) fn read(&mut self, part: &[LlamaToken], from: usize) -> Result<(), Failure> {
        self.batch.clear();
        for (position, token) in (self.cached.len()..).zip(part) {
            self.push(*token, position, position >= from)?;
        }
        self.context.decode(&mut self.batch)?;
        self.cached.extend_from_slice(part);
        Ok(())
    }

    /// Decodes a token of a reply, which has logits.
    ///
    /// # Errors
    /// What llama.cpp says.
    pub(super) fn go_on(&mut self, token: LlamaToken, position: usize) -> Result<(), Failure> {
        self.batch.clear();
        self.push(token, position, true)?;
        self.context.decode(&mut self.batch)?;
        Ok(())
    }

    fn push(
        &mut self,
        token: LlamaToken,
        position: usize,
        has_logits: bool,
    ) -> Result<(), Failure> {
        let position = i32::try_from(position)?;
        self.batch.add(token, position, &[0], has_logits)?;
        Ok(())
    }
}
