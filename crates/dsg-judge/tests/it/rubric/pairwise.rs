//! Which of two answers is better.

use std::sync::Arc;

use dsg_core::{ChatError, ChatReply, ChatRequest, FinishReason, Interrupt, Prompts};
use dsg_judge::{
    AnswerPair, ModelJudgeError, PairVerdict, PairwiseJudge, Preference, RubricConfig, prompts,
};
use futures_executor::block_on;

use super::{Double, Kind, says};

pub(super) fn pairwise(model: &Arc<Double>) -> PairwiseJudge {
    let prompts = Arc::new(Prompts::new(prompts()).unwrap());
    PairwiseJudge::new(RubricConfig::default(), prompts, Arc::clone(model) as _).unwrap()
}

/// A verdict of `a`, `b` or `tie`.
pub(super) fn better(which: &str) -> Result<ChatReply, ChatError> {
    says(&format!(
        r#"{{"verdict": "{which}", "reason": "It says so."}}"#
    ))
}

fn pair<'a>(a: &'a str, b: &'a str) -> AnswerPair<'a> {
    AnswerPair {
        id: "qa-1",
        question: "What is the default of `--time`?",
        reference: "60 minutes.",
        quotes: &[],
        a,
        b,
    }
}

/// What stands between the heading of an answer and the end of its fence.
fn shown<'a>(request: &'a ChatRequest, heading: &str) -> &'a str {
    let text = &request.messages.last().unwrap().content;
    let heading = format!("{heading}:\n\n````\n");
    let start = text.find(&heading).unwrap() + heading.len();
    let end = text[start..].find("\n````").unwrap();
    &text[start..start + end]
}

/// Prefers the answer with `60` in it.
fn honest(request: &ChatRequest) -> Result<ChatReply, ChatError> {
    let has = |heading| shown(request, heading).contains("60");
    match (has("Answer A"), has("Answer B")) {
        (true, false) => better("a"),
        (false, true) => better("b"),
        _ => better("tie"),
    }
}

#[test]
fn both_orders_are_asked_and_the_better_answer_wins_wherever_it_stands() {
    let model = Double::new(|_, request| honest(request));
    let judge = pairwise(&model);
    for (a, b, better) in [
        ("60 minutes", "a day", Preference::A),
        ("a day", "60 minutes", Preference::B),
        ("a day", "a week", Preference::Tie),
    ] {
        let verdict = block_on(judge.judge(pair(a, b))).unwrap();
        assert_eq!(verdict.preference(), Some(better), "{a} / {b}");
        assert!(!verdict.depends_on_order());
        let PairVerdict::Asked { a_first, b_first } = verdict else {
            panic!("{a} / {b}")
        };
        assert_eq!(
            (a_first.reason, b_first.better),
            ("It says so.".into(), better)
        );
    }
    let asked = model.requests(Kind::Pairwise);
    assert_eq!(asked.len(), 6);
    let order = |request| [shown(request, "Answer A"), shown(request, "Answer B")];
    assert_eq!(order(&asked[0]), ["60 minutes", "a day"]);
    assert_eq!(order(&asked[1]), ["a day", "60 minutes"]);
    assert_eq!(shown(&asked[0], "Right answer"), "60 minutes.");
    assert_eq!(judge.prompt(), "judge/pairwise@1");
}

#[test]
fn a_verdict_that_changes_with_the_order_is_a_tie() {
    for (first, second) in [("a", "a"), ("b", "b"), ("a", "tie")] {
        let model = Double::new(move |_, request| {
            let is_first = shown(request, "Answer A") == "60 minutes";
            better(if is_first { first } else { second })
        });
        let verdict = block_on(pairwise(&model).judge(pair("60 minutes", "a day"))).unwrap();
        assert_eq!(
            verdict.preference(),
            Some(Preference::Tie),
            "{first} {second}"
        );
        assert!(verdict.depends_on_order(), "{first} {second}");
    }
}

#[test]
fn the_same_text_is_a_tie_that_nobody_is_asked_about() {
    let model = Double::new(|_, _| better("a"));
    let verdict = block_on(pairwise(&model).judge(pair("60 minutes\n", " 60 minutes"))).unwrap();
    assert_eq!(verdict, PairVerdict::Same);
    assert_eq!(verdict.preference(), Some(Preference::Tie));
    assert!(!verdict.depends_on_order() && model.kinds().is_empty());
}

#[test]
fn what_cannot_be_read_is_no_verdict() {
    let replies: [fn() -> Result<ChatReply, ChatError>; 7] = [
        || says("Answer A is better."),
        || says(""),
        || better("yes"),
        || says(r#"{"verdict": "a"} {"verdict": "b"}"#),
        || says(r#"{"verdict": true}"#),
        || {
            Ok(ChatReply {
                finish: FinishReason::Length,
                ..better("a").unwrap()
            })
        },
        || {
            Err(ChatError::Busy {
                model: "scripted/double".into(),
                detail: "503".into(),
                retry_after: None,
            })
        },
    ];
    for (number, reply) in replies.into_iter().enumerate() {
        let model = Double::new(move |_, _| reply());
        let verdict = block_on(pairwise(&model).judge(pair("60 minutes", "a day"))).unwrap();
        assert!(matches!(verdict, PairVerdict::Missing(_)), "{number}");
        assert_eq!(verdict.preference(), None, "{number}");
        // Asked for once more where a reply came, and not in the other order.
        let tries = if number == 6 { 1 } else { 2 };
        assert_eq!(model.count(Kind::Pairwise), tries, "{number}");
    }
    // One readable order is no verdict either.
    let model = Double::new(|_, request| match shown(request, "Answer A") {
        "60 minutes" => better("a"),
        _ => says("?"),
    });
    let verdict = block_on(pairwise(&model).judge(pair("60 minutes", "a day"))).unwrap();
    assert_eq!(verdict.preference(), None);
}

#[test]
fn a_word_alone_is_a_verdict() {
    let model = Double::new(|_, request| {
        let is_first = shown(request, "Answer A") == "60 minutes";
        says(if is_first { "A" } else { "**b**" })
    });
    let verdict = block_on(pairwise(&model).judge(pair("60 minutes", "a day"))).unwrap();
    assert_eq!(verdict.preference(), Some(Preference::A));
}

#[test]
fn many_pairs_are_judged_in_their_order() {
    let answers = ["a day", "60 minutes", "a week", "360 minutes", "a month"];
    let pairs: Vec<AnswerPair<'_>> = answers.iter().map(|b| pair("an hour", b)).collect();
    let model = Double::slow(
        |_, request| honest(request),
        |request| request.messages[1].content.len() % 7,
    );
    let mut counts = Vec::new();
    let verdicts = block_on(pairwise(&model).judge_all(&pairs, |done| counts.push(done)));
    let found: Vec<_> = verdicts
        .unwrap()
        .iter()
        .map(PairVerdict::preference)
        .collect();
    let expected = [
        Preference::Tie,
        Preference::B,
        Preference::Tie,
        Preference::B,
        Preference::Tie,
    ];
    assert_eq!(found, expected.map(Some));
    assert_eq!(counts, [1, 2, 3, 4, 5]);
}

#[test]
fn a_spent_budget_or_a_stop_ends_the_judging_and_says_where() {
    let model = Double::new(|_, request| match shown(request, "Answer B") {
        "a week" => Err(ChatError::BudgetSpent {
            detail: "4 of 4 requests".into(),
        }),
        _ => honest(request),
    });
    let pairs = [
        pair("an hour", "a day"),
        AnswerPair {
            id: "qa-2",
            ..pair("an hour", "a week")
        },
    ];
    let error = block_on(pairwise(&model).judge_all(&pairs, |_| ())).unwrap_err();
    assert_eq!(error.to_string(), "judging stopped at `qa-2`");

    let model = Double::new(|_, _| better("a"));
    let interrupt = Interrupt::default();
    interrupt.request();
    let judge = pairwise(&model).with_interrupt(interrupt);
    let error = block_on(judge.judge(pairs[0])).unwrap_err();
    let ModelJudgeError::Model { source, .. } = &error else {
        panic!("{error:?}")
    };
    assert!(matches!(source, ChatError::Interrupted));
    assert!(model.kinds().is_empty());
}

#[test]
fn a_missing_prompt_is_named() {
    let model = Double::new(|_, _| better("a"));
    let none = Arc::new(Prompts::new([]).unwrap());
    let error = PairwiseJudge::new(RubricConfig::default(), none, model).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the judge needs a prompt `judge/pairwise`"
    );
}
