//! Items that a person would accept.

use dsg_core::{Decision, Verdict};
use dsg_judge::{Judge, JudgeConfig, LiteralScope};

use crate::fixture::{good, item, kept, limits, rejected, script, store};

#[test]
fn a_good_item_is_kept_with_a_full_verdict() {
    let verdict = kept(good()).verdict.unwrap();
    assert_eq!(verdict.decision, Decision::Accept);
    assert!(
        verdict
            .checks
            .iter()
            .all(|check| check.passed && check.detail.is_none())
    );
    assert!(verdict.scores["groundedness"] > 0.8, "{:?}", verdict.scores);
    assert!(verdict.repairs.is_empty());
    for name in [
        "citation.quote_at_span",
        "literals.number",
        "safety.secret",
        "style.markup",
        "language",
    ] {
        assert!(
            verdict.checks.iter().any(|check| check.name == name),
            "{name}"
        );
    }
}

#[test]
fn a_verdict_that_came_along_is_replaced() {
    let mut candidate = good();
    candidate.verdict = Some(Verdict::default());
    assert_eq!(kept(candidate.clone()).verdict, kept(good()).verdict);
}

#[test]
fn steps_requests_and_code_pass() {
    kept(item(
        "How do I submit a job with `sbatch` that runs the solver?",
        "1. Set `--time=01:30:00`.\n2. Start it:\n\n```bash\n#SBATCH --time=01:30:00\n# run it\nsrun ./solver --input case7.dat\n```",
        &[limits(), script()],
    ));
    kept(item(
        "Explain what a time limit of 0 means for an `sbatch` job.",
        "A value of 0 means that no limit is set.",
        &["A value of 0 means that no limit is set."],
    ));
    kept(item(
        "What does `sbatch --time` limit, and is it possible to switch it off?",
        "It limits the total run time of the job; a value of 0 means that no limit is set.",
        &[limits()],
    ));
}

#[test]
fn a_literal_outside_the_receipts_counts_only_when_asked_for() {
    let candidate = || {
        item(
            "Which limit does `sbatch` set on the run time of a job?",
            "It sets a limit on the total run time of the job. The default is 60 minutes.",
            &["Set a limit on the total run time of the job."],
        )
    };
    assert_eq!(
        rejected(candidate()).reason.as_str(),
        "judge.unsupported_number"
    );
    let lenient = JudgeConfig {
        literals_in: LiteralScope::Evidence,
        ..JudgeConfig::default()
    };
    let outcome = Judge::new(lenient)
        .unwrap()
        .review(candidate(), &store())
        .unwrap();
    assert!(outcome.kept().is_some());
}
