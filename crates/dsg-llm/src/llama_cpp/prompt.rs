//! From messages to tokens, by the model's own chat template.

use dsg_core::{Message, Role};
use llama_cpp_2::model::{LlamaChatMessage, LlamaChatTemplate, LlamaModel};
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::vocab::LlamaVocab;

/// Bytes of a prompt at most: far beyond every context, far below what the bindings count in 32 bits.
const MOST_BYTES: usize = 1 << 28;

/// A model's chat template.
pub(super) struct Template(LlamaChatTemplate);

impl Template {
    /// The template in the model's file; an error is the problem with it.
    pub(super) fn of(model: &LlamaModel) -> Result<Self, String> {
        let Ok(template) = model.chat_template(None) else {
            return Err(
                "has no chat template, so it is a base model that answers no questions; take the `instruct` or \
                 `chat` model of its family"
                    .to_owned(),
            );
        };
        let template = Self(template);
        let hello = [Message {
            role: Role::User,
            content: "Hello".to_owned(),
        }];
        match template.apply(model, &hello) {
            Ok(_) => Ok(template),
            Err(problem) => Err(format!(
                "has a chat template that cannot be used: {problem}"
            )),
        }
    }

    fn apply(&self, model: &LlamaModel, messages: &[Message]) -> Result<String, String> {
        let turns = messages.iter().map(|turn| {
            let role = match turn.role {
                Role::System => "system",
                Role::User => "user",
                Role::Assistant => "assistant",
            };
            LlamaChatMessage::new(role.to_owned(), turn.content.clone())
        });
        let turns = turns
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| "a message has a NUL byte".to_owned())?;
        model
            .apply_chat_template(&self.0, &turns, true)
            .map_err(|_| "it is none of those that llama.cpp knows".to_owned())
    }

    /// The prompt's tokens. Text of a message never becomes a control token, whatever it looks like: documentation of models
    /// quotes them, and a turn must not end there.
    pub(super) fn tokens(
        &self,
        model: &LlamaModel,
        messages: &[Message],
    ) -> Result<Vec<LlamaToken>, String> {
        let bytes: usize = messages.iter().map(|turn| turn.content.len()).sum();
        if messages.is_empty() || bytes > MOST_BYTES {
            return Err(format!(
                "a conversation has 1 message or more and {MOST_BYTES} bytes at most"
            ));
        }
        let vocab = model.vocab();
        let looks_like_control = |turn: &Message| {
            let text = turn.content.as_bytes();
            vocab.tokenize(text, false, true) != vocab.tokenize(text, false, false)
        };
        if !messages.iter().any(looks_like_control) {
            let prompt = self.apply(model, messages)?;
            return Ok(vocab.tokenize(prompt.as_bytes(), true, true));
        }
        self.tokens_apart(model, messages, &vocab)
    }

    /// The template around place holders, and what they stand for, each by itself.
    fn tokens_apart(
        &self,
        model: &LlamaModel,
        messages: &[Message],
        vocab: &LlamaVocab<'_>,
    ) -> Result<Vec<LlamaToken>, String> {
        let holder = |nth: usize| format!("[message {nth} of this conversation]");
        let held: Vec<Message> = (0..)
            .zip(messages)
            .map(|(nth, turn)| Message {
                role: turn.role,
                content: holder(nth),
            })
            .collect();
        let prompt = self.apply(model, &held)?;
        let mut tokens = Vec::new();
        let mut rest = prompt.as_str();
        let mut is_first = true;
        for (nth, turn) in (0..).zip(messages) {
            // A template may leave a turn out.
            let Some((before, after)) = rest.split_once(&holder(nth)) else {
                continue;
            };
            vocab.tokenize_into(before.as_bytes(), &mut tokens, is_first, true);
            vocab.tokenize_into(turn.content.as_bytes(), &mut tokens, false, false);
            is_first = false;
            rest = after;
        }
        vocab.tokenize_into(rest.as_bytes(), &mut tokens, is_first, true);
        Ok(tokens)
    }
}
