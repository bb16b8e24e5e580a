//! The chat format of a model.

use dsg_core::{Message, Role};

use super::encode::ChatFormat;
use crate::error::TrainError;
use crate::template::{ChatTemplate, Message as Turn, RenderOptions};
use crate::tokenizer::{Specials, Tokenizer};

/// The template and the tokenizer of a model.
#[derive(Clone, Copy)]
pub struct ModelChat<'a> {
    /// The tokenizer.
    pub tokenizer: &'a Tokenizer,
    /// The template.
    pub template: &'a ChatTemplate,
}

impl ChatFormat for ModelChat<'_> {
    fn render(&self, messages: &[Message], reply: bool) -> Result<String, TrainError> {
        let messages: Vec<Turn> = messages
            .iter()
            .map(|message| Turn::new(role(message.role), &message.content))
            .collect();
        let options = if reply {
            RenderOptions::reply()
        } else {
            RenderOptions::whole()
        };
        self.template.render(&messages, &options)
    }

    fn tokens(&self, text: &str) -> Result<Vec<u32>, TrainError> {
        self.tokenizer.encode(text, Specials::Parse)
    }

    fn plain_tokens(&self, text: &str) -> Result<Vec<u32>, TrainError> {
        self.tokenizer.encode(text, Specials::Text)
    }

    fn begin(&self) -> Option<u32> {
        self.tokenizer.bos()
    }

    fn ends(&self) -> &[u32] {
        self.tokenizer.ends()
    }
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}
