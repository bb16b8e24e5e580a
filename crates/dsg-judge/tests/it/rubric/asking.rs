//! What is asked, and what the answers mean.
#![allow(
    clippy::float_cmp,
    reason = "scores are rounded, so that they are equal or not"
)]

use dsg_core::{
    Candidate, ChatError, ChatReply, ChunkId, Citation, Decision, DocId, FinishReason, MemoryStore,
    Outcome, Span,
};
use dsg_judge::RubricConfig;

use super::{
    Double, Kind, agrees, dropped, kept, no, plain, review, says, scores, try_review, yes,
};
use crate::fixture::{chunk, item, limits, script, store};

#[test]
fn an_item_that_the_model_finds_right_is_kept_with_every_reason() {
    let model = Double::new(|kind, _| agrees(kind));
    let candidate = kept(review(&model, plain()));
    assert_eq!(
        model.kinds(),
        [
            Kind::Claim,
            Kind::Answers,
            Kind::Useful,
            Kind::SelfContained,
            Kind::RoundTrip
        ]
    );
    let scores = scores(&candidate);
    for name in [
        "claims_supported",
        "answers_question",
        "useful",
        "self_contained",
    ] {
        assert_eq!(scores[name], 1.0, "{name}");
    }
    assert!(scores["round_trip"] > 0.6);
    let verdict = candidate.verdict.unwrap();
    assert_eq!(verdict.decision, Decision::Accept);
    assert!(verdict.repairs.is_empty());
    let check = verdict
        .checks
        .iter()
        .find(|check| check.name == "rubric.useful")
        .unwrap();
    assert!(check.passed);
    assert_eq!(check.detail.as_deref(), Some("It says so."));
}

#[test]
fn every_no_rejects_with_its_reason_and_ends_the_asking() {
    for (kind, reason, calls) in [
        (Kind::Claim, "judge.unsupported_claim", 1),
        (Kind::Answers, "judge.not_answered", 2),
        (Kind::Useful, "judge.not_useful", 3),
        (Kind::SelfContained, "judge.not_self_contained", 4),
    ] {
        let model = Double::new(move |asked, _| {
            if asked == kind {
                no("It does not.")
            } else {
                agrees(asked)
            }
        });
        let reject = dropped(review(&model, plain()));
        assert_eq!(reject.reason.as_str(), reason);
        assert!(reject.detail.contains("It does not."), "{}", reject.detail);
        assert_eq!(model.kinds().len(), calls);
        let record: Candidate = serde_json::from_value(reject.record).unwrap();
        assert_eq!(record.verdict.unwrap().decision, Decision::Reject);
    }
}

#[test]
fn what_is_switched_off_is_not_asked() {
    let model = Double::new(|kind, _| agrees(kind));
    let config = RubricConfig {
        claims: false,
        useful: false,
        round_trip: false,
        ..RubricConfig::default()
    };
    kept(try_review(config, &model, None, plain(), &store()).unwrap());
    assert_eq!(model.kinds(), [Kind::Answers, Kind::SelfContained]);
}

#[test]
fn the_model_is_never_asked_about_what_a_validator_rejects() {
    let model = Double::new(|kind, _| agrees(kind));
    let mut candidate = plain();
    candidate.answer = candidate.answer.replace("60", "61");
    let reject = dropped(review(&model, candidate));
    assert_eq!(reject.reason.as_str(), "judge.unsupported_number");
    assert!(model.kinds().is_empty());
}

#[test]
fn what_stands_in_a_quote_word_for_word_needs_no_vote() {
    let model = Double::new(|kind, _| agrees(kind));
    let candidate = item(
        "How do I run the solver with `sbatch`?",
        "Submit this script:\n\n```bash\n#!/bin/bash\n#SBATCH --time=01:30:00\nsrun ./solver --input case7.dat\n```",
        &[script()],
    );
    let config = RubricConfig {
        round_trip: false,
        ..RubricConfig::default()
    };
    let candidate = kept(try_review(config, &model, None, candidate, &store()).unwrap());
    // Of the claims only the first, which holds the sentence that leads in.
    assert_eq!(model.count(Kind::Claim), 1);
    assert_eq!(scores(&candidate)["claims_supported"], 1.0);
}

#[test]
fn a_verdict_that_cannot_be_read_is_asked_for_once_more() {
    let model = Double::new(|kind, request| match kind {
        Kind::Claim if request.sampling.temperature == 0.0 => says("I think that it is fine."),
        _ => agrees(kind),
    });
    kept(review(&model, plain()));
    let asked = model.requests(Kind::Claim);
    assert_eq!(asked.len(), 2);
    assert_ne!(asked[0].sampling.seed, asked[1].sampling.seed);
    assert_eq!(
        asked[1].sampling.max_tokens,
        asked[0].sampling.max_tokens * 2
    );
    assert_eq!(asked[0].messages, asked[1].messages);
}

#[test]
fn what_is_no_verdict_twice_is_a_no() {
    let cut = || {
        Ok(ChatReply {
            finish: FinishReason::Length,
            ..yes().unwrap()
        })
    };
    let replies: [fn() -> Result<ChatReply, ChatError>; 5] = [
        || says("Looks good to me! Score: 1.0"),
        || says(""),
        || says(r#"{"verdict": "yes"} {"verdict": "no"}"#),
        || says(r#"{"verdict": "yes", "reason": "The quo"#),
        cut,
    ];
    for reply in replies {
        let model = Double::new(move |kind, _| match kind {
            Kind::Useful => reply(),
            _ => agrees(kind),
        });
        let reject = dropped(review(&model, plain()));
        assert_eq!(reject.reason.as_str(), "judge.unparsed_verdict");
        assert_eq!(model.count(Kind::Useful), 2);
    }
}

#[test]
fn the_majority_of_votes_decides() {
    let votes = |says_yes: fn(usize) -> bool| {
        let model = Double::new(move |kind, request| match kind {
            Kind::Useful => {
                // The votes differ in their seeds, the first one in its temperature, too.
                let n = request.sampling.seed as usize;
                if says_yes(n) { yes() } else { no("Of no use.") }
            }
            _ => agrees(kind),
        });
        let config = RubricConfig {
            votes: 3,
            ..RubricConfig::default()
        };
        let outcome = try_review(config, &model, None, plain(), &store()).unwrap();
        (outcome, model)
    };
    let (outcome, model) = votes(|_| true);
    assert_eq!(scores(&kept(outcome))["useful"], 1.0);
    let asked = model.requests(Kind::Useful);
    let mut seeds: Vec<u32> = asked.iter().map(|request| request.sampling.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    assert_eq!((asked.len(), seeds.len()), (3, 3));
    assert_eq!(asked[0].sampling.temperature, 0.0);
    assert!(asked[1].sampling.temperature > 0.0);

    let (outcome, _) = votes(|_| false);
    assert_eq!(dropped(outcome).reason.as_str(), "judge.not_useful");
}

#[test]
fn a_split_vote_is_a_share_and_one_unreadable_vote_changes_nothing() {
    let first_differs = |other: fn() -> Result<ChatReply, ChatError>| {
        let model = Double::new(move |kind, request| match kind {
            Kind::Useful if request.sampling.temperature == 0.0 => other(),
            _ => agrees(kind),
        });
        let config = RubricConfig {
            votes: 3,
            ..RubricConfig::default()
        };
        kept(try_review(config, &model, None, plain(), &store()).unwrap())
    };
    assert_eq!(
        scores(&first_differs(|| no("Of no use.")))["useful"],
        0.6667
    );
    // Read at the second try.
    assert_eq!(scores(&first_differs(|| says("?")))["useful"], 1.0);
}

#[test]
fn other_literals_in_the_round_trip_reject_with_both_answers() {
    let model = Double::new(|kind, _| match kind {
        Kind::RoundTrip => says("The default is 90 minutes."),
        _ => yes(),
    });
    let reject = dropped(review(&model, plain()));
    assert_eq!(reject.reason.as_str(), "judge.round_trip");
    for text in [
        "The default limit is 60 minutes",
        "The default is 90 minutes.",
    ] {
        assert!(reject.detail.contains(text), "{}", reject.detail);
    }
    assert_eq!(model.count(Kind::Agree), 0);
    let asked = &model.requests(Kind::RoundTrip)[0];
    let seen = &asked.messages.last().unwrap().content;
    assert!(
        !seen.contains("The default limit is 60"),
        "the answer leaks"
    );
    assert!(seen.contains(limits()));
}

#[test]
fn a_question_that_the_evidence_does_not_answer_is_rejected() {
    let model = Double::new(|kind, _| match kind {
        Kind::RoundTrip => says("NOT ANSWERABLE"),
        _ => yes(),
    });
    let reject = dropped(review(&model, plain()));
    assert_eq!(reject.reason.as_str(), "judge.round_trip");
}

#[test]
fn answers_in_other_words_are_read_in_both_orders() {
    let other = "When nothing is given, one hour applies.";
    let judged = |second_order_holds: bool| {
        let model = Double::new(move |kind, request| match kind {
            Kind::RoundTrip => says(other),
            Kind::Agree => {
                let text = &request.messages.last().unwrap().content;
                let first = text.find("First answer:").unwrap();
                let reversed =
                    text[first..].starts_with(&format!("First answer:\n\n````\n{other}"));
                if reversed && !second_order_holds {
                    no("Another limit.")
                } else {
                    yes()
                }
            }
            _ => yes(),
        });
        let outcome = review(&model, plain());
        (outcome, model.count(Kind::Agree))
    };
    let (outcome, asked) = judged(true);
    kept(outcome);
    assert_eq!(asked, 2);
    let (outcome, _) = judged(false);
    assert_eq!(dropped(outcome).reason.as_str(), "judge.round_trip");
}

/// A second chunk, and an item that rests on both.
pub(crate) fn two_chunks() -> (MemoryStore, Candidate) {
    let mut second = chunk("Jobs in the partition `long` may run for 4,320 minutes.\n");
    second.doc_id = DocId::from_existing("queues-1a2b3c4d");
    second.chunk_id = ChunkId::new(&second.doc_id, 3);
    second.heading_path = vec!["Queues".into()];
    let mut candidate = item(
        "How do the limits of `sbatch` jobs differ between the default and the partition `long`?",
        "Without `--time` a job gets 60 minutes. In the partition `long` jobs have up to 4320 minutes.",
        &[limits()],
    );
    let quote = second.text.trim_end().to_owned();
    candidate.citations.push(Citation {
        doc_id: second.doc_id.clone(),
        chunk_id: second.chunk_id.clone(),
        span: Span::of_len(second.span.start(), quote.len()),
        quote,
    });
    candidate.evidence.push(second.chunk_id.clone());
    candidate.extra.insert("multi_chunk".into(), true.into());
    let mut store = store();
    store.0.push(second);
    (store, candidate)
}

fn multi(answer: fn(Kind, &str) -> Result<ChatReply, ChatError>) -> Outcome<Candidate> {
    let (store, candidate) = two_chunks();
    let model =
        Double::new(move |kind, request| answer(kind, &request.messages.last().unwrap().content));
    let config = RubricConfig {
        round_trip: false,
        ..RubricConfig::default()
    };
    try_review(config, &model, None, candidate, &store).unwrap()
}

/// The claim, without the answer that it is part of.
fn claim(text: &str) -> &str {
    &text[text.find("One claim of this answer:").unwrap()..]
}

#[test]
fn an_item_on_two_sources_is_kept_when_each_is_needed() {
    let honest = |kind, text: &str| {
        let long = kind == Kind::Claim && claim(text).contains("4320");
        let short = kind == Kind::Claim && claim(text).contains("60 minutes");
        if (long && !text.contains("4,320")) || (short && !text.contains("The default is 60")) {
            no("Nothing says so.")
        } else {
            yes()
        }
    };
    let candidate = kept(multi(honest));
    let checks = candidate.verdict.unwrap().checks;
    assert!(
        checks
            .iter()
            .any(|check| check.name == "rubric.needs_every_source" && check.passed)
    );
}

#[test]
fn an_item_that_holds_without_one_of_its_sources_is_rejected() {
    let reject = dropped(multi(|_, _| yes()));
    assert_eq!(reject.reason.as_str(), "judge.needs_one_source_only");

    // A verdict that cannot be read is no proof that the source is needed.
    let reject = dropped(multi(|kind, text| {
        if kind == Kind::Claim && !(text.contains("4,320") && text.contains("The default is 60")) {
            says("hm")
        } else {
            yes()
        }
    }));
    assert_eq!(reject.reason.as_str(), "judge.unparsed_verdict");
}

#[test]
fn a_mark_without_two_sources_is_rejected() {
    let model = Double::new(|kind, _| agrees(kind));
    let mut candidate = plain();
    candidate.extra.insert("multi_chunk".into(), true.into());
    let reject = dropped(review(&model, candidate));
    assert_eq!(reject.reason.as_str(), "judge.needs_one_source_only");
}

fn too_long() -> Result<ChatReply, ChatError> {
    Err(ChatError::ContextExceeded {
        model: "scripted/double".into(),
        prompt: 5000,
        reply: 160,
        context: 4096,
    })
}

#[test]
fn where_the_chunks_do_not_fit_the_quotes_are_the_evidence() {
    let model = Double::new(|kind, request| {
        let text = &request.messages.last().unwrap().content;
        if text.contains("Pages of the documentation") {
            too_long()
        } else {
            agrees(kind)
        }
    });
    let candidate = kept(review(&model, plain()));
    let check = candidate
        .verdict
        .unwrap()
        .checks
        .into_iter()
        .find(|check| check.name == "rubric.whole_evidence")
        .unwrap();
    assert!(
        check
            .detail
            .unwrap()
            .starts_with("judged on the quotes alone")
    );
    let seen = &model.requests(Kind::Claim)[1].messages[1].content;
    assert!(seen.contains("sbatch > Options\n\nSet a limit"), "{seen}");
}

#[test]
fn what_does_not_fit_at_all_is_rejected() {
    let model = Double::new(|_, _| too_long());
    let reject = dropped(review(&model, plain()));
    assert_eq!(reject.reason.as_str(), "judge.context_cut");
    assert!(reject.detail.contains("4096"), "{}", reject.detail);
    assert_eq!(model.kinds().len(), 2);
}

#[test]
fn a_reason_does_not_carry_personal_data_into_the_verdict() {
    let model = Double::new(|kind, _| match kind {
        Kind::Useful => no("Only erika.muster@hpc-site.eu can say."),
        _ => agrees(kind),
    });
    let reject = dropped(review(&model, plain()));
    assert_eq!(reject.detail, "Only <email> can say.");
    assert!(
        !serde_json::to_string(&reject.record)
            .unwrap()
            .contains("erika")
    );
}
