//! `dsg compare --judge`, against a server that speaks HTTP.

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::{Value, json};

use crate::scene::Scene;
use crate::server::Server;
use crate::tiny_model::write_model;

/// A question, and what base and student answer.
const ROWS: [(&str, &str, &str); 5] = [
    ("Who wins?", "wrong", "right"),
    ("Who loses?", "right", "wrong"),
    ("Who is first?", "right", "wrong"),
    ("What now?", "right", "wrong"),
    ("Is it the same?", "right", "right"),
];
/// Two orders of each of the first three; one unreadable order of the fourth, which is asked for once more.
const CALLS: usize = 8;

/// Prefers what is right, but for two questions: the first answer in one, nothing readable in the other.
fn judge(request: &Value) -> String {
    let turns = request["messages"].as_array().unwrap();
    let says = |text: &str| {
        turns
            .iter()
            .any(|turn| turn["content"].as_str().unwrap().contains(text))
    };
    assert!(says("Right answer:\n\n````\nright\n````") && says("on which the right answer rests"));
    if says("What now?") {
        return "I like both.".to_owned();
    }
    let is_first = says("Answer A:\n\n````\nright\n````");
    let better = if is_first || says("Who is first?") {
        "a"
    } else {
        "b"
    };
    json!({"verdict": better, "reason": "It is right."}).to_string()
}

/// A base and a student with answers that are there already.
fn scene() -> Scene {
    let scene = Scene::new();
    write_model(&scene);
    let row = |(id, (question, _, _)): (usize, &(&str, &str, &str))| {
        let row = json!({"id": format!("qa-{id}"), "messages": [
            {"role": "user", "content": question}, {"role": "assistant", "content": "right"}],
            "meta": {"split": "eval", "citations": [{"quote": "It is right."}]}});
        row.to_string() + "\n"
    };
    let rows: String = ROWS.iter().enumerate().map(row).collect();
    scene.write("eval.jsonl", &rows);
    scene.dsg(&call(&[])).assert().success();
    for who in ["base", "student"] {
        let file = format!("out/{who}/answers.jsonl");
        let mut changed = String::new();
        for line in scene.read(&file).lines() {
            let mut answer: Value = serde_json::from_str(line).unwrap();
            let id = answer["id"].as_str().unwrap().strip_prefix("qa-").unwrap();
            let (_, of_base, of_student) = ROWS[id.parse::<usize>().unwrap()];
            answer["answer"] = json!(if who == "base" { of_base } else { of_student });
            changed += &(answer.to_string() + "\n");
        }
        scene.write(&file, &changed);
    }
    scene
}

fn configure(scene: &Scene, server: &Server, more: &str) {
    let model = format!(
        "{{provider: model, model: \"{}\", name: tiny}}",
        server.address
    );
    scene.write(
        "datasetgen.yaml",
        &format!("version: 1\nmodels:\n  judge: {model}\n{more}"),
    );
}

fn call<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut call = vec![
        "compare",
        "--base",
        "base",
        "--student",
        "base",
        "--data",
        "eval.jsonl",
        "--max-new-tokens",
        "2",
        "--out",
        "out",
    ];
    call.extend(more);
    call
}

fn summary(scene: &Scene) -> Value {
    serde_json::from_str(&scene.read("out/compare.json")).unwrap()
}

#[test]
fn a_judge_gives_every_axis_a_win_rate_and_is_asked_once() {
    let (scene, server) = (scene(), Server::new(judge));
    configure(&scene, &server, "");
    // Nobody is asked who is not wanted, and the results have no trace of it.
    scene.dsg(&call(&[])).assert().success();
    let before = summary(&scene);
    assert_eq!(
        (server.asked(), scene.path("out/compare.replies").exists()),
        (0, false)
    );
    assert_eq!(
        (before.get("judge"), before["axes"][0].get("win_rate")),
        (None, None)
    );
    assert!(!scene.read("out/compare.md").contains("Judge:"));

    let says = contains("unseen: win rate 0.500 (")
        .and(contains("1 better, 2 same, 1 worse"))
        .and(contains("the orders disagree on 1 (33 %)"))
        .and(contains("1 without a verdict"))
        .and(contains("judged by openai/tiny with judge/pairwise@1"));
    let warns = contains("the judge has no verdict on 1 of 5 questions");
    scene
        .dsg(&call(&["--judge"]))
        .assert()
        .success()
        .stdout(says)
        .stderr(warns);
    assert_eq!(server.asked(), CALLS);
    let found = summary(&scene);
    assert_eq!(
        found["judge"],
        json!({"provider": "openai", "model": "tiny", "prompt": "judge/pairwise@1"})
    );
    let rate = &found["axes"][0]["win_rate"];
    for (name, value) in [
        ("items", json!(4)),
        ("rate", json!(0.5)),
        ("wins", json!(1)),
        ("ties", json!(2)),
        ("losses", json!(1)),
        ("same_text", json!(1)),
        ("disagreements", json!(1)),
        ("no_verdict", json!(1)),
    ] {
        assert_eq!(rate[name], value, "{rate}");
    }
    let number = |name: &str| rate[name].as_f64().unwrap();
    assert!(number("low") < 0.5 && number("high") > 0.5, "{rate}");
    assert!((number("position_bias") - 1.0 / 3.0).abs() < 1e-9, "{rate}");
    // All else is as without a judge.
    assert_eq!(found["axes"][0]["metrics"], before["axes"][0]["metrics"]);
    let page = scene.read("out/compare.md");
    for line in [
        "- unseen: win rate 0.500 (",
        "Judge: the student's answer is better. With the base's first: It is right.",
        "Judge: the base's answer is better.",
        "Judge: a tie, since the orders disagree.",
        "Judge: a tie, the same text",
        "Judge: no verdict, ",
    ] {
        assert!(page.contains(line), "{line} is not in:\n{page}");
    }

    let files = || ["out/compare.json", "out/compare.md"].map(|file| scene.read(file));
    let judged = files();
    scene.dsg(&call(&["--judge"])).assert().success();
    assert_eq!(server.asked(), CALLS, "what is in the store is asked again");
    assert_eq!(files(), judged);

    scene.dsg(&["report", "out"]).assert().success();
    let report = scene.read("report.html");
    for part in [
        "openai/tiny said by judge&#x2f;pairwise@1",
        "<th scope=\"row\">unseen</th><td class=\"number\">0.500</td>",
        "<td class=\"number\">33 %</td>",
    ] {
        assert!(report.contains(part), "{part} is not in:\n{report}");
    }
}

#[test]
fn a_comparison_whose_budget_is_spent_goes_on_later() {
    let (scene, server) = (scene(), Server::new(judge));
    configure(
        &scene,
        &server,
        "  budget: {requests: 3}\nrubric: {concurrency: 1}\n",
    );
    scene
        .dsg(&call(&["--judge"]))
        .assert()
        .code(4)
        .stderr(contains("judging stopped at `qa-1`").and(contains("the budget is spent")));
    assert_eq!(server.asked(), 3);
    assert!(!scene.path("out/compare.json").exists());
    configure(&scene, &server, "");
    scene.dsg(&call(&["--judge"])).assert().success();
    assert_eq!(server.asked(), CALLS, "a reply was paid for twice");
    assert_eq!(summary(&scene)["axes"][0]["win_rate"]["wins"], 1);
}

#[test]
fn a_judge_that_nobody_names_is_an_error_before_a_model_is_loaded() {
    let scene = Scene::new();
    let row = json!({"prompt": "Who?", "completion": "You."});
    scene.write("eval.jsonl", &format!("{row}\n"));
    scene
        .dsg(&call(&["--judge"]))
        .assert()
        .code(2)
        .stderr(contains("there is no judge to ask").and(contains("models.judge")));
}
