//! One call to a model, until it brings something usable or is given up.

use std::sync::atomic::{AtomicBool, Ordering};

use dsg_core::{
    ChatError, ChatModel, ChatReply, ChatRequest, FinishReason, Interrupt, Prompts, Sampling, Seed,
    Usage,
};
use serde_json::{Value, json};

use crate::error::GenerateError;
use crate::model::prompts::{Fields, Passage};
use crate::model::reason::ModelDropReason;

/// Tries at one call, the first included.
const TRIES: usize = 2;
/// A second try at a reply that could not be used is not taken at 0, where it would be the same.
const RETRY_TEMPERATURE: f32 = 0.5;

/// Why a task has no item.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// This one has none.
    Miss(ModelDropReason, String),
    /// No further call can succeed.
    Stop(ChatError),
    /// The run stopped before this call.
    NotAsked,
    /// The run cannot go on for a reason of its own.
    Run(GenerateError),
}

impl Trouble {
    pub(crate) fn miss<T>(reason: ModelDropReason, detail: impl Into<String>) -> Result<T, Self> {
        Err(Self::Miss(reason, detail.into()))
    }
}

/// A model and how to ask it.
pub(crate) struct Asker<'a> {
    pub(crate) model: &'a dyn ChatModel,
    pub(crate) prompts: &'a Prompts,
    pub(crate) seed: Seed,
    pub(crate) interrupt: &'a Interrupt,
    /// Set by the first call after which no other can succeed, so that those under way end and no new one begins.
    pub(crate) stopped: &'a AtomicBool,
}

/// What is asked for.
pub(crate) struct Call<'a> {
    pub(crate) prompt: &'static str,
    /// The schema of the reply.
    pub(crate) schema: Value,
    pub(crate) max_tokens: usize,
    pub(crate) temperature: f32,
    /// The passages to show where all of them are too many for the model's context.
    pub(crate) fewer: &'a [Passage],
    /// Whose call it is, and which of several alike.
    pub(crate) draw: String,
}

/// What came of a call: its parsed reply and the id of the prompt.
pub(crate) struct Answered<T> {
    pub(crate) said: T,
    pub(crate) prompt: String,
}

impl Asker<'_> {
    /// What `parse` makes of the reply. One that it refuses is asked for once more with another seed, one that was cut with a
    /// smaller request, one whose evidence does not fit the context with less of it. Every reply goes into `replies`.
    pub(crate) async fn ask<T>(
        &self,
        call: Call<'_>,
        mut fields: Fields<'_>,
        replies: &mut Vec<Value>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Answered<T>, Trouble> {
        let mut temperature = call.temperature;
        let mut last = (ModelDropReason::UnusableReply, String::new());
        for attempt in 0..TRIES {
            if self.interrupt.is_requested() || self.stopped.load(Ordering::Relaxed) {
                return Err(Trouble::NotAsked);
            }
            let rendered = self
                .prompts
                .render(call.prompt, &fields)
                .map_err(|source| Trouble::Run(source.into()))?
                .ok_or(Trouble::Run(GenerateError::MissingPrompt {
                    name: call.prompt,
                }))?;
            let seed = self
                .seed
                .derive(call.prompt, &format!("{}/{attempt}", call.draw));
            let request = ChatRequest {
                messages: rendered.messages,
                sampling: Sampling {
                    temperature,
                    // The lower half is as random as the whole.
                    seed: u32::try_from(seed.0 & u64::from(u32::MAX)).unwrap_or_default(),
                    max_tokens: call.max_tokens,
                    ..Sampling::default()
                },
                schema: Some(call.schema.clone()),
                ..ChatRequest::default()
            };
            let reply = match self.model.complete(&request).await {
                Ok(reply) => reply,
                // The provider's check is the stricter one: what it cannot use may still be read here.
                Err(ChatError::Unusable { text, .. }) => unknown(text, FinishReason::Unknown),
                Err(ChatError::ReplyCut { .. }) => unknown(String::new(), FinishReason::Length),
                Err(error @ (ChatError::ContextExceeded { .. } | ChatError::PromptCut { .. })) => {
                    last = (ModelDropReason::ContextExceeded, error.to_string());
                    fields.passages = call.fewer;
                    continue;
                }
                Err(error) if error.ends_run() => {
                    self.stopped.store(true, Ordering::Relaxed);
                    return Err(Trouble::Stop(error));
                }
                Err(error) => {
                    return Trouble::miss(ModelDropReason::ModelFailed, error.to_string());
                }
            };
            replies.push(json!({
                "prompt": rendered.id.clone(),
                "finish": reply.finish,
                "text": reply.text.clone(),
            }));
            let parsed = match reply.finish {
                FinishReason::Length => {
                    last = (
                        ModelDropReason::ReplyCut,
                        format!("cut after {} tokens", call.max_tokens),
                    );
                    fields.brief = true;
                    continue;
                }
                FinishReason::Filtered => Err("a filter withheld the reply".to_owned()),
                _ => parse(&reply.text),
            };
            match parsed {
                Ok(said) => {
                    return Ok(Answered {
                        said,
                        prompt: rendered.id,
                    });
                }
                Err(problem) => {
                    last = (ModelDropReason::UnusableReply, problem);
                    temperature = temperature.max(RETRY_TEMPERATURE);
                }
            }
        }
        let (reason, detail) = last;
        Trouble::miss(reason, format!("{}: {detail}", call.prompt))
    }
}

/// A reply that came as an error.
fn unknown(text: String, finish: FinishReason) -> ChatReply {
    ChatReply {
        text,
        finish,
        usage: Usage::default(),
        log_probs: Vec::new(),
    }
}
