//! What a written folder holds.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::fs;
use std::path::{Path, PathBuf};

use dsg_core::Example;
use dsg_core::artifact::read_jsonl;
use dsg_export::{DatasetFormat, ExportError, read_manifest};
use serde_json::{Value, json};

use crate::dataset::Dataset;

/// Every file below `folder` with its bytes.
pub(crate) fn snapshot(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(snapshot(&path));
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}

fn names(folder: &Path) -> Vec<String> {
    snapshot(folder)
        .into_keys()
        .map(|path| path.strip_prefix(folder).unwrap().display().to_string())
        .collect()
}

#[test]
fn a_folder_holds_the_dataset_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let mut dataset = Dataset::small();
    dataset.config.formats = vec![DatasetFormat::Alpaca, DatasetFormat::PromptCompletion];
    let outputs = dataset.write(dir.path()).unwrap();
    assert_eq!(
        names(dir.path()),
        [
            "README.md",
            "eval.jsonl",
            "formats/alpaca/eval.jsonl",
            "formats/alpaca/train.jsonl",
            "formats/prompt-completion/eval.jsonl",
            "formats/prompt-completion/train.jsonl",
            "manifest.json",
            "rejects.jsonl",
            "report.html",
            "train.jsonl",
        ]
    );
    let manifest = read_manifest(dir.path()).unwrap();
    assert_eq!(manifest.outputs, outputs);
    for output in &outputs {
        let bytes = fs::read(dir.path().join(&output.path)).unwrap();
        assert_eq!(output.bytes, bytes.len() as u64);
        assert_eq!(output.sha256, dsg_core::hash::sha256_hex(&bytes));
    }
}

#[test]
fn items_read_back_as_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let mut dataset = Dataset::small();
    // One item has a score that the others lack, and a model's name.
    dataset.train[1]
        .meta
        .scores
        .insert("helpfulness".into(), 0.25);
    dataset.train[1].meta.generator.model = Some("m".into());
    dataset.write(dir.path()).unwrap();
    let read = |name: &str| -> Vec<Example> {
        read_jsonl(&dir.path().join(name))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    };
    assert_eq!(read("train.jsonl"), dataset.train);
    assert_eq!(read("eval.jsonl"), dataset.eval);
    // On disk every row has every key, in the same order.
    let text = fs::read_to_string(dir.path().join("eval.jsonl")).unwrap();
    assert!(
        text.contains(r#""scores":{"groundedness":1.0,"helpfulness":null}"#),
        "{text}"
    );
    assert!(text.contains(r#""seed":11,"model":null"#), "{text}");
}

#[test]
fn two_writes_give_the_same_bytes_and_dropped_formats_go_away() {
    let dir = tempfile::tempdir().unwrap();
    let mut dataset = Dataset::small();
    dataset.write(dir.path()).unwrap();
    let first = snapshot(dir.path());
    dataset.config.formats = vec![DatasetFormat::Sharegpt];
    dataset.write(dir.path()).unwrap();
    assert_ne!(snapshot(dir.path()), first);
    dataset.config.formats.clear();
    dataset.write(dir.path()).unwrap();
    assert_eq!(snapshot(dir.path()), first);
    assert!(!dir.path().join("formats").exists());
}

#[test]
fn the_manifest_names_no_machine_and_no_time() {
    let dir = tempfile::tempdir().unwrap();
    Dataset::small().write(dir.path()).unwrap();
    let text = fs::read_to_string(dir.path().join("manifest.json")).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    assert!(!text.contains(&dir.path().display().to_string()));
    let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "schema",
            "tool",
            "config",
            "config_sha256",
            "seed",
            "inputs",
            "models",
            "stages",
            "coverage",
            "outputs"
        ]
    );
    assert_eq!(
        value["stages"]["judge"],
        json!({"in": 4, "kept": 3, "dropped": {"judge.too_short": 1}, "failed": 0})
    );
}

#[test]
fn what_cannot_be_written_is_named_with_advice() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "mine").unwrap();
    let error = Dataset::small().write(&file.join("out")).unwrap_err();
    let text = format!("{error}: {}", error.source().unwrap());
    assert!(
        text.contains("a file stands where the output folder should be"),
        "{text}"
    );
    assert!(text.contains("file/out"), "{text}");
    assert_eq!(fs::read(&file).unwrap(), b"mine");
}

#[cfg(target_os = "linux")]
#[test]
fn a_read_only_place_is_named_with_advice() {
    // Nobody, not even root, makes folders in /proc.
    let error = Dataset::small()
        .write(Path::new("/proc/dsg-out"))
        .unwrap_err();
    let text = format!("{error}: {}", error.source().unwrap());
    assert!(text.contains("/proc/dsg-out"), "{text}");
}

#[test]
fn a_folder_in_the_place_of_a_file_stops_before_anything_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let dataset = Dataset::small();
    dataset.write(dir.path()).unwrap();
    fs::remove_file(dir.path().join("rejects.jsonl")).unwrap();
    fs::create_dir(dir.path().join("rejects.jsonl")).unwrap();
    let before = snapshot(dir.path());
    let mut other = Dataset::small();
    other.train.pop();
    let error = other.write(dir.path()).unwrap_err();
    assert!(matches!(error, ExportError::Write { .. }), "{error}");
    assert_eq!(snapshot(dir.path()), before);
}

#[test]
fn rows_that_no_table_can_hold_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut dataset = Dataset::small();
    dataset.train[0].extra.insert("note".into(), json!("text"));
    dataset.eval[0].extra.insert("note".into(), json!([1]));
    let error = dataset.write(dir.path()).unwrap_err();
    assert_eq!(
        format!("{}", error.source().unwrap()),
        "column `note` holds a list here and a string in an earlier row"
    );
    assert_eq!(names(dir.path()), Vec::<String>::new());
}
