//! `dsg train` and `dsg merge`.

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

use crate::scene::Scene;

#[cfg(not(feature = "train"))]
#[test]
fn a_build_that_cannot_train_names_the_feature() {
    let scene = Scene::new();
    let calls: [&[&str]; 2] = [
        &["train", "--data", "a.jsonl", "--base", "b", "--out", "c"],
        &["merge", "--base", "b", "--out", "c"],
    ];
    for call in calls {
        let says = contains("built without `train`").and(contains("--features train"));
        scene.dsg(call).assert().code(2).stderr(says);
    }
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_read() {
    let scene = Scene::new();
    let mut call = vec!["train", "--data", "a.jsonl", "--base", "b", "--out", "c"];
    call.extend(["--quantize", "3"]);
    let says = contains("[possible values: 8, 4]").and(contains("--quantize"));
    scene.dsg(&call).assert().code(2).stderr(says);
}

#[cfg(feature = "train")]
mod with_feature {
    use std::fs;

    use predicates::prelude::PredicateBooleanExt as _;
    use predicates::str::contains;
    use serde_json::{Value, json};

    use crate::scene::Scene;
    use crate::tiny_model::write_model;

    fn rows() -> String {
        let pairs = [
            ("What is a node?", "A computer of the cluster."),
            ("Who starts jobs?", "The scheduler."),
            ("How do I stop one?", "With scancel."),
            ("Where are my files?", "In your home."),
        ];
        let mut rows: Vec<String> = pairs
            .iter()
            .enumerate()
            .map(|(id, (question, answer))| {
                json!({"id": format!("qa-{id}"), "messages": [
                    {"role": "user", "content": question}, {"role": "assistant", "content": answer}]})
                .to_string()
            })
            .collect();
        rows.push(
            json!({"id": "long", "prompt": "Say it all.", "completion": "x".repeat(500)})
                .to_string(),
        );
        rows.join("\n") + "\n"
    }

    const CALL: [&str; 21] = [
        "train",
        "--data",
        "train.jsonl",
        "--eval",
        "train.jsonl",
        "--base",
        "base",
        "--out",
        "student",
        "--rank",
        "4",
        "--epochs",
        "6",
        "--batch-rows",
        "2",
        "--lr",
        "0.01",
        "--checkpoint-steps",
        "2",
        "--max-tokens",
        "100",
    ];

    #[test]
    fn a_dataset_and_a_model_in_an_adapter_and_a_merged_model_out() {
        let scene = Scene::new();
        write_model(&scene);
        scene.write("train.jsonl", &rows());
        let mut call = CALL.to_vec();
        call.push("--json");
        let output = scene.dsg(&call).assert().success().get_output().clone();
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (summary["rows"].as_u64(), summary["refused"].as_u64()),
            (Some(4), Some(2))
        );
        let report = &summary["report"];
        assert_eq!(report["steps"], 12);
        let number = |value: &Value| value.as_f64().unwrap();
        assert!(number(&report["eval_loss"]) < number(&report["base_eval_loss"]));
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(stderr.contains("100 are the most"), "{stderr}");
        assert!(
            scene
                .read("student/rejects.jsonl")
                .contains("train.too_long")
        );
        assert_eq!(
            scene.read("student/training_metrics.jsonl").lines().count(),
            12
        );
        for name in [
            "adapter_config.json",
            "adapter_model.safetensors",
            "adapter.gguf",
            "training.json",
        ] {
            assert!(scene.path("student").join(name).is_file(), "{name}");
        }

        // The same again is found done, and leaves the same.
        let before = fs::read(scene.path("student/adapter_model.safetensors")).unwrap();
        scene
            .dsg(&CALL)
            .assert()
            .success()
            .stderr(contains("goes on after step 12 of 12"));
        assert_eq!(
            fs::read(scene.path("student/adapter_model.safetensors")).unwrap(),
            before
        );
        // Other settings are another run.
        let mut other = CALL.to_vec();
        other.extend(["--seed", "7"]);
        scene
            .dsg(&other)
            .assert()
            .code(2)
            .stderr(contains("checkpoints of other data").and(contains("--restart")));
        other.push("--restart");
        scene.dsg(&other).assert().success();

        let merge = [
            "merge",
            "--base",
            "base",
            "--adapter",
            "student",
            "--out",
            "merged",
        ];
        scene
            .dsg(&merge)
            .assert()
            .success()
            .stdout("Wrote merged\n");
        assert!(scene.path("merged/tokenizer.json").is_file());
        // A merged model is a model: it can be trained again.
        let again = [
            "train",
            "--data",
            "train.jsonl",
            "--base",
            "merged",
            "--out",
            "second",
            "--rank",
            "4",
            "--max-steps",
            "1",
            "--quantize",
            "8",
            "--dora",
        ];
        scene.dsg(&again).assert().success();
        assert!(!scene.path("second/adapter.gguf").exists());
    }

    #[test]
    fn a_model_and_data_that_cannot_be_used_are_named() {
        let scene = Scene::new();
        write_model(&scene);
        scene.write("train.jsonl", "{\"messages\": 7}\n");
        scene
            .dsg(&CALL)
            .assert()
            .code(3)
            .stderr(contains("`train.jsonl` line 1"));
        scene.write(
            "train.jsonl",
            "{\"prompt\":\"Q\",\"completion\":\"<|im_end|>\"}\n",
        );
        scene
            .dsg(&CALL)
            .assert()
            .code(3)
            .stderr(contains("train.control_text 1"));
        let mut call = CALL.to_vec();
        call.extend(["--targets", "q_proj,head"]);
        scene
            .dsg(&call)
            .assert()
            .code(2)
            .stderr(contains("`head` is no projection"));
        let call = [
            "merge",
            "--base",
            "base",
            "--adapter",
            "nothing",
            "--out",
            "merged",
        ];
        scene
            .dsg(&call)
            .assert()
            .code(3)
            .stderr(contains("adapter_config.json"));
    }
}
