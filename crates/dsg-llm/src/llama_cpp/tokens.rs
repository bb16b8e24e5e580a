//! A model file that is asked in tokens, by whoever has its chat template and its tokenizer.

use std::ops::ControlFlow;

use dsg_core::Sampling;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;

use super::log_probs::log_sum;
use super::sampler::Sampler;
use super::sequence::{Failure, Sequence};
use super::{Constraint, LlamaCppConfig, Plan, checked, engine};
use crate::error::LlmError;

/// Contexts have multiples of so many tokens, as llama.cpp rounds them.
const STEP: usize = 256;

/// A model file, loaded to be asked in tokens. A chat template is not needed.
pub struct TokenModel {
    config: LlamaCppConfig,
    model: LlamaModel,
}

/// What is said to a model, and how it replies.
#[derive(Debug, Clone, Copy)]
pub struct TokenRequest<'a> {
    /// The prompt, with a token of beginning where the model wants one.
    pub prompt: &'a [u32],
    /// How each token is chosen, and how many there are at most. Texts that stop a reply are not looked for.
    pub sampling: &'a Sampling,
    /// Tokens that end the reply, besides those at which llama.cpp ends one by itself. Within a constraint, only the latter do: its grammar lets
    /// them come at its end alone.
    pub ends: &'a [u32],
    /// What the reply is held to. Default: nothing.
    pub constraint: Option<&'a Constraint>,
}

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenReply {
    /// Its tokens, without the ending one.
    pub tokens: Vec<u32>,
    /// Why it ended.
    pub end: ReplyEnd,
}

/// Why a reply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyEnd {
    /// With this token.
    Token(u32),
    /// At the most tokens.
    Length,
    /// At the end of the context that the model was trained for.
    Context,
    /// By the caller.
    Stopped,
}

impl TokenModel {
    /// Loads a GGUF file. `config.context_tokens` is only checked: contexts grow with what is asked.
    ///
    /// # Errors
    /// [`LlmError::Model`] for a file that cannot be read, is no GGUF, or is cut or damaged; [`LlmError::Config`] for an impossible setting.
    pub fn open(config: &LlamaCppConfig) -> Result<Self, LlmError> {
        Plan::new(config)?;
        checked(&config.model)?;
        Ok(Self {
            model: engine::load(&config.model)?,
            config: config.clone(),
        })
    }

    /// Whether replies can be held to a constraint.
    ///
    /// # Errors
    /// [`LlmError::Constraint`] for a grammar that llama.cpp cannot read.
    pub fn check(&self, constraint: &Constraint) -> Result<(), LlmError> {
        constraint.sampler(&self.model)?;
        Ok(())
    }

    /// A context to ask in. It takes memory when it is first asked, for `reply_tokens` behind every prompt, so that a prompt whose likelihoods
    /// were measured need not be read again for a reply of as many.
    pub const fn context(&self, reply_tokens: usize) -> TokenContext<'_> {
        TokenContext {
            model: self,
            reply_tokens,
            sequence: None,
        }
    }

    fn sequence(&self, tokens: usize) -> Result<Sequence<'_>, LlmError> {
        let plan = Plan::new(&LlamaCppConfig {
            context_tokens: tokens.max(1).next_multiple_of(STEP),
            ..self.config.clone()
        })?;
        Sequence::new(&plan, &self.model)
    }

    fn tokens<'t>(
        &self,
        ids: impl IntoIterator<Item = &'t u32>,
    ) -> Result<Vec<LlamaToken>, LlmError> {
        let most = self.model.vocab().n_tokens();
        let token = |id: &u32| {
            let known = i32::try_from(*id).ok().filter(|id| *id < most);
            known.map(LlamaToken).ok_or_else(|| {
                LlmError::config(
                    "tokens",
                    format!("{id} is none of the model's {most} tokens"),
                )
            })
        };
        ids.into_iter().map(token).collect()
    }

    fn failed(&self, source: Failure) -> LlmError {
        LlmError::Model {
            path: self.config.model.clone(),
            problem: "llama.cpp cannot decode with it".to_owned(),
            source: Some(source),
        }
    }

    fn stuck(&self) -> LlmError {
        LlmError::Model {
            path: self.config.model.clone(),
            problem: "no token of the model's continues the grammar".to_owned(),
            source: None,
        }
    }
}

/// A context to ask a model in. What is asked changes nothing of what is asked later.
pub struct TokenContext<'a> {
    model: &'a TokenModel,
    reply_tokens: usize,
    sequence: Option<Sequence<'a>>,
}

impl<'a> TokenContext<'a> {
    /// The logarithm of the probability that the model gives to `reply` behind `prompt`, in nats, over all tokens of the reply; no finite number where
    /// its computations overflow.
    ///
    /// # Errors
    /// [`LlmError::Config`] for an empty prompt, tokens that the model does not have, and more of them than it was trained for;
    /// [`LlmError::Model`] where llama.cpp cannot decode.
    pub fn log_likelihood(&mut self, prompt: &[u32], reply: &[u32]) -> Result<f64, LlmError> {
        let model = self.model;
        let last = last_of(prompt)?;
        let tokens = model.tokens(prompt.iter().chain(reply))?;
        let with_reply = prompt.len().saturating_add(self.reply_tokens);
        let sequence = self.with_room(tokens.len(), tokens.len().max(with_reply))?;
        // Behind the last token nothing is asked for.
        let read = tokens.get(..tokens.len() - 1).unwrap_or_default();
        let mut position = sequence.reuse(read, last);
        let rest = read.get(position..).unwrap_or_default();
        let mut sum = 0.0;
        for part in rest.chunks(sequence.width()) {
            let outcome = sequence.read(part, last);
            outcome.map_err(|error| model.failed(error))?;
            for place in (0..).take(part.len()) {
                position += 1;
                if position > last
                    && let Some(next) = tokens.get(position)
                {
                    sum += log_probability(sequence.context().get_logits_ith(place), *next);
                }
            }
        }
        Ok(sum)
    }

    /// What the model says. `go_on` is asked after every token and may stop the reply.
    ///
    /// # Errors
    /// As [`log_likelihood`](Self::log_likelihood), and [`LlmError::Model`] where no token of the model's continues a constraint's grammar.
    pub fn reply(
        &mut self,
        request: &TokenRequest<'_>,
        mut go_on: impl FnMut() -> ControlFlow<()>,
    ) -> Result<TokenReply, LlmError> {
        let model = self.model;
        let last = last_of(request.prompt)?;
        let prompt = model.tokens(request.prompt)?;
        let most = request.sampling.max_tokens;
        let sequence = self.with_room(prompt.len(), prompt.len().saturating_add(most))?;
        let grammar = request
            .constraint
            .map(|constraint| constraint.sampler(&model.model))
            .transpose()?;
        let ends: &[u32] = if grammar.is_some() { &[] } else { request.ends };
        let reused = sequence.reuse(&prompt, last);
        let rest = prompt.get(reused..).unwrap_or_default();
        for part in rest.chunks(sequence.width()) {
            let outcome = sequence.read(part, last);
            outcome.map_err(|error| model.failed(error))?;
        }
        let vocab = model.model.vocab();
        let mut sampler = Sampler::new(request.sampling, grammar);
        let mut tokens = Vec::new();
        let mut chosen = None;
        let end = loop {
            if tokens.len() >= most {
                break ReplyEnd::Length;
            }
            // The token of the last round.
            if let Some(token) = chosen {
                let position = last + tokens.len();
                if position >= sequence.room() {
                    break ReplyEnd::Context;
                }
                let outcome = sequence.go_on(token, position);
                outcome.map_err(|error| model.failed(error))?;
            }
            let place = sequence.last();
            let token = sampler.next(sequence.context(), place);
            let token = token.ok_or_else(|| model.stuck())?;
            // Those of a vocabulary are not negative.
            let id = token.0.unsigned_abs();
            if vocab.is_eog(token) || ends.contains(&id) {
                break ReplyEnd::Token(id);
            }
            if !sampler.accept(token) {
                return Err(model.stuck());
            }
            tokens.push(id);
            if go_on().is_break() {
                break ReplyEnd::Stopped;
            }
            chosen = Some(token);
        };
        Ok(TokenReply { tokens, end })
    }

    /// The sequence, with room for `least` tokens, and for `most` where the model was trained for so many.
    fn with_room(&mut self, least: usize, most: usize) -> Result<&mut Sequence<'a>, LlmError> {
        let model = self.model;
        let trained = model.model.n_ctx_train() as usize;
        if least > trained {
            let problem =
                format!("{least} are more than the {trained} that the model was trained for");
            return Err(LlmError::config("tokens", problem));
        }
        let tokens = most.min(trained);
        let large_enough = |sequence: &Sequence<'_>| sequence.room() >= tokens;
        // The memory of one that is too small goes before another is made.
        let sequence = match self.sequence.take().filter(large_enough) {
            Some(sequence) => sequence,
            None => model.sequence(tokens)?,
        };
        Ok(self.sequence.insert(sequence))
    }
}

/// The place of a prompt's last token.
fn last_of(prompt: &[u32]) -> Result<usize, LlmError> {
    let last = prompt.len().checked_sub(1);
    last.ok_or_else(|| LlmError::config("prompt", "has no tokens"))
}

/// The logarithm of the probability that logits give to a token.
fn log_probability(logits: &[f32], token: LlamaToken) -> f64 {
    let place = usize::try_from(token.0).ok();
    let own = place.and_then(|place| logits.get(place));
    own.map_or(f64::NAN, |own| f64::from(*own) - log_sum(logits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logits_are_probabilities_whatever_is_added_to_all() {
        let ln = |logits: &[f32], id| log_probability(logits, LlamaToken(id));
        // 1/6, 2/6, 3/6.
        let logits = [1.0_f32.ln(), 2.0_f32.ln(), 3.0_f32.ln()];
        for (id, probability) in [(0, 1.0 / 6.0), (1, 1.0 / 3.0), (2, 0.5_f64)] {
            assert!((ln(&logits, id) - probability.ln()).abs() < 1e-6);
        }
        let large = logits.map(|logit| logit + 3000.0);
        assert!((ln(&large, 2) - 0.5_f64.ln()).abs() < 1e-3);
        for broken in [[f32::NAN, 0.0, 0.0], [f32::INFINITY, 0.0, 0.0]] {
            assert!(!ln(&broken, 1).is_finite());
        }
        assert!(ln(&logits, 3).is_nan());
    }
}
