use predicates::prelude::*;
use serde_json::Value;

use crate::scene::{Scene, failure, hypothesis};

#[test]
fn an_unknown_key_names_file_line_column_and_the_nearest_key() {
    let scene = Scene::new();
    scene.write("d.yaml", "version: 1\nsplit:\n  eval_fracton: 0.2\n");
    let output = scene
        .dsg(&[
            "run",
            "--input",
            ".",
            "--hypothesis",
            "d.yaml",
            "--outdir",
            "out",
        ])
        .output()
        .unwrap();
    let (code, text) = failure(&scene, &output);
    assert_eq!(code, 2);
    insta::assert_snapshot!(text, @r"
    error: d.yaml:3:3: unknown key `eval_fracton`; did you mean `eval_fraction`?
      hint: docs/configuration.md and `dsg config schema` list every key; `dsg config check` tests a file
    ");
    assert!(
        !scene.path("out").exists(),
        "nothing is written before the configuration is sound"
    );
}

#[test]
fn layers_are_shown_with_their_origin() {
    let scene = Scene::new();
    scene.write(
        "datasetgen.yaml",
        "version: 1\nhypothesis: found here\nseed: 1\n",
    );
    let output = scene
        .dsg(&[
            "config",
            "show",
            "--json",
            "--changed",
            "--set",
            "chunk.max_tokens=300",
        ])
        .env("DSG_SEED", "9")
        .output()
        .unwrap();
    let settings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let shown: Vec<String> = settings
        .iter()
        .map(|s| {
            format!(
                "{}={} ({})",
                s["key"].as_str().unwrap(),
                s["value"],
                s["origin"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "version=1 (datasetgen.yaml:1:10)",
            "hypothesis=\"found here\" (datasetgen.yaml:2:13)",
            "seed=9 (environment variable DSG_SEED)",
            "chunk.max_tokens=300 (flag --set)",
        ]
    );
}

#[test]
fn numbers_are_shown_as_they_were_written() {
    let scene = Scene::new();
    let output = scene.dsg(&["config", "show"]).output().unwrap();
    let text = scene.text(&output.stdout);
    let k1 = text.lines().find(|line| line.contains("index.k1")).unwrap();
    assert!(k1.contains(" 1.2 "), "{k1}");
}

#[test]
fn check_says_what_a_sound_configuration_asks_for() {
    let scene = Scene::new();
    scene
        .dsg(&["config", "check", "--hypothesis"])
        .arg(hypothesis())
        .assert()
        .success()
        .stdout(predicate::str::contains("9 topics that ask for 90 items"));
}

#[test]
fn a_bad_override_names_the_flag() {
    let scene = Scene::new();
    scene
        .dsg(&["config", "show", "--set", "seed=often"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("error: flag --set: `seed`"));
    scene
        .dsg(&["config", "show", "--set", "seed"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("expected KEY=VALUE"));
    scene
        .dsg(&["run", "--input", "."])
        .env("DSG_LOG", "dsg=loudly")
        .assert()
        .code(2)
        .stderr(predicate::str::contains("DSG_LOG"));
}

#[test]
fn the_schema_is_json() {
    let output = Scene::new().dsg(&["config", "schema"]).output().unwrap();
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(schema["properties"]["topics"].is_object());
}
