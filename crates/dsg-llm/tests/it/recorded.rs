//! Who is asked, and how often, when replies are kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dsg_core::{ChatError, ChatModel};
use dsg_llm::{
    Blocking, HttpConfig, OpenAi, OpenAiConfig, Recorded, ReplyStore, Scripted, reply_to,
};
use serde_json::Value;

use crate::server::{Server, WHOLE, answer, question};

fn behind<M: ChatModel>(model: M, store: &ReplyStore) -> Recorded<M> {
    Recorded::new(model, store.clone(), Value::Null)
}

#[test]
fn the_same_request_at_the_same_time_is_sent_once() {
    let server = Server::new(vec![answer("200 OK", "", WHOLE)]);
    let config = OpenAiConfig {
        base_url: server.base_url.clone(),
        ..OpenAiConfig::default()
    };
    let model = OpenAi::new(config, HttpConfig::default(), None).unwrap();
    let model = behind(model, &ReplyStore::in_memory().unwrap());
    let request = question();
    Blocking::new().unwrap().block_on(async {
        let (a, b, c) = tokio::join!(
            model.complete(&request),
            model.complete(&request),
            model.complete(&request)
        );
        for reply in [a, b, c] {
            assert_eq!(reply.unwrap().text, "Use sbatch.");
        }
    });
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_failure_is_not_kept() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let model = Scripted::new("moody", move |request| {
        if counter.fetch_add(1, Ordering::Relaxed) == 0 {
            return Err(ChatError::Malformed {
                model: "moody".to_owned(),
                detail: "no choices".to_owned(),
            });
        }
        Ok(reply_to(request, "Use sbatch."))
    });
    let store = ReplyStore::in_memory().unwrap();
    let model = behind(model, &store);
    Blocking::new().unwrap().block_on(async {
        model.complete(&question()).await.unwrap_err();
        assert!(store.stats().unwrap().is_empty());
        for _ in 0..2 {
            assert_eq!(
                model.complete(&question()).await.unwrap().text,
                "Use sbatch."
            );
        }
    });
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}
