//! `dsg eval` and `dsg compare`.

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

use crate::scene::Scene;

#[cfg(not(feature = "train"))]
#[test]
fn a_build_that_cannot_ask_models_names_the_feature() {
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
    for (option, value, says) in [
        ("--limit", "0", "--limit"),
        ("--max-new-tokens", "0", "--max-new-tokens"),
        // Without it nothing is drawn.
        ("--top-p", "0.9", "--temperature"),
        ("--engine", "candle", "llama-cpp"),
    ] {
        scene
            .dsg(&["eval", "--model", "m", "--forgetting", option, value])
            .assert()
            .code(2)
            .stderr(contains(says));
    }
}

#[test]
fn replies_are_held_to_one_form_at_most() {
    let scene = Scene::new();
    let mut command = scene.dsg(&["eval", "--model", "m", "--forgetting"]);
    command.args(["--schema", "a.json", "--grammar", "a.gbnf"]);
    let says = contains("--grammar").and(contains("cannot be used with"));
    command.assert().code(2).stderr(says);
}

#[cfg(feature = "train")]
mod with_feature {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::{Path, PathBuf};

    use dsg::config::DatasetConfig;
    use dsg::core::{Event, Interrupt, Observer, Silent};
    use dsg::training::generate::GenerateOptions;
    use dsg::{ErrorKind, EvalData, EvalEngine, EvalJob, EvalModel, EvalQuestions};
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

    /// What a call leaves, but for `answers.jsonl`, in which other calls have left theirs.
    fn outcome(scene: &Scene) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = scene.bytes("out");
        files.remove(Path::new("answers.jsonl"));
        files
    }

    /// Gives every weight of the model's last norm this value.
    fn change_norm(scene: &Scene, value: f32) {
        let path = scene.path("base/model.safetensors");
        let mut bytes = fs::read(&path).unwrap();
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap());
        let data = 8 + usize::try_from(length).unwrap();
        let header: Value = serde_json::from_slice(&bytes[8..data]).unwrap();
        let offsets = &header["model.norm.weight"]["data_offsets"];
        let [start, end] = [0_usize, 1].map(|end| {
            let offset = offsets[end].as_u64().unwrap();
            data + usize::try_from(offset).unwrap()
        });
        for weight in bytes[start..end].chunks_exact_mut(4) {
            weight.copy_from_slice(&value.to_le_bytes());
        }
        fs::write(&path, bytes).unwrap();
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
        assert_eq!(found["engine"], "burn");
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
        // Those of the second axis are the same questions.
        assert_eq!(results(&scene, "out/answers.jsonl").len(), 4);
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
    fn answers_that_are_there_are_not_made_again() {
        let scene = scene();
        let call = eval(&["--data", "train.jsonl"]);
        let known = |call: &[&str], answers: usize| {
            let output = scene.dsg(call).assert().success().get_output().clone();
            let said = String::from_utf8(output.stderr).unwrap();
            let expected = format!("{answers} answers are there from before");
            assert_eq!(said.contains("from before"), answers > 0, "{said}");
            assert!(answers == 0 || said.contains(&expected), "{said}");
            outcome(&scene)
        };
        let before = known(&call, 0);
        assert_eq!(known(&call, 5), before);

        // As a kill leaves it: the last line is cut, nothing is summed up.
        let answers = scene.read("out/answers.jsonl");
        let cut = answers.get(..answers.len() - 9).unwrap();
        scene.write("out/answers.jsonl", cut);
        fs::remove_file(scene.path("out/eval.json")).unwrap();
        assert_eq!(known(&call, 4), before);
        assert_eq!(known(&call, 5), before);

        // What stands there is what counts.
        let mut first: Value = serde_json::from_str(answers.lines().next().unwrap()).unwrap();
        first["answer"] = json!("something else");
        let rest: Vec<&str> = answers.lines().skip(1).collect();
        let changed = format!("{first}\n{}\n", rest.join("\n"));
        scene.write("out/answers.jsonl", &changed);
        assert_ne!(known(&call, 5), before);
        let lines = results(&scene, "out/results.jsonl");
        assert_eq!(lines[0]["answer"], "something else");
        scene.write("out/answers.jsonl", &answers);

        // Other settings are other answers, and those before are still there.
        let mut other = call.clone();
        other.extend(["--temperature", "2", "--top-p", "0.9", "--seed", "7"]);
        let drawn = known(&other, 0);
        assert_ne!(drawn, before);
        let mut fewer = call.clone();
        fewer.extend(["--limit", "2"]);
        known(&fewer, 2);
        assert_eq!(known(&call, 5), before);
        assert_eq!(known(&other, 5), drawn);
        fs::remove_dir_all(scene.path("out")).unwrap();
        assert_eq!(known(&other, 0), drawn);
    }

    #[test]
    fn a_model_with_another_norm_is_another_model() {
        let scene = scene();
        let call = eval(&["--data", "train.jsonl"]);
        scene.dsg(&call).assert().success();
        change_norm(&scene, 1.5);
        let says = contains("from before").not();
        scene.dsg(&call).assert().success().stderr(says);
        assert_eq!(results(&scene, "out/answers.jsonl").len(), 10);
        // Nothing of an earlier call stands for one that came to nothing.
        change_norm(&scene, 3e38);
        let says = contains("evaluate.no_likelihood 5");
        scene.dsg(&call).assert().code(3).stderr(says);
        assert!(!scene.path("out/eval.json").exists());
        let rejects = results(&scene, "out/rejects.jsonl");
        assert_eq!(rejects.len(), 5);
        assert_eq!(rejects[0]["reason"], "evaluate.no_likelihood");
    }

    /// Asks for a stop once so many questions are answered.
    struct StopAfter {
        answers: u64,
        interrupt: Interrupt,
    }

    impl Observer for StopAfter {
        fn on_event(&self, event: &Event) {
            if matches!(event, Event::Progress { done, .. } if *done == self.answers) {
                self.interrupt.request();
            }
        }
    }

    #[test]
    fn a_stop_between_two_questions_goes_on_to_the_same_bytes() {
        let scene = scene();
        let mut replies = GenerateOptions::default();
        replies.max_tokens = 6;
        let run = |out: &str, observer: &dyn Observer, interrupt: &Interrupt| {
            let data = EvalData {
                axis: None,
                path: scene.path("train.jsonl"),
            };
            let job = EvalJob {
                model: EvalModel {
                    model: scene.path("base"),
                    adapter: None,
                },
                engine: EvalEngine::Burn,
                questions: EvalQuestions {
                    data: vec![data],
                    ..EvalQuestions::default()
                },
                replies: replies.clone(),
                constraint: None,
                gates: Vec::new(),
                out: scene.path(out),
            };
            dsg::evaluate(&job, &DatasetConfig::default(), observer, interrupt)
        };
        run("whole", &Silent, &Interrupt::default()).unwrap();

        let interrupt = Interrupt::default();
        let stop = StopAfter {
            answers: 2,
            interrupt: interrupt.clone(),
        };
        let error = run("stopped", &stop, &interrupt).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted);
        assert_eq!(results(&scene, "stopped/answers.jsonl").len(), 2);
        assert!(!scene.path("stopped/results.jsonl").exists());
        run("stopped", &Silent, &Interrupt::default()).unwrap();
        assert_eq!(scene.bytes("stopped"), scene.bytes("whole"));
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
        // Known before the model is: there is none.
        let unmeasured = [
            "eval",
            "--model",
            "nowhere",
            "--data",
            "train.jsonl",
            "--fail-below",
            "elsewhere.f1=0",
        ];
        let says = contains("`elsewhere.f1`").and(contains("the axes trained"));
        scene.dsg(&unmeasured).assert().code(2).stderr(says);
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
        scene.write("none.jsonl", "");
        let says = contains("no question to ask").and(contains("--forgetting"));
        scene
            .dsg(&["eval", "--model", "nowhere", "--data", "none.jsonl"])
            .assert()
            .code(3)
            .stderr(says);
        scene
            .dsg(&eval(&["--data", "general=train.jsonl"]))
            .assert()
            .code(2)
            .stderr(contains("`general`"));
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
    fn dsgs_own_decoder_holds_no_reply_to_a_form() {
        let scene = scene();
        for option in ["--schema", "--grammar"] {
            let says = contains("only the engine `llama-cpp`").and(contains("--engine llama-cpp"));
            let call = eval(&["--data", "train.jsonl", option, "form"]);
            scene.dsg(&call).assert().code(2).stderr(says);
        }
    }

    #[cfg(not(feature = "llama-cpp"))]
    #[test]
    fn an_engine_that_is_not_built_in_names_its_feature() {
        let scene = scene();
        let calls: [&[&str]; 2] = [
            &["eval", "--model", "base"],
            &["compare", "--base", "base", "--student", "base"],
        ];
        for call in calls {
            let says = contains("built without `llama-cpp`").and(contains("--features llama-cpp"));
            let mut command = scene.dsg(call);
            command.args(["--engine", "llama-cpp", "--data", "train.jsonl"]);
            command.assert().code(2).stderr(says);
        }
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
        let output = scene.dsg(&call).assert().success().get_output().clone();
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (&found["items"], &found["unpaired"], &found["same_tokens"]),
            (&json!(5), &json!(0), &json!(true))
        );
        let said = String::from_utf8(output.stderr).unwrap();
        for line in [
            "the base is asked: `base`",
            "the student is asked",
            "fewer than 20",
        ] {
            assert!(said.contains(line), "{said}");
        }
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
        assert!(page.contains("- similarity by ") && page.contains("fewer than 20"));
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
