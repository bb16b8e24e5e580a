//! What is changed before it is checked.

use crate::fixture::{TEXT, item, kept, limits, script, store};

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
