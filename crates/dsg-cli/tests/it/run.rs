use std::fs;

use predicates::prelude::*;
use serde_json::Value;

use crate::scene::{Scene, copy, docs};

#[test]
fn the_main_job_ends_with_a_table_the_gates_and_what_to_do_next() {
    let scene = Scene::new();
    let output = scene.run_into("out").output().unwrap();
    assert!(output.status.success());
    let text = scene.text(&output.stdout);
    for expected in [
        "why they left",
        "job-arrays",
        "gate met    min_train",
        "train.jsonl",
        "dsg verify out --input fixtures/docs",
    ] {
        assert!(text.contains(expected), "`{expected}` in\n{text}");
    }
    let log = scene.text(&output.stderr);
    assert!(
        log.contains("damaged.md") && log.contains("export"),
        "{log}"
    );
    assert!(
        !log.contains('\u{1b}') && !log.contains('\r'),
        "no bars in a pipe: {log}"
    );
}

#[test]
fn quiet_says_nothing_and_json_says_all() {
    let scene = Scene::new();
    scene
        .run_into("out")
        .arg("--quiet")
        .assert()
        .success()
        .stdout("")
        .stderr("");
    let output = scene
        .run_into("out")
        .args(["--quiet", "--json"])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["gates_met"], true);
    assert!(report["train"].as_u64().unwrap() >= 30, "{report}");
    assert!(report["eval"].as_u64().unwrap() >= 10, "{report}");
    for stage in report["funnel"].as_array().unwrap() {
        let dropped: u64 = stage["dropped"]
            .as_object()
            .unwrap()
            .values()
            .map(|n| n.as_u64().unwrap())
            .sum();
        let number = |key: &str| stage[key].as_u64().unwrap();
        assert_eq!(
            number("in"),
            number("kept") + dropped + number("failed"),
            "{stage}"
        );
    }
}

#[test]
fn verbose_says_what_was_decided_also_in_colour() {
    let scene = Scene::new();
    scene
        .run_into("out")
        .args(["--verbose", "--color", "always", "--progress", "bars"])
        .assert()
        .success()
        .stderr(predicate::str::contains("configuration file"))
        .stderr(predicate::str::contains("of 17 kept"));
}

#[test]
fn a_second_run_reuses_the_steps_and_changes_no_byte() {
    let scene = Scene::with_dataset();
    let before = scene.bytes("out");
    scene
        .run_into("out")
        .assert()
        .success()
        .stderr(predicate::str::contains("ingest taken from the last run"))
        .stderr(predicate::str::contains("split taken from the last run"));
    assert!(before == scene.bytes("out"));
}

#[test]
fn threads_change_no_byte() {
    let scene = Scene::new();
    scene
        .run_into("one")
        .args(["--threads", "1"])
        .assert()
        .success();
    scene
        .run_into("two")
        .args(["--threads", "2"])
        .assert()
        .success();
    let (one, two) = (scene.bytes("one"), scene.bytes("two"));
    assert_eq!(
        one.keys().collect::<Vec<_>>(),
        two.keys().collect::<Vec<_>>()
    );
    for (path, bytes) in &one {
        assert!(*bytes == two[path], "{} differs", path.display());
    }
}

#[test]
fn another_seed_changes_the_dataset() {
    let scene = Scene::with_dataset();
    scene
        .run_into("other")
        .args(["--seed", "7"])
        .assert()
        .success();
    assert_ne!(
        scene.read("out/train.jsonl"),
        scene.read("other/train.jsonl")
    );
}

#[test]
fn events_are_written_as_json_lines() {
    let scene = Scene::new();
    scene
        .run_into("out")
        .args(["--events", "events.jsonl", "--progress", "none"])
        .assert()
        .success()
        .stderr("");
    let events: Vec<Value> = scene
        .read("events.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |kind: &str| events.iter().filter(|event| event["event"] == kind).count();
    assert!(of("stage_started") >= 9 && of("stage_finished") >= 9);
    assert_eq!(
        events
            .iter()
            .find(|event| event["event"] == "warning")
            .unwrap()["stage"],
        "ingest"
    );
}

#[test]
fn verify_fails_on_a_changed_quote_byte_or_source() {
    let scene = Scene::with_dataset();
    copy(&docs(), &scene.path("docs"));
    let verify = || scene.dsg(&["verify", "out", "--input", "docs", "--limit", "3"]);
    verify()
        .assert()
        .success()
        .stdout(predicate::str::contains("everything holds"));

    let train = scene.read("out/train.jsonl");
    let tampered = train.replacen("\"quote\":\"", "\"quote\":\"X", 1);
    scene.write("out/train.jsonl", &tampered);
    verify()
        .assert()
        .code(1)
        .stdout(predicate::str::contains("train.jsonl: output_changed"))
        .stdout(predicate::str::contains("receipt"));
    scene.write("out/train.jsonl", &train);

    let page = scene.read("docs/jobs/arrays.md");
    scene.write("docs/jobs/arrays.md", &page.replacen("array", "ARRAY", 1));
    let output = verify().arg("--json").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&report["ok"], &report["findings"][0]["kind"]),
        (&false.into(), &"input_changed".into())
    );

    fs::remove_file(scene.path("docs/jobs/arrays.md")).unwrap();
    verify()
        .arg("--quiet")
        .assert()
        .code(1)
        .stdout(predicate::str::contains("input_missing"));
}
