//! Replies, token by token.

use std::ops::ControlFlow;

use dsg_core::Seed;
use serde::Serialize;

use crate::decoder::{Cache, Decoder};
use crate::error::TrainError;

/// How the next token is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "by", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Sampling {
    /// The likeliest; of equals, the one of the lowest id.
    Greedy,
    /// By chance, of the likeliest tokens that together have probability `top_p` (Holtzman et al. 2020).
    TopP {
        /// What logits are divided by; more than 0.
        temperature: f64,
        /// More than 0, at most 1.
        top_p: f64,
        /// Decides: the same seed gives the same tokens.
        seed: Seed,
    },
}

/// What a reply is, at most.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GenerateOptions {
    /// Most tokens. Default: 256.
    pub max_tokens: usize,
    /// How each is chosen. Default: the likeliest.
    pub sampling: Sampling,
    /// Tokens that end the reply and are no part of it, as [`Tokenizer::ends`](crate::tokenizer::Tokenizer::ends). Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ends: Vec<u32>,
}

impl Default for GenerateOptions {
    fn default() -> Self {
        Self {
            max_tokens: 256,
            sampling: Sampling::Greedy,
            ends: Vec::new(),
        }
    }
}

/// Why a reply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// With one of the ending tokens.
    End(u32),
    /// At the most tokens.
    Length,
    /// At the model's context.
    Context,
    /// By the caller.
    Stopped,
}

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// Its tokens, without the ending one.
    pub tokens: Vec<u32>,
    /// Why it ended.
    pub finish: Finish,
}

impl Decoder {
    /// Goes on from `prompt`, and hands every token to `on_token`, which may stop it. A decoder in training records what it computes; use
    /// [`Module::valid`](burn::module::Module::valid) of it.
    ///
    /// # Errors
    /// [`TrainError::Context`] and [`TrainError::Token`] for a prompt that is too long or has foreign tokens, [`TrainError::Config`] for
    /// an empty one and for impossible options.
    pub fn generate(
        &self,
        prompt: &[u32],
        options: &GenerateOptions,
        mut on_token: impl FnMut(u32) -> ControlFlow<()>,
    ) -> Result<Generated, TrainError> {
        options.validate()?;
        let mut cache = Cache::new();
        let mut tokens = Vec::new();
        let mut next = prompt.to_vec();
        let finish = loop {
            if tokens.len() >= options.max_tokens {
                break Finish::Length;
            }
            if !cache.is_empty() && cache.len() + next.len() > self.config().context {
                break Finish::Context;
            }
            let logits = self.next_logits(&next, &mut cache)?;
            let token = options.sampling.choose(&logits, tokens.len());
            if options.ends.contains(&token) {
                break Finish::End(token);
            }
            tokens.push(token);
            if on_token(token).is_break() {
                break Finish::Stopped;
            }
            next = vec![token];
        };
        Ok(Generated { tokens, finish })
    }

    /// The logits behind `tokens`, which are added to the cache.
    fn next_logits(&self, tokens: &[u32], cache: &mut Cache) -> Result<Vec<f32>, TrainError> {
        let ids = self.batch(&[tokens])?;
        let [_, length] = ids.dims();
        let hidden = self.hidden_after(ids, cache)?;
        let last = hidden
            .narrow(1, length - 1, 1)
            .reshape([1, self.config().width]);
        self.logits(last)
            .into_data()
            .try_into_vec()
            .map_err(|error| TrainError::Config {
                field: "device",
                problem: format!("its logits are not in single precision: {error:?}"),
            })
    }
}

impl GenerateOptions {
    /// Whether replies can be made like this.
    ///
    /// # Errors
    /// [`TrainError::Config`] naming the first impossible value.
    pub fn validate(&self) -> Result<(), TrainError> {
        let fail = |field, problem: String| Err(TrainError::Config { field, problem });
        match self.sampling {
            Sampling::TopP { temperature, .. }
                if !(temperature.is_finite() && temperature > 0.0) =>
            {
                fail("temperature", format!("{temperature} is not more than 0"))
            }
            Sampling::TopP { top_p, .. } if !(top_p > 0.0 && top_p <= 1.0) => {
                fail("top_p", format!("{top_p} is not more than 0 and at most 1"))
            }
            _ => Ok(()),
        }
    }
}

impl Sampling {
    /// The token behind `step` tokens of a reply.
    fn choose(self, logits: &[f32], step: usize) -> u32 {
        match self {
            Self::Greedy => likeliest(logits),
            Self::TopP {
                temperature,
                top_p,
                seed,
            } => {
                let draw = seed.derive("generate", &step.to_string()).unit();
                sampled(logits, temperature, top_p, draw)
            }
        }
    }
}

/// The first of the largest.
pub(crate) fn likeliest(logits: &[f32]) -> u32 {
    let mut best = (0, f32::NEG_INFINITY);
    for (id, logit) in (0..).zip(logits) {
        if *logit > best.1 {
            best = (id, *logit);
        }
    }
    best.0
}

/// The token at which the probabilities of the likeliest tokens, added up, pass `draw` of what they are together.
fn sampled(logits: &[f32], temperature: f64, top_p: f64, draw: f64) -> u32 {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f64> = logits
        .iter()
        .map(|logit| (f64::from(logit - most) / temperature).exp())
        .collect();
    let total: f64 = weights.iter().sum();
    // All tokens below this are together less likely than what may be left out, so that they need not be sorted.
    let least = total * (1.0 - top_p) / weights.len() as f64;
    let mut kept: Vec<(u32, f64)> = (0..)
        .zip(weights)
        .filter(|(_, weight)| *weight >= least)
        .collect();
    kept.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut sum = 0.0;
    let enough = kept.iter().position(|(_, weight)| {
        sum += weight;
        sum >= total * top_p
    });
    kept.truncate(enough.map_or(kept.len(), |last| last + 1));
    let mut rest = draw * kept.iter().map(|(_, weight)| weight).sum::<f64>();
    for (id, weight) in &kept {
        rest -= weight;
        if rest < 0.0 {
            return *id;
        }
    }
    // Rounding, or logits that are no numbers.
    kept.last().map_or_else(|| likeliest(logits), |(id, _)| *id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_of_equals_is_the_first() {
        assert_eq!(likeliest(&[0.0, 3.0, 3.0, f32::NAN]), 1);
    }

    #[test]
    fn a_nucleus_is_as_small_as_it_can_be() {
        // Probabilities 0.5, 0.3, 0.2.
        let logits = [0.5_f32.ln(), 0.2_f32.ln(), 0.3_f32.ln()];
        let at = |top_p, draw| sampled(&logits, 1.0, top_p, draw);
        assert_eq!([at(0.4, 0.0), at(0.4, 0.999)], [0, 0]);
        assert_eq!([at(0.7, 0.62), at(0.7, 0.63), at(0.7, 0.999)], [0, 2, 2]);
        assert_eq!([at(1.0, 0.79), at(1.0, 0.81)], [2, 1]);
    }

    #[test]
    fn temperature_sharpens_and_flattens() {
        let logits = [1.0, 0.0];
        let share = |temperature| {
            let draws = (0..1000).map(|n| f64::from(n) / 1000.0);
            draws
                .filter(|draw| sampled(&logits, temperature, 1.0, *draw) == 0)
                .count()
        };
        assert_eq!(share(1.0), 732);
        assert!(share(0.1) > 990 && share(10.0) < 530);
    }

    #[test]
    fn impossible_options_are_refused() {
        for (temperature, top_p, field) in [(0.0, 0.5, "temperature"), (1.0, 1.5, "top_p")] {
            let options = GenerateOptions {
                sampling: Sampling::TopP {
                    temperature,
                    top_p,
                    seed: Seed(1),
                },
                ..GenerateOptions::default()
            };
            let error = options.validate().unwrap_err().to_string();
            assert!(error.contains(field), "{error}");
        }
    }
}
