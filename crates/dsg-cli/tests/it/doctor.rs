//! `dsg doctor` and `dsg prompts`.

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::Value;

use crate::scene::Scene;

#[test]
fn without_models_all_is_well() {
    let scene = Scene::new();
    scene.dsg(&["doctor"]).assert().success().stdout(
        contains("extractive: needs no model")
            .and(contains("feature llama-cpp"))
            .and(contains("feature cuda"))
            .and(contains("hashed: needs no model")),
    );
}

#[cfg(feature = "models")]
#[test]
fn what_is_missing_is_named_with_what_to_do() {
    use crate::server::Server;

    let (scene, server) = (Scene::new(), Server::new(|_| "never asked".to_owned()));
    scene.write(
        "datasetgen.yaml",
        &format!(
            "version: 1\nmodels:\n  generator: {{provider: model, model: \"{}\", name: tiny}}\n  \
             judge: {{provider: model, model: \"models/none.gguf\"}}\n",
            server.address
        ),
    );
    let output = scene.dsg(&["doctor", "--json"]).assert().code(3);
    let report: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    let check = |what: &str| -> Value {
        let checks = report["checks"].as_array().unwrap();
        checks.iter().find(|c| c["what"] == what).unwrap().clone()
    };
    assert_eq!(check("models.generator")["health"], "good");
    assert_eq!(check("models.judge")["health"], "missing");
    assert!(
        check("models.judge")["hint"]
            .as_str()
            .unwrap()
            .contains("GGUF")
    );
    let away = "models.generator.model=http://127.0.0.1:9/v1";
    scene
        .dsg(&["doctor", "--set", away])
        .assert()
        .code(3)
        .stdout(contains("does not say which models it has").and(contains("llama-server -m")));
    let other = "models.generator.name=other";
    scene
        .dsg(&["doctor", "--set", other])
        .assert()
        .stdout(contains("has tiny; it will be asked for `other`"));
}

#[test]
fn a_prompt_is_shown_changed_and_used_under_its_own_version() {
    let scene = Scene::new();
    scene
        .dsg(&["prompts", "list"])
        .assert()
        .success()
        .stdout(contains("judge/claim@1\n").and(contains("qa/answer@1\n")));
    let shown = scene
        .dsg(&["prompts", "show", "qa/answer"])
        .output()
        .unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(text.starts_with("{# qa/answer@1 #}\n"), "{text}");
    scene.write(
        "mine.md.jinja",
        &text.replace("qa/answer@1", "qa/answer@mine"),
    );
    scene.write(
        "datasetgen.yaml",
        "version: 1\nmodels: {prompts: [mine.md.jinja]}\n",
    );
    scene
        .dsg(&["prompts", "show", "qa/answer@mine"])
        .assert()
        .success()
        .stdout(contains("{# qa/answer@mine #}"));
    scene
        .dsg(&["prompts", "show", "qa/nothing"])
        .assert()
        .code(3)
        .stderr(contains("judge/useful"));
    scene.write("mine.md.jinja", &text.replace("write", "put down"));
    scene
        .dsg(&["prompts", "list"])
        .assert()
        .code(2)
        .stderr(contains("mine.md.jinja"));
}
