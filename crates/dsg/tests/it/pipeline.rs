use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use dsg::config::ConfigLayers;
use dsg::core::{Interrupt, Silent, Stage};
use dsg::{DsgError, ErrorKind, Pipeline, RunReport};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

fn pipeline() -> Pipeline {
    let config = ConfigLayers::new()
        .file(&fixtures().join("datasetgen.yaml"))
        .unwrap()
        .resolve()
        .unwrap()
        .config;
    Pipeline::new(config).unwrap()
}

fn run(out: &Path) -> RunReport {
    pipeline().run(&[fixtures().join("docs")], out).unwrap()
}

/// Every file of the dataset but `run.json`, which holds times.
fn bytes(out: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![out.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().unwrap() != "run.json" {
                files.insert(
                    path.strip_prefix(out).unwrap().to_path_buf(),
                    fs::read(&path).unwrap(),
                );
            }
        }
    }
    files
}

#[test]
fn the_fixtures_give_a_verified_dataset_in_which_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let report = run(&out);
    assert!(
        report.train >= 30 && report.eval >= 10,
        "{} train, {} eval",
        report.train,
        report.eval
    );
    for (stage, counts) in &report.funnel {
        assert!(counts.is_balanced(), "{stage}: {counts:?}");
    }
    assert!(report.gates_met(), "{:?}", report.gates);
    let verified = dsg::verify(&out, &[fixtures().join("docs")], &Silent).unwrap();
    assert!(verified.findings.is_empty(), "{:?}", verified.findings);

    // No item, receipt or reject repeats the token or the personal address that the documents contain.
    for file in [
        "train.jsonl",
        "eval.jsonl",
        "rejects.jsonl",
        "README.md",
        "report.html",
    ] {
        let text = fs::read_to_string(out.join(file)).unwrap();
        assert!(
            !text.contains("ghp_") && !text.contains("mira.keller"),
            "{file}"
        );
    }

    // One bad file was reported and stopped nothing; the ignored one was never read.
    let rejects = fs::read_to_string(out.join("rejects.jsonl")).unwrap();
    assert!(rejects.contains("damaged.md"));
    for (path, content) in bytes(&out) {
        assert!(
            !String::from_utf8_lossy(&content).contains("moonbeam"),
            "{}",
            path.display()
        );
    }
}

#[test]
fn the_same_command_reuses_finished_steps_and_gives_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("a"), dir.path().join("b"));
    run(&first);
    let before = bytes(&first);
    run(&first);
    assert_eq!(before, bytes(&first));
    run(&second);
    assert_eq!(before, bytes(&second));
}

#[test]
fn a_lost_or_changed_artifact_is_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    run(&out);
    let whole = bytes(&out);
    for damage in [
        "work/corpus.jsonl",
        "work/candidates.jsonl",
        "work/index/index.json",
        "train.jsonl",
    ] {
        fs::write(out.join(damage), "half a li").unwrap();
        run(&out);
        assert_eq!(whole, bytes(&out), "{damage}");
        fs::remove_file(out.join(damage)).unwrap();
        run(&out);
        assert_eq!(whole, bytes(&out), "{damage}");
    }
}

#[test]
fn an_interrupted_run_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (out, whole) = (dir.path().join("out"), dir.path().join("whole"));
    let interrupt = Interrupt::default();
    interrupt.request();
    let error = pipeline()
        .with_interrupt(interrupt)
        .run(&[fixtures().join("docs")], &out)
        .unwrap_err();
    assert!(matches!(
        error,
        DsgError::Interrupted {
            stage: Stage::Ingest
        }
    ));
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    run(&out);
    run(&whole);
    assert_eq!(bytes(&out), bytes(&whole));
}

#[test]
fn a_folder_without_documents_is_an_error_that_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let docs = dir.path().join("docs");
    fs::create_dir(&docs).unwrap();
    fs::write(docs.join("picture.svg"), "<svg/>").unwrap();
    let error = pipeline()
        .run(&[docs], &dir.path().join("out"))
        .unwrap_err();
    assert!(matches!(error, DsgError::NoDocuments { .. }), "{error}");
    assert_eq!(error.kind(), ErrorKind::Environment);
}

#[test]
fn a_second_run_in_the_same_folder_is_turned_away() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    fs::create_dir_all(out.join("work")).unwrap();
    let lock = fs::File::create(out.join("work/.lock")).unwrap();
    lock.lock().unwrap();
    let error = pipeline()
        .run(&[fixtures().join("docs")], &out)
        .unwrap_err();
    assert!(matches!(error, DsgError::Locked { .. }), "{error}");
}

#[test]
fn an_edited_document_changes_only_what_follows_from_it() {
    let dir = tempfile::tempdir().unwrap();
    let (docs, out) = (dir.path().join("docs"), dir.path().join("out"));
    fs::create_dir(&docs).unwrap();
    let page = |body: &str| format!("# Jobs\n\n## How do I cancel a job?\n\n{body}\n");
    fs::write(
        docs.join("a.md"),
        page("Run `scancel 4711`; the job leaves the queue at once."),
    )
    .unwrap();
    pipeline().run(std::slice::from_ref(&docs), &out).unwrap();
    let old = fs::read(out.join("manifest.json")).unwrap();
    fs::write(
        docs.join("a.md"),
        page("Run `scancel 4712`; the job leaves the queue at once."),
    )
    .unwrap();
    pipeline().run(std::slice::from_ref(&docs), &out).unwrap();
    assert_ne!(old, fs::read(out.join("manifest.json")).unwrap());
    let corpus = fs::read_to_string(out.join("work/corpus.jsonl")).unwrap();
    assert!(corpus.contains("4712") && !corpus.contains("4711"));
}

/// A tokenizer that knows no word: every word, or every character, is a token.
#[cfg(feature = "tokenizer")]
fn tokenizer(split: &str) -> String {
    format!(
        r#"{{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
        "pre_tokenizer":{split},"post_processor":null,"decoder":null,
        "model":{{"type":"WordLevel","vocab":{{"?":0}},"unk_token":"?"}}}}"#
    )
}

#[cfg(feature = "tokenizer")]
#[test]
fn another_tokenizer_under_the_same_name_gives_another_index() {
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("tokenizer.json");
    let chunks = |split: &str| {
        fs::write(&file, tokenizer(split)).unwrap();
        let mut config = pipeline().config().clone();
        config.chunk.tokenizer = Some(file.clone());
        let dataset = out.path().join("out");
        Pipeline::new(config)
            .unwrap()
            .run(&[fixtures().join("docs")], &dataset)
            .unwrap();
        fs::read_to_string(dataset.join("work/index/chunks.jsonl"))
            .unwrap()
            .lines()
            .count()
    };
    let by_words = chunks(r#"{"type":"WhitespaceSplit"}"#);
    let by_characters =
        chunks(r#"{"type":"Split","pattern":{"Regex":"."},"behavior":"Isolated","invert":false}"#);
    assert!(by_characters > by_words, "{by_characters} and {by_words}");
}
