//! What holds for any items.

use std::collections::{BTreeMap, BTreeSet};

use dsg_core::{Candidate, DocId};
use dsg_dedupe::{
    BalanceConfig, Balancer, DedupeConfig, Deduper, SplitConfig, Splitter, verify_split,
};
use proptest::prelude::*;

use crate::fixture::{ids, item, shown};

const WORDS: [&str; 14] = [
    "job",
    "node",
    "queue",
    "start",
    "stop",
    "array",
    "limit",
    "memory",
    "`-n`",
    "`-N`",
    "not",
    "2",
    "3",
    "partition",
];

/// Items with few words, so that many are alike, on few documents.
fn items() -> impl Strategy<Value = Vec<Candidate>> {
    let words = prop::collection::vec(prop::sample::select(WORDS.to_vec()), 1..6);
    let one = (
        words.clone(),
        words,
        0_usize..9,
        0_usize..9,
        0_u8..4,
        any::<bool>(),
    );
    prop::collection::vec(one, 0..40).prop_map(|specs| {
        specs
            .into_iter()
            .enumerate()
            .map(|(i, (question, answer, doc, other, score, tied))| {
                let mut item = item(
                    &format!("q{i:02}"),
                    &format!("How is {}?", question.join(" ")),
                    &format!("By {}.", answer.join(" ")),
                    &format!("d{doc}"),
                    f64::from(score) / 4.0,
                );
                item.topic = format!("t{}", doc % 3);
                if tied {
                    shown(item, &[&format!("d{other}")])
                } else {
                    item
                }
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn deduplication_is_balanced_idempotent_and_blind_to_order(items in items(), turn in 0_usize..40) {
        let deduper = Deduper::new(DedupeConfig::default()).unwrap();
        let first = deduper.run(items.clone());
        prop_assert!(first.result.counts.is_balanced());
        prop_assert_eq!(first.result.counts.entered, items.len() as u64);

        let again = deduper.run(first.result.kept.clone());
        prop_assert_eq!(&again.result.kept, &first.result.kept);

        let mut turned = items.clone();
        turned.rotate_left(turn.min(items.len()));
        turned.reverse();
        let kept = |items: &[Candidate]| ids(items).into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
        prop_assert_eq!(kept(&deduper.run(turned).result.kept), kept(&first.result.kept));

        let removed = first.duplicates.len();
        prop_assert_eq!(removed, first.result.rejects.len());
    }

    #[test]
    fn balancing_never_exceeds_a_quota_and_loses_nothing(items in items(), quota in 0_usize..12) {
        let config = BalanceConfig {
            quotas: [("t0".to_owned(), quota), ("t1".to_owned(), quota / 2)].into(),
            difficulty: [("basic".to_owned(), 1.0)].into(),
            question_types: BTreeMap::new(),
            ..BalanceConfig::default()
        };
        let balanced = Balancer::new(config).unwrap().run(items.clone());
        prop_assert!(balanced.result.counts.is_balanced());
        for coverage in &balanced.coverage {
            let total = coverage.total;
            prop_assert_eq!(total.got, total.quota.unwrap_or(usize::MAX).min(total.available));
        }
    }

    #[test]
    fn a_split_never_leaks(items in items(), fraction in 0.0..0.6_f64, joined in 0_usize..9) {
        let clusters = [vec![DocId::from_existing("d0"), DocId::from_existing(format!("d{joined}"))]];
        let config = SplitConfig { eval_fraction: fraction, ..SplitConfig::default() };
        let threshold = config.question_threshold;
        let split = Splitter::new(config).unwrap().run(items.clone(), &clusters).unwrap();
        prop_assert!(split.counts.is_balanced());
        prop_assert_eq!(split.train.len() + split.eval.len() + split.rejects.len(), items.len());
        prop_assert_eq!(verify_split(&split.train, &split.eval, &clusters, threshold), Ok(()));
    }

    #[test]
    fn thread_count_changes_nothing(items in items()) {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| Deduper::new(DedupeConfig::default()).unwrap().run(items.clone()))
        };
        prop_assert_eq!(run(1), run(3));
    }
}
