//! Teacher labelling, with a double for the teacher.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use dsg_core::{
    Capabilities, ChatError, ChatModel, ChatReply, ChatRequest, FinishReason, Interrupt, ModelId,
    Role, Silent, StageResult, Usage,
};
use dsg_generate::{GenerateError, Label, LabelConfig, LabelPrompt, Labeller};
use futures_executor::block_on;
use futures_util::StreamExt;

type Answer = dyn Fn(&str, u32) -> Result<(String, FinishReason), ChatError> + Send + Sync;

struct Teacher {
    id: ModelId,
    answer: Box<Answer>,
    calls: AtomicUsize,
}

#[async_trait]
impl ChatModel for Teacher {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        // Later prompts are answered earlier.
        let mut left = 20_usize.saturating_sub(self.calls.fetch_add(1, Ordering::Relaxed) * 3);
        std::future::poll_fn(|context| {
            if left == 0 {
                return std::task::Poll::Ready(());
            }
            left -= 1;
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
        assert_eq!(request.messages.len(), 1);
        let (text, finish) = (self.answer)(&request.messages[0].content, request.sampling.seed)?;
        Ok(ChatReply {
            text,
            finish,
            usage: Usage::default(),
            log_probs: Vec::new(),
        })
    }
}

fn teacher(
    answer: impl Fn(&str, u32) -> Result<(String, FinishReason), ChatError> + Send + Sync + 'static,
) -> Arc<Teacher> {
    Arc::new(Teacher {
        id: ModelId {
            provider: "scripted".into(),
            model: "teacher".into(),
        },
        answer: Box::new(answer),
        calls: AtomicUsize::new(0),
    })
}

#[allow(clippy::unnecessary_wraps, reason = "doubles return what a model does")]
fn said(text: &str) -> Result<(String, FinishReason), ChatError> {
    Ok((text.to_owned(), FinishReason::Stop))
}

fn prompts(lines: &str) -> Vec<LabelPrompt> {
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn label(teacher: &Arc<Teacher>, lines: &str, existing: &[&str]) -> StageResult<Label> {
    let labeller = Labeller::new(LabelConfig::default(), Arc::clone(teacher) as _).unwrap();
    let existing: BTreeSet<String> = existing.iter().map(ToString::to_string).collect();
    let interrupt = Interrupt::default();
    let labels = labeller.label_all(prompts(lines), &existing, &Silent, &interrupt);
    let result = block_on(labels).unwrap();
    assert!(result.counts.is_balanced());
    result
}

#[test]
fn replies_are_kept_with_their_ids_in_the_order_of_the_prompts() {
    let echo = teacher(|text, _| said(&format!("  Re: {text}\n")));
    let lines = r#"{"id":"a","system_hint":"Be brief.","user":"What is a job?","source":"faq"}
{"id":"b","user":"And a step?"}
{"user":"No id"}"#;
    let labelled = label(&echo, lines, &[]);
    let ids: Vec<&str> = labelled
        .kept
        .iter()
        .map(|label| label.id.as_str())
        .collect();
    assert_eq!(ids[..2], ["a", "b"]);
    assert!(ids[2].starts_with("label-"));
    let first = &labelled.kept[0];
    assert_eq!(first.messages[0].role, Role::User);
    assert_eq!(first.messages[0].content, "Be brief.\n\nWhat is a job?");
    assert_eq!(first.reply(), "Re: Be brief.\n\nWhat is a job?");
    assert_eq!(first.extra["source"], "faq");
    let line = serde_json::to_string(first).unwrap();
    assert!(
        line.starts_with(r#"{"schema":"dsg.label/1","id":"a","messages":["#),
        "{line}"
    );
    assert_eq!(serde_json::from_str::<Label>(&line).unwrap(), *first);
}

#[test]
fn what_is_labelled_already_is_not_asked_for_again() {
    let echo = teacher(|text, _| said(text));
    let lines = "{\"id\":\"a\",\"user\":\"x\"}\n{\"id\":\"b\",\"user\":\"y\"}\n{\"id\":\"b\",\"user\":\"z\"}\n{\"user\":\" \"}";
    let labelled = label(&echo, lines, &["a"]);
    assert_eq!(echo.calls.load(Ordering::Relaxed), 1);
    assert_eq!(labelled.kept.len(), 1);
    let reasons: Vec<&str> = labelled.rejects.iter().map(|r| r.reason.as_str()).collect();
    assert_eq!(
        reasons,
        ["label.exists", "label.duplicate_id", "label.empty_prompt"]
    );
    assert_eq!(labelled.rejects[0].id, "a");
}

const SCHEMA: &str = r#"{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"],"additionalProperties":false}"#;

fn with_schema(reply: &'static str) -> StageResult<Label> {
    let teacher = teacher(move |_, _| said(reply));
    label(
        &teacher,
        &format!(r#"{{"id":"a","user":"Count.","schema":{SCHEMA}}}"#),
        &[],
    )
}

#[test]
fn a_reply_satisfies_its_schema_or_is_rejected() {
    let clean = with_schema("{ \"n\": 3 }\n");
    assert_eq!(
        (clean.kept[0].reply(), clean.kept[0].salvaged),
        ("{ \"n\": 3 }", false)
    );
    let fenced = with_schema("Here:\n```json\n{\"n\": 3,}\n```");
    assert_eq!(
        (fenced.kept[0].reply(), fenced.kept[0].salvaged),
        (r#"{"n":3}"#, true)
    );
    for (reply, reason, detail) in [
        (r#"{"n": "three"}"#, "label.schema_mismatch", "at /n: "),
        (r#"{"m": 3}"#, "label.schema_mismatch", "at /: "),
        ("Three.", "label.not_json", "no JSON"),
    ] {
        let reject = with_schema(reply).rejects.remove(0);
        assert_eq!(reject.reason.as_str(), reason);
        assert!(reject.detail.contains(detail), "{}", reject.detail);
        // What the teacher said is not lost.
        assert_eq!(reject.record["reply"], reply);
    }
}

#[test]
fn json_is_asked_for_twice_and_a_bad_schema_never() {
    let second = teacher(|_, seed| said(if seed == 0 { "Well" } else { "[1]" }));
    let labelled = label(
        &second,
        r#"{"id":"a","user":"List.","requires_json":true}"#,
        &[],
    );
    assert_eq!(
        (labelled.kept[0].reply(), labelled.kept[0].seed),
        ("[1]", 1)
    );
    let never = teacher(|_, _| said("{}"));
    let rejected = label(
        &never,
        r#"{"id":"a","user":"x","schema":{"type":"nothing"}}"#,
        &[],
    );
    assert_eq!(rejected.rejects[0].reason.as_str(), "label.bad_schema");
    assert_eq!(never.calls.load(Ordering::Relaxed), 0);
}

#[test]
fn a_reply_that_is_cut_empty_or_late_is_no_label() {
    for (answer, reason, failed) in [
        (
            Ok(("Half a".to_owned(), FinishReason::Length)),
            "label.reply_cut",
            0,
        ),
        (
            Ok((" ".to_owned(), FinishReason::Stop)),
            "label.empty_reply",
            0,
        ),
        (
            Ok(("x".to_owned(), FinishReason::Filtered)),
            "label.empty_reply",
            0,
        ),
        (Err(()), "label.model_failed", 1),
    ] {
        let teacher = teacher(move |_, _| {
            answer.clone().map_err(|()| ChatError::Busy {
                model: "teacher".into(),
                detail: "429".into(),
                retry_after: None,
            })
        });
        let labelled = label(&teacher, r#"{"id":"a","user":"x"}"#, &[]);
        assert_eq!(labelled.rejects[0].reason.as_str(), reason);
        assert_eq!(labelled.counts.failed, failed);
        assert_eq!(teacher.calls.load(Ordering::Relaxed), 1);
    }
}

#[test]
fn a_spent_budget_ends_the_stream_after_what_is_under_way() {
    let teacher = teacher(|text, _| {
        if text == "c" {
            return Err(ChatError::BudgetSpent {
                detail: "2 of 2".into(),
            });
        }
        said(text)
    });
    let config = LabelConfig {
        concurrency: 2,
        ..LabelConfig::default()
    };
    let labeller = Labeller::new(config, Arc::clone(&teacher) as _).unwrap();
    let lines: Vec<String> = ["a", "b", "c", "d", "e", "f", "g"]
        .map(|id| format!(r#"{{"id":"{id}","user":"{id}"}}"#))
        .to_vec();
    let (existing, interrupt) = (BTreeSet::new(), Interrupt::default());
    let labels = labeller.labels(prompts(&lines.join("\n")), &existing, &interrupt);
    let labels: Vec<_> = block_on(labels.collect());
    let kept = labels.iter().filter(|label| label.is_ok()).count();
    assert!((2..=3).contains(&kept), "{labels:?}");
    let errors: Vec<&GenerateError> = labels.iter().filter_map(|l| l.as_ref().err()).collect();
    assert!(
        matches!(errors[..], [GenerateError::Labelling { id, .. }] if id == "c"),
        "{errors:?}"
    );
    assert!(teacher.calls.load(Ordering::Relaxed) <= 4);
}

#[test]
fn impossible_settings_are_named() {
    for (config, field) in [
        (
            LabelConfig {
                top_p: 0.0,
                ..LabelConfig::default()
            },
            "top_p",
        ),
        (
            LabelConfig {
                temperature: -1.0,
                ..LabelConfig::default()
            },
            "temperature",
        ),
        (
            LabelConfig {
                concurrency: 0,
                ..LabelConfig::default()
            },
            "concurrency",
        ),
    ] {
        let error = Labeller::new(config, teacher(|text, _| said(text))).unwrap_err();
        assert!(
            error.to_string().starts_with(&format!("`{field}`")),
            "{error}"
        );
    }
}
