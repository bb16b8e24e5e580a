//! Quotas and the mix inside them.

use std::collections::BTreeMap;

use dsg_core::{Candidate, ChunkId, Difficulty, DocId, QuestionType};
use dsg_dedupe::{BalanceConfig, Balancer};

use crate::fixture::{ids, spread};

fn map<V: Copy>(entries: &[(&str, V)]) -> BTreeMap<String, V> {
    entries
        .iter()
        .map(|(key, value)| ((*key).to_owned(), *value))
        .collect()
}

/// 60 items of one topic: three of four basic, the rest advanced; factual and procedural by turns.
fn skewed() -> Vec<Candidate> {
    let mut items = spread(60, |i| i % 6, |_| 0);
    for (i, item) in items.iter_mut().enumerate() {
        item.difficulty = if i % 4 == 0 {
            Difficulty::Advanced
        } else {
            Difficulty::Basic
        };
        item.question_type = if i % 2 == 0 {
            QuestionType::Factual
        } else {
            QuestionType::Procedural
        };
    }
    items
}

#[test]
fn quotas_are_met_with_the_wanted_mix() {
    let config = BalanceConfig {
        quotas: map(&[("t0", 20)]),
        difficulty: map(&[("basic", 0.5), ("advanced", 0.5)]),
        question_types: map(&[]),
        ..BalanceConfig::default()
    };
    let balanced = Balancer::new(config).unwrap().run(skewed());
    assert_eq!(balanced.result.kept.len(), 20);
    let basic = balanced
        .result
        .kept
        .iter()
        .filter(|item| item.difficulty == Difficulty::Basic)
        .count();
    assert_eq!(basic, 10);
    let mut docs: BTreeMap<&str, usize> = BTreeMap::new();
    for item in &balanced.result.kept {
        *docs.entry(item.citations[0].doc_id.as_str()).or_default() += 1;
    }
    assert_eq!(docs.len(), 6, "documents take turns: {docs:?}");
    assert!(
        balanced
            .result
            .rejects
            .iter()
            .all(|r| r.reason.as_str() == "balance.over_quota")
    );
}

#[test]
fn what_cannot_be_met_is_reported_and_filled_with_the_rest() {
    let config = BalanceConfig {
        quotas: map(&[("t0", 40), ("absent", 5)]),
        difficulty: map(&[("basic", 1.0), ("advanced", 3.0)]),
        question_types: map(&[]),
        ..BalanceConfig::default()
    };
    let balanced = Balancer::new(config).unwrap().run(skewed());
    assert_eq!(balanced.result.kept.len(), 40);
    let json = serde_json::to_value(&balanced.coverage).unwrap();
    assert_eq!(json[0]["topic"], "absent");
    assert_eq!(json[0]["shortfall"], 5);
    let topic = &json[1];
    assert_eq!(topic["got"], 40);
    assert_eq!(topic["shortfall"], 0);
    assert_eq!(
        topic["difficulty"]["advanced"],
        serde_json::json!({"quota": 30, "available": 15, "got": 15, "shortfall": 15})
    );
    assert_eq!(topic["difficulty"]["basic"]["got"], 25);
}

#[test]
fn topics_without_a_quota_are_not_limited() {
    let items = spread(10, |i| i, |i| i % 2);
    let config = BalanceConfig {
        quotas: map(&[("t0", 2)]),
        ..BalanceConfig::default()
    };
    let balanced = Balancer::new(config).unwrap().run(items);
    assert_eq!(
        ids(&balanced.result.kept),
        [
            "q0000", "q0001", "q0002", "q0003", "q0005", "q0007", "q0009"
        ]
    );
}

#[test]
fn chunks_take_turns_where_that_is_asked_for() {
    // Eight items of one chunk score best, two others have a chunk each.
    let mut items = spread(10, |i| i, |_| 0);
    for (number, item) in items.iter_mut().enumerate() {
        let one = DocId::from_existing("one");
        let chunk = if number < 8 { 0 } else { number };
        item.citations[0].doc_id = one.clone();
        item.citations[0].chunk_id = ChunkId::new(&one, chunk);
        let score = if number < 8 { 0.9 } else { 0.1 };
        item.verdict
            .as_mut()
            .unwrap()
            .scores
            .insert("groundedness".into(), score);
    }
    let chosen = |chunks_take_turns| {
        let config = BalanceConfig {
            quotas: [("t0".to_owned(), 3)].into(),
            chunks_take_turns,
            ..BalanceConfig::default()
        };
        let balanced = Balancer::new(config).unwrap().run(items.clone());
        let kept = balanced.result.kept;
        ids(&kept)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(chosen(true), ["q0000", "q0008", "q0009"]);
    assert_eq!(chosen(false), ["q0000", "q0001", "q0002"]);
}
