//! Search, inspect, export and card on one finished dataset.

use predicates::prelude::*;
use serde_json::Value;

use crate::scene::{Scene, docs};

#[test]
fn a_dataset_can_be_searched_inspected_and_exported() {
    let scene = Scene::with_dataset();
    search(&scene);
    inspect(&scene);
    reports(&scene);
    export(&scene);
}

/// What curation writes beside the dataset.
fn reports(scene: &Scene) {
    let shown = |args: &[&str]| {
        let output = scene.dsg(args).output().unwrap();
        assert!(output.status.success(), "{args:?}");
        scene.text(&output.stdout)
    };
    // Nothing of this dataset is asked twice.
    let none = shown(&["inspect", "out/work/duplicates.jsonl"]);
    assert!(none.contains("holds no record"), "{none}");
    let record = serde_json::json!({
        "schema": "dsg.duplicate/1", "kind": "near", "reason": "dedupe.near_duplicate",
        "lost": "qa-0000000000000002", "kept": "qa-0000000000000001", "similarity": 0.91,
        "lost_question": "How do I cancel the job?", "kept_question": "How do I cancel a job?",
    });
    scene.write("duplicates.jsonl", &format!("{record}\n"));
    let duplicates = shown(&["inspect", "duplicates.jsonl"]);
    assert!(
        duplicates.contains(" removed") && duplicates.contains("near"),
        "{duplicates}"
    );
    let one = shown(&["inspect", "duplicates.jsonl", "--sample", "1"]);
    assert!(one.contains("dedupe.") && one.contains("kept qa-"), "{one}");
    let sections = shown(&["inspect", "out/work/sections.jsonl"]);
    assert!(
        sections.contains("sections have items; a source path"),
        "{sections}"
    );
    assert!(
        sections.contains("without: generate.no_structure"),
        "{sections}"
    );
    let page = shown(&["inspect", "out/work/sections.jsonl", "jobs/gpu.md"]);
    assert!(page.contains("why none"), "{page}");
    let json: Value =
        serde_json::from_str(&shown(&["inspect", "--json", "out/work/sections.jsonl"])).unwrap();
    assert!(json["sections"].as_u64() > json["covered"].as_u64());
    scene
        .dsg(&["inspect", "out/work/sections.jsonl", "nowhere"])
        .assert()
        .code(3);
}

fn search(scene: &Scene) {
    scene
        .dsg(&["search", "--mode", "vector", "cancel"])
        .assert()
        .code(2)
        .stderr(predicates::str::contains("has no vectors"));
    scene
        .dsg(&["search", "--mode", "bm25", "cancel"])
        .assert()
        .success();
    let output = scene
        .dsg(&["search", "-n", "1", "--", "--gres=gpu:2"])
        .output()
        .unwrap();
    let text = scene.text(&output.stdout);
    assert!(text.starts_with("jobs/gpu.md:"), "{text}");
    assert!(text.contains(" › ") && text.contains("--gres"), "{text}");
    assert!(!text.contains('\u{1b}'), "no colours in a pipe: {text}");
    scene
        .dsg(&["search", "cancel", "array", "--color", "always"])
        .assert()
        .success()
        .stdout(predicate::str::contains("\u{1b}["));

    let output = scene
        .dsg(&["search", "cancel an array", "--json"])
        .output()
        .unwrap();
    let hits: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let (text, start) = (
        hits[0]["text"].as_str().unwrap(),
        hits[0]["start"].as_u64().unwrap(),
    );
    let marked: Vec<&str> = hits[0]["highlights"]
        .as_array()
        .unwrap()
        .iter()
        .map(|span| {
            let at = |key: &str| usize::try_from(span[key].as_u64().unwrap() - start).unwrap();
            &text[at("start")..at("end")]
        })
        .collect();
    assert!(
        marked.contains(&"array") || marked.contains(&"arrays"),
        "{marked:?}"
    );
    scene
        .dsg(&["search", "zyxwvut"])
        .assert()
        .success()
        .stdout(predicate::str::contains("nothing in"));
}

fn inspect(scene: &Scene) {
    let shows = |args: &[&str], expected: &[&str]| {
        let output = scene.dsg(args).output().unwrap();
        let text = scene.text(&output.stdout);
        assert!(
            output.status.success(),
            "{args:?}: {}",
            scene.text(&output.stderr)
        );
        for expected in expected {
            assert!(text.contains(expected), "`{expected}` in {args:?}:\n{text}");
        }
        text
    };
    shows(
        &["inspect", "out"],
        &["16 documents", "ingest", "job-arrays", "train.jsonl"],
    );
    shows(
        &["inspect", "out/work/corpus.jsonl"],
        &["jobs/arrays.md", "markdown"],
    );
    shows(
        &["inspect", "out/work/corpus.jsonl", "man/aurq.1"],
        &["aurq", "OPTIONS", "option"],
    );
    shows(
        &["inspect", "out/work/index", "-n", "3"],
        &["heading path", "more chunks"],
    );
    shows(
        &["inspect", "out/work/candidates.jsonl"],
        &["question", "more items"],
    );
    shows(
        &["inspect", "out/rejects.jsonl"],
        &["ingest.binary", "rejects; --reason"],
    );
    shows(
        &["inspect", "out/rejects.jsonl", "--reason", "ingest."],
        &["damaged.md"],
    );

    let sample = shows(
        &["inspect", "out/train.jsonl", "--sample", "2"],
        &["Q  ", "A  ", "receipt"],
    );
    assert_eq!(
        sample,
        shows(&["inspect", "out/train.jsonl", "--sample", "2"], &[])
    );
    assert_ne!(
        sample,
        shows(
            &["inspect", "out/train.jsonl", "--sample", "2", "--seed", "1"],
            &[]
        )
    );

    let first: Value =
        serde_json::from_str(scene.read("out/train.jsonl").lines().next().unwrap()).unwrap();
    let id = first["id"].as_str().unwrap();
    let item = shows(
        &["inspect", "out/train.jsonl", &id[..12]],
        &[id, "receipt", "> "],
    );
    let quote = first["meta"]["citations"][0]["quote"].as_str().unwrap();
    assert!(item.contains(quote.lines().next().unwrap()), "{item}");
    let chunk = first["meta"]["citations"][0]["chunk_id"].as_str().unwrap();
    shows(
        &["inspect", "out/work/index", chunk],
        &["tokens", "bytes", "│ "],
    );
    scene
        .dsg(&["inspect", "out/train.jsonl", "qa-none"])
        .assert()
        .code(3);
}

fn export(scene: &Scene) {
    scene
        .dsg(&[
            "export",
            "out",
            "--format",
            "alpaca,sharegpt,prompt-completion,messages",
        ])
        .assert()
        .success()
        .stdout(predicate::str::contains("out/formats/alpaca/train.jsonl"));
    let line = scene.read("out/formats/alpaca/eval.jsonl");
    let row: Value = serde_json::from_str(line.lines().next().unwrap()).unwrap();
    assert!(row["instruction"].is_string() && row["meta"]["citations"].is_array());
    verifies(scene);
    let card = scene.read("out/README.md");
    scene.write("out/README.md", "scribbled over");
    scene.dsg(&["card", "out"]).assert().success();
    assert_eq!(scene.read("out/README.md"), card);
    scene
        .dsg(&["export", "out", "--format", "messages"])
        .assert()
        .success();
    assert!(!scene.path("out/formats").exists());
    verifies(scene);
    scene
        .dsg(&["export", "out", "--format", "parquet"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("sharegpt"));
}

fn verifies(scene: &Scene) {
    scene
        .dsg(&["verify", "out", "--input"])
        .arg(docs())
        .assert()
        .success()
        .stdout(predicate::str::contains("everything holds"));
}
