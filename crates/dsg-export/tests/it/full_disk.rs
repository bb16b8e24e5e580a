//! A disk that fills up half-way, imitated by the file size limit that the kernel enforces on a child process.
#![cfg(unix)]

use std::error::Error as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::dataset::Dataset;
use crate::write::snapshot;

const FOLDER: &str = "DSG_EXPORT_TEST_FOLDER";

#[test]
fn a_full_disk_leaves_what_was_there() {
    let dir = tempfile::tempdir().unwrap();
    Dataset::small().write(dir.path()).unwrap();
    let before = snapshot(dir.path());
    // A limit of 8 blocks (4 or 8 KiB); the signal is ignored so that the write fails instead of the process.
    let output = Command::new("sh")
        .args(["-c", r#"trap "" XFSZ; ulimit -f 8; exec "$0" "$@""#])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "full_disk::in_a_child_with_a_limit",
            "--nocapture",
        ])
        .env(FOLDER, dir.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    assert!(
        text.contains("free some space and run the same command again"),
        "{text}"
    );
    assert!(text.contains("train.jsonl"), "{text}");
    assert_eq!(snapshot(dir.path()), before);
}

/// Does nothing when run as a test of its own.
#[test]
fn in_a_child_with_a_limit() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let mut dataset = Dataset::small();
    let one = dataset.train[0].clone();
    dataset.train.extend(std::iter::repeat_n(one, 1000));
    let error = dataset.write(&folder).unwrap_err();
    println!("{error}: {}", error.source().unwrap());
    assert!(fs::exists(folder.join("manifest.json")).unwrap());
}
