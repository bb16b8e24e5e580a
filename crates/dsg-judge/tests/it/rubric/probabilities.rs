//! Models that tell how probable their yes is.
#![allow(
    clippy::float_cmp,
    reason = "scores are rounded, so that they are equal or not"
)]

use dsg_core::{ChatError, ChatReply, LogProb, TokenLogProb, TopLogProb};
use dsg_judge::RubricConfig;

use super::asking::two_chunks;
use super::{Double, Kind, agrees, dropped, kept, plain, review, says, scores, try_review};
use crate::fixture::store;

/// The tokens of a verdict, with the probability of a yes where its word begins.
fn tokens(verdict: &str, yes: f64) -> Vec<TokenLogProb> {
    let token = |text: &str, top: &[(&str, f64)]| TokenLogProb {
        text: text.to_owned(),
        log_prob: LogProb::new(
            top.iter()
                .find(|(other, _)| *other == text)
                .map_or(0.0, |(_, p)| p.ln()),
        ),
        top: top
            .iter()
            .map(|(text, p)| TopLogProb {
                text: (*text).to_owned(),
                log_prob: LogProb::new(p.ln()),
            })
            .collect(),
    };
    vec![
        token("{\"verdict\": \"", &[("{\"verdict\": \"", 1.0)]),
        token(verdict, &[("yes", yes), ("no", 1.0 - yes)]),
        token("\", \"reason\": \"It says so.\"}", &[]),
    ]
}

/// What a model says that is so sure of a yes.
fn probably(verdict: &str, yes: f64) -> Result<ChatReply, ChatError> {
    let log_probs = tokens(verdict, yes);
    let text: String = log_probs.iter().map(|token| token.text.as_str()).collect();
    Ok(ChatReply {
        log_probs,
        ..says(&text)?
    })
}

/// As [`agrees`], and so sure.
fn agrees_with(kind: Kind, yes: f64) -> Result<ChatReply, ChatError> {
    match kind {
        Kind::RoundTrip => agrees(kind),
        _ => probably("yes", yes),
    }
}

fn at_least(min_probability: f64) -> RubricConfig {
    RubricConfig {
        min_probability,
        ..RubricConfig::default()
    }
}

#[test]
fn scores_are_the_probabilities_of_a_yes() {
    let model = Double::measured(|kind, _| agrees_with(kind, 0.8));
    let candidate = kept(review(&model, plain()));
    let scores = scores(&candidate);
    for name in [
        "claims_supported",
        "weakest_claim",
        "answers_question",
        "useful",
        "self_contained",
    ] {
        assert_eq!(scores[name], 0.8, "{name}");
    }
}

#[test]
fn only_verdicts_are_asked_for_with_log_probabilities_and_only_of_models_that_tell_them() {
    let wanted = |model: &Double| -> Vec<u8> {
        let asked = model.asked.lock().unwrap();
        asked.iter().map(|request| request.top_log_probs).collect()
    };
    let model = Double::measured(|kind, _| agrees(kind));
    let candidate = kept(review(&model, plain()));
    // The last one is the round trip.
    assert_eq!(wanted(&model), [5, 5, 5, 5, 0]);
    // It told none after all.
    let scores = scores(&candidate);
    assert_eq!(scores["useful"], 1.0);
    assert!(!scores.contains_key("weakest_claim"));

    let model = Double::new(|kind, _| agrees(kind));
    kept(review(&model, plain()));
    assert_eq!(wanted(&model), [0; 5]);
}

#[test]
fn a_weak_yes_is_a_rejection_that_says_so() {
    let judged = |least: f64| {
        let model = Double::measured(|kind, _| match kind {
            Kind::Useful => probably("yes", 0.62),
            _ => agrees_with(kind, 0.95),
        });
        try_review(at_least(least), &model, None, plain(), &store()).unwrap()
    };
    assert_eq!(scores(&kept(judged(0.5)))["useful"], 0.62);
    let reject = dropped(judged(0.9));
    assert_eq!(reject.reason.as_str(), "judge.not_useful");
    assert_eq!(
        reject.detail,
        "a yes with a probability of 0.62, below 0.9: It says so."
    );
}

#[test]
fn what_tells_no_probability_is_taken_at_its_word() {
    let model = Double::measured(|kind, _| agrees(kind));
    kept(try_review(at_least(0.99), &model, None, plain(), &store()).unwrap());
}

#[test]
fn a_probable_yes_saves_neither_a_no_nor_what_cannot_be_read() {
    type Reply = fn() -> Result<ChatReply, ChatError>;
    let cases: [(Reply, &str); 2] = [
        (|| probably("no", 0.45), "judge.not_useful"),
        (
            || {
                Ok(ChatReply {
                    log_probs: tokens("yes", 0.99),
                    ..says("I think that it is fine.")?
                })
            },
            "judge.unparsed_verdict",
        ),
    ];
    for (reply, reason) in cases {
        let model = Double::measured(move |kind, _| match kind {
            Kind::Useful => reply(),
            _ => agrees_with(kind, 0.95),
        });
        let outcome = try_review(at_least(0.1), &model, None, plain(), &store()).unwrap();
        assert_eq!(dropped(outcome).reason.as_str(), reason);
    }
}

#[test]
fn a_weak_yes_proves_no_source_to_be_needed() {
    let (store, candidate) = two_chunks();
    let model = Double::measured(|kind, request| {
        let text = &request.messages.last().unwrap().content;
        let has_both = text.contains("4,320") && text.contains("The default is 60");
        agrees_with(kind, if has_both { 0.95 } else { 0.62 })
    });
    let config = RubricConfig {
        round_trip: false,
        ..at_least(0.9)
    };
    let reject = dropped(try_review(config, &model, None, candidate, &store).unwrap());
    assert_eq!(reject.reason.as_str(), "judge.needs_one_source_only");
}
