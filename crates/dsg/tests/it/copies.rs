//! Versions of a page and copies of a document: which one stays, and that nothing else leaves.

use std::fs;
use std::path::{Path, PathBuf};

use dsg::Pipeline;
use dsg::config::ConfigLayers;
use dsg::core::Document;
use dsg::core::artifact::read_jsonl;

/// Writes `files` and ingests them: the documents that stayed, and what left as `path reason kept`.
fn ingest(files: &[(&str, &str)], set: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let scratch = tempfile::tempdir().unwrap();
    let root = scratch.path().join("docs");
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    ingested(&root, &scratch.path().join("corpus.jsonl"), set)
}

fn ingested(root: &Path, corpus: &Path, set: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let mut layers = ConfigLayers::new();
    for (key, value) in set {
        layers = layers.set(key, value, "test");
    }
    let config = layers.resolve().unwrap().config;
    let report = Pipeline::new(config)
        .unwrap()
        .ingest(&[root.to_path_buf()], corpus)
        .unwrap();
    let (_, counts) = &report.funnel[0];
    assert!(counts.is_balanced(), "{counts:?}");
    let stayed: Vec<String> = read_jsonl::<Document>(corpus)
        .unwrap()
        .map(|document| document.unwrap().source.path)
        .collect();
    assert_eq!(stayed.len() as u64, counts.kept);
    let left = report
        .rejects
        .iter()
        .filter(|reject| reject.record.get("kept").is_some())
        .map(|reject| format!("{} {} {}", reject.id, reject.reason, reject.record["kept"]))
        .collect();
    (stayed, left)
}

const PAGE: &str = "# Limits\n\nA job may run for 24 hours on the small partition and for 3 days on the large one. \
    Longer jobs need a reservation, which the help desk makes on request. Jobs that need more memory than a node has \
    are refused at once, with a message that names the limit.\n";

fn with(from: &str, to: &str) -> String {
    assert!(PAGE.contains(from));
    PAGE.replace(from, to)
}

#[test]
fn the_newest_version_of_a_page_stays() {
    let (old, new) = (with("24 hours", "12 hours"), with("24 hours", "36 hours"));
    let other = "# Something else\n\nWords that no other page of this documentation has in it.\n";
    let files = [
        ("docs/v3.9/limits.md", old.as_str()),
        ("docs/v3.10/limits.md", new.as_str()),
        ("docs/main/limits.md", PAGE),
        ("docs/v3.9/gone.md", other),
    ];
    let (stayed, left) = ingest(&files, &[]);
    assert_eq!(stayed, ["docs/v3.10/limits.md", "docs/v3.9/gone.md"]);
    assert_eq!(
        left,
        [
            "docs/main/limits.md ingest.older_version \"docs/v3.10/limits.md\"",
            "docs/v3.9/limits.md ingest.older_version \"docs/v3.10/limits.md\"",
        ]
    );
    let (stayed, left) = ingest(&files, &[("documents.keep", "all")]);
    assert_eq!((stayed.len(), left.len()), (4, 0));
}

#[test]
fn two_pages_at_one_place_that_share_little_are_two_pages() {
    let (stayed, left) = ingest(
        &[
            (
                "api/v1/jobs.md",
                "# Jobs\n\nThe first interface takes a form and answers with a page of text.\n",
            ),
            (
                "api/v2/jobs.md",
                "# Jobs\n\nSend a document with the fields below, and poll the returned address.\n",
            ),
        ],
        &[],
    );
    assert_eq!((stayed.len(), left.len()), (2, 0));
}

#[test]
fn a_copy_leaves_and_a_page_with_another_figure_or_name_stays() {
    let figure = with("3 days", "5 days");
    let name = with("help desk", "service desk");
    let html = format!(
        "<html><body><h1>Limits</h1><p>{}</p></body></html>",
        PAGE.split_once("\n\n").unwrap().1
    );
    let (stayed, left) = ingest(
        &[
            ("a/b/copy.md", PAGE),
            ("figure.md", figure.as_str()),
            ("limits.html", html.as_str()),
            ("limits.md", PAGE),
            ("name.md", name.as_str()),
        ],
        &[("documents.copy_similarity", "0.5")],
    );
    assert_eq!(stayed, ["figure.md", "limits.md", "name.md"]);
    assert_eq!(
        left,
        [
            "a/b/copy.md ingest.copy \"limits.md\"",
            "limits.html ingest.copy \"limits.md\"",
        ]
    );
}

#[test]
fn versions_of_a_real_tree_leave_only_the_newest_and_what_it_lost() {
    let root: PathBuf =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/md-etcd-versions");
    if !root.exists() {
        println!("skipped: {} is not there", root.display());
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let (stayed, left) = ingested(&root, &scratch.path().join("corpus.jsonl"), &[]);
    let of = |version: &str| stayed.iter().filter(|path| path.contains(version)).count();
    let (newest, older) = (of("/v3.8/"), of("/v3.5/") + of("/v3.6/") + of("/v3.7/"));
    assert!(
        newest > 80 && older < newest / 2,
        "{newest} newest, {older} older"
    );
    assert!(left.len() > 200, "{} left", left.len());
}
