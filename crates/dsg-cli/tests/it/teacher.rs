//! `dsg run` with a model that writes and one that judges, against a server that speaks HTTP.

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::{Value, json};

use crate::scene::{Scene, docs};
use crate::server::Server;

/// What stands between fences of a prompt.
fn fenced(prompt: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut open: Option<(String, Vec<&str>)> = None;
    for line in prompt.lines() {
        open = match open {
            None if line.starts_with("```") => Some((line.to_owned(), Vec::new())),
            None => None,
            Some((fence, lines)) if line == fence => {
                texts.push(lines.join("\n"));
                None
            }
            Some((fence, mut lines)) => {
                lines.push(line);
                Some((fence, lines))
            }
        };
    }
    texts
}

/// Copies a sentence, asks for its beginning, answers with the whole of it, and finds everything well supported.
fn diligent(request: &Value) -> String {
    let prompt = request["messages"]
        .as_array()
        .and_then(|turns| turns.last())
        .and_then(|turn| turn["content"].as_str())
        .unwrap();
    let texts = fenced(prompt);
    let sentence = |text: &str| -> Option<String> {
        text.split(". ")
            .map(str::trim)
            .find(|s| s.split_whitespace().count() >= 8 && !s.contains(['|', '*', '[', ':']))
            .map(|s| format!("{}.", s.trim_end_matches('.')))
    };
    if prompt.contains("Copy 1") {
        return match texts.get(1).and_then(|text| sentence(text)) {
            Some(quote) => json!({"quotes": [quote]}).to_string(),
            None => json!({"cannot": "no sentence"}).to_string(),
        };
    }
    if prompt.contains("Task: write the question and the answer anew") {
        return json!({"question": "What now?", "answer": "Nothing."}).to_string();
    }
    if prompt.contains("Task: write the question") {
        let words: Vec<&str> = texts[2].split_whitespace().take(6).collect();
        let question = format!("What does Slurm say where “{}” holds?", words.join(" "));
        return json!({ "question": question }).to_string();
    }
    if prompt.contains("Task: answer the question from the quotes") {
        return json!({"answer": texts[2]}).to_string();
    }
    if prompt.contains("write NOT ANSWERABLE") {
        return texts[0].clone();
    }
    assert!(prompt.contains("\"verdict\""), "{prompt}");
    json!({"verdict": "yes", "reason": "it says so"}).to_string()
}

/// Talks, and never comes to the point.
fn hopeless(_request: &Value) -> String {
    "I am happy to help with that!".to_owned()
}

fn configured(scene: &Scene, server: &Server) {
    let model = format!(
        "{{provider: model, model: \"{}\", name: tiny}}",
        server.address
    );
    scene.write(
        "datasetgen.yaml",
        &format!(
            "version: 1\nsubject: Slurm\ntopics:\n  - {{id: jobs, keywords: [job, batch, submit], quota: 12}}\n\
             models:\n  generator: {model}\n  judge: {model}\n  calls: {{retry: {{attempts: 1}}}}\n"
        ),
    );
}

fn run(scene: &Scene, out: &str, more: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = scene.dsg(&["run", "--outdir", out]);
    command.arg("--input").arg(docs()).args(more);
    command.env("DSG_API_KEY", "sk-not-for-any-file").assert()
}

#[test]
fn a_model_writes_and_judges_and_every_receipt_holds() {
    let (scene, server) = (Scene::new(), Server::new(diligent));
    configured(&scene, &server);
    run(&scene, "out", &[])
        .success()
        .stderr(contains("calls").and(contains("the judge is the model that wrote")));
    let asked = server.asked();
    assert!(asked > 0);
    let docs = docs().display().to_string();
    scene
        .dsg(&["verify", "out", "--input", &docs])
        .assert()
        .success();
    let train = scene.read("out/train.jsonl");
    let item: Value = serde_json::from_str(train.lines().next().unwrap()).unwrap();
    assert_eq!(item["meta"]["generator"]["model"], "tiny");
    assert_eq!(item["meta"]["scores"]["claims_supported"], 1.0);
    let manifest: Value = serde_json::from_str(&scene.read("out/manifest.json")).unwrap();
    assert_eq!(manifest["models"][1]["provider"], "openai");
    let spent: Value = serde_json::from_str(&scene.read("out/run.json")).unwrap();
    assert_eq!(spent["models"]["requests"], asked);

    // Finished steps are reused; and where they are lost, the replies are not.
    let before = scene.bytes("out");
    std::fs::remove_dir_all(scene.path("out/work/state")).unwrap();
    run(&scene, "out", &[]).success();
    assert_eq!(server.asked(), asked, "what is in the store is asked again");
    for (path, bytes) in scene.bytes("out") {
        let key = b"sk-not-for-any-file";
        assert!(
            !bytes.windows(key.len()).any(|part| part == key),
            "the key is in {}",
            path.display()
        );
        if !path.to_string_lossy().contains("replies.sqlite") {
            assert_eq!(Some(&bytes), before.get(&path), "{}", path.display());
        }
    }
}

#[test]
fn a_spent_budget_ends_a_run_that_goes_on_later() {
    let (scene, server) = (Scene::new(), Server::new(diligent));
    configured(&scene, &server);
    run(&scene, "whole", &[]).success();
    let whole = server.asked();
    let limit = "models.budget.requests=7";
    // What is under way when the budget ends is still waited for.
    run(&scene, "out", &["--set", limit])
        .code(4)
        .stderr(contains("7 of 7 requests").and(contains("same command")));
    let first = server.asked() - whole;
    assert!((7..=8).contains(&first), "{first} requests");
    run(&scene, "out", &[]).success();
    assert_eq!(server.asked(), 2 * whole, "some call was made twice");
    for file in ["train.jsonl", "eval.jsonl", "rejects.jsonl"] {
        let (one, other) = (format!("whole/{file}"), format!("out/{file}"));
        assert_eq!(scene.read(&one), scene.read(&other), "{file}");
    }
}

#[test]
fn a_model_that_is_no_help_gives_a_full_account_and_no_item() {
    let (scene, server) = (Scene::new(), Server::new(hopeless));
    configured(&scene, &server);
    run(&scene, "out", &[]).code(1);
    let rejects = scene.read("out/rejects.jsonl");
    let written: Vec<Value> = rejects
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|reject: &Value| reject["stage"] == "generate")
        .collect();
    let manifest: Value = serde_json::from_str(&scene.read("out/manifest.json")).unwrap();
    assert_eq!(manifest["stages"]["generate"]["in"], written.len());
    for reject in &written {
        assert_eq!(reject["reason"], "generate.unusable_reply", "{reject}");
        assert_eq!(
            reject["record"]["replies"][0]["text"],
            "I am happy to help with that!"
        );
    }
}

#[test]
fn a_role_that_cannot_be_filled_is_named() {
    let scene = Scene::new();
    for (line, says) in [
        ("generator: {provider: model}", "models.generator.model"),
        (
            "judge: {provider: model, model: \"ollama:\"}",
            "names no model",
        ),
        (
            "generator: {model: \"ollama:x\"}",
            "`provider` is not `model`",
        ),
    ] {
        scene.write(
            "datasetgen.yaml",
            &format!("version: 1\nmodels:\n  {line}\n"),
        );
        run(&scene, "out", &[]).code(2).stderr(contains(says));
    }
}

#[test]
fn a_server_that_is_away_ends_the_run_and_one_that_is_back_finishes_it() {
    let scene = Scene::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    scene.write(
        "datasetgen.yaml",
        &format!(
            "version: 1\nmodels:\n  generator: {{provider: model, model: \"http://{address}/v1\"}}\n  \
             calls: {{retry: {{attempts: 1}}}}\n"
        ),
    );
    run(&scene, "out", &[])
        .code(4)
        .stderr(contains("requests in a row failed").and(contains("did not answer")));
    assert!(!scene.path("out/manifest.json").exists());
    let server = Server::at(address, diligent);
    run(&scene, "out", &[]).success();
    assert!(server.asked() > 0);
}

/// Has a bad moment with the third request.
fn moody(request: &Value) -> String {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let nth = ASKED.fetch_add(1, Ordering::SeqCst);
    assert_ne!(nth, 2, "the connection is closed");
    diligent(request)
}

#[test]
fn a_task_that_a_server_failed_is_asked_again_by_the_next_run() {
    let (scene, server) = (Scene::new(), Server::new(moody));
    configured(&scene, &server);
    run(&scene, "out", &[])
        .success()
        .stderr(contains("1 failed\n").or(contains("1 failed  ")));
    let asked = server.asked();
    run(&scene, "out", &[]).success();
    assert!(
        server.asked() > asked,
        "the failed task was not asked again"
    );
    let manifest: Value = serde_json::from_str(&scene.read("out/manifest.json")).unwrap();
    assert_eq!(manifest["stages"]["generate"]["failed"], 0);
    let whole = Server::new(diligent);
    configured(&scene, &whole);
    run(&scene, "whole", &[]).success();
    for file in ["train.jsonl", "eval.jsonl", "rejects.jsonl"] {
        let (one, other) = (format!("whole/{file}"), format!("out/{file}"));
        assert_eq!(scene.read(&one), scene.read(&other), "{file}");
    }
}
