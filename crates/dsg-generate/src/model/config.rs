//! How a model is asked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::GenerateError;

/// Settings of a [`ModelWriter`](crate::ModelWriter).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ModelWriterConfig {
    /// Items tried on one chunk before others are taken, 1 to 3. Default: 2.
    pub items_per_chunk: usize,
    /// Passages that one answer rests on at most, 1 to 3. Default: 3.
    pub max_quotes: usize,
    /// How often the plan is gone over for items that are still missing; each round takes chunks that were not used up
    /// before. At least 1. Default: 3.
    pub rounds: usize,
    /// Chunks worked on at the same time. Calls on one chunk follow one another, for the engine's prefix cache. At least 1. Default: 4.
    pub concurrency: usize,
    /// Temperature of questions, 0 to 2; passages and answers are taken at 0. Default: 0.7.
    pub temperature: f32,
    /// Tokens of the passages at most. Default: 512.
    pub quote_tokens: usize,
    /// Tokens of a question at most. Default: 128.
    pub question_tokens: usize,
    /// Tokens of an answer at most. Default: 512.
    pub answer_tokens: usize,
    /// Questions of the same chunk that a new one is told to avoid, the latest ones. Default: 6.
    pub avoid: usize,
    /// Words that a chunk needs to be worth a question. Default: 25.
    pub min_words: usize,
    /// Who asks, one drawn for each item. At least one. Default: a newcomer, a daily user, someone who supports others.
    pub personas: Vec<String>,
    /// Whether chunks that lost their layout (divided words, broken lines, columns side by side, as in many PDF files) are set in
    /// order by the model first, one call each. The model reads its own version; receipts are those of the source. Default: false.
    pub structure: bool,
    /// Share of questions that need two chunks of a topic, 0 to 1. Default: 0.
    pub multi_chunk: f64,
    /// Share of questions that the documentation does not answer, 0 to 1; with `multi_chunk` at most 1. Default: 0.
    pub unanswerable: f64,
    /// Chunks that are searched for an answer before a question counts as unanswerable. At least 1. Default: 5.
    pub search_depth: usize,
}

impl Default for ModelWriterConfig {
    fn default() -> Self {
        Self {
            items_per_chunk: 2,
            max_quotes: 3,
            rounds: 3,
            concurrency: 4,
            temperature: 0.7,
            quote_tokens: 512,
            question_tokens: 128,
            answer_tokens: 512,
            avoid: 6,
            min_words: 25,
            personas: [
                "someone who is new to it",
                "someone who uses it every day",
                "someone who supports its users",
            ]
            .map(str::to_owned)
            .to_vec(),
            structure: false,
            multi_chunk: 0.0,
            unanswerable: 0.0,
            search_depth: 5,
        }
    }
}

impl ModelWriterConfig {
    /// Whether the settings can be worked with.
    ///
    /// # Errors
    /// [`GenerateError::Config`] naming the first field that cannot.
    pub fn validate(&self) -> Result<(), GenerateError> {
        for (field, value, most) in [
            ("items_per_chunk", self.items_per_chunk, 3),
            ("max_quotes", self.max_quotes, 3),
            ("rounds", self.rounds, usize::MAX),
            ("concurrency", self.concurrency, usize::MAX),
            ("quote_tokens", self.quote_tokens, usize::MAX),
            ("question_tokens", self.question_tokens, usize::MAX),
            ("answer_tokens", self.answer_tokens, usize::MAX),
            ("search_depth", self.search_depth, usize::MAX),
        ] {
            if value == 0 || value > most {
                let range = if most == usize::MAX {
                    "at least 1".to_owned()
                } else {
                    format!("from 1 to {most}")
                };
                return Err(GenerateError::config(
                    field,
                    format!("is {value}, but must be {range}"),
                ));
            }
        }
        if !(0.0..=2.0).contains(&self.temperature) {
            return Err(GenerateError::config(
                "temperature",
                format!("is {}, but must be from 0 to 2", self.temperature),
            ));
        }
        if self
            .personas
            .iter()
            .all(|persona| persona.trim().is_empty())
        {
            return Err(GenerateError::config(
                "personas",
                "is empty; name one at least",
            ));
        }
        for (field, share) in [
            ("multi_chunk", self.multi_chunk),
            ("unanswerable", self.unanswerable),
            ("unanswerable", self.multi_chunk + self.unanswerable),
        ] {
            if !(0.0..=1.0).contains(&share) {
                return Err(GenerateError::config(
                    field,
                    format!("makes a share of {share}, but shares are from 0 to 1"),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_values_are_named() {
        let base = ModelWriterConfig::default;
        assert!(base().validate().is_ok());
        for (config, field) in [
            (
                ModelWriterConfig {
                    items_per_chunk: 4,
                    ..base()
                },
                "items_per_chunk",
            ),
            (
                ModelWriterConfig {
                    concurrency: 0,
                    ..base()
                },
                "concurrency",
            ),
            (
                ModelWriterConfig {
                    temperature: f32::NAN,
                    ..base()
                },
                "temperature",
            ),
            (
                ModelWriterConfig {
                    personas: vec![" ".into()],
                    ..base()
                },
                "personas",
            ),
            (
                ModelWriterConfig {
                    multi_chunk: 0.6,
                    unanswerable: 0.6,
                    ..base()
                },
                "unanswerable",
            ),
        ] {
            let problem = config.validate().unwrap_err().to_string();
            assert!(problem.starts_with(&format!("`{field}` ")), "{problem}");
        }
    }
}
