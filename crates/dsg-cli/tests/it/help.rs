use predicates::prelude::*;

use crate::scene::Scene;

#[test]
fn help_lists_the_commands_in_the_order_of_use() {
    let scene = Scene::new();
    let output = scene.dsg(&["-h"]).output().unwrap();
    assert!(output.status.success());
    insta::assert_snapshot!(scene.text(&output.stdout));
}

#[test]
fn help_of_run_shows_what_to_type() {
    let scene = Scene::new();
    let output = scene.dsg(&["run", "--help"]).output().unwrap();
    insta::assert_snapshot!(scene.text(&output.stdout));
}

#[test]
fn no_command_is_a_usage_error_that_helps() {
    Scene::new()
        .dsg(&[])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("Usage: dsg"));
}

#[test]
fn a_misspelt_command_or_flag_is_suggested() {
    let scene = Scene::new();
    scene
        .dsg(&["serch", "x"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("'search'"));
    scene
        .dsg(&["run", "--input", "docs", "--out-dir", "x"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("'--outdir'"));
}

#[test]
fn every_shell_gets_completions() {
    let scene = Scene::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        scene
            .dsg(&["completions", shell])
            .assert()
            .success()
            .stdout(predicate::str::contains("build-index"));
    }
}

#[test]
fn colours_follow_the_flag_and_no_color() {
    let scene = Scene::new();
    let error = |args: &[&str], no_color: bool| {
        let mut command = scene.dsg(&["inspect", "nowhere.jsonl"]);
        command.args(args);
        if no_color {
            command.env("NO_COLOR", "1");
        }
        String::from_utf8(command.output().unwrap().stderr).unwrap()
    };
    assert!(
        !error(&[], false).contains('\u{1b}'),
        "a pipe is no terminal"
    );
    assert!(error(&["--color", "always"], false).contains('\u{1b}'));
    assert!(
        error(&["--color", "always"], true).contains('\u{1b}'),
        "the flag is more specific"
    );
    assert!(!error(&["--color", "never"], false).contains('\u{1b}'));
}
