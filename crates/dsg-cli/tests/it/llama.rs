//! `dsg eval` and `dsg compare` with llama.cpp as the engine.

use std::path::Path;

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::{Value, json};

use crate::real_model::small_model;
use crate::scene::Scene;

const ROWS: [(&str, &str); 5] = [
    (
        "What is the capital of France?",
        "The capital of France is Paris.",
    ),
    (
        "What do bees make?",
        "Bees make honey, which they store in the cells of their hive.",
    ),
    ("How many days has a week?", "A week has seven days."),
    (
        "What is ice?",
        "Ice is water that is frozen into a solid state.",
    ),
    (
        "Why is the sky blue?",
        "The sky is blue because air scatters blue light more than red light.",
    ),
];
const SCHEMA: &str = r#"{"type": "object", "properties": {"answer": {"type": "string", "maxLength": 40}},
    "required": ["answer"], "additionalProperties": false}"#;

fn scene() -> Scene {
    let scene = Scene::new();
    let rows = ROWS.map(|(question, answer)| {
        json!({"id": question, "prompt": question, "completion": answer}).to_string() + "\n"
    });
    scene.write("rows.jsonl", &rows.concat());
    scene
}

/// The summary of a call, and what was said on its way.
fn ask(scene: &Scene, model: &Path, more: &[&str]) -> (Value, String) {
    let mut command = scene.dsg(&["eval", "--data", "rows.jsonl", "--out", "out", "--json"]);
    command.args(["--threads", "1"]).args(more);
    command.env("OMP_WAIT_POLICY", "passive");
    let output = command.arg("--model").arg(model).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let summary = serde_json::from_slice(&output.stdout).unwrap();
    (summary, String::from_utf8(output.stderr).unwrap())
}

fn lines(scene: &Scene, file: &str) -> Vec<Value> {
    let text = scene.read(file);
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn nll(value: &Value) -> f64 {
    value["nll"].as_f64().unwrap()
}

#[test]
fn both_engines_find_answers_as_likely_and_mostly_say_the_same() {
    let Some(model) = small_model() else { return };
    let scene = scene();
    let run = |engine: &str| {
        let more = ["--engine", engine, "--max-new-tokens", "12"];
        let (summary, said) = ask(&scene, &model, &more);
        assert_eq!(summary["engine"], engine);
        (lines(&scene, "out/results.jsonl"), said)
    };
    let (ours, _) = run("burn");
    let (theirs, said) = run("llama-cpp");
    // In one folder, neither takes the other's answers.
    assert!(!said.contains("from before"), "{said}");
    assert_eq!(lines(&scene, "out/answers.jsonl").len(), 2 * ROWS.len());
    let (mut sums, mut same) = ([0.0, 0.0], 0);
    for (ours, theirs) in ours.iter().zip(&theirs) {
        for field in ["labels", "tokens", "question"] {
            assert_eq!(ours[field], theirs[field]);
        }
        let [a, b] = [nll(ours), nll(theirs)];
        assert!((a - b).abs() < 0.1 * a.max(0.5), "{ours} {theirs}");
        sums = [sums[0] + a, sums[1] + b];
        let begin = |line: &Value| -> Vec<String> {
            let words = line["answer"].as_str().unwrap().split_whitespace();
            words.take(3).map(str::to_owned).collect()
        };
        same += usize::from(begin(ours) == begin(theirs));
    }
    assert!((sums[0] - sums[1]).abs() < 0.04 * sums[0], "{sums:?}");
    assert!(same >= 3, "{ours:?} {theirs:?}");

    let before = scene.read("out/eval.json");
    let (_, said) = run("llama-cpp");
    assert!(said.contains("5 answers are there from before"), "{said}");
    assert_eq!(scene.read("out/eval.json"), before);
}

#[test]
fn replies_that_are_held_to_a_schema_all_parse() {
    let Some(model) = small_model() else { return };
    let scene = scene();
    scene.write("answer.json", SCHEMA);
    let llama = ["--engine", "llama-cpp", "--max-new-tokens", "64"];
    let (free, _) = ask(&scene, &model, &llama);
    assert_eq!(free["constrained"], Value::Null);
    let unconstrained = lines(&scene, "out/results.jsonl");
    let (held, said) = ask(
        &scene,
        &model,
        &[&llama[..], &["--schema", "answer.json"]].concat(),
    );
    assert!(!said.contains("from before"), "{said}");
    let counts = &held["constrained"];
    assert_eq!(
        (&counts["by"], &counts["file"], &counts["invalid"]),
        (&json!("schema"), &json!("answer.json"), &json!(0))
    );
    let [valid, cut] = ["valid", "cut"].map(|count| counts[count].as_u64().unwrap());
    assert!(valid > 0 && valid + cut == ROWS.len() as u64, "{counts}");
    let results = lines(&scene, "out/results.jsonl");
    for (line, free) in results.iter().zip(&unconstrained) {
        // What is expected is no JSON, and as likely as without.
        assert!((nll(line) - nll(free)).abs() < 1e-6, "{line} {free}");
        if line["finish"] == "end" {
            let answer = line["answer"].as_str().unwrap();
            let value: Value = serde_json::from_str(answer).unwrap();
            assert!(value["answer"].is_string(), "{answer}");
        }
    }
}

#[test]
fn replies_that_are_held_to_a_grammar_are_of_its_language() {
    let Some(model) = small_model() else { return };
    let scene = scene();
    scene.write("answer.gbnf", "root ::= \"yes\" | \"no\" | \"perhaps\"\n");
    let held = ["--engine", "llama-cpp", "--grammar", "answer.gbnf"];
    let (summary, _) = ask(&scene, &model, &held);
    assert_eq!(summary["constrained"]["valid"], ROWS.len());
    for line in lines(&scene, "out/results.jsonl") {
        let answer = line["answer"].as_str().unwrap();
        assert!(["yes", "no", "perhaps"].contains(&answer), "{answer}");
    }

    scene.write("answer.gbnf", "root ::= other\n");
    let mut command = scene.dsg(&["eval", "--data", "rows.jsonl", "--model"]);
    let says = contains("answer.gbnf").and(contains("cannot hold replies"));
    command.arg(&model).args(held);
    command.assert().code(3).stderr(says);
}

#[test]
fn two_files_are_compared_as_they_will_be_used() {
    let Some(model) = small_model() else { return };
    let scene = scene();
    let mut command = scene.dsg(&["compare", "--engine", "llama-cpp", "--data", "rows.jsonl"]);
    command.args(["--limit", "2", "--max-new-tokens", "4", "--threads", "1"]);
    command.env("OMP_WAIT_POLICY", "passive");
    for who in ["--base", "--student"] {
        command.arg(who).arg(&model);
    }
    let says = contains("run by llama-cpp");
    command.assert().success().stdout(says);
    let summary: Value = serde_json::from_str(&scene.read("comparison/compare.json")).unwrap();
    assert_eq!(summary["engine"], "llama-cpp");
    assert_eq!(summary["axes"][0]["metrics"][0]["difference"], 0.0);
    assert!(
        scene
            .read("comparison/compare.md")
            .contains("both run by llama-cpp")
    );
}

#[test]
fn what_llama_cpp_cannot_run_is_to_be_exported_first() {
    let scene = scene();
    scene.write("base/config.json", "{}");
    let llama = ["--engine", "llama-cpp", "--data", "rows.jsonl"];
    let calls: [&[&str]; 3] = [
        &["eval", "--model", "base"],
        &["eval", "--model", "a.gguf", "--adapter", "student"],
        &["compare", "--base", "a.gguf", "--adapter", "student"],
    ];
    for call in calls {
        let says = contains("GGUF files alone").and(contains("dsg export-gguf"));
        let mut command = scene.dsg(call);
        command.args(llama).assert().code(2).stderr(says);
    }
}

#[test]
fn a_schema_that_can_hold_no_reply_is_named_before_a_model_is_loaded() {
    let scene = scene();
    scene.write("text.json", "an answer");
    scene.write("odd.json", r#"{"type": "text"}"#);
    for (file, why) in [
        ("nowhere.json", "cannot be read"),
        ("text.json", "is no JSON"),
        ("odd.json", "is no JSON Schema"),
    ] {
        let call = ["eval", "--engine", "llama-cpp", "--model", "nowhere.gguf"];
        let mut command = scene.dsg(&call);
        command.args(["--data", "rows.jsonl", "--schema", file]);
        let says = contains(file).and(contains(why));
        command.assert().code(3).stderr(says);
    }
}
