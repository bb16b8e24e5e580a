//! When a request is sent again, and when not.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use dsg_core::{ChatError, ChatModel as _, ChatReply};
use dsg_llm::{Retry, RetryConfig, reply_to};

use crate::probe::{Probe, busy};
use crate::server::{question, request};

const FIRST: Duration = Duration::from_millis(500);

/// Asks a model whose first `failures` replies are `error`; the waits between the attempts, and what came of it.
async fn ask(
    text: &str,
    failures: usize,
    error: fn() -> ChatError,
    config: RetryConfig,
) -> (Vec<Duration>, Result<ChatReply, ChatError>) {
    let probe = Arc::new(Probe::new(Duration::ZERO, move |nth, request| {
        if nth < failures {
            Err(error())
        } else {
            Ok(reply_to(request, "Yes."))
        }
    }));
    let outcome = Retry::new(Arc::clone(&probe), config)
        .complete(&request(text))
        .await;
    let began = probe.began();
    let waits = began.windows(2).map(|two| two[1] - two[0]).collect();
    (waits, outcome)
}

#[tokio::test(start_paused = true)]
async fn waits_double_and_are_spread_the_same_way_every_time() {
    let config = RetryConfig::default();
    let (waits, outcome) = ask("a", 4, || busy(None), config.clone()).await;
    assert_eq!(outcome.unwrap().text, "Yes.");
    assert_eq!(waits.len(), 4);
    for (wait, times) in waits.iter().zip([1, 2, 4, 8]) {
        let base = FIRST * times;
        // The clock of the runtime has milliseconds.
        assert!(
            *wait >= base && *wait <= base * 2 + Duration::from_millis(2),
            "{waits:?}"
        );
    }
    assert_eq!(ask("a", 4, || busy(None), config.clone()).await.0, waits);
    assert_ne!(ask("b", 4, || busy(None), config).await.0, waits);
}

#[tokio::test(start_paused = true)]
async fn a_wait_has_a_limit() {
    let config = RetryConfig {
        max_wait_ms: 1000,
        ..RetryConfig::default()
    };
    let (waits, _) = ask("a", 6, || busy(None), config).await;
    assert_eq!(waits.len(), 6);
    assert!(
        waits
            .iter()
            .all(|wait| *wait <= Duration::from_millis(2002)),
        "{waits:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_is_given_the_time_it_asks_for_up_to_a_limit() {
    let config = RetryConfig::default();
    let after_seven = || busy(Some(Duration::from_secs(7)));
    let (waits, _) = ask("a", 1, after_seven, config.clone()).await;
    assert!(waits[0] >= Duration::from_secs(7) + FIRST, "{waits:?}");
    assert!(waits[0] <= Duration::from_millis(8002), "{waits:?}");
    let tomorrow = || busy(Some(Duration::from_hours(24)));
    let (waits, _) = ask("a", 1, tomorrow, config).await;
    assert!(waits[0] <= Duration::from_millis(61_002), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn in_the_end_the_last_error_says_how_often_was_asked() {
    let config = RetryConfig {
        attempts: NonZeroUsize::new(3).unwrap(),
        ..RetryConfig::default()
    };
    let (waits, outcome) = ask("a", 9, || busy(None), config).await;
    assert_eq!(waits.len(), 2);
    let error = outcome.unwrap_err();
    assert!(error.is_transient());
    assert!(error.to_string().ends_with("asked 3 times"), "{error}");
    let once = RetryConfig {
        attempts: NonZeroUsize::MIN,
        ..RetryConfig::default()
    };
    let (waits, outcome) = ask("a", 1, || busy(None), once).await;
    assert!(waits.is_empty());
    assert!(!outcome.unwrap_err().to_string().contains("asked"));
}

#[tokio::test(start_paused = true)]
async fn what_will_not_change_is_not_asked_again() {
    let refused = || ChatError::Refused {
        model: "probe".to_owned(),
        detail: "wrong key".to_owned(),
    };
    let (waits, outcome) = ask(
        &question().messages[0].content,
        1,
        refused,
        RetryConfig::default(),
    )
    .await;
    assert!(waits.is_empty());
    assert!(matches!(outcome, Err(ChatError::Refused { .. })));
}

#[tokio::test(start_paused = true)]
async fn failure_after_failure_ends_the_run_and_an_answer_in_between_does_not() {
    let config = RetryConfig {
        attempts: NonZeroUsize::MIN,
        give_up_after: NonZeroUsize::new(2).unwrap(),
        ..RetryConfig::default()
    };
    // Only the second request is answered.
    let probe = Probe::new(Duration::ZERO, |nth, request| {
        if nth == 1 {
            Ok(reply_to(request, "Yes."))
        } else {
            Err(busy(None))
        }
    });
    let model = Retry::new(probe, config);
    let mut ends = Vec::new();
    for text in ["a", "b", "c", "d"] {
        let outcome = model.complete(&request(text)).await;
        ends.push(outcome.map_or_else(|error| Some(error.ends_run()), |_| None));
    }
    assert_eq!(ends, [Some(false), None, Some(false), Some(true)]);
}
