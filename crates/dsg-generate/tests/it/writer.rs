//! What the writer makes of each structure, and what it leaves alone.

use dsg_core::{Chunk, Difficulty, QuestionType, Seed};
use dsg_generate::{Draft, ExtractiveWriter};
use proptest::prelude::*;

use crate::Page;

fn write(chunk: &Chunk) -> Vec<Draft> {
    let drafts = ExtractiveWriter::new(Some("Slurm".into()), Seed(42)).write(chunk);
    for draft in &drafts {
        assert!(!draft.citations.is_empty(), "{}", draft.question);
        for citation in &draft.citations {
            assert_eq!(chunk.slice(citation.span), Some(citation.quote.as_str()));
        }
    }
    drafts
}

fn shown(chunk: &Chunk) -> String {
    write(chunk)
        .iter()
        .map(|draft| format!("[{}] {}\n{}", draft.template, draft.question, draft.answer))
        .collect::<Vec<_>>()
        .join("\n\n")
}

#[test]
fn an_option_is_asked_by_its_name_and_its_command() {
    let chunk = Page::new(&["qlist", "OPTIONS"])
        .heading(1, "OPTIONS")
        .option(
            "**-w**, **--wide**",
            "Print all columns. The default is 80 characters. This option is ignored when the output is a file.",
        )
        .chunk();
    insta::assert_snapshot!(shown(&chunk), @r"
    [option/purpose@1] What does the `--wide` option of `qlist` do?
    `-w`, `--wide`: Print all columns. The default is 80 characters. This option is ignored when the output is a file.

    [entry/default@1] Which default does `qlist` use for `--wide`?
    `-w`, `--wide`: The default is 80 characters.

    [entry/ignored@1] When is `--wide` ignored by `qlist`?
    `-w`, `--wide`: This option is ignored when the output is a file.
    ");
}

#[test]
fn a_frequent_question_is_answered_by_its_section_without_pointers() {
    let chunk = Page::new(&["FAQ"])
        .heading(2, "Why is my job not running?")
        .paragraph("The nodes are busy. See the partition page. The command `squeue --start` shows when the job may begin.")
        .chunk();
    let drafts = write(&chunk);
    assert_eq!(drafts.len(), 1);
    assert_eq!(drafts[0].question, "Why is my job not running in Slurm?");
    assert_eq!(
        drafts[0].answer,
        "The nodes are busy. The command `squeue --start` shows when the job may begin."
    );
    assert_eq!(drafts[0].question_type, QuestionType::Troubleshooting);
    assert_eq!(drafts[0].difficulty, Difficulty::Basic);
    assert_eq!(drafts[0].citations.len(), 2);
}

#[test]
fn a_lead_in_with_its_code_becomes_a_how_to() {
    let chunk = Page::new(&["Kraken", "Usage"])
        .paragraph("To list the databases of Kraken, run:")
        .code("bash", "kraken-db --list")
        .paragraph("This prints one name a line.")
        .chunk();
    insta::assert_snapshot!(shown(&chunk), @r"
    [task/code@1] What is the command to list the databases of Kraken?
    To list the databases of Kraken, run:

    ```bash
    kraken-db --list
    ```

    This prints one name a line.
    ");
}

#[test]
fn a_table_of_values_gives_one_question_a_row() {
    let chunk = Page::new(&["Partitions", "Limits"])
        .heading(2, "Limits")
        .table(&[
            &["Partition", "Time limit", "Max nodes"],
            &["small", "3 days", "1"],
            &["large", "2 days", "20"],
        ])
        .chunk();
    insta::assert_snapshot!(shown(&chunk), @r"
    [table/row@1] What are the time limit and max nodes of the partition `small` in Slurm?
    `small`:
    - Time limit: 3 days
    - Max nodes: 1

    [table/row@1] What are the time limit and max nodes of the partition `large` in Slurm?
    `large`:
    - Time limit: 2 days
    - Max nodes: 20
    ");
}

#[test]
fn structure_that_supports_no_question_gives_none() {
    let chunk = Page::new(&["Site", "Overview"])
        .heading(2, "Overview")
        .paragraph(
            "This page describes the system. See the links below. It has been in use for years.",
        )
        .chunk();
    assert_eq!(write(&chunk), []);
}

#[test]
fn the_seed_changes_wordings_only() {
    let chunk = Page::new(&["qlist", "OPTIONS"])
        .option(
            "**--all**",
            "Show the jobs of every user, also those that have ended.",
        )
        .chunk();
    let with = |seed| ExtractiveWriter::new(None, Seed(seed)).write(&chunk);
    assert_eq!(with(1), with(1));
    let questions: std::collections::BTreeSet<String> =
        (0..40).flat_map(with).map(|draft| draft.question).collect();
    assert!(questions.len() > 3, "{questions:?}");
}

proptest! {
    /// Whatever the text: no panic, and every receipt is byte-exact.
    #[test]
    fn receipts_hold_on_any_text(
        label in "[-`*\\[\\]()a-zA-Zé=<>, ]{1,30}",
        body in "(?s)[-`*\\[\\]()#!a-zA-Zé=<>,.:;?{}|\\n ]{0,200}",
        title in "[-`*a-zA-Zé ?:]{1,40}",
    ) {
        let chunk = Page::new(&[&title, "OPTIONS"])
            .heading(2, &title)
            .paragraph(&body)
            .option(&label, &body)
            .code("text", &body)
            .table(&[&["Command", "Description"], &[&label, &body], &["b", "c"]])
            .chunk();
        write(&chunk);
    }
}
