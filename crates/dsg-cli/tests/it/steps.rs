use serde_json::Value;

use crate::scene::{Scene, docs, hypothesis};

#[test]
fn the_steps_one_by_one_give_the_same_items_as_a_run() {
    let scene = Scene::with_dataset();
    let config = hypothesis();
    let config = config.to_str().unwrap();
    scene
        .dsg(&["ingest", "--rejects", "unread.jsonl", "--input"])
        .arg(docs())
        .assert()
        .success();
    scene.dsg(&["build-index", "-c", config]).assert().success();
    scene.dsg(&["generate", "-c", config]).assert().success();
    scene
        .dsg(&["curate", "-c", config, "--rejects", "rejects.jsonl"])
        .assert()
        .success();
    assert_eq!(
        scene.read("corpus.jsonl"),
        scene.read("out/work/corpus.jsonl")
    );
    assert_eq!(
        scene.read("candidates.jsonl"),
        scene.read("out/work/candidates.jsonl")
    );
    let ids = |name: &str| -> Vec<String> {
        let text = scene.read(name);
        text.lines()
            .map(|line| {
                serde_json::from_str::<Value>(line).unwrap()["id"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect()
    };
    assert_eq!(ids("train.jsonl"), ids("out/train.jsonl"));
    assert_eq!(ids("eval.jsonl"), ids("out/eval.jsonl"));
    assert!(scene.read("unread.jsonl").contains("damaged.md"));
    let left = scene.read("rejects.jsonl").lines().count();
    assert!(left < scene.read("out/rejects.jsonl").lines().count());
}

#[test]
fn json_goes_to_standard_output_and_progress_does_not() {
    let scene = Scene::new();
    let output = scene
        .dsg(&["ingest", "--json", "--input"])
        .arg(docs())
        .output()
        .unwrap();
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["funnel"][0]["stage"], "ingest");
    assert_eq!(result["funnel"][0]["in"], 17);
    assert_eq!(result["written"][0], "corpus.jsonl");
    assert!(
        scene
            .text(&output.stderr)
            .contains("ingest 16 of 17 kept, 1 failed")
    );
}

#[test]
fn a_benchmark_is_kept_out_by_run_and_by_curate() {
    let scene = Scene::with_dataset();
    let config = hypothesis();
    let config = config.to_str().unwrap();
    let first = scene.read("out/train.jsonl");
    let first: Value = serde_json::from_str(first.lines().next().unwrap()).unwrap();
    let question = first["messages"][0]["content"].as_str().unwrap();
    let row = serde_json::json!({ "prompt": question }).to_string();
    scene.write("our bench.jsonl", &row);
    let gone = |rejects: &str| {
        let line = scene
            .read(rejects)
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .find(|reject| reject["id"] == first["id"])
            .unwrap();
        assert!(
            line["reason"]
                .as_str()
                .unwrap()
                .starts_with("dedupe.contaminated_"),
            "{line}"
        );
        let detail = line["detail"].as_str().unwrap();
        assert!(detail.starts_with("`our bench.jsonl`, row 1,"), "{detail}");
    };
    scene
        .dsg(&["curate", "-c", config, "--in", "out/work/candidates.jsonl"])
        .args(["--index", "out/work/index", "--rejects", "rejects.jsonl"])
        .args(["--decontaminate", "our bench.jsonl"])
        .assert()
        .success();
    gone("rejects.jsonl");
    scene
        .run_into("out")
        .args(["--decontaminate", "our bench.jsonl"])
        .assert()
        .success();
    gone("out/rejects.jsonl");

    scene.write("notes.txt", "No rows.");
    scene
        .dsg(&["curate", "-c", config, "--in", "out/work/candidates.jsonl"])
        .args(["--index", "out/work/index", "--decontaminate", "notes.txt"])
        .assert()
        .code(2)
        .stderr(predicates::str::contains("no JSON Lines, JSON, CSV"));
}
