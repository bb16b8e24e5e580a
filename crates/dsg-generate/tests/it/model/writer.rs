//! What a model writes when it does what it is asked for.

use dsg_core::{MemoryStore, QuestionType};
use dsg_generate::{ModelWriterConfig, UncoveredReason};

use super::{Double, Kind, assert_adds_up, config, fenced, good, says, store, try_write, write};
use crate::Page;

#[test]
fn every_answer_has_receipts_in_its_chunk() {
    let model = Double::new(good);
    let generated = write(6, &model);
    let store = store();
    assert_eq!(
        generated.result.kept.len(),
        6,
        "{:?}",
        generated.result.rejects
    );
    for candidate in &generated.result.kept {
        assert_eq!(candidate.topic, "queue");
        assert_eq!(candidate.generator.provider, "scripted");
        assert_eq!(candidate.generator.model.as_deref(), Some("double"));
        assert_eq!(candidate.generator.prompt, "qa/answer@1");
        assert_eq!(
            candidate.extra["prompts"],
            serde_json::json!(["qa/quotes@1", "qa/question@1", "qa/answer@1"])
        );
        assert_eq!(candidate.evidence.len(), 1);
        for citation in &candidate.citations {
            let chunk = store
                .0
                .iter()
                .find(|c| c.chunk_id == citation.chunk_id)
                .unwrap();
            assert_eq!(chunk.slice(citation.span), Some(citation.quote.as_str()));
            // The model wrote it in capitals; the receipt is what stands there.
            assert_ne!(citation.quote, citation.quote.to_uppercase());
        }
    }
    // Three calls an item, no more.
    assert_eq!(model.asked.lock().unwrap().len(), 18);
}

#[test]
fn the_plan_decides_what_is_asked_for() {
    let model = Double::new(good);
    let generated = write(8, &model);
    let written = |wanted| {
        generated
            .result
            .kept
            .iter()
            .filter(|candidate| candidate.question_type == wanted)
            .count()
    };
    let planned = |wanted| -> usize {
        let cells = generated.coverage.cells.iter();
        cells
            .filter(|cell| cell.question_type == wanted)
            .map(|cell| cell.planned)
            .sum()
    };
    for question_type in QuestionType::ALL {
        assert_eq!(
            written(question_type),
            planned(question_type),
            "{question_type:?}"
        );
    }
    assert_eq!(generated.coverage.topics[0].written, 8);
    assert_eq!(generated.coverage.patterns["qa/answer"], 8);
    // Chunks that suit a type are asked for it: only one page tells of an error.
    let trouble: Vec<_> = model
        .requests(Kind::Quotes)
        .iter()
        .filter(|request| super::task(request).contains("question about a problem"))
        .map(|request| fenced(request, "Section of the documentation:")[0].to_owned())
        .collect();
    assert!(
        trouble
            .iter()
            .all(|section| section == "Time > Limits" || section == "Time > Extensions")
    );
}

#[test]
fn a_chunk_says_why_it_gave_nothing() {
    let model = Double::new(good);
    let generated = write(2, &model);
    let why = |section: &str| {
        let found = generated
            .coverage
            .uncovered
            .iter()
            .find(|chunk| chunk.heading_path.last().unwrap() == section);
        found.map(|chunk| chunk.why)
    };
    assert_eq!(why("Painting"), Some(UncoveredReason::OffTopic));
    assert_eq!(why("Short queue job"), Some(UncoveredReason::NoStructure));
    let others = ["Limits", "Extensions", "Requests", "Reports"].map(why);
    let idle = |why: &&Option<UncoveredReason>| **why == Some(UncoveredReason::NotNeeded);
    assert_eq!(others.iter().filter(idle).count(), 2);
    assert_eq!(others.iter().filter(|why| why.is_none()).count(), 2);
}

#[test]
fn later_rounds_fill_what_earlier_ones_missed() {
    // The model can do nothing with one of the pages.
    let model = Double::new(|kind, request| {
        let section = fenced(request, "Section of the documentation:")[0];
        if kind == Kind::Quotes && section.starts_with("Time") {
            return says(r#"{"cannot": "nothing here"}"#);
        }
        good(kind, request)
    });
    let settings = || ModelWriterConfig {
        items_per_chunk: 3,
        rounds: 8,
        ..ModelWriterConfig::default()
    };
    let single = ModelWriterConfig {
        rounds: 1,
        ..settings()
    };
    let once = try_write(config(4), single, &model, &store()).unwrap();
    assert_adds_up(&once);
    let often = try_write(config(4), settings(), &model, &store()).unwrap();
    assert_adds_up(&often);
    assert_eq!(once.result.kept.len(), 2);
    assert_eq!(often.result.kept.len(), 4);
}

#[test]
fn taken_questions_of_the_chunk_are_told() {
    let model = Double::new(good);
    write(8, &model);
    let told: Vec<usize> = model
        .requests(Kind::Quotes)
        .iter()
        .map(|request| super::task(request).matches("What is said about").count())
        .collect();
    assert_eq!(told.iter().filter(|n| **n == 0).count(), 4);
    assert_eq!(told.iter().filter(|n| **n == 1).count(), 4);
}

#[test]
fn a_question_from_two_chunks_has_receipts_in_both() {
    let model = Double::new(good);
    let settings = ModelWriterConfig {
        multi_chunk: 1.0,
        rounds: 1,
        ..ModelWriterConfig::default()
    };
    let generated = try_write(config(3), settings, &model, &store()).unwrap();
    assert_adds_up(&generated);
    assert!(!generated.result.kept.is_empty());
    for candidate in &generated.result.kept {
        assert_eq!(candidate.extra["multi_chunk"], true);
        assert_eq!(candidate.evidence.len(), 2);
        for chunk in &candidate.evidence {
            assert!(candidate.citations.iter().any(|c| c.chunk_id == *chunk));
        }
    }
}

#[test]
fn quotes_from_one_of_two_chunks_are_not_enough() {
    let model = Double::new(|kind, request| match kind {
        Kind::Quotes | Kind::Repair => {
            let text = fenced(request, "Its text:")[0];
            let sentence = text.split('.').next().unwrap();
            says(&serde_json::json!({"quotes": [sentence]}).to_string())
        }
        kind => good(kind, request),
    });
    let settings = ModelWriterConfig {
        multi_chunk: 1.0,
        rounds: 1,
        ..ModelWriterConfig::default()
    };
    let generated = try_write(config(2), settings, &model, &store()).unwrap();
    assert_adds_up(&generated);
    assert!(generated.result.kept.is_empty());
    assert_eq!(
        super::reasons(&generated.result.rejects),
        [("generate.one_source_only", 2)].into()
    );
}

fn untold() -> ModelWriterConfig {
    ModelWriterConfig {
        unanswerable: 1.0,
        rounds: 1,
        search_depth: 3,
        ..ModelWriterConfig::default()
    }
}

#[test]
fn a_question_without_an_answer_says_where_it_was_looked_for() {
    let model = Double::new(good);
    let generated = try_write(config(2), untold(), &model, &store()).unwrap();
    assert_adds_up(&generated);
    assert_eq!(generated.result.kept.len(), 2);
    for candidate in &generated.result.kept {
        assert_eq!(candidate.extra["unanswerable"], true);
        assert_eq!(candidate.generator.prompt, "qa/unanswerable@1");
        assert!(candidate.evidence.len() >= 3);
        assert_eq!(candidate.citations.len(), 1);
        assert_eq!(candidate.citations[0].chunk_id, candidate.evidence[0]);
    }
    assert!(model.count(Kind::Search) >= 6);
}

#[test]
fn a_question_that_another_chunk_answers_is_not_unanswerable() {
    let model = Double::new(|kind, request| match kind {
        Kind::Search
            if fenced(request, "Section of the documentation:")[0] == "Memory > Requests" =>
        {
            says(r#"{"quotes": ["The request is rounded up to whole gigabytes."]}"#)
        }
        Kind::Unanswerable => says(r#"{"question": "Is the memory of a queue job rounded?"}"#),
        kind => good(kind, request),
    });
    let generated = try_write(config(1), untold(), &model, &store()).unwrap();
    assert_adds_up(&generated);
    let reject = &generated.result.rejects[0];
    assert_eq!(reject.reason.as_str(), "generate.answerable");
    assert!(
        reject.detail.contains("whole gigabytes"),
        "{}",
        reject.detail
    );
}

#[test]
fn an_options_names_come_with_its_description() {
    let page = Page::new(&["qrun", "Options"])
        .command("qrun")
        .option(
            "--time=<minutes>",
            "Sets the limit of the queue job in minutes. Without it the limit is that of the partition, and jobs beyond it are \
             killed at once.",
        )
        .option("--mem=<size>", "Sets the memory per node.");
    let store = MemoryStore(vec![page.numbered("qrun.md", 0)]);
    let model = Double::new(|kind, request| match kind {
        Kind::Quotes => says(
            r#"{"quotes": ["Without it the limit is that of the partition, and jobs beyond it are killed at once."]}"#,
        ),
        kind => good(kind, request),
    });
    let generated = try_write(config(1), ModelWriterConfig::default(), &model, &store).unwrap();
    let quotes: Vec<&str> = generated.result.kept[0]
        .citations
        .iter()
        .map(|citation| citation.quote.as_str())
        .collect();
    assert_eq!(quotes.len(), 2);
    assert_eq!(quotes[0], "--time=<minutes>");
    // The answer was copied from the sentence before, so that is part of the receipt.
    assert!(quotes[1].starts_with("Sets the limit") && quotes[1].contains("Without it"));
}

#[test]
fn without_topics_everything_is_general() {
    let model = Double::new(good);
    let mut config = config(1);
    config.topics.clear();
    let generated = try_write(config, ModelWriterConfig::default(), &model, &store()).unwrap();
    assert_adds_up(&generated);
    // One for every two chunks.
    assert_eq!(generated.result.kept.len(), 3);
    assert!(generated.result.kept.iter().all(|c| c.topic == "general"));
}

const MESSY: &str = "A queue job waits in its par-\ntition until enough re-\nsources are free for\nit and for no other\nqueue job. One that waits\nlonger than a week is can-\ncelled and has to be\nsubmitted anew.";

#[test]
fn a_chunk_that_lost_its_layout_is_read_in_order_and_cited_as_it_is() {
    let page = Page::new(&["Waiting"]).command("qrun").paragraph(MESSY);
    let store = MemoryStore(vec![page.numbered("waiting.pdf", 0)]);
    let settings = |structure| ModelWriterConfig {
        structure,
        ..ModelWriterConfig::default()
    };
    let model = Double::new(good);
    let generated = try_write(config(2), settings(true), &model, &store).unwrap();
    assert_adds_up(&generated);
    for request in model.requests(Kind::Quotes) {
        let read = fenced(&request, "Its text:")[0].to_owned();
        assert_eq!(read, MESSY.replace("-\n", "").replace('\n', " "));
    }
    assert_eq!(generated.result.kept.len(), 2);
    for candidate in &generated.result.kept {
        assert!(
            candidate.citations.iter().all(|citation| {
                citation.quote.contains('\n') && MESSY.contains(&citation.quote)
            })
        );
    }
    // Asked alike by every task on the chunk: the reply store pays once.
    let asked = model.requests(Kind::Structure);
    assert!(asked.iter().all(|request| request == &asked[0]));

    let plain = Double::new(good);
    try_write(config(2), settings(false), &plain, &store).unwrap();
    assert_eq!(plain.count(Kind::Structure), 0);
}

#[test]
fn a_chunk_that_the_model_rewrote_is_read_as_it_is() {
    let page = Page::new(&["Waiting"]).command("qrun").paragraph(MESSY);
    let store = MemoryStore(vec![page.numbered("waiting.pdf", 0)]);
    let settings = ModelWriterConfig {
        structure: true,
        ..ModelWriterConfig::default()
    };
    let model = Double::new(|kind, request| match kind {
        Kind::Structure => {
            says(r#"{"text": "Jobs may wait for a long time, so plan your week with care."}"#)
        }
        kind => good(kind, request),
    });
    let generated = try_write(config(1), settings, &model, &store).unwrap();
    assert_adds_up(&generated);
    assert!(
        model
            .requests(Kind::Quotes)
            .iter()
            .all(|request| fenced(request, "Its text:") == [MESSY])
    );
}
