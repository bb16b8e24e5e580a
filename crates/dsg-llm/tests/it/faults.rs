//! Everything that a server can do wrong, through the whole stack: every request ends as a reply or as an error, nothing that
//! was answered is asked again, and nobody can fill the memory.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dsg_core::{ChatError, ChatModel, ChatReply, ChatRequest};
use dsg_llm::{
    Blocking, Budget, BudgetConfig, HttpConfig, OpenAi, OpenAiConfig, ReplyStore, RetryConfig,
    Scripted, Shared, StackConfig, in_order, stack,
};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::guard::Words;
use crate::server::{Server, Step, answer, events, request};

const MOST_BYTES: usize = 1 << 20;

/// A fault, and how often it is met before the request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Nothing,
    TooManyRequests,
    Internal,
    BadGateway,
    Unavailable,
    NotConnected,
    ResetInStream,
    StallBeforeHeaders,
    StallInStream,
    Garbage,
    CutJson,
    EmptyChoices,
    WrongSchema,
    Fenced,
    Twice,
    CutReply,
    Huge,
}

const FAULTS: [Fault; 17] = [
    Fault::Nothing,
    Fault::TooManyRequests,
    Fault::Internal,
    Fault::BadGateway,
    Fault::Unavailable,
    Fault::NotConnected,
    Fault::ResetInStream,
    Fault::StallBeforeHeaders,
    Fault::StallInStream,
    Fault::Garbage,
    Fault::CutJson,
    Fault::EmptyChoices,
    Fault::WrongSchema,
    Fault::Fenced,
    Fault::Twice,
    Fault::CutReply,
    Fault::Huge,
];

impl Fault {
    /// How often a request is sent that meets it once.
    const fn calls(self) -> usize {
        match self {
            Self::Nothing | Self::Fenced | Self::Twice => 1,
            _ => 2,
        }
    }

    fn script(self, id: &str) -> Vec<Step> {
        let whole = |status: &str, headers: &str, body: &str| {
            vec![Step::Say(answer(status, headers, body))]
        };
        let fitting = said(id);
        let delta = |text: &str| json!({"choices": [{"delta": {"content": text}}]}).to_string();
        let end = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#;
        match self {
            Self::Nothing => vec![Step::Say(events(&[&delta(&fitting), end, "[DONE]"]))],
            Self::Twice => vec![Step::Say(events(&[
                &delta(&fitting),
                end,
                &delta(&fitting),
                end,
                "[DONE]",
            ]))],
            Self::Fenced => whole(
                "200 OK",
                "",
                &reply(&format!("Sure:\n```json\n{fitting}\n```"), "stop"),
            ),
            Self::TooManyRequests => whole(
                "429 Too Many Requests",
                "retry-after: 1\r\n",
                r#"{"error":"slow down"}"#,
            ),
            Self::Internal => whole("500 Internal Server Error", "", "oops"),
            Self::BadGateway => whole("502 Bad Gateway", "", "<html>nginx</html>"),
            Self::Unavailable => whole(
                "503 Service Unavailable",
                "",
                r#"{"error":{"message":"Loading model"}}"#,
            ),
            Self::NotConnected => Vec::new(),
            Self::ResetInStream => vec![Step::Say(events(&[&delta("{\"ans")])), Step::Reset],
            Self::StallBeforeHeaders => vec![Step::Stall],
            Self::StallInStream => vec![Step::Say(events(&[&delta("{\"ans")])), Step::Stall],
            Self::Garbage => whole("200 OK", "", "\u{1}\u{2}<html>It works!</html>"),
            Self::CutJson => whole("200 OK", "", r#"{"choices":[{"message":{"content":"{"#),
            Self::EmptyChoices => whole("200 OK", "", r#"{"choices":[]}"#),
            Self::WrongSchema => whole("200 OK", "", &reply(r#"{"reply": 1}"#, "stop")),
            Self::CutReply => whole("200 OK", "", &reply(r#"{"answer": "re"#, "length")),
            Self::Huge => vec![
                Step::Say(b"HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n".to_vec()),
                Step::Flood(100 << 20),
            ],
        }
    }
}

/// The JSON that a request is after.
fn said(id: &str) -> String {
    json!({"answer": format!("reply to {id}")}).to_string()
}

fn reply(text: &str, finish: &str) -> String {
    json!({"choices": [{"message": {"content": text}, "finish_reason": finish}]}).to_string()
}

/// What a request is about: its first turn, whatever was added to the conversation.
fn about(body: &Value) -> String {
    let text = body["messages"][0]["content"].as_str().unwrap();
    text.split_whitespace().next().unwrap().to_owned()
}

/// A server on which the n-th request meets the n-th fault at its first attempts, `times` times.
fn faulty(times: usize) -> Server {
    let attempts = Mutex::new(BTreeMap::<String, usize>::new());
    Server::with(move |_, body| {
        let id = about(body);
        let attempt = {
            let mut attempts = attempts.lock().unwrap();
            let attempt = attempts.entry(id.clone()).or_default();
            *attempt += 1;
            *attempt
        };
        let nth: usize = id.parse().unwrap();
        let fault = if attempt <= times {
            FAULTS[nth % FAULTS.len()]
        } else {
            Fault::Nothing
        };
        fault.script(&id)
    })
}

fn question(nth: usize) -> ChatRequest {
    ChatRequest {
        schema: Some(json!({
            "type": "object",
            "properties": {"answer": {"type": "string"}},
            "required": ["answer"],
        })),
        ..request(&format!("{nth} is the number of this question."))
    }
}

fn model(server: &Server, store: Option<&ReplyStore>, budget: BudgetConfig) -> Arc<dyn ChatModel> {
    let openai = OpenAiConfig {
        base_url: server.base_url.clone(),
        ..OpenAiConfig::default()
    };
    let http = HttpConfig {
        first_seconds: 1,
        stall_seconds: 1,
        max_reply_bytes: MOST_BYTES,
        ..HttpConfig::default()
    };
    let config = StackConfig {
        retry: RetryConfig {
            attempts: NonZeroUsize::new(4).unwrap(),
            first_wait_ms: 1,
            max_wait_ms: 4,
            give_up_after: NonZeroUsize::MAX,
        },
        concurrency: NonZeroUsize::new(16).unwrap(),
        ..StackConfig::default()
    };
    let settings = openai.settings();
    let shared = Shared {
        store: store.cloned(),
        budget: Arc::new(Budget::new(budget).unwrap()),
        counter: Arc::new(Words),
    };
    let provider = OpenAi::new(openai, http, None).unwrap();
    stack(provider, settings, &config, shared).unwrap()
}

fn ask(model: &Arc<dyn ChatModel>, questions: Range<usize>) -> Vec<Result<ChatReply, ChatError>> {
    Blocking::new()
        .unwrap()
        .block_on(async { in_order(model, questions.map(question), 16).collect().await })
}

fn assert_all_answered(outcomes: Vec<Result<ChatReply, ChatError>>) {
    for (nth, outcome) in outcomes.into_iter().enumerate() {
        let fault = FAULTS[nth % FAULTS.len()];
        match outcome {
            Ok(reply) => assert_eq!(reply.text, said(&nth.to_string()), "{fault:?}"),
            Err(error) => panic!("{fault:?}: {error}"),
        }
    }
}

#[test]
fn every_fault_that_passes_is_survived_and_no_answer_is_asked_for_again() {
    let server = faulty(1);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("replies.sqlite");
    let open = || {
        let store = ReplyStore::open(&path).unwrap();
        model(&server, Some(&store), BudgetConfig::default())
    };
    let all = 3 * FAULTS.len();
    // The first run is stopped half way: calls on their way are dropped.
    let done: Vec<_> = Blocking::new().unwrap().block_on(async {
        in_order(&open(), (0..all).map(question), 16)
            .take(all / 2)
            .collect()
            .await
    });
    assert_all_answered(done);
    let calls = || {
        let mut calls = vec![0; all];
        for body in server.requests() {
            calls[about(&body).parse::<usize>().unwrap()] += 1;
        }
        calls
    };
    let before = calls();
    for (nth, calls) in before.iter().enumerate().take(all / 2) {
        let fault = FAULTS[nth % FAULTS.len()];
        assert_eq!(*calls, fault.calls(), "{fault:?}");
    }
    // The second one goes on, and asks for nothing that the first one had.
    assert_all_answered(ask(&open(), 0..all));
    let after = calls();
    assert_eq!(after[..all / 2], before[..all / 2]);
    // A third one asks nobody.
    assert_all_answered(ask(&open(), 0..all));
    assert_eq!(calls(), after);
    // Of hundreds of megabytes no more was taken than the limit and what the sockets hold, each time.
    assert!(
        server.flooded() < 50 << 20,
        "{} bytes in {} floods",
        server.flooded(),
        all / FAULTS.len()
    );
}

#[test]
fn a_fault_that_stays_fails_its_request_and_no_other() {
    let server = faulty(usize::MAX);
    let store = ReplyStore::in_memory().unwrap();
    let outcomes = ask(
        &model(&server, Some(&store), BudgetConfig::default()),
        0..FAULTS.len(),
    );
    let mut answered = BTreeSet::new();
    for (fault, outcome) in FAULTS.into_iter().zip(outcomes) {
        match outcome {
            Ok(_) => {
                answered.insert(fault);
            }
            Err(ChatError::Unusable { text, .. }) => {
                assert_eq!(
                    (fault, text.as_str()),
                    (Fault::WrongSchema, r#"{"reply": 1}"#)
                );
            }
            Err(ChatError::ReplyCut {
                max_tokens: 1024, ..
            }) => assert_eq!(fault, Fault::CutReply),
            Err(error) => {
                assert!(error.is_transient(), "{fault:?}: {error}");
                assert!(
                    error.to_string().contains("asked 4 times"),
                    "{fault:?}: {error}"
                );
            }
        }
    }
    assert_eq!(
        answered,
        BTreeSet::from([Fault::Nothing, Fault::Fenced, Fault::Twice])
    );
}

#[test]
fn a_storm_of_429_is_waited_out() {
    const STORM: usize = 60;
    let server = Server::with(|nth, body| {
        let fault = if nth < STORM {
            Fault::TooManyRequests
        } else {
            Fault::Nothing
        };
        fault.script(&about(body))
    });
    let openai = OpenAiConfig {
        base_url: server.base_url.clone(),
        ..OpenAiConfig::default()
    };
    let config = StackConfig {
        retry: RetryConfig {
            attempts: NonZeroUsize::new(STORM + 1).unwrap(),
            first_wait_ms: 1,
            max_wait_ms: 2,
            give_up_after: NonZeroUsize::MAX,
        },
        concurrency: NonZeroUsize::new(16).unwrap(),
        ..StackConfig::default()
    };
    let shared = Shared {
        store: None,
        budget: Arc::new(Budget::new(BudgetConfig::default()).unwrap()),
        counter: Arc::new(Words),
    };
    let budget = Arc::clone(&shared.budget);
    let provider = OpenAi::new(openai, HttpConfig::default(), None).unwrap();
    let model = stack(provider, Value::Null, &config, shared).unwrap();
    assert_all_answered(ask(&model, 0..17));
    assert_eq!(server.requests().len(), STORM + 17);
    assert_eq!(
        budget.spent().requests,
        17,
        "what is refused is not paid for"
    );
}

#[test]
fn a_spent_budget_stops_the_run_and_the_next_one_goes_on() {
    let server = Server::with(|_, body| Fault::Nothing.script(&about(body)));
    let store = ReplyStore::in_memory().unwrap();
    let five = || BudgetConfig {
        requests: Some(5),
        ..BudgetConfig::default()
    };
    for (run, answered) in [(1, 5), (2, 10), (3, 12)] {
        let outcomes = ask(&model(&server, Some(&store), five()), 0..12);
        assert_eq!(
            outcomes.iter().filter(|outcome| outcome.is_ok()).count(),
            answered,
            "run {run}"
        );
        for error in outcomes.into_iter().filter_map(Result::err) {
            assert!(matches!(error, ChatError::BudgetSpent { .. }), "{error}");
        }
    }
    assert_eq!(server.requests().len(), 12);
}

#[test]
fn a_dropped_call_leaves_nothing_behind() {
    let server = Server::with(|nth, body| match nth {
        0 => vec![Step::Stall],
        _ => Fault::Nothing.script(&about(body)),
    });
    let store = ReplyStore::in_memory().unwrap();
    let model = model(&server, Some(&store), BudgetConfig::default());
    let request = question(0);
    Blocking::new().unwrap().block_on(async {
        let dropped = tokio::time::timeout(Duration::from_millis(300), model.complete(&request));
        assert!(dropped.await.is_err());
        assert_eq!(model.complete(&request).await.unwrap().text, said("0"));
    });
}

#[test]
fn a_configuration_that_cannot_be_is_refused() {
    let read = |text: &str| serde_json::from_str::<StackConfig>(text);
    assert_eq!(read("{}").unwrap(), StackConfig::default());
    for text in [
        r#"{"concurency": 4}"#,
        r#"{"concurrency": 0}"#,
        r#"{"retry": {"attempts": 0}}"#,
        r#"{"deadline_seconds": 0}"#,
        r#"{"guard": {"growth": 0}}"#,
    ] {
        assert!(read(text).is_err(), "{text}");
    }
    for (text, field) in [
        (
            r#"{"prices": {"per_million_in": -1}}"#,
            "prices.per_million_in",
        ),
        (
            r#"{"guard": {"min_prompt_percent": 101}}"#,
            "guard.min_prompt_percent",
        ),
        (r#"{"retry": {"max_wait_ms": 1}}"#, "retry.max_wait_ms"),
    ] {
        let shared = Shared {
            store: None,
            budget: Arc::new(Budget::new(BudgetConfig::default()).unwrap()),
            counter: Arc::new(Words),
        };
        let model = Scripted::saying("Yes.");
        let Err(error) = stack(model, Value::Null, &read(text).unwrap(), shared) else {
            panic!("{text}");
        };
        assert!(error.to_string().contains(field), "{error}");
    }
}

/// Editors know a configuration by its schema: every field with its default.
#[test]
fn the_configuration_has_a_schema() {
    let schema = schemars::schema_for!(StackConfig);
    let defaults = serde_json::to_value(StackConfig::default()).unwrap();
    for (field, default) in defaults.as_object().unwrap() {
        let found = schema.pointer(&format!("/properties/{field}")).unwrap();
        assert_eq!(found["default"], *default, "{field}");
        assert!(found["description"].is_string(), "{field}");
    }
}
