//! What becomes of a task when the model, or the way to it, fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dsg_core::{ChatError, Interrupt, Prompts, Seed, Silent};
use dsg_generate::{
    GenerateError, ModelWriter, ModelWriterConfig, Shortfall, UncoveredReason, prompts,
};
use futures_executor::block_on;

use super::{
    Double, Kind, assert_adds_up, busy, config, cut, fenced, good, reasons, reply, says, spent,
    store, task, try_write, write,
};

#[test]
fn a_quote_that_is_not_in_the_text_is_named_and_asked_for_again() {
    let model = Double::new(|kind, request| match kind {
        Kind::Quotes => says(r#"{"quotes": ["The moon is made of several sorts of cheese."]}"#),
        kind => good(kind, request),
    });
    let generated = write(2, &model);
    assert_eq!(generated.result.kept.len(), 2);
    let repairs = model.requests(Kind::Repair);
    assert_eq!(repairs.len(), 2);
    assert!(task(&repairs[0]).contains("````\nThe moon is made of several sorts of cheese.\n````"));
}

#[test]
fn a_quote_that_stays_wrong_rejects_the_task() {
    let model = Double::new(|kind, request| match kind {
        Kind::Quotes | Kind::Repair => says(r#"{"quotes": ["The moon is made of cheese."]}"#),
        kind => good(kind, request),
    });
    let generated = write(2, &model);
    assert!(generated.result.kept.is_empty());
    assert_eq!(
        reasons(&generated.result.rejects),
        [("generate.quote_not_found", 2)].into()
    );
    assert!(generated.result.rejects[0].detail.contains("cheese"));
    assert_eq!(model.count(Kind::Repair), 2);
    assert_eq!(model.count(Kind::Question), 0);
    let coverage = &generated.coverage;
    let short = coverage.cells.iter().filter(|cell| cell.shortfall > 0);
    assert!(short.clone().count() > 0);
    assert!(
        short
            .clone()
            .all(|cell| cell.why == Some(Shortfall::NotWritten))
    );
    let tried = coverage.uncovered.iter();
    assert_eq!(
        tried
            .filter(|c| c.why == UncoveredReason::NotWritten)
            .count(),
        2
    );
}

#[test]
fn what_has_a_place_is_kept_when_the_repair_brings_nothing() {
    let model = Double::new(|kind, request| match kind {
        Kind::Quotes => {
            let text = fenced(request, "Its text:")[0].split('.').next().unwrap();
            says(&serde_json::json!({"quotes": [text, "The moon is made of cheese."]}).to_string())
        }
        Kind::Repair => says("I am sorry."),
        kind => good(kind, request),
    });
    let generated = write(1, &model);
    assert_eq!(generated.result.kept.len(), 1);
    assert_eq!(generated.result.kept[0].citations.len(), 1);
}

#[test]
fn a_way_out_is_taken_at_each_step() {
    for step in [Kind::Quotes, Kind::Question, Kind::Answer] {
        let model = Double::new(move |kind, request| {
            if kind == step {
                return says(r#"{"cannot": "it is not said"}"#);
            }
            good(kind, request)
        });
        let generated = write(2, &model);
        assert_eq!(
            reasons(&generated.result.rejects),
            [("generate.cannot_answer", 2)].into()
        );
        assert_eq!(generated.result.rejects[0].detail, "it is not said");
        assert_eq!(model.count(step), 2);
    }
}

#[test]
fn a_cut_reply_is_asked_for_once_more_and_smaller() {
    let model = Double::new(|kind, request| match kind {
        Kind::Answer if !task(request).contains("One short sentence.") => cut(),
        Kind::Quotes if !task(request).contains("Copy 1 passage out") => cut(),
        kind => good(kind, request),
    });
    let generated = write(1, &model);
    assert_eq!(generated.result.kept.len(), 1);
    assert_eq!(
        (model.count(Kind::Quotes), model.count(Kind::Answer)),
        (2, 2)
    );

    let model = Double::new(|kind, request| match kind {
        Kind::Answer => cut(),
        kind => good(kind, request),
    });
    let generated = write(1, &model);
    assert_eq!(
        reasons(&generated.result.rejects),
        [("generate.reply_cut", 1)].into()
    );
    assert_eq!(model.count(Kind::Answer), 2);
}

#[test]
fn a_reply_that_cannot_be_used_is_asked_for_once_more_and_then_listed() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let model = Double::new(move |kind, request| match kind {
        Kind::Question if counted.fetch_add(1, Ordering::Relaxed) == 0 => {
            says("Sure! {\"question\"")
        }
        kind => good(kind, request),
    });
    assert_eq!(write(1, &model).result.kept.len(), 1);
    let asked = model.requests(Kind::Question);
    assert_eq!(asked.len(), 2);
    assert_ne!(asked[0].sampling.seed, asked[1].sampling.seed);

    let model = Double::new(|kind, request| match kind {
        Kind::Answer => says("Sure! {\"answer\": oops"),
        kind => good(kind, request),
    });
    let generated = write(1, &model);
    let reject = &generated.result.rejects[0];
    assert_eq!(reject.reason.as_str(), "generate.unusable_reply");
    // Nothing that the model said is lost.
    let replies = reject.record["replies"].as_array().unwrap();
    assert_eq!(replies.len(), 4);
    assert_eq!(replies[3]["text"], "Sure! {\"answer\": oops");
    assert!(model.requests(Kind::Answer)[1].sampling.temperature > 0.0);
}

#[test]
fn a_withheld_or_empty_reply_is_not_used() {
    for bad in ["", "   "] {
        let model = Double::new(move |kind, request| match kind {
            Kind::Question => says(bad),
            kind => good(kind, request),
        });
        assert_eq!(
            reasons(&write(1, &model).result.rejects),
            [("generate.unusable_reply", 1)].into()
        );
    }
    let model = Double::new(|kind, request| match kind {
        Kind::Question => Ok(reply(
            r#"{"question": "What?"}"#,
            dsg_core::FinishReason::Filtered,
        )),
        kind => good(kind, request),
    });
    assert_eq!(
        reasons(&write(1, &model).result.rejects),
        [("generate.unusable_reply", 1)].into()
    );
}

#[test]
fn evidence_beyond_the_context_is_halved() {
    let whole = |request: &dsg_core::ChatRequest| {
        let texts = fenced(request, "Its text:");
        texts.iter().any(|text| text.len() > 150)
    };
    let model = Double::new(move |kind, request| {
        if whole(request) {
            return Err(ChatError::ContextExceeded {
                model: "double".into(),
                prompt: 900,
                reply: 500,
                context: 1_000,
            });
        }
        good(kind, request)
    });
    let generated = write(1, &model);
    assert_eq!(
        generated.result.kept.len(),
        1,
        "{:?}",
        generated.result.rejects
    );

    let model = Double::new(|_, _| {
        Err(ChatError::ContextExceeded {
            model: "double".into(),
            prompt: 900,
            reply: 500,
            context: 1_000,
        })
    });
    let generated = write(1, &model);
    assert_eq!(
        reasons(&generated.result.rejects),
        [("generate.context_exceeded", 1)].into()
    );
    assert_eq!(model.count(Kind::Quotes), 2);
}

#[test]
fn a_busy_server_fails_one_task() {
    let model = Double::new(|kind, request| {
        let section = fenced(request, "Section of the documentation:")[0];
        if kind == Kind::Question && section == "Time > Limits" {
            return busy();
        }
        good(kind, request)
    });
    let generated = write(4, &model);
    assert_eq!(
        (generated.result.counts.kept, generated.result.counts.failed),
        (3, 1)
    );
    assert_eq!(
        generated.result.rejects[0].reason.as_str(),
        "generate.model_failed"
    );
    assert!(generated.result.rejects[0].detail.contains("503"));
}

#[test]
fn a_spent_budget_ends_the_run_with_what_was_done() {
    let calls = AtomicUsize::new(0);
    let model = Double::new(move |kind, request| {
        if calls.fetch_add(1, Ordering::Relaxed) >= 10 {
            return spent();
        }
        good(kind, request)
    });
    let settings = ModelWriterConfig {
        concurrency: 1,
        ..ModelWriterConfig::default()
    };
    let error = try_write(config(6), settings, &model, &store()).unwrap_err();
    let GenerateError::Stopped {
        not_asked,
        done,
        source,
    } = error
    else {
        panic!("{error}");
    };
    assert!(matches!(source, ChatError::BudgetSpent { .. }));
    assert_adds_up(&done);
    assert_eq!((done.result.kept.len(), not_asked), (3, 3));
    // No call was made after the refusal.
    assert_eq!(model.asked.lock().unwrap().len(), 11);
}

#[test]
fn calls_under_way_are_waited_for_when_another_ends_the_run() {
    // The first chunk's calls take long, the others' are refused at once.
    let model = Double::slow(
        |kind, request| {
            if fenced(request, "Section of the documentation:")[0] == "Time > Limits" {
                good(kind, request)
            } else {
                spent()
            }
        },
        |request| {
            if fenced(request, "Section of the documentation:")[0] == "Time > Limits" {
                20
            } else {
                5
            }
        },
    );
    let error = try_write(config(4), ModelWriterConfig::default(), &model, &store()).unwrap_err();
    assert!(
        matches!(error, GenerateError::Stopped { not_asked: 4, .. }),
        "{error:?}"
    );
    // Its first reply came, so that a store has it; the second was not asked for.
    let slow = model
        .asked
        .lock()
        .unwrap()
        .iter()
        .filter(|request| fenced(request, "Section of the documentation:")[0] == "Time > Limits")
        .count();
    assert_eq!(slow, 1);
}

#[test]
fn an_interrupt_asks_nothing_more() {
    let model = Double::new(good);
    let interrupt = Interrupt::default();
    interrupt.request();
    let prompts = Arc::new(Prompts::new(prompts()).unwrap());
    let settings = ModelWriterConfig::default();
    let writer = ModelWriter::new(
        config(2),
        settings,
        Seed(1),
        prompts,
        Arc::clone(&model) as _,
    )
    .unwrap();
    let error = block_on(writer.run(&store(), &Silent, &interrupt)).unwrap_err();
    assert!(matches!(error, GenerateError::Interrupted));
    assert!(model.asked.lock().unwrap().is_empty());
}

#[test]
fn the_same_question_twice_is_kept_once() {
    let model = Double::new(|kind, request| match kind {
        Kind::Question => says(r#"{"question": "What is the default limit of a queue job?"}"#),
        kind => good(kind, request),
    });
    let generated = write(4, &model);
    assert_eq!(generated.result.kept.len(), 1);
    assert_eq!(
        reasons(&generated.result.rejects),
        [("generate.duplicate_question", 3)].into()
    );

    let model = Double::new(|kind, request| match kind {
        Kind::Answer => says(r#"{"answer": "It depends on the partition."}"#),
        kind => good(kind, request),
    });
    let generated = write(4, &model);
    assert_eq!(generated.result.kept.len(), 1);
    assert_eq!(
        reasons(&generated.result.rejects),
        [("generate.duplicate_answer", 3)].into()
    );
}

#[test]
fn a_missing_prompt_and_an_impossible_value_are_named() {
    let build = |settings, prompts: Vec<&str>| {
        let prompts = Arc::new(Prompts::new(prompts).unwrap());
        let model = Double::new(good);
        ModelWriter::new(config(1), settings, Seed(1), prompts, model)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        build(ModelWriterConfig::default(), prompts()[..2].to_vec()),
        "the writer needs a prompt `qa/answer`"
    );
    let settings = ModelWriterConfig {
        rounds: 0,
        ..ModelWriterConfig::default()
    };
    assert_eq!(
        build(settings, prompts().to_vec()),
        "`rounds` is 0, but must be at least 1"
    );
}

#[test]
fn what_a_provider_refused_is_read_as_far_as_it_goes() {
    let model = Double::new(|kind, request| match kind {
        // One quote too many for the schema, but all are right.
        Kind::Quotes => Err(ChatError::Unusable {
            model: "double".into(),
            problem: "4 items".into(),
            text: good(kind, request).unwrap().text,
        }),
        Kind::Answer if !task(request).contains("One short sentence.") => {
            Err(ChatError::ReplyCut {
                model: "double".into(),
                completion: 512,
                max_tokens: 512,
            })
        }
        kind => good(kind, request),
    });
    let generated = write(1, &model);
    assert_eq!(
        generated.result.kept.len(),
        1,
        "{:?}",
        generated.result.rejects
    );
    assert_eq!(
        (model.count(Kind::Quotes), model.count(Kind::Answer)),
        (1, 2)
    );

    let model = Double::new(|kind, request| {
        let texts = fenced(request, "Its text:");
        if texts.iter().any(|text| text.len() > 150) {
            return Err(ChatError::PromptCut {
                model: "double".into(),
                counted: 10,
                sent: 100,
            });
        }
        good(kind, request)
    });
    assert_eq!(write(1, &model).result.kept.len(), 1);
}

#[test]
fn an_index_that_cannot_be_read_ends_the_run() {
    struct Torn(dsg_core::MemoryStore);
    impl dsg_core::ChunkStore for Torn {
        fn len(&self) -> usize {
            self.0.len()
        }
        fn get(&self, position: usize) -> Result<Option<dsg_core::Chunk>, dsg_core::SeamError> {
            self.0.get(position)
        }
        fn find(
            &self,
            id: &dsg_core::ChunkId,
        ) -> Result<Option<dsg_core::Chunk>, dsg_core::SeamError> {
            self.0.find(id)
        }
    }
    impl dsg_core::Retriever for Torn {
        fn search(&self, query: &str, k: usize) -> Result<Vec<dsg_core::Hit>, dsg_core::SeamError> {
            if query.starts_with("Which colour") {
                return Err(dsg_core::SeamError {
                    what: "cannot read the postings".into(),
                    source: "torn".into(),
                });
            }
            self.0.search(query, k)
        }
    }
    let model = Double::new(good);
    let settings = ModelWriterConfig {
        unanswerable: 1.0,
        concurrency: 1,
        ..ModelWriterConfig::default()
    };
    let error = try_write(config(4), settings, &model, &Torn(store())).unwrap_err();
    assert!(matches!(error, GenerateError::Search { .. }), "{error:?}");
    // Nothing was asked for after that.
    assert_eq!(model.asked.lock().unwrap().len(), 1);
}
