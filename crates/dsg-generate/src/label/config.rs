//! How the teacher is asked.

use dsg_core::Sampling;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::GenerateError;

/// Settings of a [`Labeller`](crate::Labeller).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LabelConfig {
    /// 0 takes the likeliest token. Default: 0.
    pub temperature: f32,
    /// Nucleus sampling, above 0 and at most 1. Default: 1, which is off.
    pub top_p: f32,
    /// Default: 0.
    pub seed: u32,
    /// Tokens of a reply at most; a longer one is rejected. Default: 1024.
    pub max_tokens: usize,
    /// Texts that end a reply. Default: none.
    pub stop: Vec<String>,
    /// Tries at a reply that has to be JSON, from the second on with another seed and a temperature of at least 0.5. Default: 2.
    pub tries: u32,
    /// Prompts that are with the model at the same time. Default: 4.
    pub concurrency: usize,
}

impl Default for LabelConfig {
    fn default() -> Self {
        Self {
            temperature: 0.0,
            top_p: 1.0,
            seed: 0,
            max_tokens: 1024,
            stop: Vec::new(),
            tries: 2,
            concurrency: 4,
        }
    }
}

impl LabelConfig {
    pub(crate) fn validate(&self) -> Result<(), GenerateError> {
        let tries = usize::try_from(self.tries).unwrap_or(usize::MAX);
        for (field, value) in [
            ("max_tokens", self.max_tokens),
            ("tries", tries),
            ("concurrency", self.concurrency),
        ] {
            if value == 0 {
                return Err(GenerateError::config(field, "is 0, but must be at least 1"));
            }
        }
        if !(0.0..=2.0).contains(&self.temperature) {
            let problem = format!("is {}, but must be from 0 to 2", self.temperature);
            return Err(GenerateError::config("temperature", problem));
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            let problem = format!("is {}, but must be above 0 and at most 1", self.top_p);
            return Err(GenerateError::config("top_p", problem));
        }
        Ok(())
    }

    /// The sampling of this try, from 0.
    pub(crate) fn sampling(&self, attempt: u32) -> Sampling {
        Sampling {
            temperature: if attempt == 0 {
                self.temperature
            } else {
                self.temperature.max(0.5)
            },
            top_p: self.top_p,
            seed: self.seed.wrapping_add(attempt),
            max_tokens: self.max_tokens,
            stop: self.stop.clone(),
        }
    }
}
