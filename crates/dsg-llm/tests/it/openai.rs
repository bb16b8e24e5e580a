//! What a server can do wrong, and what becomes of it.

use std::time::Duration;

use dsg_core::{
    ChatError, ChatModel as _, ChatReply, ChatRequest, FinishReason, LogProb, TokenLogProb,
    TopLogProb,
};
use dsg_llm::{ApiKey, Blocking, HttpConfig, OpenAi, OpenAiConfig, Recorded, ReplyStore};
use serde_json::{Value, json};

use crate::server::{Server, WHOLE, answer, events, question};

fn model(server: &Server, http: HttpConfig, key: Option<ApiKey>) -> OpenAi {
    let config = OpenAiConfig {
        base_url: server.base_url.clone(),
        model: "m".to_owned(),
        ..OpenAiConfig::default()
    };
    OpenAi::new(config, http, key).unwrap()
}

fn ask(server: &Server) -> Result<ChatReply, ChatError> {
    ask_for(server, &question())
}

fn ask_for(server: &Server, request: &ChatRequest) -> Result<ChatReply, ChatError> {
    let model = model(server, HttpConfig::default(), None);
    Blocking::new().unwrap().block_on(model.complete(request))
}

/// Wants the two likeliest tokens at each token.
fn measured() -> ChatRequest {
    ChatRequest {
        top_log_probs: 2,
        ..question()
    }
}

fn says(script: Vec<u8>) -> Result<ChatReply, ChatError> {
    ask(&Server::new(vec![script]))
}

#[test]
fn a_whole_reply_and_one_in_parts_say_the_same() {
    let whole = says(answer(
        "200 OK",
        "content-type: application/json\r\n",
        WHOLE,
    ))
    .unwrap();
    assert_eq!(
        (whole.text.as_str(), whole.finish),
        ("Use sbatch.", FinishReason::Stop)
    );
    assert_eq!(
        (whole.usage.prompt_tokens, whole.usage.cached_tokens),
        (9, 3)
    );
    let parts = says(events(&[
        r#"{"choices":[{"delta":{"content":"Use "}}]}"#,
        r#"{"choices":[{"delta":{"content":"sbatch."}}]}"#,
        r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
        r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":3}}}"#,
        "[DONE]",
    ]));
    assert_eq!(parts.unwrap(), whole);
}

#[test]
fn what_is_delivered_twice_counts_once() {
    let reply = says(events(&[
        r#"{"choices":[{"delta":{"content":"Yes."},"finish_reason":"stop"}]}"#,
        r#"{"choices":[{"delta":{"content":"Yes."},"finish_reason":"stop"}]}"#,
        "[DONE]",
    ]));
    assert_eq!(reply.unwrap().text, "Yes.");
}

#[test]
fn log_probabilities_come_whole_and_in_parts() {
    let yes = r#"{"token":"Yes","bytes":[89,101,115],"logprob":-0.25,"top_logprobs":[{"token":"Yes","logprob":-0.25},{"token":"No","logprob":null}]}"#;
    let dot = r#"{"token":".","logprob":-1.5,"top_logprobs":[]}"#;
    let part = |content: &str, token: &str| {
        format!(
            r#"{{"choices":[{{"delta":{{"content":"{content}"}},"logprobs":{{"content":[{token}]}}}}]}}"#
        )
    };
    let (first, second) = (part("Yes", yes), part(".", dot));
    let end = r#"{"choices":[{"delta":{},"logprobs":null,"finish_reason":"stop"}]}"#;
    let whole = format!(
        r#"{{"choices":[{{"message":{{"content":"Yes."}},"finish_reason":"stop","logprobs":{{"content":[{yes},{dot}]}}}}]}}"#
    );
    let top = |text: &str, log_prob| TopLogProb {
        text: text.to_owned(),
        log_prob,
    };
    let (likely, less) = (LogProb::new(-0.25), LogProb::new(-1.5));
    let expected = [
        TokenLogProb {
            text: "Yes".to_owned(),
            log_prob: likely,
            top: vec![top("Yes", likely), top("No", LogProb::LEAST)],
        },
        TokenLogProb {
            text: ".".to_owned(),
            log_prob: less,
            top: Vec::new(),
        },
    ];
    for script in [
        answer("200 OK", "", &whole),
        // Delivered twice.
        events(&[&first, &second, end, &first, &second, end, "[DONE]"]),
    ] {
        let server = Server::new(vec![script]);
        let reply = ask_for(&server, &measured()).unwrap();
        assert_eq!(
            (reply.text.as_str(), &reply.log_probs[..]),
            ("Yes.", &expected[..])
        );
        let body = &server.requests()[0];
        assert_eq!(
            (&body["logprobs"], &body["top_logprobs"]),
            (&json!(true), &json!(2))
        );
    }
}

#[test]
fn nobody_loses_a_reply_for_log_probabilities_of_another_shape() {
    for logprobs in [
        "3",
        r#"{"tokens":["Yes","."],"token_logprobs":[-0.25,-1.5]}"#,
        r#"{"content":[{"id":9}]}"#,
    ] {
        let whole = format!(
            r#"{{"choices":[{{"message":{{"content":"Yes."}},"finish_reason":"stop","logprobs":{logprobs}}}]}}"#
        );
        let server = Server::new(vec![answer("200 OK", "", &whole)]);
        let reply = ask_for(&server, &measured()).unwrap();
        assert_eq!(
            (reply.text.as_str(), reply.log_probs.len()),
            ("Yes.", 0),
            "{logprobs}"
        );
    }
}

#[test]
fn a_server_that_tells_no_log_probabilities_is_asked_for_them_once() {
    let server = Server::new(vec![
        answer(
            "403 Forbidden",
            "",
            r#"{"error":{"message":"You are not allowed to request logprobs from this model."}}"#,
        ),
        answer("200 OK", "", WHOLE),
    ]);
    let model = model(&server, HttpConfig::default(), None);
    let runtime = Blocking::new().unwrap();
    for _ in 0..2 {
        let reply = runtime.block_on(model.complete(&measured())).unwrap();
        assert_eq!(
            (reply.text.as_str(), reply.log_probs.len()),
            ("Use sbatch.", 0)
        );
    }
    let has: Vec<bool> = server
        .requests()
        .iter()
        .map(|body| body.get("logprobs").is_some() || body.get("top_logprobs").is_some())
        .collect();
    assert_eq!(has, [true, false, false]);
    assert!(
        model.capabilities().log_probs,
        "a request is the same one after a restart"
    );
}

#[test]
fn a_reply_that_is_cut_says_so() {
    let reply = says(answer(
        "200 OK",
        "",
        r#"{"choices":[{"message":{"content":"Use"},"finish_reason":"length"}]}"#,
    ));
    assert_eq!(reply.unwrap().finish, FinishReason::Length);
}

#[test]
fn a_busy_server_tells_how_long_to_wait() {
    let error = says(answer(
        "429 Too Many Requests",
        "retry-after: 7\r\n",
        r#"{"error":"slow down"}"#,
    ))
    .unwrap_err();
    assert!(error.is_transient());
    let ChatError::Busy {
        retry_after,
        detail,
        ..
    } = error
    else {
        panic!("{error}");
    };
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
    assert!(detail.contains("slow down"), "{detail}");
    for status in [
        "408 Request Timeout",
        "500 Internal Server Error",
        "503 Service Unavailable",
    ] {
        assert!(
            matches!(says(answer(status, "", "")), Err(ChatError::Busy { .. })),
            "{status}"
        );
    }
}

#[test]
fn what_is_no_reply_is_malformed_and_never_an_answer() {
    let cut_json = answer("200 OK", "", r#"{"choices":[{"message":{"content":"Use sb"#);
    for script in [
        answer("200 OK", "", "<html>It works!</html>"),
        answer("200 OK", "", r#"{"choices":[]}"#),
        answer("200 OK", "", r#"{"choices":[{"finish_reason":"stop"}]}"#),
        cut_json,
        events(&["{oops"]),
        events(&[r#"{"choices":[{"delta":{"content":"Use sb"}}]}"#]),
    ] {
        let shown = String::from_utf8_lossy(&script).into_owned();
        let error = says(script).unwrap_err();
        assert!(
            matches!(error, ChatError::Malformed { .. }),
            "{shown}: {error}"
        );
    }
}

#[test]
fn a_connection_that_breaks_is_worth_a_retry() {
    let mut broken = answer("200 OK", "", WHOLE);
    broken.truncate(broken.len() - 20);
    let error = says(broken).unwrap_err();
    assert!(
        matches!(error, ChatError::Unreachable { .. }) && error.is_transient(),
        "{error}"
    );
    let gone = Server::new(vec![Vec::new()]);
    assert!(matches!(ask(&gone), Err(ChatError::Unreachable { .. })));
}

#[test]
fn a_reply_of_a_hundred_megabytes_is_given_up_unread() {
    let mut huge =
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 104857600\r\n\r\n".to_vec();
    huge.resize(64 << 20, b' ');
    let server = Server::new(vec![huge]);
    let http = HttpConfig {
        max_reply_bytes: 1 << 20,
        ..HttpConfig::default()
    };
    let model = model(&server, http, None);
    let error = Blocking::new()
        .unwrap()
        .block_on(model.complete(&question()))
        .unwrap_err();
    assert!(
        error.to_string().contains("larger than 1048576 bytes"),
        "{error}"
    );
}

#[test]
fn a_field_that_the_server_rejects_is_left_out_from_then_on() {
    let server = Server::new(vec![
        answer(
            "400 Bad Request",
            "",
            r#"{"error":{"message":"Unrecognized request argument supplied: cache_prompt"}}"#,
        ),
        answer("200 OK", "", WHOLE),
    ]);
    let model = model(&server, HttpConfig::default(), None);
    let runtime = Blocking::new().unwrap();
    runtime.block_on(model.complete(&question())).unwrap();
    runtime.block_on(model.complete(&question())).unwrap();
    let has: Vec<bool> = server
        .requests()
        .iter()
        .map(|body| body.get("cache_prompt").is_some())
        .collect();
    assert_eq!(has, [true, false, false]);
}

#[test]
fn a_schema_that_the_server_cannot_enforce_is_asked_for_in_words() {
    let server = Server::new(vec![
        answer(
            "400 Bad Request",
            "",
            r#"{"error":"`response_format` of type json_schema is not supported"}"#,
        ),
        answer("200 OK", "", WHOLE),
    ]);
    let model = model(&server, HttpConfig::default(), None);
    let request = ChatRequest {
        schema: Some(json!({"type": "object", "required": ["verdict"]})),
        ..question()
    };
    Blocking::new()
        .unwrap()
        .block_on(model.complete(&request))
        .unwrap();
    let bodies = server.requests();
    assert_eq!(bodies[0]["response_format"]["type"], "json_schema");
    assert_eq!(bodies[1]["response_format"]["type"], "json_object");
    let turn = bodies[1]["messages"][0]["content"]
        .as_str()
        .unwrap_or_default();
    assert!(turn.contains("\"required\":[\"verdict\"]"), "{turn}");
}

#[test]
fn another_machine_is_spoken_to_only_when_that_is_allowed() {
    let remote = |allow_remote| {
        let config = OpenAiConfig {
            base_url: "http://192.0.2.1:9/v1".to_owned(),
            ..OpenAiConfig::default()
        };
        let http = HttpConfig {
            allow_remote,
            connect_seconds: 1,
            ..HttpConfig::default()
        };
        OpenAi::new(config, http, None)
    };
    assert!(
        remote(false)
            .unwrap_err()
            .to_string()
            .contains("allow_remote")
    );
    assert!(remote(true).is_ok());
}

#[test]
fn a_key_is_sent_and_shown_nowhere() {
    let secret = "sk-never-to-be-seen-0123456789";
    let echo = format!(r#"{{"error":"wrong key {secret}"}}"#);
    // As no search for the key finds it.
    let tokens = secret
        .split_inclusive('-')
        .map(|part| json!({"token": part, "logprob": -0.1}).to_string());
    let tokens = tokens.collect::<Vec<_>>().join(",");
    let said = format!(
        r#"{{"choices":[{{"message":{{"content":"your key is {secret}"}},"finish_reason":"stop","logprobs":{{"content":[{tokens}]}}}}]}}"#
    );
    let server = Server::new(vec![
        answer("401 Unauthorized", "", &echo),
        answer("200 OK", "", &said),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let store = ReplyStore::open(&folder.path().join("replies.sqlite")).unwrap();
    let model = model(&server, HttpConfig::default(), Some(ApiKey::new(secret)));
    let model = Recorded::new(model, store, Value::Null);
    let runtime = Blocking::new().unwrap();
    let error = runtime.block_on(model.complete(&question())).unwrap_err();
    assert!(matches!(error, ChatError::Refused { .. }) && error.ends_run());
    let reply = runtime.block_on(model.complete(&question())).unwrap();
    assert!(reply.log_probs.is_empty(), "{reply:?}");
    let mut shown = format!("{error} {error:?} {reply:?} {model:?}");
    drop(model);
    for file in std::fs::read_dir(folder.path()).unwrap() {
        shown.push_str(&String::from_utf8_lossy(
            &std::fs::read(file.unwrap().path()).unwrap(),
        ));
    }
    assert!(!shown.contains(secret), "{shown}");
}
