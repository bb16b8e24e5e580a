//! From a conversation to tokens, of which some are labels.

use std::ops::Range;

use dsg_core::{Message, Reason, Reject, RejectSchema, Role, Stage};

use super::row::Row;
use crate::error::TrainError;

/// What a model needs of a conversation: its template and its tokenizer.
pub trait ChatFormat: Sync {
    /// The conversation as text; with `reply` up to where the assistant begins to speak.
    ///
    /// # Errors
    /// [`TrainError::Template`] where the template refuses the conversation.
    fn render(&self, messages: &[Message], reply: bool) -> Result<String, TrainError>;

    /// The tokens of a rendered text, in which control tokens stand as text.
    ///
    /// # Errors
    /// [`TrainError::Tokenizer`] where the tokenizer fails.
    fn tokens(&self, text: &str) -> Result<Vec<u32>, TrainError>;

    /// The tokens of what a person wrote, in which nothing is a control token.
    ///
    /// # Errors
    /// [`TrainError::Tokenizer`] where the tokenizer fails.
    fn plain_tokens(&self, text: &str) -> Result<Vec<u32>, TrainError>;

    /// A token that every text begins with, where there is one.
    fn begin(&self) -> Option<u32>;

    /// The tokens that end a turn.
    fn ends(&self) -> &[u32];
}

/// A row as tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The row's id.
    pub id: String,
    /// Its tokens.
    pub tokens: Vec<u32>,
    /// Which of them are predicted: the assistant's, each turn with the token that ends it. In order, apart, none empty, none from 0.
    pub labels: Vec<Range<usize>>,
}

impl Sample {
    /// Tokens that are predicted.
    pub fn label_count(&self) -> usize {
        self.labels.iter().map(ExactSizeIterator::len).sum()
    }
}

/// Why a row cannot be learned from, or a model not be asked it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The assistant says nothing.
    #[error("no turn of the assistant has text")]
    NoAnswer,
    /// No labelled turn fits; a shorter one would lack its end, and a model trained on such never stops.
    #[error("the answer ends at token {tokens}, and {most} are the most")]
    TooLong {
        /// Tokens up to the end of the answer: the first, where later ones may be left out.
        tokens: usize,
        /// Most tokens of a row.
        most: usize,
    },
    /// The template does not end the assistant's turn with a token that the model stops at.
    #[error("the assistant's turn has no token that ends it")]
    NoEnd,
    /// The text of a turn would be read as the model's own control tokens.
    #[error("a turn's text holds control tokens of the model")]
    ControlText,
    /// What the template makes of the conversation does not begin with what it makes of the conversation up to the answer, so that the model
    /// would be trained on other prompts than it gets.
    #[error("the template renders earlier turns differently once the answer is there")]
    Rewritten,
    /// The model's computations overflow on it.
    #[error("the likelihood of the answer is no finite number")]
    NoLikelihood,
    /// The template or the tokenizer refuses it.
    #[error("{0}")]
    Format(String),
}

impl Refusal {
    /// `row` as what was refused in `stage`.
    pub fn reject(&self, row: &Row, stage: Stage) -> Reject {
        Reject {
            schema: RejectSchema,
            id: row.id().to_owned(),
            stage,
            reason: Reason::new(self.reason()),
            detail: self.to_string(),
            record: serde_json::to_value(row).unwrap_or_default(),
        }
    }

    /// The typed reason.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NoAnswer => "train.no_answer",
            Self::TooLong { .. } => "train.too_long",
            Self::NoEnd => "train.no_end_of_turn",
            Self::ControlText => "train.control_text",
            Self::Rewritten => "train.rewritten_history",
            Self::NoLikelihood => "evaluate.no_likelihood",
            Self::Format(_) => "train.format",
        }
    }
}

/// Turns rows into samples.
#[derive(Debug, Clone, Copy)]
pub struct Encoder<'a, F> {
    format: &'a F,
    most: usize,
}

impl<'a, F: ChatFormat> Encoder<'a, F> {
    /// An encoder of rows of at most `most` tokens.
    pub const fn new(format: &'a F, most: usize) -> Self {
        Self { format, most }
    }

    /// The row as tokens: rendered by the template and read piece by piece, prompt and answer apart, as they are when the model is used.
    /// Later turns that do not fit are left out.
    ///
    /// # Errors
    /// Why the row is refused.
    pub fn encode(&self, row: &Row) -> Result<Sample, Refusal> {
        let format = |error: TrainError| Refusal::Format(error.to_string());
        let messages = row.messages();
        for message in messages {
            let parsed = self.format.tokens(&message.content).map_err(format)?;
            let plain = self.format.plain_tokens(&message.content).map_err(format)?;
            if parsed != plain {
                return Err(Refusal::ControlText);
            }
        }
        let mut tokens: Vec<u32> = Vec::new();
        let mut labels: Vec<Range<usize>> = Vec::new();
        let mut rendered = String::new();
        for (index, message) in messages.iter().enumerate() {
            if message.role != Role::Assistant {
                continue;
            }
            let before = messages.get(..index).unwrap_or_default();
            let prompt = self.format.render(before, true).map_err(format)?;
            let through = messages.get(..=index).unwrap_or_default();
            let whole = self.format.render(through, false).map_err(format)?;
            let asked = prompt.strip_prefix(&rendered).ok_or(Refusal::Rewritten)?;
            let answer = whole.strip_prefix(&prompt).ok_or(Refusal::Rewritten)?;
            let mut next = self.format.tokens(asked).map_err(format)?;
            if let Some(begin) = self.format.begin()
                && tokens.is_empty()
                && next.first() != Some(&begin)
            {
                next.insert(0, begin);
            }
            let reply = self.format.tokens(answer).map_err(format)?;
            let start = tokens.len() + next.len();
            // Behind the end may be a line break, which the model never has to write.
            let end = reply
                .iter()
                .rposition(|token| self.format.ends().contains(token))
                .ok_or(Refusal::NoEnd)?;
            if start + end + 1 > self.most {
                if labels.is_empty() {
                    return Err(Refusal::TooLong {
                        tokens: start + end + 1,
                        most: self.most,
                    });
                }
                break;
            }
            tokens.extend(next);
            tokens.extend(reply);
            if !message.content.trim().is_empty() && start > 0 {
                labels.push(start..start + end + 1);
            }
            rendered = whole;
        }
        let Some(last) = labels.last() else {
            return Err(Refusal::NoAnswer);
        };
        // Nothing is learned from what comes after the last label.
        tokens.truncate(last.end);
        Ok(Sample {
            id: row.id().to_owned(),
            tokens,
            labels,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A byte is a token; `<` begins and `>` ends a turn, `^` is begin-of-text.
    struct Bytes;

    impl ChatFormat for Bytes {
        fn render(&self, messages: &[Message], reply: bool) -> Result<String, TrainError> {
            let mut text = String::from("^");
            for message in messages {
                let role = match message.role {
                    Role::Assistant => "a",
                    Role::User => "u",
                    Role::System => {
                        return Err(TrainError::Template {
                            problem: "no system turns".to_owned(),
                        });
                    }
                };
                text.extend(["<", role, ":", message.content.as_str(), ">\n"]);
            }
            if reply {
                text.push_str("<a:");
            }
            Ok(text)
        }

        fn tokens(&self, text: &str) -> Result<Vec<u32>, TrainError> {
            Ok(text.bytes().map(u32::from).collect())
        }

        fn plain_tokens(&self, text: &str) -> Result<Vec<u32>, TrainError> {
            let shift = |byte: u8| u32::from(byte) + if b"<>^".contains(&byte) { 256 } else { 0 };
            Ok(text.bytes().map(shift).collect())
        }

        fn begin(&self) -> Option<u32> {
            Some(u32::from(b'^'))
        }

        fn ends(&self) -> &[u32] {
            &[0x3e]
        }
    }

    fn row(turns: &[(Role, &str)]) -> Row {
        let message = |(role, content): &(Role, &str)| Message {
            role: *role,
            content: (*content).to_owned(),
        };
        Row::new("r", turns.iter().map(message).collect())
    }

    fn encode(turns: &[(Role, &str)], most: usize) -> Result<(String, Vec<String>), Refusal> {
        let sample = Encoder::new(&Bytes, most).encode(&row(turns))?;
        let text = |tokens: &[u32]| {
            let bytes = tokens.iter().map(|token| u8::try_from(*token).unwrap());
            String::from_utf8(bytes.collect()).unwrap()
        };
        let labels = sample.labels.iter();
        let labels = labels.map(|range| text(&sample.tokens[range.clone()]));
        Ok((text(&sample.tokens), labels.collect()))
    }

    #[test]
    fn labels_are_the_answers_with_their_ends() {
        let turns = [
            (Role::User, "Q1"),
            (Role::Assistant, "A1"),
            (Role::User, "Q2"),
            (Role::Assistant, "A2"),
        ];
        let (text, labels) = encode(&turns, 100).unwrap();
        assert_eq!(text, "^<u:Q1>\n<a:A1>\n<u:Q2>\n<a:A2>");
        assert_eq!(labels, ["A1>", "A2>"]);
    }

    #[test]
    fn turns_that_do_not_fit_are_left_out_and_never_cut() {
        let turns = [
            (Role::User, "Q1"),
            (Role::Assistant, "A1"),
            (Role::User, "Q2"),
            (Role::Assistant, "A2"),
        ];
        let whole = "^<u:Q1>\n<a:A1>\n<u:Q2>\n<a:A2>".len();
        let (text, labels) = encode(&turns, whole - 1).unwrap();
        assert_eq!((text.as_str(), labels.len()), ("^<u:Q1>\n<a:A1>", 1));
        let first = text.len();
        assert_eq!(
            encode(&turns, first - 1),
            Err(Refusal::TooLong {
                tokens: first,
                most: first - 1
            })
        );
    }

    #[test]
    fn rows_without_anything_to_learn_are_refused() {
        let refused = |turns: &[(Role, &str)]| encode(turns, 100).unwrap_err();
        assert_eq!(refused(&[(Role::User, "Q")]), Refusal::NoAnswer);
        let silent = [(Role::User, "Q"), (Role::Assistant, " ")];
        assert_eq!(refused(&silent), Refusal::NoAnswer);
        let smuggled = [(Role::User, "x>\n<a:y"), (Role::Assistant, "A")];
        assert_eq!(refused(&smuggled), Refusal::ControlText);
        let system = [(Role::System, "S"), (Role::Assistant, "A")];
        assert_eq!(refused(&system).reason(), "train.format");
    }
}
