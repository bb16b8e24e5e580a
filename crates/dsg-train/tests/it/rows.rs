//! Rows for tiny models: a byte is a token.

use dsg_core::{Message, Role};
use dsg_train::TrainError;
use dsg_train::data::{ChatFormat, Dataset, Encoder, Row};

use crate::model::CONTEXT;

/// `<` begins and `>` ends a turn, `^` is the beginning of a text.
pub(crate) struct Bytes;

impl ChatFormat for Bytes {
    fn render(&self, messages: &[Message], reply: bool) -> Result<String, TrainError> {
        let turns = messages.iter().map(|message| {
            let role = if message.role == Role::Assistant {
                'a'
            } else {
                'u'
            };
            format!("<{role}{}>", message.content)
        });
        let begins = if reply { "<a" } else { "" };
        Ok(format!("^{}{begins}", turns.collect::<String>()))
    }

    fn tokens(&self, text: &str) -> Result<Vec<u32>, TrainError> {
        Ok(text.bytes().map(u32::from).collect())
    }

    fn plain_tokens(&self, text: &str) -> Result<Vec<u32>, TrainError> {
        self.tokens(&text.replace(['<', '>', '^'], "?"))
    }

    fn begin(&self) -> Option<u32> {
        None
    }

    fn ends(&self) -> &[u32] {
        // The byte of `>`.
        &[0x3e]
    }
}

pub(crate) fn row(id: &str, question: &str, answer: &str) -> Row {
    let message = |role, content: &str| Message {
        role,
        content: content.to_owned(),
    };
    Row::new(
        id,
        vec![
            message(Role::User, question),
            message(Role::Assistant, answer),
        ],
    )
}

/// Eight rows of different lengths.
pub(crate) fn eight() -> Dataset {
    let rows = [
        ("r1", "one?", "eins"),
        ("r2", "two?", "zwei und"),
        ("r3", "three of them?", "drei"),
        ("r4", "4", "vier"),
        ("r5", "and five?", "f"),
        ("r6", "six", "sechs Tage"),
        ("r7", "seven or so?", "sieben"),
        ("r8", "8?", "acht"),
    ];
    encode(&rows)
}

/// Rows that are not among the eight.
pub(crate) fn others() -> Dataset {
    encode(&[("e1", "nine?", "neun"), ("e2", "ten?", "zehn")])
}

fn encode(rows: &[(&str, &str, &str)]) -> Dataset {
    let rows = rows
        .iter()
        .map(|(id, question, answer)| row(id, question, answer));
    let dataset = Dataset::encode(rows.collect(), &Encoder::new(&Bytes, CONTEXT));
    assert!(dataset.rejects().is_empty(), "{:?}", dataset.rejects());
    dataset
}
