//! GGUF files, asked by llama.cpp.
//!
//! Rows become tokens by dsg-train's template and tokenizer of the file, and replies become text by them, so that both engines see and say
//! the same tokens; llama.cpp computes.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;

use dsg_core::{Sampling, Seed};
use dsg_llm::{
    Constraint, LlamaCpp, LlamaCppConfig, ReplyEnd, TokenContext, TokenModel, TokenRequest,
};
use dsg_train::data::{ModelChat, Refusal, Row};
use dsg_train::evaluation::{Answer, EvalItem};
use dsg_train::generate::{Finish, GenerateOptions, Sampling as Choice};
use dsg_train::source::Source;
use dsg_train::template::ChatTemplate;
use dsg_train::tokenizer::Tokenizer;
use serde_json::json;

use super::engine::{ConstrainedReplies, EvalConstraint, Examinee};
use super::record::Evaluated;
use crate::error::DsgError;

/// How llama.cpp runs models.
pub(super) struct LlamaCppEngine {
    threads: Option<NonZeroUsize>,
    constraint: Option<Held>,
}

/// A constraint with its name and its file's.
struct Held {
    by: &'static str,
    file: String,
    constraint: Constraint,
}

impl Held {
    fn read(constraint: &EvalConstraint) -> Result<Self, DsgError> {
        let shown = |path: &Path| path.display().to_string();
        Ok(match constraint {
            EvalConstraint::Schema(path) => Self {
                by: "schema",
                file: shown(path),
                constraint: Constraint::schema(path)?,
            },
            EvalConstraint::Grammar(path) => Self {
                by: "grammar",
                file: shown(path),
                constraint: Constraint::grammar(path)?,
            },
        })
    }
}

impl LlamaCppEngine {
    pub(super) fn new(
        threads: Option<NonZeroUsize>,
        constraint: Option<&EvalConstraint>,
    ) -> Result<Self, DsgError> {
        Ok(Self {
            threads,
            constraint: constraint.map(Held::read).transpose()?,
        })
    }

    fn constraint(&self) -> Option<&Constraint> {
        self.constraint.as_ref().map(|held| &held.constraint)
    }

    /// Loads the file of `source` and has it asked.
    pub(super) fn load<T>(
        &self,
        source: &Source,
        replies: &GenerateOptions,
        ask: impl FnOnce(&mut dyn Examinee) -> Result<T, DsgError>,
    ) -> Result<T, DsgError> {
        let tokenizer = source.tokenizer()?;
        let template = source.chat_template()?;
        let constraint = self.constraint();
        let fingerprint = source.fingerprint()?;
        let identity = json!({
            "dsg": env!("CARGO_PKG_VERSION"),
            "engine": LlamaCpp::PROVIDER,
            "model": fingerprint,
            "replies": replies,
            "constraint": constraint.map(Constraint::gbnf),
        });
        let model = TokenModel::open(&LlamaCppConfig {
            threads: self.threads,
            ..LlamaCppConfig::new(source.path())
        })?;
        if let Some(constraint) = constraint {
            model.check(constraint)?;
        }
        ask(&mut LlamaCppExaminee {
            context: model.context(replies.max_tokens),
            most: source.config().context,
            tokenizer,
            template,
            constraint,
            replies,
            identity: identity.to_string(),
        })
    }

    pub(super) fn constrained(&self, results: &[&Evaluated]) -> Option<ConstrainedReplies> {
        let held = self.constraint.as_ref()?;
        let ended = results.iter().filter(|result| result.finish == "end");
        let ended: Vec<&str> = ended.map(|result| result.answer.as_str()).collect();
        let is_met = |answer: &&&str| held.constraint.is_met(answer);
        let valid = ended.iter().filter(is_met).count();
        Some(ConstrainedReplies {
            by: held.by,
            file: held.file.clone(),
            valid,
            invalid: ended.len() - valid,
            cut: results.len() - ended.len(),
        })
    }
}

/// A file that is asked.
struct LlamaCppExaminee<'a> {
    context: TokenContext<'a>,
    /// Tokens of the model's context.
    most: usize,
    tokenizer: Tokenizer,
    template: ChatTemplate,
    constraint: Option<&'a Constraint>,
    replies: &'a GenerateOptions,
    identity: String,
}

impl Examinee for LlamaCppExaminee<'_> {
    fn item(&self, row: &Row) -> Result<EvalItem, Refusal> {
        let chat = ModelChat {
            tokenizer: &self.tokenizer,
            template: &self.template,
        };
        EvalItem::new(row, &chat, self.most)
    }

    fn key(&self, item: &EvalItem) -> String {
        item.key(&self.identity)
    }

    fn ask(
        &mut self,
        item: &EvalItem,
        go_on: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Result<Answer, Refusal>, DsgError> {
        let (prompt, labels) = (item.prompt(), item.labels());
        let likelihood = self.context.log_likelihood(prompt, labels)?;
        let nll = -likelihood / labels.len() as f64;
        if !nll.is_finite() {
            return Ok(Err(Refusal::NoLikelihood));
        }
        let request = TokenRequest {
            prompt,
            sampling: &sampling(self.replies, item.id()),
            ends: self.tokenizer.ends(),
            constraint: self.constraint,
        };
        let reply = self.context.reply(&request, go_on)?;
        Ok(Ok(Answer {
            text: self.tokenizer.decode(&reply.tokens, true)?,
            finish: match reply.end {
                ReplyEnd::Token(id) => Finish::End(id),
                ReplyEnd::Length => Finish::Length,
                ReplyEnd::Context => Finish::Context,
                ReplyEnd::Stopped => Finish::Stopped,
            },
            nll,
            tokens: labels.len(),
        }))
    }
}

/// How an item's reply is made. By chance, every item has draws of its own that only seed and id decide.
fn sampling(replies: &GenerateOptions, id: &str) -> Sampling {
    let most = Sampling {
        max_tokens: replies.max_tokens,
        ..Sampling::default()
    };
    match replies.sampling {
        Choice::TopP {
            temperature,
            top_p,
            seed,
        } => Sampling {
            temperature: single(temperature),
            top_p: single(top_p),
            seed: short(seed.derive("evaluate", id)),
            ..most
        },
        _ => most,
    }
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "llama.cpp divides by and sums up in single precision"
)]
const fn single(value: f64) -> f32 {
    value as f32
}

/// As many bits as llama.cpp takes.
fn short(seed: Seed) -> u32 {
    u32::try_from(seed.0 & u64::from(u32::MAX)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn replies_are_counted_by_what_the_schema_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("even.json");
        fs::write(&path, r#"{"type": "integer", "multipleOf": 2}"#).unwrap();
        let engine = |constraint: Option<&EvalConstraint>| LlamaCppEngine::new(None, constraint);
        let schema = EvalConstraint::Schema(path.clone());
        let reply = |answer: &str, finish: &str| Evaluated {
            answer: answer.to_owned(),
            finish: finish.to_owned(),
            ..Evaluated::example()
        };
        let results = [
            reply("4", "end"),
            reply("5", "end"),
            reply("12", "end"),
            reply("1", "length"),
            reply("2", "context"),
        ];
        let results: Vec<&Evaluated> = results.iter().collect();
        let counted = engine(Some(&schema)).unwrap().constrained(&results);
        let expected = ConstrainedReplies {
            by: "schema",
            file: path.display().to_string(),
            valid: 2,
            invalid: 1,
            cut: 2,
        };
        assert_eq!(counted, Some(expected));
        assert_eq!(engine(None).unwrap().constrained(&results), None);
    }

    #[test]
    fn an_item_has_draws_of_its_own() {
        let mut replies = GenerateOptions::default();
        replies.max_tokens = 9;
        let greedy = sampling(&replies, "a");
        assert_eq!((greedy.max_tokens, greedy.temperature), (9, 0.0));
        replies.sampling = Choice::TopP {
            temperature: 0.5,
            top_p: 0.75,
            seed: Seed(7),
        };
        let drawn = sampling(&replies, "a");
        assert_eq!((drawn.temperature, drawn.top_p), (0.5, 0.75));
        assert_eq!(drawn.seed, sampling(&replies, "a").seed);
        assert_ne!(drawn.seed, sampling(&replies, "b").seed);
    }
}
