//! Many requests, replies in their order.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dsg_core::ChatError;
use dsg_llm::{in_order, reply_to};
use futures_util::StreamExt as _;

use crate::probe::Probe;
use crate::server::request;

#[tokio::test(start_paused = true)]
async fn replies_come_in_the_order_of_requests_and_no_more_are_drawn_than_needed() {
    let probe = Probe::new(Duration::from_secs(1), |_, request| {
        let text = &request.messages[0].content;
        match text.as_str() {
            "13" => Err(ChatError::Rejected {
                model: "probe".to_owned(),
                detail: text.clone(),
            }),
            _ => Ok(reply_to(request, text)),
        }
    });
    let drawn = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&drawn);
    let requests = (0..100).map(move |nth| {
        counter.fetch_add(1, Ordering::Relaxed);
        request(&nth.to_string())
    });
    let mut replies = Box::pin(in_order(&probe, requests, 4));
    for nth in 0..40 {
        let said = match replies.next().await.unwrap() {
            Ok(reply) => reply.text,
            Err(ChatError::Rejected { detail, .. }) => detail,
            Err(error) => panic!("{error}"),
        };
        assert_eq!(said, nth.to_string());
    }
    drop(replies);
    assert_eq!(probe.most(), 4);
    assert!(drawn.load(Ordering::Relaxed) <= 44);
}
