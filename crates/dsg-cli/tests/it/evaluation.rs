//! `dsg eval` and `dsg compare`.

use predicates::str::contains;

use crate::scene::Scene;

#[cfg(not(feature = "train"))]
#[test]
fn a_build_that_cannot_ask_models_names_the_feature() {
    use predicates::prelude::PredicateBooleanExt as _;

    let scene = Scene::new();
    let calls: [&[&str]; 2] = [
        &["eval", "--model", "m", "--data", "a.jsonl"],
        &["compare", "--base", "m", "--student", "n", "--forgetting"],
    ];
    for call in calls {
        let says = contains("built without `train`").and(contains("--features train"));
        scene.dsg(call).assert().code(2).stderr(says);
    }
}

#[test]
fn a_call_without_questions_or_without_a_student_is_refused() {
    let scene = Scene::new();
    scene
        .dsg(&["eval", "--model", "m"])
        .assert()
        .code(2)
        .stderr(contains("--data"));
    scene
        .dsg(&["compare", "--base", "m", "--data", "a.jsonl"])
        .assert()
        .code(2)
        .stderr(contains("--student"));
    let both = [
        "compare",
        "--base",
        "m",
        "--student",
        "n",
        "--adapter",
        "a",
        "--forgetting",
    ];
    scene
        .dsg(&both)
        .assert()
        .code(2)
        .stderr(contains("cannot be used with"));
}

#[cfg(feature = "train")]
mod with_feature {
    use std::fs;

    use predicates::prelude::PredicateBooleanExt as _;
    use predicates::str::contains;
    use serde_json::{Value, json};

    use crate::scene::Scene;
    use crate::tiny_model::write_model;

    const ROWS: [(&str, &str); 5] = [
        ("What is a node?", "A computer of the cluster."),
        ("Who starts jobs?", "The scheduler."),
        ("How do I stop one?", "With scancel."),
        ("Where are my files?", "In your home."),
        ("Which limit is there?", "At most 30 minutes."),
    ];

    fn scene() -> Scene {
        let scene = Scene::new();
        write_model(&scene);
        let rows: Vec<String> = ROWS
            .iter()
            .enumerate()
            .map(|(id, (question, answer))| {
                let row = json!({"id": format!("qa-{id}"), "messages": [
                    {"role": "user", "content": question}, {"role": "assistant", "content": answer}],
                    "meta": {"split": "train", "citations": [{"quote": answer}]}});
                row.to_string() + "\n"
            })
            .collect();
        scene.write("train.jsonl", &rows.concat());
        scene
    }

    fn call<'a>(command: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let mut call = vec![command, "--max-new-tokens", "6", "--out", "out", "--json"];
        call.extend(more);
        call
    }

    fn eval<'a>(more: &[&'a str]) -> Vec<&'a str> {
        let mut call = call("eval", &["--model", "base"]);
        call.extend(more);
        call
    }

    fn summary(scene: &Scene, call: &[&str]) -> Value {
        let output = scene.dsg(call).assert().success().get_output().clone();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn results(scene: &Scene, file: &str) -> Vec<Value> {
        let text = scene.read(file);
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn metric<'v>(axis: &'v Value, name: &str) -> &'v Value {
        let metrics = axis["metrics"].as_array().unwrap();
        metrics
            .iter()
            .find(|metric| metric["metric"] == name)
            .unwrap()
    }

    #[test]
    fn every_question_is_answered_and_measured_once() {
        let scene = scene();
        let call = eval(&[
            "--data",
            "train.jsonl",
            "--data",
            "again=train.jsonl",
            "--limit",
            "4",
        ]);
        let found = summary(&scene, &call);
        assert_eq!(
            (&found["ok"], &found["items"], &found["refused"]),
            (&json!(true), &json!(8), &json!(0))
        );
        let axes = found["axes"].as_array().unwrap();
        assert_eq!(axes.len(), 2);
        assert_eq!(
            (&axes[0]["axis"], &axes[1]["axis"]),
            (&json!("trained"), &json!("again"))
        );
        for name in [
            "nll",
            "perplexity",
            "exact",
            "f1",
            "rouge_l",
            "similarity",
            "supported",
            "ended",
        ] {
            let metric = metric(&axes[0], name);
            let number = |key: &str| metric[key].as_f64().unwrap();
            assert!(
                number("low") <= number("mean") && number("mean") <= number("high"),
                "{metric}"
            );
            assert_eq!(metric["items"], 4);
        }
        let lines = results(&scene, "out/results.jsonl");
        assert_eq!(lines.len(), 8);
        for line in &lines {
            assert_eq!(line["schema"], "dsg.evaluated/1");
            assert!(
                line["nll"].as_f64().unwrap() > 0.0 && line["scores"]["f1"].is_number(),
                "{line}"
            );
        }
        // The mean over tokens, by hand.
        let of_axis = lines.iter().filter(|line| line["axis"] == "trained");
        let (sum, tokens) = of_axis.fold((0.0, 0.0), |(sum, tokens), line| {
            let count = line["tokens"].as_f64().unwrap();
            (sum + line["nll"].as_f64().unwrap() * count, tokens + count)
        });
        let mean = metric(&axes[0], "nll")["mean"].as_f64().unwrap();
        assert!((mean - sum / tokens).abs() < 1e-9);
        assert_eq!(
            serde_json::from_str::<Value>(&scene.read("out/eval.json")).unwrap()["items"],
            8
        );
    }

    #[test]
    fn answers_that_are_there_are_kept_and_a_cut_file_is_completed() {
        let scene = scene();
        let call = eval(&["--data", "train.jsonl"]);
        scene.dsg(&call).assert().success();
        let before = scene.bytes("out");
        let says = contains("5 answers are there from before");
        scene.dsg(&call).assert().success().stderr(says);
        assert_eq!(scene.bytes("out"), before);

        // As a kill leaves it: one line is whole, one is cut, no scores.
        let lines = results(&scene, "out/results.jsonl");
        let mut first = lines[0].clone();
        first.as_object_mut().unwrap().remove("scores");
        scene.write(
            "out/results.jsonl",
            &format!("{first}\n{{\"schema\":\"dsg.ev"),
        );
        fs::remove_file(scene.path("out/eval.json")).unwrap();
        let says = contains("1 answers are there from before");
        scene.dsg(&call).assert().success().stderr(says);
        assert_eq!(scene.bytes("out"), before);

        // Other settings are other answers.
        let mut other = call.clone();
        other.extend(["--temperature", "2", "--top-p", "0.9", "--seed", "7"]);
        let says =
            contains("5 answers of another model").and(contains("are there from before").not());
        scene.dsg(&other).assert().success().stderr(says);
        let drawn = scene.bytes("out");
        assert_ne!(drawn, before);
        fs::remove_dir_all(scene.path("out")).unwrap();
        scene.dsg(&other).assert().success();
        assert_eq!(scene.bytes("out"), drawn);
    }

    #[test]
    fn known_questions_in_other_words_and_general_ones_are_axes() {
        let scene = scene();
        let call = eval(&["--reworded", "train.jsonl", "--forgetting"]);
        let found = summary(&scene, &call);
        let axes = found["axes"].as_array().unwrap();
        assert_eq!(
            (&axes[0]["axis"], &axes[1]["axis"]),
            (&json!("reworded"), &json!("general"))
        );
        let lines = results(&scene, "out/results.jsonl");
        let stop = lines.iter().find(|line| line["id"] == "qa-2").unwrap();
        assert_eq!(
            stop["question"],
            "I want to stop one. What do I have to do?"
        );
        assert_eq!(stop["reworded"]["original"], "How do I stop one?");
        assert_eq!(stop["reference"], "With scancel.");
        assert!(axes[1]["items"].as_u64().unwrap() >= 30);
        let names: Vec<&str> = axes[1]["metrics"]
            .as_array()
            .unwrap()
            .iter()
            .map(|metric| metric["metric"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["nll", "perplexity", "f1"]);
    }

    #[test]
    fn a_mean_that_is_not_good_enough_is_a_missed_gate() {
        let scene = scene();
        let with = |gate| eval(&["--data", "train.jsonl", "--fail-below", gate]);
        scene.dsg(&with("ended=0")).assert().success();
        let output = scene
            .dsg(&with("trained.nll=0.001"))
            .assert()
            .code(1)
            .get_output()
            .clone();
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (&found["ok"], &found["gates"][0]["gate"]),
            (&json!(false), &json!("trained.nll"))
        );
        scene.dsg(&with("elsewhere.f1=0")).assert().code(1);
        let says = contains("`speed` is no metric").and(contains("rouge_l"));
        scene.dsg(&with("speed=1")).assert().code(2).stderr(says);
    }

    #[test]
    fn what_cannot_be_asked_is_named() {
        let scene = scene();
        scene.write("bad.jsonl", "{\"messages\": 7}\n");
        scene
            .dsg(&eval(&["--data", "bad.jsonl"]))
            .assert()
            .code(3)
            .stderr(contains("`bad.jsonl` line 1"));
        let long = json!({"prompt": "x".repeat(200), "completion": "y"});
        scene.write("long.jsonl", &format!("{long}\n"));
        scene
            .dsg(&eval(&["--data", "long.jsonl"]))
            .assert()
            .code(3)
            .stderr(contains("train.too_long 1"));
        scene
            .dsg(&eval(&["--data", "train.jsonl", "--temperature=-1"]))
            .assert()
            .code(2)
            .stderr(contains("temperature"));
    }

    #[test]
    fn a_model_is_no_better_than_itself() {
        let scene = scene();
        let call = call(
            "compare",
            &[
                "--base",
                "base",
                "--student",
                "base",
                "--data",
                "train.jsonl",
            ],
        );
        let found = summary(&scene, &call);
        assert_eq!(found["items"], 5);
        let metrics = found["axes"][0]["metrics"].as_array().unwrap();
        assert_eq!(metrics.len(), 7);
        for metric in metrics {
            for zero in ["difference", "low", "high"] {
                assert_eq!(metric[zero], 0.0, "{metric}");
            }
            assert_eq!(
                (&metric["p_better"], &metric["ties"]),
                (&json!(0.5), &json!(5)),
                "{metric}"
            );
        }
        let page = scene.read("out/compare.md");
        for (question, answer) in ROWS {
            assert!(
                page.contains(&format!("> {question}")) && page.contains(&format!("> {answer}"))
            );
        }
        assert_eq!(
            scene.read("out/base/results.jsonl"),
            scene.read("out/student/results.jsonl")
        );
    }

    #[test]
    fn a_student_finds_what_it_learned_likelier_than_its_base_does() {
        let scene = scene();
        let train = [
            "train",
            "--data",
            "train.jsonl",
            "--base",
            "base",
            "--out",
            "student",
            "--rank",
            "4",
            "--epochs",
            "12",
            "--batch-rows",
            "2",
            "--lr",
            "0.01",
            "--max-tokens",
            "100",
            "--eval",
            "train.jsonl",
        ];
        scene.dsg(&train).assert().success();
        let call = call(
            "compare",
            &[
                "--base",
                "base",
                "--adapter",
                "student",
                "--data",
                "train.jsonl",
            ],
        );
        let found = summary(&scene, &call);
        let nll = metric(&found["axes"][0], "nll");
        let number = |key: &str| nll[key].as_f64().unwrap();
        assert!(number("high") < 0.0 && number("p_better") > 0.99, "{nll}");
        assert_eq!((&nll["wins"], &nll["losses"]), (&json!(5), &json!(0)));
        // The trainer measured the same rows in batches.
        let trained: Value = serde_json::from_str(&scene.read("student/training.json")).unwrap();
        for (ours, theirs) in [("base", "base_eval_loss"), ("student", "eval_loss")] {
            let theirs = trained["report"][theirs].as_f64().unwrap();
            assert!(
                (number(ours) - theirs).abs() < 1e-4,
                "{ours}: {nll}, {theirs}"
            );
        }
    }
}
