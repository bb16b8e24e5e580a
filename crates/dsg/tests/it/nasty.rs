//! Hostile inputs: a corpus of broken, deceptive and dangerous files, each with what must be kept and what must not come
//! through. It is not part of the repository.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use dsg::Pipeline;
use dsg::config::ConfigLayers;
use dsg::core::artifact::read_jsonl;
use dsg::core::{BlockKind, Chunk, Document, Example, Reject};
use dsg_chunk::{ChunkConfig, Chunker};
use serde::Deserialize;

/// One line of the manifest.
#[derive(Debug, Deserialize)]
struct Entry {
    path: String,
    must_keep: Vec<String>,
    must_not_appear: Vec<String>,
}

/// Files that leave the run, with the reason. Every other file of the manifest is read.
const LEFT: &[(&str, &str)] = &[
    ("encodings/empty.md", "ingest.empty"),
    ("encodings/only-bom.md", "ingest.empty"),
    ("encodings/only-whitespace.md", "ingest.empty"),
    ("encodings/only-frontmatter.md", "ingest.empty"),
    ("encodings/binary-renamed.md", "ingest.binary"),
    ("encodings/gzip-renamed.txt", "ingest.binary"),
    ("html/js-only.html", "ingest.empty"),
    ("man/so-include.1", "ingest.alias"),
    ("markdown/same-body-b.md", "ingest.copy"),
    ("names/link-ok.md", "ingest.link"),
    ("names/link-outside.md", "ingest.link"),
    ("names/link-broken.md", "ingest.link"),
    ("names/loop", "ingest.link"),
    ("names/link-up", "ingest.link"),
    ("commonmark/spec_tests.json", "ingest.unsupported_format"),
];

/// Folders that are never entered.
const PASSED_OVER: &[&str] = &["ignore/"];

struct Run {
    _scratch: tempfile::TempDir,
    manifest: Vec<Entry>,
    documents: BTreeMap<String, Document>,
    rejects: BTreeMap<String, Reject>,
    examples: Vec<Example>,
    /// Everything that was written, but for the corpus.
    published: String,
}

fn corpora() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    if folder.join("nasty.tar.gz").exists() {
        return Some(folder);
    }
    println!(
        "skipped: {} is not there",
        folder.join("nasty.tar.gz").display()
    );
    None
}

/// The whole main job on the corpus, with the default configuration.
fn run() -> Option<Run> {
    let corpora = corpora()?;
    let scratch = tempfile::tempdir().unwrap();
    let unpacked = Command::new("tar")
        .arg("-xzf")
        .arg(corpora.join("nasty.tar.gz"))
        .arg("-C")
        .arg(scratch.path())
        .status();
    if !unpacked.is_ok_and(|status| status.success()) {
        println!("skipped: there is no tar to unpack the corpus with");
        return None;
    }
    let out = scratch.path().join("out");
    let config = ConfigLayers::new().resolve().unwrap().config;
    Pipeline::new(config)
        .unwrap()
        .run(&[scratch.path().join("nasty")], &out)
        .unwrap();
    let records = |name: &str| out.join(name);
    let manifest = fs::read_to_string(corpora.join("nasty.MANIFEST.jsonl")).unwrap();
    let read = |name: &str| fs::read_to_string(records(name)).unwrap();
    Some(Run {
        manifest: manifest
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
        documents: read_jsonl::<Document>(&records("work/corpus.jsonl"))
            .unwrap()
            .map(|document| document.unwrap())
            .map(|document| (document.source.path.clone(), document))
            .collect(),
        rejects: read_jsonl::<Reject>(&records("rejects.jsonl"))
            .unwrap()
            .map(|reject| reject.unwrap())
            .filter(|reject| reject.stage == dsg::core::Stage::Ingest)
            .map(|reject| (reject.id.clone(), reject))
            .collect(),
        examples: ["train.jsonl", "eval.jsonl"]
            .iter()
            .flat_map(|name| read_jsonl::<Example>(&records(name)).unwrap())
            .map(|example| example.unwrap())
            .collect(),
        published: [
            "train.jsonl",
            "eval.jsonl",
            "rejects.jsonl",
            "README.md",
            "report.html",
        ]
        .iter()
        .map(|name| read(name))
        .collect(),
        _scratch: scratch,
    })
}

/// What chunks, and so questions and answers, are made of.
fn content(document: &Document) -> String {
    let chunks = Chunker::new(ChunkConfig::default())
        .unwrap()
        .chunk(document);
    let texts: Vec<String> = chunks.into_iter().map(|chunk: Chunk| chunk.text).collect();
    texts.join("\n")
}

/// What the headings of a document are called.
fn headings(document: &Document) -> String {
    let headings = document
        .blocks
        .iter()
        .filter(|block| matches!(block.kind, BlockKind::Heading { .. }));
    let labels: Vec<&str> = headings
        .filter_map(|block| document.slice(block.label?))
        .collect();
    labels.join("\n")
}

#[test]
fn hostile_files_keep_what_they_must_and_leak_nothing() {
    let Some(run) = run() else {
        return;
    };
    let left: BTreeMap<&str, &str> = LEFT.iter().copied().collect();
    let mut misses = Vec::new();
    let mut checked = 0;
    for entry in &run.manifest {
        let path = entry.path.as_str();
        if path.starts_with("pdf/") {
            continue;
        }
        checked += 1;
        if PASSED_OVER.iter().any(|folder| path.starts_with(folder)) {
            if run.documents.contains_key(path) {
                misses.push(format!("{path} was read"));
            }
            continue;
        }
        if let Some(reason) = left.get(path) {
            let found = run.rejects.get(path).map(|reject| reject.reason.as_str());
            if found != Some(*reason) {
                misses.push(format!("{path} left as {found:?}, not as {reason}"));
            }
            continue;
        }
        let Some(document) = run.documents.get(path) else {
            let found = run.rejects.get(path);
            misses.push(format!("{path} is not there: {found:?}"));
            continue;
        };
        let content = content(document);
        let metadata = serde_json::to_string(&document.metadata).unwrap();
        for wanted in &entry.must_keep {
            if !content.contains(wanted) {
                misses.push(format!("{path} lost {wanted:?}"));
            }
        }
        // Secrets and instructions to models stay in the text, whose offsets receipts count in, and leave later.
        let later = ["secrets/", "injection/"]
            .iter()
            .any(|folder| path.starts_with(folder));
        // What deceives the eye is kept and flagged.
        let flagged =
            metadata.contains("bidi_controls") || metadata.contains("invisible_characters");
        for unwanted in &entry.must_not_appear {
            if path == "markdown/mkdocs.md" {
                // The text is the source, attribute lists included; what a heading is called is not.
                if headings(document).contains(unwanted) {
                    misses.push(format!("{path} leaks {unwanted:?} in a heading"));
                }
                continue;
            }
            if !later && !flagged && content.contains(unwanted) {
                misses.push(format!("{path} leaks {unwanted:?}"));
            }
            if run.published.contains(unwanted) && unwanted.len() > 3 {
                misses.push(format!("{path}: {unwanted:?} was published"));
            }
        }
    }
    assert!(
        misses.is_empty(),
        "{checked} checked:\n{}",
        misses.join("\n")
    );
    assert!(checked > 110, "only {checked} entries");
}

#[test]
fn every_odd_name_is_reported_once_and_nothing_outside_the_root_is_read() {
    let Some(run) = run() else {
        return;
    };
    let known: BTreeSet<&str> = run
        .manifest
        .iter()
        .map(|entry| entry.path.as_str())
        .collect();
    for path in run.documents.keys().chain(run.rejects.keys()) {
        // Files of the corpus that its manifest does not list are its own notes.
        let odd = path.starts_with("names/");
        assert!(!odd || known.contains(path.as_str()), "{path:?}");
    }
    let host = fs::read_to_string("/etc/hostname").unwrap_or_default();
    let passwords = fs::read_to_string("/etc/passwd").unwrap_or_default();
    for outside in [host.trim(), passwords.lines().next().unwrap_or_default()] {
        let read = run
            .documents
            .values()
            .any(|document| document.text.contains(outside));
        assert!(outside.len() < 4 || !read, "{outside:?} was read");
    }
    for example in &run.examples {
        let text = serde_json::to_string(example).unwrap();
        assert!(!text.contains('\u{202e}'), "{}", example.id);
    }
}
