//! Many items: nothing lost, stable order, and a run that ends when it must.

use std::error::Error;
use std::sync::Arc;

use dsg_core::{Candidate, ChatError, ChatRequest, Outcome, Prompts, Silent};
use dsg_judge::{ModelJudge, ModelJudgeError, RubricConfig, prompts};
use futures_executor::block_on;

use super::{Double, Kind, agrees, no, plain, review, rules, says, with};
use crate::fixture::store;

/// Items that differ in a letter of the question.
fn items(count: u8) -> Vec<Candidate> {
    (0..count)
        .map(|n| {
            let mut candidate = plain();
            let letter = char::from(b'a' + n);
            candidate.question =
                format!("What is the default of `--time` of `sbatch` (case {letter})?");
            candidate.id = Candidate::content_id("qa", &candidate.question, "", &[]);
            candidate
        })
        .collect()
}

/// Which of [`items`] a request is about.
fn number(request: &ChatRequest) -> usize {
    let text = &request.messages.last().unwrap().content;
    text.find("(case ")
        .map_or(0, |at| usize::from(text.as_bytes()[at + 6] - b'a'))
}

fn busy() -> ChatError {
    ChatError::Busy {
        model: "scripted/double".into(),
        detail: "503".into(),
        retry_after: None,
    }
}

#[test]
fn the_order_of_replies_changes_nothing() {
    let answer = |kind, request: &ChatRequest| match (kind, number(request) % 5) {
        (Kind::Useful, 2) => no("Of no use."),
        (Kind::Claim, 3) => says("?"),
        (Kind::RoundTrip, 4) => Err(busy()),
        _ => agrees(kind),
    };
    let delays: [fn(&ChatRequest) -> usize; 3] = [
        |_| 0,
        |request| 40 - number(request).min(40),
        |request| (request.sampling.seed % 17) as usize,
    ];
    let mut results = delays
        .into_iter()
        .zip([1, 7, 16])
        .map(|(delay, concurrency)| {
            let model = Double::slow(answer, delay);
            let config = RubricConfig {
                concurrency,
                ..RubricConfig::default()
            };
            let judge = with(config, &model, None);
            block_on(judge.review_all(items(20), &store(), &Silent)).unwrap()
        });
    let first = results.next().unwrap();
    assert!(first.counts.is_balanced());
    let counts = &first.counts;
    assert_eq!((counts.entered, counts.kept, counts.failed), (20, 8, 4));
    let dropped: Vec<_> = counts
        .dropped
        .iter()
        .map(|(r, n)| (r.as_str(), *n))
        .collect();
    assert_eq!(
        dropped,
        [("judge.not_useful", 4), ("judge.unparsed_verdict", 4)]
    );
    for other in results {
        assert_eq!(other, first);
    }
}

#[test]
fn calls_on_one_item_follow_one_another_and_items_overlap() {
    let model = Double::slow(|kind, _| agrees(kind), |_| 3);
    let config = RubricConfig {
        concurrency: 4,
        ..RubricConfig::default()
    };
    let judge = with(config, &model, None);
    block_on(judge.review_all(items(4), &store(), &Silent)).unwrap();
    let asked = model.asked.lock().unwrap();
    let of = |n| -> Vec<Kind> {
        asked
            .iter()
            .filter(|request| number(request) == n)
            .map(Kind::of)
            .collect()
    };
    for n in 0..4 {
        assert_eq!(of(n), of(0));
    }
    let first: Vec<usize> = asked.iter().take(4).map(number).collect();
    assert_eq!(first, [0, 1, 2, 3], "all items are under way at once");
}

#[test]
fn a_busy_server_costs_one_item_and_not_the_run() {
    let model = Double::new(|kind, _| match kind {
        Kind::Answers => Err(busy()),
        _ => agrees(kind),
    });
    let Outcome::Failed(reject) = review(&model, plain()) else {
        panic!("not failed")
    };
    assert_eq!(reject.reason.as_str(), "judge.model_failed");
    assert!(reject.detail.contains("503"));
    let record: Candidate = serde_json::from_value(reject.record).unwrap();
    assert_eq!(record.question, plain().question);
    assert_eq!(record.verdict.unwrap().decision, dsg_core::Decision::Reject);
}

#[test]
fn a_spent_budget_ends_the_run_and_says_where() {
    let model = Double::new(|kind, request| {
        if number(request) == 2 {
            return Err(ChatError::BudgetSpent {
                detail: "100 of 100 requests".into(),
            });
        }
        agrees(kind)
    });
    let judge = with(RubricConfig::default(), &model, None);
    let error = block_on(judge.review_all(items(5), &store(), &Silent)).unwrap_err();
    let ModelJudgeError::Model { id, source } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(*id, items(5)[2].id.to_string());
    assert!(matches!(source, ChatError::BudgetSpent { .. }));
    assert!(error.source().unwrap().to_string().contains("100 of 100"));
}

#[test]
fn impossible_configurations_and_missing_prompts_are_named() {
    for (config, field) in [
        (
            RubricConfig {
                votes: 2,
                ..RubricConfig::default()
            },
            "`votes`",
        ),
        (
            RubricConfig {
                votes: 0,
                ..RubricConfig::default()
            },
            "`votes`",
        ),
        (
            RubricConfig {
                concurrency: 0,
                ..RubricConfig::default()
            },
            "`concurrency`",
        ),
        (
            RubricConfig {
                max_claims: 0,
                ..RubricConfig::default()
            },
            "`max_claims`",
        ),
        (
            RubricConfig {
                verdict_tokens: 0,
                ..RubricConfig::default()
            },
            "`verdict_tokens`",
        ),
        (
            RubricConfig {
                min_agreement: 1.5,
                ..RubricConfig::default()
            },
            "`min_agreement`",
        ),
        (
            RubricConfig {
                min_probability: 1.5,
                ..RubricConfig::default()
            },
            "`min_probability`",
        ),
        (
            RubricConfig {
                min_probability: f64::NAN,
                ..RubricConfig::default()
            },
            "`min_probability`",
        ),
        (
            RubricConfig {
                vote_temperature: f32::NAN,
                ..RubricConfig::default()
            },
            "`vote_temperature`",
        ),
    ] {
        let model = Double::new(|kind, _| agrees(kind));
        let error = ModelJudge::new(
            rules(),
            config,
            Arc::new(Prompts::new(prompts()).unwrap()),
            model,
            None,
        )
        .unwrap_err();
        assert!(error.to_string().starts_with(field), "{error}");
    }
    let error = ModelJudge::new(
        rules(),
        RubricConfig::default(),
        Arc::new(Prompts::new([]).unwrap()),
        Double::new(|kind, _| agrees(kind)),
        None,
    )
    .unwrap_err();
    assert_eq!(error.to_string(), "the judge needs a prompt `judge/claim`");
}

#[test]
fn an_unknown_setting_is_an_error() {
    let error = serde_json::from_str::<RubricConfig>(r#"{"vote": 3}"#).unwrap_err();
    assert!(error.to_string().contains("unknown field `vote`"));
}

/// A caller may spawn a review.
#[test]
fn reviews_can_be_sent_to_another_thread() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let model = Double::new(|kind, _| agrees(kind));
    let judge = with(RubricConfig::default(), &model, None);
    let outcome = block_on(is_send(judge.review(plain(), &store()))).unwrap();
    assert!(matches!(outcome, Outcome::Kept(_)));
}
