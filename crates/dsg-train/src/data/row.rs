//! A row of a dataset file.

use dsg_core::{Message, Role};
use serde::{Deserialize, Serialize};

/// A conversation to learn from. In files it has `messages`, as `train.jsonl` has, or `prompt` and `completion`, each a text or a list of
/// messages; other fields are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Row {
    id: String,
    messages: Vec<Message>,
}

/// As it stands in files.
#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    id: Option<Id>,
    #[serde(default)]
    messages: Option<Vec<Message>>,
    #[serde(default)]
    prompt: Option<Part>,
    #[serde(default)]
    completion: Option<Part>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(u64),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Text(String),
    Messages(Vec<Message>),
}

impl Part {
    fn messages(self, role: Role) -> Vec<Message> {
        match self {
            Self::Text(content) => vec![Message { role, content }],
            Self::Messages(messages) => messages,
        }
    }
}

impl TryFrom<Raw> for Row {
    type Error = &'static str;

    fn try_from(raw: Raw) -> Result<Self, Self::Error> {
        let messages = match (raw.messages, raw.prompt, raw.completion) {
            (Some(messages), _, _) => messages,
            (None, Some(prompt), Some(completion)) => {
                let mut messages = prompt.messages(Role::User);
                messages.extend(completion.messages(Role::Assistant));
                messages
            }
            _ => return Err("a row needs `messages`, or `prompt` and `completion`"),
        };
        let id = match raw.id {
            Some(Id::Text(id)) => id,
            Some(Id::Number(id)) => id.to_string(),
            None => String::new(),
        };
        Ok(Self { id, messages })
    }
}

impl Row {
    /// A conversation under a name.
    pub fn new(id: impl Into<String>, messages: Vec<Message>) -> Self {
        let id = id.into();
        Self { id, messages }
    }

    /// The name, for people who look for the row.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The turns.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The conversation up to the assistant's last answer; `None` where the assistant says nothing.
    pub fn until_last_answer(&self) -> Option<Self> {
        let is_answer =
            |turn: &Message| turn.role == Role::Assistant && !turn.content.trim().is_empty();
        let last = self.messages.iter().rposition(is_answer)?;
        Some(Self {
            id: self.id.clone(),
            messages: self.messages.get(..=last)?.to_vec(),
        })
    }

    /// The same under this name where it has none.
    #[must_use]
    pub fn or_id(mut self, id: impl FnOnce() -> String) -> Self {
        if self.id.is_empty() {
            self.id = id();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_row_is_a_conversation() {
        let read = |text: &str| serde_json::from_str::<Row>(text).unwrap();
        let messages = read(
            r#"{"id":"a","messages":[{"role":"user","content":"Q"},{"role":"assistant","content":"A"}],"meta":{}}"#,
        );
        let strings = read(r#"{"id":7,"prompt":"Q","completion":"A"}"#);
        let lists = read(
            r#"{"prompt":[{"role":"user","content":"Q"}],"completion":[{"role":"assistant","content":"A"}]}"#,
        );
        assert_eq!(messages.messages(), strings.messages());
        assert_eq!(messages.messages(), lists.messages());
        assert_eq!((messages.id(), strings.id(), lists.id()), ("a", "7", ""));
        let error = serde_json::from_str::<Row>(r#"{"prompt":"Q"}"#).unwrap_err();
        assert!(error.to_string().contains("`completion`"));
    }
}
