//! The reply store: nothing is asked twice, whatever happens to the process that asked.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, process, thread};

use dsg_core::hash::sha256_hex;
use dsg_core::{
    Capabilities, ChatError, ChatModel as _, ChatReply, ChatRequest, LogProb, ModelId,
    TokenLogProb, TopLogProb,
};
use dsg_llm::{Blocking, Prune, Recorded, Replay, ReplyKey, ReplyStore, Scripted, reply_to};
use serde_json::Value;

use crate::server::request;

/// Asks through the store; how often the model itself was asked.
fn ask(store: &ReplyStore, text: &str) -> usize {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let model = Scripted::new("saying", move |request| {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(reply_to(request, "Yes."))
    });
    let recorded = Recorded::new(model, store.clone(), Value::Null);
    let reply = Blocking::new()
        .unwrap()
        .block_on(recorded.complete(&request(text)));
    assert_eq!(reply.unwrap().text, "Yes.");
    calls.load(Ordering::Relaxed)
}

#[test]
fn the_same_request_is_asked_once_and_any_change_asks_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("replies.sqlite");
    let store = ReplyStore::open(&path).unwrap();
    assert_eq!(ask(&store, "a"), 1);
    assert_eq!(ask(&store, "a"), 0);
    assert_eq!(ask(&store, "b"), 1);
    drop(store);
    let again = ReplyStore::open(&path).unwrap();
    assert_eq!(ask(&again, "a"), 0, "after opening the file again");
    assert_eq!(again.stats().unwrap()[0].replies, 2);
}

#[test]
fn a_recording_answers_without_its_model_and_names_what_it_lacks() {
    let store = ReplyStore::in_memory().unwrap();
    ask(&store, "a");
    let id = Scripted::saying("").id().clone();
    let replay = Replay::new(id, Capabilities::default(), store, Value::Null);
    let runtime = Blocking::new().unwrap();
    assert_eq!(
        runtime
            .block_on(replay.complete(&request("a")))
            .unwrap()
            .text,
        "Yes."
    );
    let error = runtime
        .block_on(replay.complete(&request("b")))
        .unwrap_err();
    let ChatError::NotRecorded { key, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(key.len(), 64);
}

/// Stores of earlier versions answer on.
#[test]
fn a_request_has_the_key_that_it_had_before_there_were_log_probabilities() {
    let model = ModelId {
        provider: "openai".to_owned(),
        model: "m".to_owned(),
    };
    let key = |request: &ChatRequest| ReplyKey::of(&model, &Value::Null, request).unwrap();
    let hashed = r#"["dsg.reply/1",{"provider":"openai","model":"m"},null,{"messages":[{"role":"user","content":"a"}],"sampling":{"temperature":0.0,"top_p":1.0,"seed":0,"max_tokens":512}}]"#;
    let plain = key(&request("a"));
    assert_eq!(plain.as_str(), sha256_hex(hashed.as_bytes()));
    let measured = ChatRequest {
        top_log_probs: 5,
        ..request("a")
    };
    assert_ne!(key(&measured), plain);
}

#[test]
fn log_probabilities_come_out_of_the_store_as_they_went_in() {
    let model = Scripted::new("measured", |request| {
        let log_prob = LogProb::new(-f64::from(request.top_log_probs).ln());
        let text = "Yes.".to_owned();
        Ok(ChatReply {
            log_probs: vec![TokenLogProb {
                text: text.clone(),
                log_prob,
                top: vec![TopLogProb { text, log_prob }],
            }],
            ..reply_to(request, "Yes.")
        })
    });
    let id = model.id().clone();
    let store = ReplyStore::in_memory().unwrap();
    let recorded = Recorded::new(model, store.clone(), Value::Null);
    let replay = Replay::new(id, Capabilities::default(), store, Value::Null);
    let measured = ChatRequest {
        top_log_probs: 3,
        ..request("a")
    };
    let runtime = Blocking::new().unwrap();
    let said = runtime.block_on(recorded.complete(&measured)).unwrap();
    assert_eq!(said.log_probs.len(), 1);
    let kept = runtime.block_on(replay.complete(&measured)).unwrap();
    assert_eq!(kept, said);
}

#[test]
fn an_export_is_the_same_bytes_and_comes_in_again() {
    let (store, other) = (
        ReplyStore::in_memory().unwrap(),
        ReplyStore::in_memory().unwrap(),
    );
    for text in ["b", "a", "c"] {
        ask(&store, text);
    }
    let export = |store: &ReplyStore| {
        let mut out = Vec::new();
        store.export(&mut out).unwrap();
        out
    };
    let lines = export(&store);
    assert_eq!(other.import(&mut lines.as_slice()).unwrap(), 3);
    assert_eq!(export(&other), lines);
    let forged = String::from_utf8(lines).unwrap().replace("\"a\"", "\"z\"");
    assert!(
        other
            .import(&mut forged.as_bytes())
            .unwrap_err()
            .to_string()
            .contains("line")
    );
    assert_eq!(other.prune(&Prune::default()).unwrap(), 3);
    assert_eq!(export(&other), b"");
}

#[test]
fn many_writers_share_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("replies.sqlite");
    thread::scope(|scope| {
        for writer in 0..4 {
            let path = &path;
            scope.spawn(move || {
                let store = ReplyStore::open(path).unwrap();
                for nth in 0..25 {
                    ask(&store, &format!("{}", nth + 5 * writer));
                }
            });
        }
    });
    assert_eq!(
        ReplyStore::open(&path).unwrap().stats().unwrap()[0].replies,
        40
    );
}

#[test]
fn another_file_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "not a database at all, only some words").unwrap();
    let error = ReplyStore::open(&path).unwrap_err().to_string();
    assert!(error.contains("notes.txt"), "{error}");
    assert_eq!(
        std::fs::read(&path).unwrap(),
        b"not a database at all, only some words"
    );
    assert!(ReplyStore::open_existing(Path::new("nowhere.sqlite")).is_err());
}

/// The child of the test below: keeps replies until it is killed.
#[test]
fn child_that_writes_until_it_is_killed() {
    let Some(path) = env::var_os("DSG_LLM_TEST_STORE") else {
        return;
    };
    let store = ReplyStore::open(Path::new(&path)).unwrap();
    for nth in 0.. {
        ask(&store, &nth.to_string());
        std::fs::write(Path::new(&path).with_extension("seen"), nth.to_string()).unwrap();
    }
}

#[test]
fn a_killed_process_loses_no_reply_that_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("replies.sqlite");
    let seen = path.with_extension("seen");
    for _ in 0..3 {
        let before = std::fs::read_to_string(&seen).ok();
        let mut child = process::Command::new(env::current_exe().unwrap())
            .args(["--exact", "store::child_that_writes_until_it_is_killed"])
            .env("DSG_LLM_TEST_STORE", &path)
            .stdout(process::Stdio::null())
            .spawn()
            .unwrap();
        while std::fs::read_to_string(&seen).ok() == before {
            thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let last: u64 = std::fs::read_to_string(&seen).unwrap().parse().unwrap_or(0);
    let store = ReplyStore::open(&path).unwrap();
    for nth in 0..=last {
        assert_eq!(ask(&store, &nth.to_string()), 0, "{nth} was kept");
    }
}
