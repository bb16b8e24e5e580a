//! Calls that take too long, and servers that hang.

use std::time::Duration;

use dsg_core::{ChatError, ChatModel as _};
use dsg_llm::{Blocking, Deadline, HttpConfig, OpenAi, OpenAiConfig, reply_to};
use tokio::time::Instant;

use crate::probe::Probe;
use crate::server::{Server, Step, question};

#[tokio::test(start_paused = true)]
async fn a_call_is_given_up_at_its_deadline_and_may_be_asked_again() {
    let takes = |seconds| {
        let probe = Probe::new(Duration::from_secs(seconds), |_, request| {
            Ok(reply_to(request, "Yes."))
        });
        Deadline::new(probe, Duration::from_mins(1))
    };
    assert!(takes(59).complete(&question()).await.is_ok());
    let began = Instant::now();
    let error = takes(3600).complete(&question()).await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(61));
    assert!(matches!(error, ChatError::Unreachable { .. }) && error.is_transient());
    assert!(
        error.to_string().contains("no reply within 60 s"),
        "{error}"
    );
}

/// What becomes of a server that stops after `said`, with a second of patience before the first part or after it.
fn hangs_after(said: &str, first_seconds: u64, stall_seconds: u64) -> ChatError {
    let said = said.as_bytes().to_vec();
    let server = Server::with(move |_, _| vec![Step::Say(said.clone()), Step::Stall]);
    let config = OpenAiConfig {
        base_url: server.base_url.clone(),
        ..OpenAiConfig::default()
    };
    let http = HttpConfig {
        first_seconds,
        stall_seconds,
        ..HttpConfig::default()
    };
    let model = OpenAi::new(config, http, None).unwrap();
    Blocking::new()
        .unwrap()
        .block_on(model.complete(&question()))
        .unwrap_err()
}

#[test]
fn a_server_that_hangs_is_noticed_wherever_it_does() {
    const STREAM: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    const WHOLE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n";
    let event =
        format!("{STREAM}data: {{\"choices\":[{{\"delta\":{{\"content\":\"Use\"}}}}]}}\n\n");
    for (said, first_seconds, stall_seconds) in [
        ("", 1, 600),
        ("HTTP/1.1 200 OK\r\ncontent-ty", 1, 600),
        (STREAM, 1, 600),
        (&event, 600, 1),
        (WHOLE, 1, 600),
        (&format!("{WHOLE}{{\"choices\""), 600, 1),
        (
            "HTTP/1.1 503 Busy\r\ncontent-length: 99\r\n\r\nsome",
            600,
            1,
        ),
    ] {
        let error = hangs_after(said, first_seconds, stall_seconds);
        assert!(error.is_transient(), "{said}: {error}");
        // An error page that hangs is still an error page.
        if !said.contains("503") {
            assert!(
                matches!(error, ChatError::Unreachable { .. }),
                "{said}: {error}"
            );
            assert!(
                error.to_string().contains("nothing came for 1 s"),
                "{said}: {error}"
            );
        }
    }
}
