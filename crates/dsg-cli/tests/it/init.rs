use predicates::prelude::*;

use crate::scene::{Scene, docs};

#[test]
fn the_stub_is_valid_and_never_overwritten() {
    let scene = Scene::new();
    scene
        .dsg(&["init"])
        .assert()
        .success()
        .stdout(predicate::str::contains("Next: edit it"));
    scene.dsg(&["config", "check"]).assert().success();
    let before = scene.read("datasetgen.yaml");
    scene
        .dsg(&["init"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("`datasetgen.yaml` exists already"));
    assert_eq!(scene.read("datasetgen.yaml"), before);
}

#[test]
fn topics_are_proposed_from_folders_and_man_pages() {
    let scene = Scene::new();
    scene
        .dsg(&["init", "--docs"])
        .arg(docs())
        .arg("sub/c.yaml")
        .assert()
        .success();
    let text = scene.read("sub/c.yaml");
    for expected in ["- id: jobs", "- id: man", "commands: [aurq, aurquota"] {
        assert!(text.contains(expected), "{expected} in\n{text}");
    }
    scene
        .dsg(&[
            "run",
            "--config",
            "sub/c.yaml",
            "--outdir",
            "out",
            "--input",
        ])
        .arg(docs())
        .assert()
        .success();
}
