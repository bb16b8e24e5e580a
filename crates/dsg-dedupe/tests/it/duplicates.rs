//! What is one question and what is two.

use dsg_core::DuplicateKind;
use dsg_dedupe::{DedupeConfig, Deduper, SemanticConfig};

use crate::fixture::{ids, item};

fn deduper() -> Deduper {
    Deduper::new(DedupeConfig::default()).unwrap()
}

#[test]
fn the_best_scored_of_a_group_stays_and_every_removal_says_what_it_lost_to() {
    let deduped = deduper().run(vec![
        item(
            "a",
            "How can I run an array job?",
            "Use --array.",
            "d1",
            0.7,
        ),
        item(
            "b",
            "how can i run an  array job",
            "Use --array.",
            "d2",
            0.9,
        ),
        item(
            "c",
            "What is the way to run an array job?",
            "Use --array.",
            "d3",
            0.8,
        ),
        item(
            "d",
            "How can I cancel an array job?",
            "Use scancel.",
            "d4",
            0.1,
        ),
    ]);
    assert_eq!(ids(&deduped.result.kept), ["b", "d"]);
    let reasons: Vec<(&str, &str)> = deduped
        .result
        .rejects
        .iter()
        .map(|reject| (reject.reason.as_str(), reject.detail.as_str()))
        .collect();
    assert_eq!(
        reasons,
        [
            ("dedupe.exact_question", "duplicate of b, similarity 1.000"),
            ("dedupe.near_question", "duplicate of b, similarity 1.000"),
        ]
    );
    let lost: Vec<(&str, DuplicateKind, &str)> = deduped
        .duplicates
        .iter()
        .map(|found| (found.lost.as_str(), found.kind, found.kept.as_str()))
        .collect();
    assert_eq!(
        lost,
        [
            ("a", DuplicateKind::Exact, "b"),
            ("c", DuplicateKind::Near, "b"),
        ]
    );
    assert!(deduped.result.counts.is_balanced());
}

#[test]
fn ties_are_broken_by_id_and_scoreless_items_lose() {
    let mut scoreless = item("a", "Is it free?", "Yes, wholly free.", "d", 1.0);
    scoreless.verdict = None;
    let deduped = deduper().run(vec![
        item("c", "Is it free?", "Yes, wholly free.", "d", 0.5),
        scoreless,
        item("b", "Is it free?", "Yes, wholly free.", "d", 0.5),
    ]);
    assert_eq!(ids(&deduped.result.kept), ["b"]);
}

#[test]
fn questions_that_differ_in_one_bearing_word_both_stay() {
    for (a, b) in [
        ("How do I start the daemon?", "How do I stop the daemon?"),
        ("What does `-n` set in srun?", "What does `-N` set in srun?"),
        (
            "How much memory does a batch job get?",
            "How much disk does a batch job get?",
        ),
        (
            "What does srun do with --overlap?",
            "What does sbatch do with --overlap?",
        ),
        (
            "Which limit applies to 2 nodes?",
            "Which limit applies to 3 nodes?",
        ),
        (
            "Which jobs can be requeued?",
            "Which jobs cannot be requeued?",
        ),
    ] {
        let answer = "The same long answer for both, so that only the question can tell the two of them apart.";
        let deduped = deduper().run(vec![
            item("a", a, answer, "d", 0.5),
            item("b", b, answer, "d", 0.5),
        ]);
        assert_eq!(deduped.result.kept.len(), 2, "{a} / {b}");
    }
}

#[test]
fn pairs_with_nearly_the_same_text_are_one() {
    let answer = "The scheduler keeps finished jobs in memory for a while, so that dependent jobs can still look up their \
                  state, and then removes them from the controller.";
    let deduped = deduper().run(vec![
        item("a", "What happens to finished jobs?", answer, "d", 0.9),
        item(
            "b",
            "What happens to finished jobs in the memory of the controller?",
            answer,
            "e",
            0.5,
        ),
    ]);
    assert_eq!(ids(&deduped.result.kept), ["a"]);
    assert_eq!(
        deduped.result.rejects[0].reason.as_str(),
        "dedupe.near_pair"
    );
}

#[test]
fn exchanged_letters_are_found_however_many_words_have_them() {
    let deduped = deduper().run(vec![
        item(
            "a",
            "Which project directory keeps finished results?",
            "Scratch.",
            "d",
            0.9,
        ),
        item(
            "b",
            "Which porject driectory keeps fniished resutls?",
            "Work.",
            "e",
            0.5,
        ),
    ]);
    assert_eq!(ids(&deduped.result.kept), ["a"]);
}

#[test]
fn impossible_thresholds_are_refused_by_name() {
    for (config, field) in [
        (
            DedupeConfig {
                question_threshold: 0.0,
                ..DedupeConfig::default()
            },
            "question_threshold",
        ),
        (
            DedupeConfig {
                pair_threshold: 1.1,
                ..DedupeConfig::default()
            },
            "pair_threshold",
        ),
        (
            DedupeConfig {
                document_threshold: f64::NAN,
                ..DedupeConfig::default()
            },
            "document_threshold",
        ),
        (
            DedupeConfig {
                num_perm: 4,
                ..DedupeConfig::default()
            },
            "num_perm",
        ),
        (
            DedupeConfig {
                shingle_words: 0,
                ..DedupeConfig::default()
            },
            "shingle_words",
        ),
        (
            DedupeConfig {
                ngram_words: 2,
                ..DedupeConfig::default()
            },
            "ngram_words",
        ),
        (
            DedupeConfig {
                semantic: SemanticConfig {
                    threshold: 1.5,
                    ..SemanticConfig::default()
                },
                ..DedupeConfig::default()
            },
            "semantic.threshold",
        ),
    ] {
        let error = Deduper::new(config).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    }
}
