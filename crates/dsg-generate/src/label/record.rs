//! Prompts and labels on disk.

use dsg_core::{CandidateId, Message, Role};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One line of the file of prompts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LabelPrompt {
    /// Names the prompt; without one it is named by what it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What comes before `user`, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_hint: Option<String>,
    /// What is asked.
    pub user: String,
    /// The JSON Schema that the reply must satisfy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// Whether the reply must be JSON; with a schema it must be.
    #[serde(default)]
    pub requires_json: bool,
    /// Other fields, handed on to the label.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl LabelPrompt {
    /// Its own id, or one from its content.
    pub fn id(&self) -> String {
        self.id.clone().unwrap_or_else(|| {
            let schema = self.schema.as_ref().map(Value::to_string);
            let hint = self.system_hint.as_deref().unwrap_or_default();
            let parts = [
                hint,
                self.user.as_str(),
                schema.as_deref().unwrap_or_default(),
            ];
            CandidateId::new("label", parts).to_string()
        })
    }

    /// What the teacher reads and the student is trained on: `system_hint`, a blank line, `user`; nothing is trimmed. Without a hint
    /// it is `user` alone.
    pub fn text(&self) -> String {
        match self.system_hint.as_deref() {
            None | Some("") => self.user.clone(),
            Some(hint) => format!("{hint}\n\n{}", self.user),
        }
    }

    pub(crate) const fn is_json(&self) -> bool {
        self.requires_json || self.schema.is_some()
    }
}

/// The type and version of a [`Label`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LabelSchema {
    /// `dsg.label/1`.
    #[default]
    #[serde(rename = "dsg.label/1")]
    V1,
}

/// A prompt with its reply, as trainers read it. One line of the labelled file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Label {
    /// The record's type and version.
    #[serde(default)]
    pub schema: LabelSchema,
    /// The prompt's id.
    pub id: String,
    /// [`LabelPrompt::text`] as the user's turn, the reply as the assistant's.
    pub messages: Vec<Message>,
    /// The JSON Schema that the reply satisfies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_schema: Option<Value>,
    /// Who labelled.
    pub provider: String,
    /// The model's name at that provider.
    pub model: String,
    /// The seed of the reply.
    pub seed: u32,
    /// Whether the JSON was taken out of other text or mended, so that the reply is not what the model said to the letter.
    #[serde(default, skip_serializing_if = "is_false")]
    pub salvaged: bool,
    /// Other fields of the prompt.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl Label {
    /// The reply.
    pub fn reply(&self) -> &str {
        self.messages
            .iter()
            .find(|message| message.role == Role::Assistant)
            .map_or("", |message| message.content.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(json: &str) -> LabelPrompt {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_hint_and_a_question_are_joined_by_a_blank_line() {
        let both = prompt(r#"{"system_hint":"Be brief. ","user":" What?\n"}"#);
        assert_eq!(both.text(), "Be brief. \n\n What?\n");
        assert_eq!(prompt(r#"{"user":"What?"}"#).text(), "What?");
        assert_eq!(
            prompt(r#"{"user":"What?","system_hint":""}"#).text(),
            "What?"
        );
    }

    #[test]
    fn an_id_is_the_prompts_own_or_made_from_what_it_says() {
        assert_eq!(prompt(r#"{"id":"a","user":"What?"}"#).id(), "a");
        let (one, other) = (prompt(r#"{"user":"What?"}"#), prompt(r#"{"user":"Why?"}"#));
        assert_eq!(one.id(), prompt(r#"{"user":"What?","source":"x"}"#).id());
        assert_ne!(one.id(), other.id());
        assert!(one.id().starts_with("label-"));
    }
}
