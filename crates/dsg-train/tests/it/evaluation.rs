//! Rows as questions.

use dsg_core::{Message, Role};
use dsg_train::data::{Refusal, Row};
use dsg_train::evaluation::EvalItem;

use crate::rows::{Bytes, row};

fn conversation() -> Row {
    let mut messages = row("r", "one?", "eins").messages().to_vec();
    messages.extend_from_slice(row("r", "two?", "zwei").messages());
    // Said after the last answer, so that nobody answers it.
    messages.push(Message {
        role: Role::User,
        content: "thanks".to_owned(),
    });
    Row::new("r", messages)
}

#[test]
fn the_last_answer_is_asked_for_with_all_that_was_said_before() {
    let item = EvalItem::new(&conversation(), &Bytes, 100).unwrap();
    assert_eq!((item.question(), item.reference()), ("two?", "zwei"));
    let prompt: Vec<u8> = item.prompt().iter().map(|token| *token as u8).collect();
    assert_eq!(
        String::from_utf8(prompt).unwrap(),
        "^<uone?><aeins><utwo?><a"
    );
    let labels: Vec<u8> = item.labels().iter().map(|token| *token as u8).collect();
    assert_eq!(labels, b"zwei>");
}

#[test]
fn an_item_has_a_key_for_each_who_is_asked_it() {
    let item = |question| EvalItem::new(&row("r", question, "eins"), &Bytes, 100).unwrap();
    let key = item("one?").key("a model");
    assert_eq!(key, item("one?").key("a model"));
    assert_ne!(key, item("one?").key("another"));
    assert_ne!(key, item("uno?").key("a model"));
}

#[test]
fn labels_are_the_same_where_the_answer_is() {
    let hash = |question, answer| {
        let item = EvalItem::new(&row("r", question, answer), &Bytes, 100).unwrap();
        item.label_hash()
    };
    assert_eq!(hash("one?", "eins"), hash("uno?", "eins"));
    assert_ne!(hash("one?", "eins"), hash("one?", "uno"));
}

#[test]
fn a_conversation_fits_whole_or_is_refused() {
    let whole = "^<uone?><aeins><utwo?><azwei>".len();
    assert!(EvalItem::new(&conversation(), &Bytes, whole).is_ok());
    let refusal = EvalItem::new(&conversation(), &Bytes, whole - 1).unwrap_err();
    let expected = Refusal::TooLong {
        tokens: whole,
        most: whole - 1,
    };
    assert_eq!(refusal, expected);
    let silent = EvalItem::new(&row("r", "Q", " "), &Bytes, 100);
    assert_eq!(silent, Err(Refusal::NoAnswer));
}
