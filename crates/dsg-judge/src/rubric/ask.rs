//! One question to a model, until it brings something usable or is given up.

use dsg_core::{
    ChatError, ChatModel, ChatReply, ChatRequest, FinishReason, Interrupt, Prompts, Sampling, Seed,
    TokenLogProb,
};
use serde_json::Value;

use crate::rubric::config::RubricConfig;
use crate::rubric::error::ModelJudgeError;

/// Tries at one question, the first included.
const TRIES: u32 = 2;

/// Why a question to a model has no answer.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The run must stop.
    Run(ModelJudgeError),
    /// The prompt does not fit the model's context, or did not reach it whole.
    ContextCut(String),
    /// Every reply was cut, empty, or not what was asked for.
    Unparsed(String),
    /// No reply came, for this item.
    Failed(String),
}

impl From<ModelJudgeError> for Trouble {
    fn from(error: ModelJudgeError) -> Self {
        Self::Run(error)
    }
}

/// A model, on one item.
pub(crate) struct Asker<'a> {
    pub(crate) model: &'a dyn ChatModel,
    pub(crate) prompts: &'a Prompts,
    pub(crate) config: &'a RubricConfig,
    /// The item's id.
    pub(crate) item: &'a str,
    pub(crate) interrupt: &'a Interrupt,
}

/// What is asked.
pub(crate) struct Ask<'a> {
    /// The prompt's name.
    pub(crate) prompt: &'static str,
    /// What it is filled in with.
    pub(crate) context: &'a Value,
    /// The schema of the reply.
    pub(crate) schema: Option<Value>,
    /// How many of the likeliest tokens are wanted at each token of the reply, from a model that tells them.
    pub(crate) top_log_probs: u8,
    /// Tokens of the reply at most.
    pub(crate) max_tokens: usize,
    /// Which of several replies to the same prompt, from 0.
    pub(crate) vote: u32,
}

impl Asker<'_> {
    /// What `parse` makes of the reply's text and tokens. A reply that it refuses (with the problem), or that is cut, is asked
    /// for once more, with another seed and room for twice as many tokens.
    pub(crate) async fn ask<T>(
        &self,
        ask: Ask<'_>,
        parse: impl Fn(&str, &[TokenLogProb]) -> Result<T, String>,
    ) -> Result<T, Trouble> {
        let rendered = self
            .prompts
            .render(ask.prompt, ask.context)
            .map_err(ModelJudgeError::from)?
            .ok_or(ModelJudgeError::MissingPrompt { name: ask.prompt })?;
        let top_log_probs = if self.model.capabilities().log_probs {
            ask.top_log_probs
        } else {
            0
        };
        let mut problem = String::new();
        for attempt in 0..TRIES {
            if self.interrupt.is_requested() {
                return Err(self.trouble(ChatError::Interrupted));
            }
            let draw = ask.vote * TRIES + attempt;
            let request = ChatRequest {
                messages: rendered.messages.clone(),
                sampling: Sampling {
                    temperature: if draw == 0 {
                        0.0
                    } else {
                        self.config.vote_temperature
                    },
                    seed: self.seed(ask.prompt, draw),
                    max_tokens: ask.max_tokens << attempt,
                    ..Sampling::default()
                },
                schema: ask.schema.clone(),
                top_log_probs,
            };
            let reply = self
                .model
                .complete(&request)
                .await
                .map_err(|error| self.trouble(error))?;
            match whole(&reply).and_then(|text| parse(text, &reply.log_probs)) {
                Ok(parsed) => return Ok(parsed),
                Err(what) => problem = what,
            }
        }
        Err(Trouble::Unparsed(problem))
    }

    fn seed(&self, prompt: &str, draw: u32) -> u32 {
        let seed: Seed = self
            .config
            .seed
            .derive(prompt, &format!("{}/{draw}", self.item));
        // The lower half is as random as the whole.
        u32::try_from(seed.0 & u64::from(u32::MAX)).unwrap_or_default()
    }

    /// What an error means for the item.
    fn trouble(&self, error: ChatError) -> Trouble {
        if error.ends_run() {
            return Trouble::Run(ModelJudgeError::Model {
                id: self.item.to_owned(),
                source: error,
            });
        }
        match error {
            ChatError::ContextExceeded { .. } | ChatError::PromptCut { .. } => {
                Trouble::ContextCut(error.to_string())
            }
            error => Trouble::Failed(error.to_string()),
        }
    }
}

/// The text of a reply that is not cut and not empty.
fn whole(reply: &ChatReply) -> Result<&str, String> {
    match reply.finish {
        FinishReason::Length => Err("the reply was cut".to_owned()),
        FinishReason::Filtered => Err("the reply was withheld by a filter".to_owned()),
        _ if reply.text.trim().is_empty() => Err("the reply was empty".to_owned()),
        _ => Ok(reply.text.trim()),
    }
}

/// The objects of a reply, outermost ones only: the reply itself, or what stands in it between other text and fences.
pub(crate) fn objects(text: &str) -> Vec<&str> {
    let mut objects = Vec::new();
    let mut start = 0;
    let (mut depth, mut in_string, mut escaped) = (0_u32, false, false);
    for (at, c) in text.char_indices() {
        if depth > 0 && in_string {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match c {
            '"' if depth > 0 => in_string = true,
            '{' => {
                if depth == 0 {
                    start = at;
                }
                depth += 1;
            }
            '}' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    objects.extend(text.get(start..=at));
                }
            }
            _ => {}
        }
    }
    objects
}
