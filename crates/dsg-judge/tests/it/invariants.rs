//! What holds for any text.

use std::sync::LazyLock;

use dsg_core::{Outcome, StageResult};
use dsg_judge::{Evidence, Lexer, SecretScanner};
use proptest::prelude::*;

use crate::fixture::{item, judge, limits, script, store};

static LEXER: LazyLock<Lexer> = LazyLock::new(|| Lexer::new().unwrap());
static SECRETS: LazyLock<SecretScanner> = LazyLock::new(|| SecretScanner::new().unwrap());

/// Fragments that the checks care about, to be strung together.
fn text() -> impl Strategy<Value = String> {
    let fragment = prop::sample::select(vec![
        "sbatch",
        "-p debug",
        "--partition=gpu",
        "--account phys",
        "#SBATCH -p x",
        "`",
        "```\n",
        "(",
        ")",
        " ",
        "\n",
        "rm -rf /",
        "erika@site.eu",
        "60 minutes",
        "1,440",
        "$HOME",
        "/etc/slurm",
        "is",
        "it",
        "?",
        "ü",
        "“",
        "\u{a0}",
        "password=Zx81kQ0vLm22",
        "+1-202-555-0143",
        "srun -pdebug",
        "SLURM_JOB_ID",
        "mkdir -p a",
        "the job",
        ".",
    ]);
    prop::collection::vec(fragment, 0..24).prop_map(|parts| parts.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nothing_is_lost_and_a_second_review_changes_nothing(question in text(), answer in text()) {
        let candidate = item(&question, &answer, &[limits(), script()]);
        let outcome = judge().review(candidate, &store()).unwrap();
        let record = match &outcome {
            Outcome::Kept(candidate) => candidate.clone(),
            Outcome::Dropped(reject) => serde_json::from_value(reject.record.clone()).unwrap(),
            Outcome::Failed(reject) => panic!("{reject:?}"),
        };
        let result: StageResult<_> = [outcome].into_iter().collect();
        prop_assert!(result.counts.is_balanced());

        let again = match judge().review(record.clone(), &store()).unwrap() {
            Outcome::Kept(candidate) => candidate,
            Outcome::Dropped(reject) => serde_json::from_value(reject.record).unwrap(),
            Outcome::Failed(reject) => panic!("{reject:?}"),
        };
        prop_assert_eq!(&again.question, &record.question);
        prop_assert_eq!(&again.answer, &record.answer);
        prop_assert!(again.verdict.unwrap().repairs.is_empty());
    }

    #[test]
    fn a_text_supports_its_own_literals(text in text()) {
        let evidence = Evidence::new(&LEXER, [text.as_str()]);
        for literal in LEXER.literals(&text) {
            prop_assert!(evidence.supports(&literal), "{:?} of {:?}", literal, text);
            prop_assert_eq!(text.get(literal.start..literal.start + literal.text.len()), Some(literal.text.as_str()));
        }
    }

    #[test]
    fn findings_lie_in_the_text_in_order(text in ".{0,200}") {
        let found = SECRETS.scan(&text);
        let mut reach = 0;
        for item in found {
            prop_assert!(item.range.start >= reach && text.get(item.range.clone()).is_some());
            reach = item.range.end;
        }
    }
}
