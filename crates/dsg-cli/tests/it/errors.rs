use std::process::Stdio;

use predicates::prelude::*;

use crate::scene::{Scene, docs, failure, hypothesis};

#[test]
fn a_missing_input_is_named() {
    let scene = Scene::new();
    let output = scene
        .dsg(&["run", "--input", "no/such/docs"])
        .output()
        .unwrap();
    let (code, text) = failure(&scene, &output);
    assert_eq!(code, 3, "{text}");
    assert!(
        text.starts_with("error: ") && text.contains("no/such/docs"),
        "{text}"
    );
    assert!(text.contains("hint: "), "{text}");
}

#[test]
fn a_missing_configuration_says_how_to_get_one() {
    let scene = Scene::new();
    let output = scene
        .dsg(&["run", "--input", ".", "--hypothesis", "missing.yaml"])
        .output()
        .unwrap();
    let (code, text) = failure(&scene, &output);
    assert_eq!(code, 3);
    insta::assert_snapshot!(text, @r"
    error: cannot read the configuration `missing.yaml`
      caused by: No such file or directory (os error 2)
      hint: `dsg init` writes a commented configuration
    ");
}

#[test]
fn an_output_folder_below_a_file_is_refused_with_the_reason() {
    let scene = Scene::new();
    let output = scene.run_into("/dev/null/x").output().unwrap();
    let (code, text) = failure(&scene, &output);
    assert_eq!(code, 3);
    assert!(text.contains("/dev/null/x"), "{text}");
    assert!(
        text.contains("hint: a file stands where a folder is needed"),
        "{text}"
    );
}

#[test]
fn a_folder_without_documents_says_what_was_seen() {
    let scene = Scene::new();
    scene.write("docs/picture.svg", "<svg/>");
    scene
        .dsg(&["run", "--input", "docs"])
        .assert()
        .code(3)
        .stderr(predicate::str::contains("no document to work on: 1 file"))
        .stderr(predicate::str::contains("hint: dsg reads Markdown"));
}

#[test]
fn a_folder_in_use_is_left_alone() {
    let scene = Scene::new();
    scene.write("out/work/.lock", "");
    let lock = std::fs::File::options()
        .write(true)
        .open(scene.path("out/work/.lock"))
        .unwrap();
    lock.lock().unwrap();
    scene
        .run_into("out")
        .assert()
        .code(3)
        .stderr(predicate::str::contains("`out` is in use by another run"))
        .stderr(predicate::str::contains("hint: wait until it is done"));
    drop(lock);
    scene.run_into("out").assert().success();
}

#[test]
fn a_missed_gate_writes_everything_and_exits_with_1() {
    let scene = Scene::new();
    scene
        .run_into("out")
        .args(["--set", "gates.min_train=5000"])
        .assert()
        .code(1)
        .stdout(predicate::str::contains("gate missed min_train"));
    assert!(scene.path("out/manifest.json").exists());
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let scene = Scene::new();
    let mut child = scene
        .process(&["config", "schema"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Closes the pipe before anything was read.
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_as_such() {
    let scene = Scene::new();
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = scene
        .process(&["config", "schema"])
        .stdout(full)
        .output()
        .unwrap();
    let (code, text) = failure(&scene, &output);
    assert_eq!(code, 3);
    assert!(
        text.contains("cannot write to standard output") && text.contains("free some space"),
        "{text}"
    );
}

#[test]
fn a_file_of_another_kind_is_named_with_its_line() {
    let scene = Scene::new();
    scene.write("corpus.jsonl", "{\"schema\":\"dsg.chunk/1\"}\n");
    scene
        .dsg(&["build-index"])
        .assert()
        .code(3)
        .stderr(predicate::str::contains(
            "`corpus.jsonl` line 1 is not a valid record",
        ))
        .stderr(predicate::str::contains(
            "expected schema `dsg.document/1`, found `dsg.chunk/1`",
        ));
}

#[test]
fn a_folder_that_is_no_index_or_dataset_says_what_would_be() {
    let scene = Scene::new();
    scene
        .dsg(&["search", "--index", ".", "x"])
        .assert()
        .code(3)
        .stderr(predicate::str::contains("no index in `.`"));
    scene
        .dsg(&["inspect", "."])
        .assert()
        .code(3)
        .stderr(predicate::str::contains("hint:"));
    scene
        .dsg(&["verify", ".", "--input"])
        .arg(docs())
        .assert()
        .code(3)
        .stderr(predicate::str::contains("manifest.json"));
    scene.dsg(&["inspect"]).arg(hypothesis()).assert().code(3);
}
