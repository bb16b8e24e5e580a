//! `dsg train`, `dsg merge` and `dsg export-gguf`.

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

use crate::scene::Scene;

#[cfg(not(feature = "train"))]
#[test]
fn a_build_that_cannot_train_names_the_feature() {
    let scene = Scene::new();
    let calls: [&[&str]; 3] = [
        &["train", "--data", "a.jsonl", "--base", "b", "--out", "c"],
        &["merge", "--base", "b", "--out", "c"],
        &["export-gguf", "--model", "b", "--out", "c.gguf"],
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
    let mut call = vec!["train", "--data", "a.jsonl", "--base", "b", "--out", "c"];
    call.extend(["--device", "tpu"]);
    let says = contains("[possible values: cpu, cuda, wgpu, vulkan]").and(contains("--device"));
    scene.dsg(&call).assert().code(2).stderr(says);
    let call = [
        "export-gguf",
        "--model",
        "b",
        "--out",
        "c.gguf",
        "--quant",
        "q9",
    ];
    let says =
        contains("`q9` is no type of model files; there are f32, f16").and(contains("q4_k_m"));
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
        assert_eq!(summary["device"], "cpu");
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
    fn what_begins_anew_is_not_finished_before_it_is() {
        let scene = Scene::new();
        write_model(&scene);
        scene.write("train.jsonl", &rows());
        scene.dsg(&CALL).assert().success();
        let anew = [&CALL[..], &["--restart"]].concat();
        let there = || {
            ["student/training.json", "student/checkpoints"].map(|name| scene.path(name).exists())
        };
        // What cannot be read takes nothing away.
        fs::rename(scene.path("train.jsonl"), scene.path("other.jsonl")).unwrap();
        scene.dsg(&anew).assert().failure();
        assert_eq!(there(), [true; 2]);
        fs::rename(scene.path("other.jsonl"), scene.path("train.jsonl")).unwrap();
        // A weight that is no number ends the training at its beginning.
        let weights = scene.path("base/model.safetensors");
        let mut bytes = fs::read(&weights).unwrap();
        let last = bytes.len() - 4;
        bytes[last..].fill(0xff);
        fs::write(&weights, bytes).unwrap();
        scene.dsg(&anew).assert().failure();
        assert_eq!(there(), [false; 2]);
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_device_that_is_not_built_names_its_feature_before_anything_is_read() {
        let scene = Scene::new();
        let call = ["train", "--data", "a.jsonl", "--base", "b", "--out", "c"];
        let call = [&call[..], &["--device", "cuda"]].concat();
        let says = contains("built without `cuda`").and(contains("--features cuda"));
        scene.dsg(&call).assert().code(2).stderr(says);
        assert!(!scene.path("c").exists());
    }

    #[test]
    fn a_folder_becomes_a_file_that_says_the_same() {
        let scene = Scene::new();
        write_model(&scene);
        let call = |more: &[&str]| {
            let mut call = vec!["export-gguf", "--model", "base", "--out", "model.gguf"];
            call.extend(more);
            scene.dsg(&call)
        };
        let json = |more: &[&str]| -> Value {
            let output = call(more).assert().success().get_output().clone();
            serde_json::from_slice(&output.stdout).unwrap()
        };
        let summary = json(&["--quant", "f32", "--json"]);
        let logits = &summary["check"]["logits"];
        assert_eq!(
            (summary["ok"].as_bool(), summary["file_type"].as_str()),
            (Some(true), Some("F32"))
        );
        assert_eq!(
            (logits["texts"].as_u64(), logits["other_tokens"].as_u64()),
            (Some(5), Some(0))
        );
        assert_eq!(
            (
                logits["other_chat"].as_bool(),
                logits["other_ends"].as_bool()
            ),
            (Some(false), Some(false))
        );
        let log: Value = serde_json::from_str(&scene.read("model.gguf.log.json")).unwrap();
        assert_eq!(log["options"]["quant"], "F32");
        assert_eq!(log["result"]["written"], "model.gguf");
        assert_eq!(log["model"].as_str().unwrap().len(), 32);
        assert_eq!(
            scene.read("model.gguf.tokenizer/tokenizer.json"),
            scene.read("base/tokenizer.json")
        );
        assert!(!scene.path(".dsg-model.gguf").exists());
        assert!(logits["max_kl"].as_f64().unwrap() < 1e-9, "{logits}");
        scene
            .dsg(&["gguf", "verify", "model.gguf"])
            .assert()
            .success();

        scene.write("probe.txt", "One text.\n\nAnother one.\n");
        let summary = json(&["--name", "student", "--probe", "probe.txt", "--json"]);
        assert_eq!(summary["types"][0]["type"], "Q8_0");
        assert_eq!(summary["check"]["logits"]["texts"], 2);
        assert!(summary["bits_per_weight"].as_f64().unwrap() < 9.5);
        scene
            .dsg(&["gguf", "show", "model.gguf", "--key", "general.name"])
            .assert()
            .success()
            .stdout("student\n");
        let says = contains("Wrote model.gguf: Q8_0, ")
            .and(contains("2 rows of the embedding have no token"));
        call(&["--no-verify"])
            .assert()
            .success()
            .stdout(says.and(contains("Beside the model").not()));
    }

    #[test]
    fn a_file_is_named_after_its_model_and_type() {
        let scene = Scene::new();
        write_model(&scene);
        let call = [
            "export-gguf",
            "--model",
            "base",
            "--name",
            "my/student",
            "--no-verify",
        ];
        scene.dsg(&call).assert().success();
        assert!(scene.path("my-student-Q8_0.gguf").is_file());
    }

    #[test]
    fn a_killed_run_leaves_nothing_and_faults_come_before_work() {
        let scene = Scene::new();
        write_model(&scene);
        let call = ["export-gguf", "--model", "base", "--out", "model.gguf"];
        scene.write(".dsg-model.gguf/f32.gguf", "half a file");
        scene.dsg(&call).assert().success();
        assert!(!scene.path(".dsg-model.gguf").exists());

        let before = fs::read(scene.path("model.gguf")).unwrap();
        scene.write("empty.txt", "\n\n  \n");
        let mut empty = call.to_vec();
        empty.extend(["--probe", "empty.txt"]);
        let says = contains("`probe`: there is no text in `empty.txt`");
        scene.dsg(&empty).assert().code(2).stderr(says);
        assert_eq!(fs::read(scene.path("model.gguf")).unwrap(), before);
        let mut folder = call.to_vec();
        folder[4] = "base";
        let says = contains("`base` is the model itself");
        scene.dsg(&folder).assert().code(2).stderr(says);
        folder[4] = "base/config.json";
        let says = contains("one of the model's own files");
        scene.dsg(&folder).assert().code(2).stderr(says);
    }

    #[cfg(feature = "llama-cpp")]
    #[test]
    fn a_recipe_is_left_to_llama_cpp() {
        let scene = Scene::new();
        write_model(&scene);
        let mut call = vec!["export-gguf", "--model", "base", "--out", "q4.gguf"];
        call.extend(["--quant", "q4_k_m", "--json", "--preserve-tmp-dir"]);
        let output = scene.dsg(&call).assert().success().get_output().clone();
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(summary["file_type"], "Q4_K_M");
        // Rows of 32 values are no blocks of 256.
        let types = summary["types"].as_array().unwrap();
        assert!(
            types.iter().any(|share| share["type"] == "Q5_0"),
            "{types:?}"
        );
        let kept = scene.path(summary["kept"].as_str().unwrap());
        assert!(kept.join("f32.gguf").is_file());
        // What the file is, and not what it was made of.
        let notes = summary["notes"].as_array().unwrap();
        let falls_back = |note: &Value| note["note"] == "fallback" && note["wanted"] == "Q4_K_M";
        assert!(notes.iter().any(falls_back), "{notes:?}");
    }

    #[test]
    fn what_cannot_be_a_file_is_named() {
        let scene = Scene::new();
        write_model(&scene);
        let mut call = vec!["export-gguf", "--model", "base", "--out", "model.gguf"];
        let tokenizer = scene.read("base/tokenizer.json");
        let whitespace = tokenizer.replace(
            r#""pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}"#,
            r#""pre_tokenizer":{"type":"Whitespace"}"#,
        );
        assert_ne!(whitespace, tokenizer);
        scene.write("base/tokenizer.json", &whitespace);
        let says = contains("tokenizer.json").and(contains("Whitespace"));
        scene.dsg(&call).assert().code(3).stderr(says);
        assert!(!scene.path("model.gguf").exists());
        if cfg!(not(feature = "llama-cpp")) {
            call.extend(["--quant", "q4_k_m"]);
            let says = contains("built without `llama-cpp`").and(contains("--features llama-cpp"));
            scene.dsg(&call).assert().code(2).stderr(says);
        }
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
