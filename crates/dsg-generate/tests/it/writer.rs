//! What the writer makes of each structure, and what it leaves alone.

use dsg_core::{Chunk, Difficulty, QuestionType, Seed};
use dsg_generate::{Draft, ExtractiveWriter, Lexicon};
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
fn commented_commands_are_examples_and_a_script_is_not() {
    let examples = "# Submit an array of four tasks\n$ sbatch --array=0-3 job.sh\n\n# Cancel the tasks 2 and 3 of array 20\n$ scancel 20_[2-3]";
    let chunk = Page::new(&["Job arrays"])
        .heading(1, "Job arrays")
        .code("", examples)
        .chunk();
    let questions: Vec<String> = write(&chunk)
        .into_iter()
        .map(|draft| draft.question)
        .collect();
    assert_eq!(questions.len(), 2, "{questions:?}");
    assert!(
        questions[0].contains("submit an array of four tasks"),
        "{questions:?}"
    );
    let script =
        "# Load the module\nmodule load gcc\nmodule load mpi\n# Run the program\nsrun ./a.out";
    let chunk = Page::new(&["Job arrays"])
        .heading(1, "Job arrays")
        .code("bash", script)
        .chunk();
    assert_eq!(write(&chunk), []);
}

#[test]
fn what_a_variable_is_set_to_is_asked_by_its_name() {
    let chunk = Page::new(&["Job arrays", "Variables"])
        .heading(2, "Variables")
        .paragraph("SLURM_ARRAY_JOB_ID will be set to the first job ID of the array.")
        .chunk();
    let drafts = write(&chunk);
    assert_eq!(drafts.len(), 1);
    assert_eq!(
        drafts[0].template, "setting/value@1",
        "{}",
        drafts[0].question
    );
}

#[test]
fn a_folder_names_the_product_that_its_pages_leave_out() {
    let page = |n: usize, text: &str| {
        Page::new(&["Volumes", "Resizing a volume"])
            .heading(2, "Resizing a volume")
            .paragraph(text)
            .numbered(&format!("cloud/kraken/{n}.md"), 0)
    };
    let mut corpus: Vec<Chunk> = (0..6)
        .map(|n| page(n, "A volume in Kraken has a size."))
        .collect();
    corpus.extend((0..20).map(|n| {
        Page::new(&["Tool"])
            .paragraph("The tool runs on Linux.")
            .numbered(&format!("apps/{n}.md"), 0)
    }));
    let asked = page(
        7,
        "To resize a volume, detach it, open its menu in the web interface and choose its new size. Then click Resize.",
    );
    let writer = ExtractiveWriter::new(Some("at Aurelia".into()), Seed(42))
        .with_lexicon(Lexicon::learn(&corpus));
    let questions: Vec<String> = writer
        .write(&asked)
        .into_iter()
        .map(|draft| draft.question)
        .collect();
    assert!(!questions.is_empty());
    assert!(
        questions
            .iter()
            .all(|question| question.ends_with(" in Kraken?")),
        "{questions:?}"
    );
}

#[test]
fn a_step_of_several_is_no_way_to_do_it() {
    let drafts = |text: &str| {
        write(
            &Page::new(&["Kraken", "Jobs"])
                .heading(2, "Jobs")
                .paragraph(text)
                .chunk(),
        )
    };
    let whole =
        "To resize a full box, use the command `kraken resize` and give it the size you want.";
    assert_eq!(drafts(whole).len(), 1);
    for part in [
        "To resize a full box, you can then use the command `kraken resize` and give it the size you want.",
        "To open a desk and close a box, use the command `kraken swap` with the size you want.",
        "You should see the box with `kraken list` when the work of the command is done.",
        "To resize a full box, use the command `kraken resize`. Click Next and choose the size as shown in the image.",
    ] {
        assert_eq!(drafts(part), [], "{part}");
    }
}

#[test]
fn a_command_is_told_without_the_one_that_follows_only_if_none_does() {
    let page = |after: &str| {
        write(
            &Page::new(&["Kraken", "Jobs"])
                .heading(2, "Jobs")
                .paragraph("To load the Kraken module, use:")
                .code("bash", "module load kraken")
                .paragraph(after)
                .chunk(),
        )
    };
    assert_eq!(page("Jobs wait for their nodes.").len(), 1);
    assert_eq!(page("and then load the tools:"), []);
}

#[test]
fn the_tool_of_a_heading_is_named_on_a_page_of_several() {
    let drafts = write(
        &Page::new(&["Moving files", "KraCopy", "Resuming"])
            .heading(3, "Resuming")
            .paragraph("To resume a broken transfer, use the command `resume` of KraCopy in the same folder.")
            .chunk(),
    );
    let questions: Vec<&str> = drafts.iter().map(|draft| draft.question.as_str()).collect();
    assert!(
        questions
            .iter()
            .all(|question| question.contains("KraCopy"))
            && !questions.is_empty(),
        "{questions:?}"
    );
}

#[test]
fn a_heading_is_quoted_as_an_error_only_if_it_is_one() {
    let drafts = |heading: &str, text: &str| {
        write(
            &Page::new(&["Troubleshooting", heading])
                .heading(2, heading)
                .paragraph(text)
                .chunk(),
        )
    };
    let text =
        "The quota of the project is used up. Remove files or ask for more space in the portal.";
    assert_eq!(drafts("Disk quota exceeded", text).len(), 1);
    assert_eq!(drafts("Common error messages", text), []);
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
