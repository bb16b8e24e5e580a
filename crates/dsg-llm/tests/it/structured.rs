//! A reply to a request with a schema is JSON that fits it.

use std::sync::{Arc, Mutex};

use dsg_core::{ChatError, ChatModel as _, ChatReply, ChatRequest, Role};
use dsg_llm::{Scripted, Structured, reply_to};
use serde_json::{Value, json};

use crate::server::request;

fn asked() -> ChatRequest {
    ChatRequest {
        schema: Some(json!({
            "type": "object",
            "properties": {"supported": {"type": "boolean"}, "why": {"type": "string"}},
            "required": ["supported"],
        })),
        ..request("Is it so?")
    }
}

/// Asks a model that says these texts one after another; every request that it saw, and what came of it.
async fn ask(
    texts: &'static [&'static str],
    request: ChatRequest,
) -> (Vec<ChatRequest>, Result<ChatReply, ChatError>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let requests = Arc::clone(&seen);
    let model = Structured::new(Scripted::new("m", move |request| {
        let mut requests = requests.lock().unwrap();
        requests.push(request.clone());
        Ok(reply_to(request, texts[requests.len() - 1]))
    }));
    let outcome = model.complete(&request).await;
    let seen = seen.lock().unwrap().clone();
    (seen, outcome)
}

#[tokio::test]
async fn what_fits_is_kept_to_the_letter_and_the_rest_salvaged() {
    for (text, expected) in [
        ("{ \"supported\" : true }\n", "{ \"supported\" : true }"),
        (
            "Sure!\n```json\n{\"supported\": true,}\n```\nDone.",
            r#"{"supported":true}"#,
        ),
        (
            r#"{"supported": true, "why": "because it"#,
            r#"{"supported":true}"#,
        ),
        (
            r#"The schema is {"type": "object"}. {"supported": true}"#,
            r#"{"supported":true}"#,
        ),
        (
            r#"<think>{"supported": false}?</think>{"supported": true} "#,
            r#"{"supported":true}"#,
        ),
    ] {
        let text: &'static [&'static str] = Box::leak(Box::new([text]));
        let (requests, outcome) = ask(text, asked()).await;
        assert_eq!(outcome.unwrap().text, expected);
        assert_eq!(requests.len(), 1);
    }
}

#[tokio::test]
async fn what_does_not_fit_is_asked_for_once_more_with_the_problem() {
    for (bad, problem) in [
        (
            r#"{"supported": "yes"}"#,
            "at /supported: \"yes\" is not of type",
        ),
        (r#"{"why": "so"}"#, "\"supported\" is a required property"),
        (r#"{"why": "so", "supp"#, "ends before its end"),
        ("Yes, it is.", "no JSON object"),
        ("", "no JSON object"),
    ] {
        let texts: &'static [&'static str] = Box::leak(Box::new([bad, r#"{"supported": false}"#]));
        let (requests, outcome) = ask(texts, asked()).await;
        let reply = outcome.unwrap();
        assert_eq!(reply.text, r#"{"supported": false}"#);
        let [_, again] = requests.as_slice() else {
            panic!("{requests:?}");
        };
        assert_eq!(again.schema, asked().schema);
        let [first, said, complaint] = again.messages.as_slice() else {
            panic!("{again:?}");
        };
        assert_eq!(
            *first,
            asked().messages[0],
            "the prompt's beginning stays, for the prefix cache"
        );
        assert_eq!((said.role, said.content.as_str()), (Role::Assistant, bad));
        assert!(complaint.content.contains(problem), "{}", complaint.content);
        // Both calls are in the usage: the words of the prompts, and of the replies.
        let words = |text: &str| text.split_whitespace().count() as u64;
        assert_eq!(reply.usage.completion_tokens, words(bad) + 2);
    }
}

#[tokio::test]
async fn what_never_fits_is_unusable_and_shown() {
    let (requests, outcome) = ask(&["No.", "I said no."], asked()).await;
    assert_eq!(requests.len(), 2);
    let error = outcome.unwrap_err();
    assert!(!error.is_transient() && !error.ends_run());
    let ChatError::Unusable { problem, text, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(text, "I said no.");
    assert!(problem.contains("no JSON object"), "{problem}");
}

#[tokio::test]
async fn without_a_schema_nothing_is_touched() {
    let (_, outcome) = ask(&[" {\"a\": 1,} "], request("Say something.")).await;
    assert_eq!(outcome.unwrap().text, " {\"a\": 1,} ");
}

#[tokio::test]
async fn a_schema_that_is_none_is_not_sent() {
    for schema in [
        json!({"type": "no such type"}),
        json!({"$ref": "http://192.0.2.1/schema.json"}),
        Value::from("no schema"),
    ] {
        let request = ChatRequest {
            schema: Some(schema),
            ..asked()
        };
        let (requests, outcome) = ask(&["{}"], request).await;
        let error = outcome.unwrap_err();
        assert!(matches!(error, ChatError::Rejected { .. }), "{error}");
        assert!(requests.is_empty());
    }
}

#[tokio::test]
async fn any_json_value_may_be_asked_for() {
    let list = ChatRequest {
        schema: Some(json!({"type": "array", "items": {"type": "string"}})),
        ..asked()
    };
    let (_, outcome) = ask(&["Here: [\"a\", \"b\",]"], list).await;
    assert_eq!(outcome.unwrap().text, r#"["a","b"]"#);
    let word = ChatRequest {
        schema: Some(json!({"enum": ["yes", "no"]})),
        ..asked()
    };
    let (_, outcome) = ask(&["\"yes\""], word).await;
    assert_eq!(outcome.unwrap().text, "\"yes\"");
}
