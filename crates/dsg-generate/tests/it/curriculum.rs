//! Plans, topics, coverage.

use std::collections::BTreeMap;

use dsg_core::{Chunk, Interrupt, MemoryStore, Seed, Silent};
use dsg_generate::{GenerateConfig, GenerateError, Generated, Generator, Shortfall, Topic};

use crate::Page;

fn corpus() -> Vec<Chunk> {
    let page = |tool: &str, document: usize| {
        let mut page = Page::new(&[tool, "OPTIONS"]).command(tool);
        for number in 0..8 {
            page = page.option(
                &format!("**--{tool}-{number}**"),
                &format!("Print report number {number} of the jobs that {tool} knows about."),
            );
        }
        page.numbered(&format!("{tool}.1"), document)
    };
    vec![page("qlist", 0), page("qhold", 1), page("qmove", 2)]
}

fn topic(id: &str, command: &str, quota: usize) -> Topic {
    Topic {
        id: id.into(),
        commands: vec![command.into()],
        quota,
        ..Topic::default()
    }
}

fn run(config: GenerateConfig) -> Generated {
    Generator::new(config, Seed(7))
        .unwrap()
        .run(&MemoryStore(corpus()), &Silent, &Interrupt::default())
        .unwrap()
}

#[test]
fn every_draft_is_accounted_for() {
    let generated = run(GenerateConfig::default());
    assert!(generated.result.counts.is_balanced());
    assert!(!generated.result.kept.is_empty());
    assert!(
        generated
            .result
            .kept
            .iter()
            .all(|item| item.topic == "general")
    );
}

#[test]
fn a_draft_goes_to_the_topic_of_its_command_and_nowhere_else() {
    let generated = run(GenerateConfig {
        topics: vec![topic("holding", "qhold", 4), topic("listing", "qlist", 4)],
        oversample: 1.0,
        ..GenerateConfig::default()
    });
    for item in &generated.result.kept {
        let expected = if item.topic == "holding" {
            "qhold"
        } else {
            "qlist"
        };
        assert!(
            item.question.contains(expected),
            "{} {}",
            item.topic,
            item.question
        );
    }
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for (reason, count) in &generated.result.counts.dropped {
        reasons.insert(reason.as_str(), *count);
    }
    assert!(reasons.contains_key("generate.off_topic"), "{reasons:?}");
}

fn licence(name: &str) -> Page {
    Page::new(&[name, "License"])
        .heading(2, "License")
        .paragraph("Free to use and open source under the GNU GPLv3.")
}

#[test]
fn the_same_licence_of_two_products_is_told_of_both() {
    let chunks = ["Kraken", "Medusa"].map(|name| licence(name).numbered(name, 0));
    let generated = Generator::new(GenerateConfig::default(), Seed(7))
        .unwrap()
        .run(
            &MemoryStore(chunks.to_vec()),
            &Silent,
            &Interrupt::default(),
        )
        .unwrap();
    assert_eq!(generated.result.kept.len(), 2);
}

#[test]
fn what_no_topic_claims_goes_with_the_rest_of_its_page() {
    let licence_is_kept = |document: &str| {
        let mut chunks = corpus();
        let first = chunks[0].doc_id.clone();
        chunks.truncate(1);
        chunks.push(licence("Medusa").numbered(document, 1));
        assert_eq!(chunks[1].doc_id == first, document == "qlist.1");
        let config = GenerateConfig {
            topics: vec![topic("listing", "qlist", 20)],
            ..GenerateConfig::default()
        };
        let generated = Generator::new(config, Seed(7))
            .unwrap()
            .run(&MemoryStore(chunks), &Silent, &Interrupt::default())
            .unwrap();
        let mut kept = generated.result.kept.iter();
        kept.any(|item| item.answer.contains("GPLv3"))
    };
    assert!(licence_is_kept("qlist.1"));
    assert!(!licence_is_kept("medusa.1"));
}

#[test]
fn coverage_says_what_is_missing_and_why() {
    let generated = run(GenerateConfig {
        topics: vec![topic("listing", "qlist", 10), topic("nothing", "qzap", 3)],
        ..GenerateConfig::default()
    });
    let nothing: Vec<_> = generated
        .coverage
        .cells
        .iter()
        .filter(|cell| cell.topic == "nothing")
        .collect();
    assert!(
        nothing
            .iter()
            .all(|cell| cell.why == Some(Shortfall::NoEvidence))
    );
    assert!(
        generated
            .coverage
            .cells
            .iter()
            .any(|cell| cell.topic == "listing" && cell.why == Some(Shortfall::NoStructure))
    );
}

#[test]
fn two_runs_give_the_same_candidates() {
    let config = GenerateConfig {
        topics: vec![topic("listing", "qlist", 5)],
        ..GenerateConfig::default()
    };
    assert_eq!(run(config.clone()), run(config));
}

#[test]
fn a_requested_stop_is_honoured() {
    let interrupt = Interrupt::default();
    interrupt.request();
    let result = Generator::new(GenerateConfig::default(), Seed(1))
        .unwrap()
        .run(&MemoryStore(corpus()), &Silent, &interrupt);
    assert!(matches!(result, Err(GenerateError::Interrupted)));
}
