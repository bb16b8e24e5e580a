//! `dsg label` and `dsg replies`, against a server that speaks HTTP.

use std::net::TcpListener;

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::{Value, json};

use crate::scene::Scene;
use crate::server::Server;

/// Repeats the question, as JSON around words where it asks for that.
fn echo(request: &Value) -> String {
    let question = request["messages"][0]["content"].as_str().unwrap();
    if question.contains("as JSON") {
        format!("Sure:\n```json\n{}\n```", json!({ "answer": question }))
    } else {
        format!("You asked: {question}")
    }
}

const PROMPTS: &str = r#"{"id":"a","user":"How do I submit a job?"}
{"id":"b","system_hint":"Be brief.","user":"What is a queue?","source":"manual"}
{"id":"c","user":"Name it as JSON","schema":{"type":"object","required":["answer"]}}
"#;

fn label(scene: &Scene, server: &Server, more: &[&str]) -> assert_cmd::assert::Assert {
    let mut args = vec![
        "label",
        "--prompts",
        "prompts.jsonl",
        "--out",
        "labels.jsonl",
        "--concurrency",
        "1",
        "--model",
        &server.address,
    ];
    args.extend(more);
    scene.dsg(&args).assert()
}

#[test]
fn prompts_become_examples_and_a_second_run_asks_nothing() {
    let (scene, server) = (Scene::new(), Server::new(echo));
    scene.write("prompts.jsonl", PROMPTS);
    label(&scene, &server, &[]).success();
    assert_eq!(server.asked(), 3);
    let labels = scene.read("labels.jsonl");
    let records: Vec<Value> = labels
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(records.len(), 3);
    assert_eq!(
        records[1]["messages"][0]["content"],
        "Be brief.\n\nWhat is a queue?"
    );
    assert_eq!(records[1]["source"], "manual");
    assert_eq!(
        records[2]["messages"][1]["content"],
        r#"{"answer":"Name it as JSON"}"#
    );
    label(&scene, &server, &[]).success();
    assert_eq!(server.asked(), 3, "what is in the store is asked again");
    assert_eq!(scene.read("labels.jsonl"), labels);
    scene
        .dsg(&["replies", "stats", "labels.replies"])
        .assert()
        .success()
        .stdout(contains(
            "openai default: 3 replies, 60 prompt tokens (24 of them cached)",
        ));
}

#[test]
fn what_is_labelled_stays_and_only_the_rest_is_asked() {
    let (scene, server) = (Scene::new(), Server::new(echo));
    scene.write("prompts.jsonl", PROMPTS);
    label(&scene, &server, &[]).success();
    let first = scene.read("labels.jsonl");
    scene.write(
        "prompts.jsonl",
        &format!("{PROMPTS}{{\"id\":\"d\",\"user\":\"And then?\"}}\n"),
    );
    scene.write("labels.replies", "");
    let left = [
        "--skip-existing",
        "--rejects",
        "left.jsonl",
        "--store",
        "new.replies",
    ];
    label(&scene, &server, &left).success();
    assert_eq!(server.asked(), 4);
    assert!(scene.read("labels.jsonl").starts_with(&first));
    assert_eq!(scene.read("labels.jsonl").lines().count(), 4);
    assert_eq!(scene.read("left.jsonl").matches("label.exists").count(), 3);
}

#[test]
fn a_spent_budget_ends_the_run_and_the_next_one_goes_on() {
    let (scene, server) = (Scene::new(), Server::new(echo));
    scene.write("prompts.jsonl", PROMPTS);
    label(&scene, &server, &["--max-requests", "2"])
        .code(4)
        .stderr(contains("labelling stopped at `c`").and(contains("the budget is spent")));
    assert!(!scene.path("labels.jsonl").exists());
    label(&scene, &server, &[]).success();
    assert_eq!(server.asked(), 3, "a reply was paid for twice");
    assert_eq!(scene.read("labels.jsonl").lines().count(), 3);
}

#[test]
fn a_server_that_is_not_there_is_no_success() {
    let scene = Scene::new();
    scene.write("prompts.jsonl", "{\"user\":\"How?\"}\n");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let model = format!("http://{}/v1", closed.local_addr().unwrap());
    drop(closed);
    let args = ["label", "--prompts", "prompts.jsonl", "--attempts", "1"];
    scene
        .dsg(&args)
        .args(["--rejects", "left.jsonl", "--model", &model])
        .assert()
        .code(1)
        .stderr(contains("1 prompts got no reply"));
    assert!(scene.read("left.jsonl").contains("did not answer"));
}

#[test]
fn other_machines_are_not_spoken_to() {
    let scene = Scene::new();
    scene.write("prompts.jsonl", PROMPTS);
    let fetching = match (cfg!(feature = "hub"), cfg!(feature = "llama-cpp")) {
        (false, _) => "--features hub",
        (true, false) => "--features llama-cpp",
        (true, true) => "--allow-remote",
    };
    for (model, said) in [
        ("http://models.example.org/v1", "--allow-remote"),
        ("hf://owner/teacher.gguf", "hf://owner/repo/file"),
        ("hf://owner/repo/teacher.gguf", fetching),
    ] {
        scene
            .dsg(&["label", "--prompts", "prompts.jsonl", "--model", model])
            .env("HF_HUB_CACHE", scene.path("models"))
            .assert()
            .code(2)
            .stderr(contains(said));
    }
}

#[test]
fn a_model_file_that_cannot_be_asked_is_named() {
    let scene = Scene::new();
    scene.write("prompts.jsonl", PROMPTS);
    let (code, said) = if cfg!(feature = "llama-cpp") {
        (3, "models/teacher.gguf: cannot be read")
    } else {
        (2, "llama-server -m models/teacher.gguf")
    };
    let file = ["--model", "models/teacher.gguf"];
    scene
        .dsg(&["label", "--prompts", "prompts.jsonl"])
        .args(file)
        .assert()
        .code(code)
        .stderr(contains(said));
}

#[test]
fn a_line_that_is_no_prompt_is_named() {
    let (scene, server) = (Scene::new(), Server::new(echo));
    scene.write(
        "prompts.jsonl",
        "{\"user\":\"How?\"}\n{\"question\":\"Why?\"}\n",
    );
    label(&scene, &server, &[]).code(3).stderr(
        contains("prompts.jsonl")
            .and(contains("line 2"))
            .and(contains("user")),
    );
    assert_eq!(server.asked(), 0);
}

#[test]
fn a_store_is_copied_out_and_made_smaller() {
    let (scene, server) = (Scene::new(), Server::new(echo));
    scene.write("prompts.jsonl", PROMPTS);
    label(&scene, &server, &[]).success();
    scene
        .dsg(&["replies", "export", "labels.replies", "--out", "out.jsonl"])
        .assert()
        .success();
    assert_eq!(scene.read("out.jsonl").lines().count(), 3);
    scene
        .dsg(&["replies", "prune", "labels.replies"])
        .assert()
        .code(2);
    scene
        .dsg(&["replies", "prune", "labels.replies", "--provider", "ollama"])
        .assert()
        .success()
        .stdout(contains("Removed 0 replies"));
    scene
        .dsg(&["replies", "prune", "labels.replies", "--model", "default"])
        .assert()
        .success()
        .stdout(contains("Removed 3 replies"));
    scene
        .dsg(&["replies", "stats", "none.replies"])
        .assert()
        .code(3)
        .stderr(contains("there is no reply store"));
}
