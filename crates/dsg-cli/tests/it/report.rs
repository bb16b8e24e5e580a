//! `dsg report`.

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::{Value, json};

use crate::scene::Scene;

/// A student of two steps that is still learning.
fn write_student(scene: &Scene) {
    let step = |step: u64| {
        json!({"step": step, "epoch": 0.5, "loss": 2.0, "learning_rate": 1e-4, "gradient_norm": null, "skipped": false,
            "tokens": 64, "label_tokens": 8, "padded_tokens": 64})
        .to_string()
            + "\n"
    };
    scene.write("student/training_metrics.jsonl", &[1, 2].map(step).concat());
}

#[test]
fn datasets_and_students_share_a_page_that_is_the_same_again() {
    let scene = Scene::with_dataset();
    write_student(&scene);
    let call = ["report", "out", "student/", "--out", "pages/report.html"];
    scene
        .dsg(&call)
        .assert()
        .success()
        .stdout("Wrote pages/report.html: 1 dataset, 1 training\n");
    let page = scene.read("pages/report.html");
    for part in [
        "<h3>out</h3>",
        "<h3>student</h3>",
        "<code>generate.",
        ">job-arrays<",
        "<meter",
        "The training is not finished",
        "<polyline",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let folder = scene.path("").display().to_string();
    assert!(!page.contains(&folder) && !page.contains(&folder.replace('/', "&#x2f;")));
    // Named in full they are called the same.
    let full = scene.path("student").display().to_string();
    let other = ["report", "out", &full, "--out", "other.html", "--json"];
    let output = scene.dsg(&other).output().unwrap();
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&summary["datasets"], &summary["trainings"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(scene.read("other.html"), page);
}

#[test]
fn a_line_that_a_kill_cut_off_is_no_step_yet() {
    let scene = Scene::new();
    write_student(&scene);
    scene.dsg(&["report", "student"]).assert().success();
    let page = scene.read("report.html");
    let metrics = scene.read("student/training_metrics.jsonl");
    let cut = "{\"step\": 3, \"ep";
    scene.write("student/training_metrics.jsonl", &format!("{metrics}{cut}"));
    scene.dsg(&["report", "student"]).assert().success();
    assert_eq!(scene.read("report.html"), page);
    // What has lines behind it was not cut off.
    scene.write(
        "student/training_metrics.jsonl",
        &format!("{cut}\n{metrics}"),
    );
    scene
        .dsg(&["report", "student"])
        .assert()
        .code(3)
        .stderr(contains("line 1 is not a valid record"));
}

#[test]
fn a_run_leaves_a_page_that_may_grow() {
    let scene = Scene::with_dataset();
    let page = scene.read("out/report.html");
    assert!(page.contains("<meter") && !page.contains("id=\"training\""));
    write_student(&scene);
    scene
        .dsg(&["report", "out", "student", "--out", "out/report.html"])
        .assert()
        .success();
    assert!(scene.read("out/report.html").contains("id=\"training\""));
    scene
        .dsg(&["verify", "out", "--input"])
        .arg(crate::scene::docs())
        .assert()
        .success()
        .stdout(contains("`report.html` was edited after the run"));
}

#[test]
fn a_folder_of_others_is_told_what_was_looked_for() {
    let scene = Scene::new();
    scene.write("photos/index.txt", "nothing of ours");
    let says = contains("`photos` holds nothing that a report shows")
        .and(contains("manifest.json (dsg run)"))
        .and(contains("training_metrics.jsonl (dsg train)"))
        .and(contains("bench.csv"));
    scene
        .dsg(&["report", "photos"])
        .assert()
        .code(3)
        .stderr(says);
    scene
        .dsg(&["report", "nowhere"])
        .assert()
        .code(3)
        .stderr(contains("cannot read `nowhere`"));
    scene.dsg(&["report"]).assert().code(2);
    assert!(!scene.path("report.html").exists());
}

#[test]
fn what_is_no_record_is_named_with_file_and_line() {
    let scene = Scene::new();
    write_student(&scene);
    let metrics = scene.read("student/training_metrics.jsonl");
    scene.write(
        "student/training_metrics.jsonl",
        &metrics.replace("\"step\":2", "\"step\":\"two\""),
    );
    let says = contains("training_metrics.jsonl` line 2 is not a valid record")
        .and(contains("invalid type: string"));
    scene
        .dsg(&["report", "student"])
        .assert()
        .code(3)
        .stderr(says);
    scene.write("student/training_metrics.jsonl", &metrics);
    scene.write("student/training.json", "{\n  \"base\": 7\n}\n");
    let says = contains("training.json` line 2 is not a valid record");
    scene
        .dsg(&["report", "student"])
        .assert()
        .code(3)
        .stderr(says);
    scene.write("eval/eval.json", "{}");
    let says = contains("eval.json` line 1 is not a valid record").and(contains("missing field"));
    scene.dsg(&["report", "eval"]).assert().code(3).stderr(says);
    scene.write("speed/bench.csv", "model,test\nm,pp512\n");
    let says = contains("bench.csv` is no table of `dsg bench`");
    scene
        .dsg(&["report", "speed"])
        .assert()
        .code(3)
        .stderr(says);
    assert!(!scene.path("report.html").exists());
}

#[test]
fn measurements_of_speed_are_shown_from_folders_and_files() {
    let scene = Scene::new();
    let table = "model,model_bytes,threads,batch,test,repetitions,tokens_per_second,deviation,first_token_ms,peak_bytes\n\
                 m.gguf@0123,1048576,2,512,pp512,5,100.5,0.25,12.5,\n";
    scene.write("speed/bench.csv", table);
    scene.write("before.csv", table);
    scene
        .dsg(&["report", "speed", "before.csv"])
        .assert()
        .success()
        .stdout("Wrote report.html: 2 bench tables\n");
    let page = scene.read("report.html");
    assert_eq!(page.matches(">100.50<").count(), 2);
}

#[cfg(feature = "train")]
#[test]
fn what_training_and_comparison_leave_is_shown() {
    use crate::tiny_model::write_model;

    let scene = Scene::new();
    write_model(&scene);
    let rows = [
        ("What is a node?", "A computer of the cluster."),
        ("Who starts jobs?", "The scheduler, <b>not</b> you."),
    ];
    let rows = rows.map(|(question, answer)| {
        json!({"id": question, "meta": {"split": "eval"}, "messages": [
            {"role": "user", "content": question}, {"role": "assistant", "content": answer}]})
        .to_string()
            + "\n"
    });
    scene.write("rows.jsonl", &rows.concat());
    let calls: [&[&str]; 5] = [
        &[
            "train",
            "--data",
            "rows.jsonl",
            "--eval",
            "rows.jsonl",
            "--base",
            "base",
            "--out",
            "student",
            "--rank",
            "4",
            "--epochs",
            "3",
            "--batch-rows",
            "1",
            "--lr",
            "0.01",
        ],
        &[
            "export-gguf",
            "--model",
            "base",
            "--adapter",
            "student",
            "--out",
            "student.gguf",
            "--no-verify",
        ],
        &[
            "compare",
            "--base",
            "base",
            "--student",
            "student.gguf",
            "--data",
            "rows.jsonl",
            "--forgetting",
            "--max-new-tokens",
            "4",
        ],
        &[
            "eval",
            "--model",
            "base",
            "--adapter",
            "student",
            "--data",
            "rows.jsonl",
            "--max-new-tokens",
            "4",
        ],
        &["report", "student", "comparison", "evaluation"],
    ];
    for call in calls {
        scene.dsg(call).assert().success();
    }
    let page = scene.read("report.html");
    for part in [
        "<dt>rank</dt><dd>4</dd>",
        "<dt>base model</dt><dd>base</dd>",
        "best evaluation loss",
        "base model on eval",
        "Evaluations on the way",
        "<th scope=\"row\">comparison&#x2f;student</th><td>student.gguf</td><td>–</td><td>Q8_0, ",
        "<th scope=\"row\">evaluation</th><td>base</td><td>student</td><td>–</td>",
        "Forgetting: ",
        "Differences in comparison",
        "The scheduler, &lt;b&gt;not&lt;&#x2f;b&gt; you.",
        "unseen: 2 questions with all answers",
    ] {
        assert!(page.contains(part), "`{part}` is not in\n{page}");
    }
}
