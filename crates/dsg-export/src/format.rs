//! The shapes of one dataset line.

use std::fmt;
use std::str::FromStr;

use dsg_core::{Example, Role};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The shape of one dataset line.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DatasetFormat {
    /// `messages: [{role, content}]`, as read by TRL, axolotl, LLaMA-Factory, Unsloth and MLX.
    Messages,
    /// `instruction`, `input` (always empty), `output`; with `system` and `history: [[question, answer]]` where the
    /// conversation has them. After the Stanford Alpaca release, with LLaMA-Factory's two optional columns.
    Alpaca,
    /// `conversations: [{from, value}]` with `system`, `human` and `gpt` as speakers.
    Sharegpt,
    /// `prompt` and `completion` as plain strings (TRL, MLX). A system text and earlier turns come before the question
    /// in `prompt`, a blank line between them.
    PromptCompletion,
}

impl DatasetFormat {
    /// All, in the order of their documentation.
    pub const ALL: [Self; 4] = [
        Self::Messages,
        Self::Alpaca,
        Self::Sharegpt,
        Self::PromptCompletion,
    ];

    /// The name, as in configuration and folder names.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Alpaca => "alpaca",
            Self::Sharegpt => "sharegpt",
            Self::PromptCompletion => "prompt-completion",
        }
    }
}

impl fmt::Display for DatasetFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No format has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown dataset format `{0}`; known are messages, alpaca, sharegpt and prompt-completion")]
pub struct UnknownFormat(pub String);

impl FromStr for DatasetFormat {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == name)
            .ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

/// `example` as one line of `format`: a JSON object with `id` first and `meta` last. Pure: the same example gives the same
/// value. Fields that dsg does not know ([`Example::extra`]) are kept.
///
/// The last assistant turn is the answer, the user turn before it the question; a missing one becomes the empty string.
pub fn render(example: &Example, format: DatasetFormat) -> Value {
    let mut row = Map::new();
    row.insert("id".to_owned(), example.id.as_str().into());
    match format {
        DatasetFormat::Messages => {
            row.insert("messages".to_owned(), to_value(&example.messages));
        }
        DatasetFormat::Alpaca => alpaca(example, &mut row),
        DatasetFormat::Sharegpt => {
            let turns = example.messages.iter().map(|message| {
                let mut turn = Map::new();
                turn.insert("from".to_owned(), speaker(message.role).into());
                turn.insert("value".to_owned(), message.content.as_str().into());
                Value::Object(turn)
            });
            row.insert("conversations".to_owned(), turns.collect());
        }
        DatasetFormat::PromptCompletion => {
            let conversation = Conversation::of(example);
            let prompt = conversation
                .system
                .into_iter()
                .chain(conversation.history.into_iter().flatten())
                .chain([conversation.question])
                .collect::<Vec<_>>()
                .join("\n\n");
            row.insert("prompt".to_owned(), prompt.into());
            row.insert("completion".to_owned(), conversation.answer.into());
        }
    }
    row.insert("meta".to_owned(), to_value(&example.meta));
    for (name, value) in &example.extra {
        // An unknown field never hides one of ours.
        row.entry(name.clone()).or_insert_with(|| value.clone());
    }
    Value::Object(row)
}

fn alpaca(example: &Example, row: &mut Map<String, Value>) {
    let conversation = Conversation::of(example);
    if let Some(system) = conversation.system {
        row.insert("system".to_owned(), system.into());
    }
    row.insert("instruction".to_owned(), conversation.question.into());
    row.insert("input".to_owned(), "".into());
    row.insert("output".to_owned(), conversation.answer.into());
    if !conversation.history.is_empty() {
        row.insert("history".to_owned(), to_value(&conversation.history));
    }
}

const fn speaker(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User => "human",
        Role::Assistant => "gpt",
    }
}

/// The messages as question and answer with what came before.
struct Conversation<'a> {
    system: Option<&'a str>,
    history: Vec<[&'a str; 2]>,
    question: &'a str,
    answer: &'a str,
}

impl<'a> Conversation<'a> {
    fn of(example: &'a Example) -> Self {
        let mut system = None;
        let mut pairs: Vec<[&'a str; 2]> = Vec::new();
        let mut asked = None;
        for message in &example.messages {
            let content = message.content.as_str();
            match message.role {
                Role::System => system = system.or(Some(content)),
                Role::User => asked = Some(content),
                Role::Assistant => pairs.push([asked.take().unwrap_or_default(), content]),
            }
        }
        let [question, answer] = match asked {
            Some(unanswered) => [unanswered, ""],
            None => pairs.pop().unwrap_or_default(),
        };
        Self {
            system,
            history: pairs,
            question,
            answer,
        }
    }
}

/// Records of strings, numbers and lists always have a JSON form.
fn to_value(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn example(messages: &Value) -> Example {
        serde_json::from_value(json!({
            "id": "qa-1", "messages": messages,
            "meta": {"topic": "jobs", "difficulty": "basic", "question_type": "factual", "split": "train",
                "citations": [], "scores": {}, "generator": {"provider": "extractive", "prompt": "p@1", "seed": 7}},
            "reviewed_by": "me",
        }))
        .unwrap()
    }

    fn single() -> Example {
        example(&json!([{"role": "user", "content": "Q?"}, {"role": "assistant", "content": "A."}]))
    }

    fn long() -> Example {
        example(&json!([
            {"role": "system", "content": "S"}, {"role": "user", "content": "Q1"}, {"role": "assistant", "content": "A1"},
            {"role": "user", "content": "Q2"}, {"role": "assistant", "content": "A2"},
        ]))
    }

    #[test]
    fn every_format_keeps_id_provenance_and_unknown_fields() {
        for format in DatasetFormat::ALL {
            for example in [single(), long()] {
                let row = render(&example, format);
                assert_eq!(row["id"], "qa-1");
                assert_eq!(row["meta"]["generator"]["seed"], 7);
                assert_eq!(row["reviewed_by"], "me");
            }
        }
    }

    #[test]
    fn messages_is_the_example_itself() {
        let row = render(&single(), DatasetFormat::Messages);
        assert_eq!(row, serde_json::to_value(single()).unwrap());
    }

    #[test]
    fn alpaca_splits_the_last_turn_from_its_history() {
        let row = render(&long(), DatasetFormat::Alpaca);
        assert_eq!(
            (&row["system"], &row["instruction"], &row["output"]),
            (&json!("S"), &json!("Q2"), &json!("A2"))
        );
        assert_eq!(row["history"], json!([["Q1", "A1"]]));
        let row = render(&single(), DatasetFormat::Alpaca);
        assert_eq!(row["input"], "");
        assert!(row.get("history").is_none() && row.get("system").is_none());
    }

    #[test]
    fn sharegpt_names_its_speakers() {
        let row = render(&long(), DatasetFormat::Sharegpt);
        let from: Vec<_> = row["conversations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|turn| turn["from"].clone())
            .collect();
        assert_eq!(from, ["system", "human", "gpt", "human", "gpt"]);
    }

    #[test]
    fn prompt_completion_is_two_strings() {
        let row = render(&single(), DatasetFormat::PromptCompletion);
        assert_eq!(
            (&row["prompt"], &row["completion"]),
            (&json!("Q?"), &json!("A."))
        );
        let row = render(&long(), DatasetFormat::PromptCompletion);
        assert_eq!(row["prompt"], "S\n\nQ1\n\nA1\n\nQ2");
    }

    #[test]
    fn an_unanswered_question_has_an_empty_answer() {
        let row = render(
            &example(&json!([{"role": "user", "content": "Q?"}])),
            DatasetFormat::Alpaca,
        );
        assert_eq!(
            (&row["instruction"], &row["output"]),
            (&json!("Q?"), &json!(""))
        );
    }

    #[test]
    fn names_go_both_ways() {
        for format in DatasetFormat::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
            assert_eq!(serde_json::to_value(format).unwrap(), format.as_str());
        }
        assert!(
            "parquet"
                .parse::<DatasetFormat>()
                .unwrap_err()
                .to_string()
                .contains("sharegpt")
        );
    }
}
