//! Semantic duplicates: found by vectors, kept apart by the meaning guard.

use dsg_core::{Candidate, DuplicateKind};
use dsg_dedupe::{DedupeConfig, DedupeError, Deduper, SemanticConfig, TextVectors};

use crate::fixture::{ids, item};

/// Items with vectors that stand at these angles, in degrees.
fn at_angles(items: &[(&str, &str, f64, f32)]) -> (Vec<Candidate>, TextVectors) {
    let candidates = items
        .iter()
        .map(|(id, question, score, _)| item(id, question, &format!("Answer {id}."), id, *score))
        .collect();
    let rows = items.iter().map(|(.., angle)| {
        let angle = angle.to_radians();
        [angle.cos(), angle.sin()]
    });
    (candidates, TextVectors::from_rows(rows).unwrap())
}

fn run(items: &[(&str, &str, f64, f32)], exact_below: usize) -> dsg_dedupe::Deduped {
    let config = DedupeConfig {
        semantic: SemanticConfig {
            exact_below,
            ..SemanticConfig::default()
        },
        ..DedupeConfig::default()
    };
    let (candidates, vectors) = at_angles(items);
    Deduper::new(config)
        .unwrap()
        .run_with_vectors(candidates, &vectors)
        .unwrap()
}

#[test]
fn the_best_scored_of_one_meaning_stays_and_the_cosine_is_told() {
    let items = [
        ("a", "How do I get rid of a job?", 0.5, 0.0),
        ("b", "What is the command for cancelling a job?", 0.9, 10.0),
        ("c", "Where are node states listed?", 0.7, 60.0),
    ];
    for exact_below in [2, 100] {
        let deduped = run(&items, exact_below);
        assert_eq!(ids(&deduped.result.kept), ["b", "c"]);
        let [found] = deduped.duplicates.as_slice() else {
            panic!("{:?}", deduped.duplicates)
        };
        assert_eq!(found.kind, DuplicateKind::Semantic);
        assert_eq!(found.reason.as_str(), "dedupe.semantic_question");
        assert_eq!((found.lost.as_str(), found.kept.as_str()), ("a", "b"));
        assert!((found.similarity - 0.985).abs() < 0.001);
        assert_eq!(deduped.result.rejects[0].reason, found.reason);
        assert!(deduped.result.counts.is_balanced());
    }
}

#[test]
fn the_meaning_guard_holds_whatever_the_vectors_say() {
    for (a, b) in [
        ("What does `-n` do?", "What is the effect of `-N`?"),
        ("Can I use 2 nodes?", "May one work with 3 nodes?"),
        (
            "Which jobs are allowed to run?",
            "Which jobs aren't permitted to execute?",
        ),
        ("How do I start the daemon?", "How is the service stopped?"),
        ("What does SRUN do?", "What is SBATCH for?"),
        ("Why is it slow?", "When is it slow?"),
    ] {
        let deduped = run(&[("a", a, 0.5, 0.0), ("b", b, 0.5, 1.0)], 2);
        assert_eq!(deduped.result.kept.len(), 2, "{a} / {b}");
    }
}

#[test]
fn what_lost_to_an_item_that_left_stays() {
    // b is near a and c, a and c are not near each other: c stays, since b left for a.
    let deduped = run(
        &[
            ("a", "How is a job ended early?", 0.9, 0.0),
            ("b", "What kills work that runs?", 0.8, 15.0),
            ("c", "Which tool shuts tasks down?", 0.7, 30.0),
        ],
        2,
    );
    assert_eq!(ids(&deduped.result.kept), ["a", "c"]);
}

#[test]
fn vectors_must_be_those_of_the_items() {
    let (candidates, _) = at_angles(&[("a", "What is it?", 0.5, 0.0)]);
    let none = TextVectors::new(2).unwrap();
    let error = Deduper::new(DedupeConfig::default())
        .unwrap()
        .run_with_vectors(candidates, &none)
        .unwrap_err();
    assert_eq!(
        error,
        DedupeError::VectorCount {
            found: 0,
            expected: 1
        }
    );
}
