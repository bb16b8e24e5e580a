//! What is changed before it is checked.

use dsg_core::Candidate;

use crate::fixture::{TEXT, item, kept, limits, rejected, script, store};

#[test]
fn site_values_become_placeholders_and_still_count_as_supported() {
    let candidate = kept(item(
        "How do I run the solver with `sbatch -p debug`?",
        "Put `#SBATCH -p debug` into the script:\n\n```bash\n#SBATCH -p debug\nsrun ./solver --input case7.dat\n```",
        &[script()],
    ));
    assert_eq!(
        candidate.question,
        "How do I run the solver with `sbatch -p <partition>`?"
    );
    assert!(
        candidate.answer.contains("#SBATCH -p <partition>\nsrun"),
        "{}",
        candidate.answer
    );
    let repairs = candidate.verdict.unwrap().repairs;
    assert_eq!(repairs.len(), 3);
    assert_eq!(repairs[0].detail, "partition `debug` became `<partition>`");
}

#[test]
fn personal_data_leaves_the_answer_and_the_receipts_stay_exact() {
    let quote = "Mail erika.muster@hpc-site.eu when a job is stuck. To remove old files run";
    let candidate = kept(item(
        "Whom do I mail when an `sbatch` job is stuck?",
        "Mail erika.muster@hpc-site.eu when a job is stuck.",
        &[limits(), quote],
    ));
    assert_eq!(candidate.answer, "Mail <email> when a job is stuck.");
    assert!(
        candidate
            .citations
            .iter()
            .all(|citation| !citation.quote.contains("erika"))
    );
    let chunk = &store().0[0];
    for citation in &candidate.citations {
        assert_eq!(chunk.slice(citation.span), Some(citation.quote.as_str()));
    }
    let repairs = candidate.verdict.unwrap().repairs;
    assert!(repairs.iter().all(|repair| repair.name == "redact.email"));
    assert!(
        repairs
            .iter()
            .all(|repair| !repair.detail.contains("erika"))
    );
    assert!(TEXT.contains("erika"), "the fixture is unchanged");
}

/// An item that a model wrote.
fn written(answer: &str) -> Candidate {
    let mut candidate = item(
        "What is the default of the `--time` option of `sbatch`?",
        answer,
        &[limits()],
    );
    candidate.generator.model = Some("small".to_owned());
    candidate
}

#[test]
fn what_a_model_adds_without_support_is_cut_off() {
    const ANSWER: &str = "The default of the time limit is 60 minutes.";
    for added in [
        // Other words than the quotes'.
        " Choosing carefully improves scheduling efficiency for everybody on busy clusters.",
        // A literal that is in no quote, and what rests on it.
        " Write it as `--limit=60`. The site allows at most 1,440 minutes.",
    ] {
        let candidate = kept(written(&format!("{ANSWER}{added}")));
        assert_eq!(candidate.answer, ANSWER);
        let repairs = candidate.verdict.unwrap().repairs;
        assert_eq!(repairs[0].name, "cut_unsupported");
        assert!(repairs[0].detail.contains(added.trim()), "{repairs:?}");
    }
}

#[test]
fn what_no_model_wrote_what_is_supported_and_what_has_a_shape_is_not_cut() {
    let supported = "The default is 60 minutes. The site allows at most 1,440 minutes.";
    let candidate = kept(written(supported));
    assert_eq!(candidate.answer, supported);
    assert!(candidate.verdict.unwrap().repairs.is_empty());

    let first = "Use `--limit=60` of the command. The default is 60 minutes.";
    let listed = "The default is 60 minutes.\n\n- Write it as `--limit=60`.";
    for answer in [first, listed] {
        let reject = rejected(written(answer));
        assert_eq!(reject.reason.as_str(), "judge.unsupported_flag");
        assert_eq!(reject.record["answer"], answer);
    }
    let mut by_hand = written("The default is 60 minutes. Write it as `--limit=60`.");
    by_hand.generator.model = None;
    rejected(by_hand);
}
