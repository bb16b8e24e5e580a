//! What repeats a benchmark leaves, and says which row of which file it repeats.

use dsg_dedupe::{BenchmarkRow, Decontaminator, DedupeConfig, TextVectors};

use crate::fixture::{ids, item};

fn row(row: u64, question: &str, answer: &str) -> BenchmarkRow {
    BenchmarkRow {
        row,
        questions: vec![question.to_owned()],
        texts: vec![answer.to_owned()],
    }
}

fn benchmark() -> Decontaminator {
    let mut benchmark = Decontaminator::new(&DedupeConfig::default()).unwrap();
    benchmark.add(
        "a.jsonl",
        row(
            3,
            "How do I see which of my jobs are still waiting?",
            "Ask `squeue --me --states=PENDING`; every line is one waiting job, with the reason in its last column.",
        ),
    );
    benchmark.add(
        "b.csv",
        row(9, "What does the option --exclusive do?", "Nodes."),
    );
    benchmark
}

#[test]
fn thirteen_words_of_an_answer_are_a_repetition_and_are_shown() {
    let answer = "As the manual says: every line is one waiting job, with the reason in its last column. That is all.";
    let other = "As the manual says: every line is one waiting job, with the name in its last column. That is all.";
    let result = benchmark().run(vec![
        item("same", "Where is the reason?", answer, "d", 0.5),
        item("other", "Where is the name?", other, "d", 0.5),
    ]);
    assert_eq!(ids(&result.kept), ["other"]);
    let [reject] = result.rejects.as_slice() else {
        panic!("{:?}", result.rejects)
    };
    assert_eq!(reject.reason.as_str(), "dedupe.contaminated_words");
    assert_eq!(
        reject.detail,
        "`a.jsonl`, row 3, has the same 13 words: `every line is one waiting job, with the reason in its last column.`"
    );
    assert!(result.counts.is_balanced());
}

#[test]
fn a_question_asked_in_nearly_the_same_words_is_a_repetition() {
    let result = benchmark().run(vec![
        item(
            "a",
            "what does the  option `--exclusive` do",
            "It …",
            "d",
            0.5,
        ),
        item("b", "What does the option --overlap do?", "It …", "d", 0.5),
        item(
            "c",
            "Please, which of my jobs are still watiing?",
            "See …",
            "d",
            0.5,
        ),
    ]);
    let left: Vec<(&str, &str)> = result
        .rejects
        .iter()
        .map(|reject| (reject.id.as_str(), reject.reason.as_str()))
        .collect();
    assert_eq!(left, [("a", "dedupe.contaminated_question")]);
    assert!(
        result.rejects[0]
            .detail
            .starts_with("`b.csv`, row 9, asks the same, similarity 1.000")
    );
}

#[test]
fn a_question_of_the_same_meaning_is_found_by_vectors() {
    let benchmark = benchmark();
    assert_eq!(benchmark.questions().len(), 2);
    let candidates = vec![
        item("a", "How can pending work be listed?", "There.", "d", 0.5),
        item(
            "b",
            "How can pending work of 2 users be listed?",
            "There.",
            "d",
            0.5,
        ),
        item("c", "How large may a file be?", "So.", "d", 0.5),
    ];
    let of_items = TextVectors::from_rows([[1.0, 0.1], [1.0, 0.1], [-1.0, 0.2]]).unwrap();
    let of_rows = TextVectors::from_rows([[1.0, 0.0], [0.0, 1.0]]).unwrap();
    let result = benchmark
        .run_with_vectors(candidates.clone(), &of_items, &of_rows)
        .unwrap();
    // The number keeps b apart.
    assert_eq!(ids(&result.kept), ["b", "c"]);
    assert_eq!(
        result.rejects[0].reason.as_str(),
        "dedupe.contaminated_meaning"
    );
    assert!(
        result.rejects[0]
            .detail
            .starts_with("`a.jsonl`, row 3, asks the same, similarity 0.995")
    );
    let error = benchmark
        .run_with_vectors(candidates, &of_rows, &of_rows)
        .unwrap_err();
    assert_eq!(error.to_string(), "2 vectors for 3 texts");
}

#[test]
fn without_rows_nothing_is_a_repetition() {
    let benchmark = Decontaminator::new(&DedupeConfig::default()).unwrap();
    let none = TextVectors::new(2).unwrap();
    let items = vec![item(
        "a",
        "Is it free?",
        "Yes, wholly free of charge.",
        "d",
        0.5,
    )];
    let vectors = TextVectors::from_rows([[1.0, 0.0]]).unwrap();
    let result = benchmark.run_with_vectors(items, &vectors, &none).unwrap();
    assert_eq!(result.kept.len(), 1);
}
