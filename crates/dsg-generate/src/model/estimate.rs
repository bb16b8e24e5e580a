//! What a round is going to take, before anything is asked.

use crate::model::config::ModelWriterConfig;
use crate::model::task::{Kind, Task};

/// Tokens of a prompt beside the evidence: instruction, heading, quotes.
const INSTRUCTION_TOKENS: usize = 300;
/// Share of the tokens allowed that a reply usually takes: one in so many.
const REPLY_SHARE: usize = 4;

/// What a round of a [`ModelWriter`](crate::ModelWriter) takes, roughly: one try at each call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Estimate {
    /// Items to write.
    pub tasks: u64,
    /// Calls to the model.
    pub calls: u64,
    /// Tokens of all prompts. Calls on one chunk begin alike, so that an engine with a prefix cache reads a third of them.
    pub prompt_tokens: u64,
    /// Tokens of all replies.
    pub reply_tokens: u64,
}

impl Estimate {
    /// Adds a task on `evidence` tokens of chunks.
    pub(crate) fn add(&mut self, task: &Task, evidence: usize, settings: &ModelWriterConfig) {
        let (calls, replies) = match task.kind {
            Kind::Single | Kind::Multi(_) => (
                3,
                settings.quote_tokens + settings.question_tokens + settings.answer_tokens,
            ),
            Kind::Unanswerable => (
                1 + settings.search_depth,
                settings.question_tokens + settings.search_depth * settings.quote_tokens,
            ),
        };
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        self.tasks += 1;
        self.calls += count(calls);
        self.prompt_tokens += count(calls * (evidence + INSTRUCTION_TOKENS));
        self.reply_tokens += count(replies / REPLY_SHARE);
    }
}
