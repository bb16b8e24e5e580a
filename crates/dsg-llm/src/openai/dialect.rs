//! What a server that calls itself OpenAI-compatible does not take, learnt from its refusals.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// A part of the request that some servers reject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Feature {
    /// `response_format` with a JSON Schema.
    JsonSchema,
    /// `response_format` without one.
    JsonMode,
    Seed,
    CachePrompt,
    StreamOptions,
    /// The older name of `max_completion_tokens`.
    MaxTokens,
    Temperature,
    TopP,
    Stop,
    /// `logprobs` and how many of the likeliest tokens.
    LogProbs,
}

impl Feature {
    /// Names under which a server complains about it.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::JsonSchema => &["response_format", "json_schema", "guided_json", "grammar"],
            Self::JsonMode => &["response_format", "json_object"],
            Self::Seed => &["seed"],
            Self::CachePrompt => &["cache_prompt"],
            Self::StreamOptions => &["stream_options", "include_usage"],
            Self::MaxTokens => &["max_tokens", "max_completion_tokens"],
            Self::Temperature => &["temperature"],
            Self::TopP => &["top_p"],
            Self::Stop => &["stop"],
            Self::LogProbs => &["logprobs", "top_logprobs"],
        }
    }
}

/// What was rejected so far. Only ever grows.
#[derive(Debug, Default)]
pub(super) struct Dialect(Mutex<Rejected>);

#[derive(Debug, Default)]
struct Rejected {
    features: BTreeSet<Feature>,
    /// Hashes of JSON Schemas that the server cannot hold a reply to, though it can others.
    schemas: BTreeSet<u64>,
}

impl Dialect {
    pub(super) fn takes(&self, feature: Feature) -> bool {
        !self.with(|rejected| rejected.features.contains(&feature))
    }

    pub(super) fn takes_schema(&self, schema: u64) -> bool {
        !self.with(|rejected| {
            rejected.features.contains(&Feature::JsonSchema) || rejected.schemas.contains(&schema)
        })
    }

    /// Which of the features that were `sent` the refusal is about; it is remembered. `None` where the refusal is about
    /// something else, so that sending again would be in vain.
    pub(super) fn learn(
        &self,
        sent: &[Feature],
        schema: Option<u64>,
        refusal: &str,
    ) -> Option<Feature> {
        let found = *sent
            .iter()
            .find(|feature| feature.names().iter().any(|name| names(refusal, name)))?;
        let is_this_schema = !names(refusal, "response_format")
            || refusal.to_ascii_lowercase().contains("invalid schema");
        self.with(|rejected| match (found, schema) {
            (Feature::JsonSchema, Some(schema)) if is_this_schema => {
                rejected.schemas.insert(schema);
            }
            _ => {
                rejected.features.insert(found);
            }
        });
        Some(found)
    }

    fn with<T>(&self, look: impl FnOnce(&mut Rejected) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether `text` speaks of the field: a name with an underscore and "logprobs" wherever they stand as words, any other only in
/// quotes, since "stop" and "seed" are English too.
fn names(text: &str, field: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(field).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text
            .get(at + field.len()..)
            .and_then(|text| text.chars().next());
        if field.contains('_') || field == "logprobs" {
            !before.is_some_and(is_word) && !after.is_some_and(is_word)
        } else {
            [before, after]
                .iter()
                .all(|c| c.is_some_and(|c| matches!(c, '\'' | '"' | '`')))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_its_field() {
        let all = [
            Feature::JsonSchema,
            Feature::Seed,
            Feature::CachePrompt,
            Feature::StreamOptions,
            Feature::MaxTokens,
            Feature::Temperature,
            Feature::Stop,
            Feature::LogProbs,
        ];
        for (refusal, expected) in [
            (
                "Unrecognized request argument supplied: cache_prompt",
                Some(Feature::CachePrompt),
            ),
            (
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
                Some(Feature::MaxTokens),
            ),
            (
                "Unsupported value: 'temperature' does not support 0 with this model.",
                Some(Feature::Temperature),
            ),
            (
                "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
                Some(Feature::JsonSchema),
            ),
            (
                "[{'type': 'extra_forbidden', 'loc': ('body', 'seed'), 'msg': 'Extra inputs are not permitted'}]",
                Some(Feature::Seed),
            ),
            (
                "You are not allowed to request logprobs from this model.",
                Some(Feature::LogProbs),
            ),
            (
                "Requested sample logprobs of 5, which is greater than max allowed: 0",
                Some(Feature::LogProbs),
            ),
            (
                "please stop sending so much; we seed the queue slowly",
                None,
            ),
            ("this model's maximum context length is 4096 tokens", None),
        ] {
            assert_eq!(
                Dialect::default().learn(&all, None, refusal),
                expected,
                "{refusal}"
            );
        }
    }

    #[test]
    fn what_was_rejected_is_remembered_and_never_learnt_twice() {
        let dialect = Dialect::default();
        assert!(dialect.takes(Feature::Seed));
        let refusal = "unknown field \"seed\"";
        assert_eq!(
            dialect.learn(&[Feature::Seed], None, refusal),
            Some(Feature::Seed)
        );
        assert!(!dialect.takes(Feature::Seed));
        assert_eq!(dialect.learn(&[], None, refusal), None);
    }

    #[test]
    fn one_schema_that_is_too_much_leaves_the_others() {
        let dialect = Dialect::default();
        dialect.learn(
            &[Feature::JsonSchema],
            Some(1),
            "failed to parse grammar: json_schema too deep",
        );
        assert!(!dialect.takes_schema(1));
        assert!(dialect.takes_schema(2));
        dialect.learn(
            &[Feature::JsonSchema],
            Some(2),
            "`response_format` is not supported",
        );
        assert!(!dialect.takes_schema(3));
    }
}
