//! Timing changes nothing.

use dsg_core::ChatRequest;
use dsg_core::hash::xxh3_64;
use dsg_generate::{Generated, ModelWriterConfig};
use proptest::prelude::*;

use super::{Double, Kind, assert_adds_up, config, cut, good, says, store, try_write};

/// Some of everything: right, unable, cut, unusable and wrong, by what is asked and not by when.
fn moody(kind: Kind, request: &ChatRequest) -> Result<dsg_core::ChatReply, dsg_core::ChatError> {
    let mood = xxh3_64(serde_json::to_string(request).unwrap().as_bytes(), 7) % 12;
    match mood {
        0 => says(r#"{"cannot": "not here"}"#),
        1 => cut(),
        2 => says("no JSON at all"),
        3 if kind == Kind::Quotes => says(r#"{"quotes": ["Nothing of the kind stands there."]}"#),
        4 => super::busy(),
        _ => good(kind, request),
    }
}

fn run(delay: fn(&ChatRequest) -> usize, concurrency: usize) -> Generated {
    let model = Double::slow(moody, delay);
    let settings = ModelWriterConfig {
        concurrency,
        items_per_chunk: 3,
        multi_chunk: 0.3,
        unanswerable: 0.2,
        ..ModelWriterConfig::default()
    };
    let generated = try_write(config(8), settings, &model, &store()).unwrap();
    assert_adds_up(&generated);
    generated
}

fn lag(request: &ChatRequest, seed: u64) -> usize {
    let hash = xxh3_64(request.messages[1].content.as_bytes(), seed);
    usize::try_from(hash % 23).unwrap()
}

#[test]
fn replies_in_another_order_give_the_same_bytes() {
    let alone = run(|_| 0, 1);
    assert!(!alone.result.kept.is_empty() && !alone.result.rejects.is_empty());
    let delays: [fn(&ChatRequest) -> usize; 4] = [
        |_| 0,
        |request| lag(request, 1),
        |request| lag(request, 2),
        |request| lag(request, 3),
    ];
    for (number, delay) in delays.into_iter().enumerate() {
        let other = run(delay, 2 + number * 3);
        assert_eq!(
            serde_json::to_string(&(&other.result.kept, &other.result.rejects, &other.coverage))
                .unwrap(),
            serde_json::to_string(&(&alone.result.kept, &alone.result.rejects, &alone.coverage))
                .unwrap(),
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_funnel_adds_up_whatever_the_model_says(salt in any::<u64>(), quota in 1_usize..12) {
        let model = Double::new(move |kind, request| {
            let mood = xxh3_64(serde_json::to_string(request).unwrap().as_bytes(), salt) % 8;
            match mood {
                0 => says(r#"{"cannot": "not here"}"#),
                1 => cut(),
                2 => says("}{ [[\"quotes\": "),
                3 => super::busy(),
                _ => good(kind, request),
            }
        });
        let settings = ModelWriterConfig { multi_chunk: 0.5, unanswerable: 0.5, ..ModelWriterConfig::default() };
        let generated = try_write(config(quota), settings, &model, &store()).unwrap();
        assert_adds_up(&generated);
        let sum = &generated.coverage.topics[0];
        prop_assert_eq!(sum.written, generated.result.kept.len());
        prop_assert!(sum.written <= sum.planned);
    }
}
