//! Nothing evaluated on was trained on.

use dsg_core::{DocId, Seed};
use dsg_dedupe::{DedupeError, SplitConfig, Splitter, verify_split};

use crate::fixture::{ids, item, shown, spread};

fn splitter(eval_fraction: f64) -> Splitter {
    Splitter::new(SplitConfig {
        eval_fraction,
        ..SplitConfig::default()
    })
    .unwrap()
}

#[test]
fn the_fraction_and_the_topics_are_met() {
    let split = splitter(0.2)
        .run(spread(200, |i| i / 4, |i| (i / 4) % 4), &[])
        .unwrap();
    assert!(split.within_tolerance, "{}", split.eval_fraction);
    assert_eq!(split.train.len() + split.eval.len(), 200);
    assert_eq!(split.topics.len(), 4);
    for (topic, counts) in &split.topics {
        let share = counts.eval as f64 / (counts.eval + counts.train) as f64;
        assert!((0.12..=0.28).contains(&share), "{topic}: {share}");
    }
    assert!(split.counts.is_balanced());
}

#[test]
fn a_giant_document_makes_eval_neither_empty_nor_huge() {
    let split = splitter(0.15)
        .run(spread(100, |i| if i < 60 { 0 } else { i }, |_| 0), &[])
        .unwrap();
    assert!(split.within_tolerance);
    assert!((12..=18).contains(&split.eval.len()));
}

#[test]
fn documents_of_a_cluster_stay_together() {
    let clusters: Vec<Vec<DocId>> = (0..20)
        .map(|pair| {
            [pair * 2, pair * 2 + 1]
                .map(|n| DocId::from_existing(format!("doc{n:03}")))
                .to_vec()
        })
        .collect();
    let split = splitter(0.25)
        .run(spread(40, |i| i, |_| 0), &clusters)
        .unwrap();
    assert_eq!(split.eval.len(), 10);
    for cluster in &clusters {
        let in_eval = split
            .eval
            .iter()
            .filter(|item| cluster.contains(&item.citations[0].doc_id))
            .count();
        assert!(in_eval == 0 || in_eval == 2);
    }
}

#[test]
fn shared_evidence_keeps_documents_together_or_the_item_goes() {
    // One item ties two documents: they move as one.
    let mut items = spread(40, |i| i / 2, |_| 0);
    items[0] = shown(items[0].clone(), &["doc019"]);
    let split = splitter(0.15).run(items, &[]).unwrap();
    assert!(split.rejects.is_empty());

    // A chain through all documents would leave nothing to hold out: its items go instead.
    let mut items = spread(60, |i| i / 3, |_| 0);
    for i in (0..57).step_by(3) {
        items[i] = shown(items[i].clone(), &[&format!("doc{:03}", i / 3 + 1)]);
    }
    let split = splitter(0.15).run(items, &[]).unwrap();
    assert!(split.within_tolerance, "{}", split.eval_fraction);
    assert!(!split.rejects.is_empty());
    assert!(
        split
            .rejects
            .iter()
            .all(|r| r.reason.as_str() == "split.straddles_documents")
    );
}

#[test]
fn a_train_question_that_eval_asks_too_is_dropped() {
    let mut items = spread(40, |i| i, |_| 0);
    for (i, item) in items.iter_mut().enumerate() {
        item.question = format!("How can I run `Tool{}` in a batch job?", i % 20);
        if i >= 20 {
            item.question = format!("What is the way to run `Tool{}` in a batch job?", i % 20);
        }
    }
    let split = splitter(0.2).run(items, &[]).unwrap();
    assert!(!split.rejects.is_empty());
    for reject in &split.rejects {
        assert_eq!(reject.reason.as_str(), "split.question_in_eval");
        assert!(reject.detail.contains("similarity"));
    }
}

#[test]
fn one_document_alone_cannot_be_split_and_the_result_says_so() {
    let split = splitter(0.15).run(spread(30, |_| 0, |_| 0), &[]).unwrap();
    assert_eq!((split.train.len(), split.eval.len()), (30, 0));
    assert!(!split.within_tolerance);
}

#[test]
fn the_seed_changes_which_and_not_how_many() {
    let run = |seed| {
        let config = SplitConfig {
            seed: Seed(seed),
            ..SplitConfig::default()
        };
        Splitter::new(config)
            .unwrap()
            .run(spread(100, |i| i, |_| 0), &[])
            .unwrap()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(ids(&run(1).eval), ids(&run(2).eval));
    assert_eq!(run(1).eval.len(), run(2).eval.len());
}

#[test]
fn overlap_fails_loudly_and_names_both_items() {
    let a = item("a", "What is an array job?", "Many jobs in one.", "d1", 0.5);
    let b = item("b", "How do I cancel a job?", "With scancel.", "d2", 0.5);
    let c = item(
        "c",
        "What is an array job, please?",
        "Many jobs in one.",
        "d3",
        0.5,
    );
    let cluster = [vec![DocId::from_existing("d1"), DocId::from_existing("d2")]];
    let pair = |train, eval| (vec![train], vec![eval]);

    let (train, eval) = pair(a.clone(), b.clone());
    assert_eq!(verify_split(&train, &eval, &[], 0.8), Ok(()));
    let error = verify_split(&train, &eval, &cluster, 0.8).unwrap_err();
    assert!(matches!(error, DedupeError::SharedDocument { .. }));
    assert!(error.to_string().contains("`a`") && error.to_string().contains("`b`"));

    let (train, eval) = pair(a.clone(), shown(b, &["d1"]));
    assert!(matches!(
        verify_split(&train, &eval, &[], 0.8),
        Err(DedupeError::SharedDocument { .. })
    ));

    let (train, eval) = pair(c, a);
    assert!(matches!(
        verify_split(&train, &eval, &[], 0.8),
        Err(DedupeError::SharedQuestion { .. })
    ));
}

#[test]
fn impossible_fractions_are_refused_by_name() {
    let config = SplitConfig {
        eval_fraction: 1.0,
        ..SplitConfig::default()
    };
    assert!(
        Splitter::new(config)
            .unwrap_err()
            .to_string()
            .contains("eval_fraction")
    );
}

#[test]
fn an_answer_or_words_of_a_question_of_eval_are_not_trained_on() {
    let answer = "The scratch file system is cleaned every week: whatever was not read for 90 days goes, without a warning and for good.";
    let mut items = Vec::new();
    for n in 0..12 {
        let said = if n == 3 || n == 9 {
            format!("{answer} This is part {n} of the rules.")
        } else {
            format!("Rule {n} is about key {n} and nothing else, as its page says so clearly.")
        };
        let question = format!("What does rule{n} say about key{n}?");
        items.push(item(
            &format!("q{n:02}"),
            &question,
            &said,
            &format!("d{n:02}"),
            0.5,
        ));
    }
    for seed in 0..20 {
        let config = SplitConfig {
            eval_fraction: 0.5,
            tolerance: 0.1,
            seed: Seed(seed),
            ..SplitConfig::default()
        };
        let split = Splitter::new(config)
            .unwrap()
            .run(items.clone(), &[])
            .unwrap();
        let on_eval = |id: &str| split.eval.iter().any(|item| item.id.as_str() == id);
        let lost: Vec<(&str, &str)> = split
            .rejects
            .iter()
            .map(|reject| (reject.id.as_str(), reject.reason.as_str()))
            .collect();
        match (on_eval("q03"), on_eval("q09")) {
            (true, false) => assert_eq!(lost, [("q09", "split.answer_in_eval")]),
            (false, true) => assert_eq!(lost, [("q03", "split.answer_in_eval")]),
            _ => assert!(lost.is_empty(), "{lost:?}"),
        }
    }
    let error = verify_split(&items[3..4], &items[9..10], &[], 0.8).unwrap_err();
    assert!(matches!(error, DedupeError::SharedAnswer { .. }), "{error}");
}
