//! Saved, opened, refused.

use std::fs;
use std::path::Path;

use dsg_core::ChunkStore as _;
use dsg_index::{Index, IndexError};
use serde_json::{Value, json};

use crate::{build, chunk, found, slurm};

const FILES: [&str; 3] = ["chunks.jsonl", "postings.bin", "index.json"];

fn edit_manifest(folder: &Path, edit: impl FnOnce(&mut Value)) {
    let path = folder.join("index.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    edit(&mut manifest);
    fs::write(path, manifest.to_string()).unwrap();
}

#[test]
fn an_opened_index_is_the_one_that_was_saved() {
    let folder = tempfile::tempdir().unwrap();
    let built = build(slurm());
    built.save(folder.path(), "corpus a").unwrap();
    let opened = Index::open_expecting(folder.path(), "corpus a").unwrap();
    assert_eq!(opened.fingerprint(), Some("corpus a"));
    assert_eq!(opened.config(), built.config());
    assert_eq!((opened.len(), opened.terms()), (built.len(), built.terms()));
    for query in ["slurm jobs", "--gres=gpu:2", "file systems at boot"] {
        assert_eq!(
            opened.search_highlighted(query, 10).unwrap(),
            built.search_highlighted(query, 10).unwrap()
        );
    }
    for (position, chunk) in slurm().into_iter().enumerate() {
        assert_eq!(opened.get(position).unwrap().as_ref(), Some(&chunk));
        assert_eq!(opened.find(&chunk.chunk_id).unwrap(), Some(chunk));
    }
    assert!(opened.get(4).unwrap().is_none());
    assert!(
        opened
            .find(&chunk("none#0000", "").chunk_id)
            .unwrap()
            .is_none()
    );

    // Saved again from disk it gives the same bytes.
    let copy = tempfile::tempdir().unwrap();
    opened.save(copy.path(), "corpus a").unwrap();
    for name in FILES {
        assert_eq!(
            fs::read(copy.path().join(name)).unwrap(),
            fs::read(folder.path().join(name)).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn an_index_without_chunks_can_be_saved_too() {
    let folder = tempfile::tempdir().unwrap();
    build([]).save(folder.path(), "nothing").unwrap();
    assert!(Index::open(folder.path()).unwrap().is_empty());
}

#[test]
fn another_corpus_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    build(slurm()).save(folder.path(), "corpus a").unwrap();
    let error = Index::open_expecting(folder.path(), "corpus b").unwrap_err();
    assert!(
        matches!(&error, IndexError::Fingerprint { found, expected, .. }
        if found == "corpus a" && expected == "corpus b")
    );
    assert!(error.to_string().contains("another corpus"));
}

#[test]
fn another_format_version_is_refused_before_anything_else_is_read() {
    let folder = tempfile::tempdir().unwrap();
    build(slurm()).save(folder.path(), "a").unwrap();
    edit_manifest(folder.path(), |manifest| {
        *manifest = json!({"format": 99, "shards": 4});
    });
    let error = Index::open(folder.path()).unwrap_err();
    assert!(
        matches!(
            error,
            IndexError::Version {
                found: 99,
                expected: 1,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_missing_file_is_named() {
    for name in FILES {
        let folder = tempfile::tempdir().unwrap();
        build(slurm()).save(folder.path(), "a").unwrap();
        fs::remove_file(folder.path().join(name)).unwrap();
        let error = Index::open(folder.path()).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn files_of_two_indexes_do_not_mix() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    build(slurm()).save(one.path(), "a").unwrap();
    let mut other = slurm();
    other[0].text = other[0].text.replace("Submit", "Launch");
    build(other).save(two.path(), "a").unwrap();
    fs::copy(
        two.path().join("postings.bin"),
        one.path().join("postings.bin"),
    )
    .unwrap();
    let error = Index::open(one.path()).unwrap_err();
    assert!(matches!(error, IndexError::Damaged { .. }), "{error}");
}

#[test]
fn a_changed_record_is_noticed_when_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    build(slurm()).save(folder.path(), "a").unwrap();
    let path = folder.path().join("chunks.jsonl");
    let text = fs::read_to_string(&path)
        .unwrap()
        .replace("Submit", "Delete");
    fs::write(&path, text).unwrap();
    let index = Index::open(folder.path()).unwrap();
    assert_eq!(found(&index, "fstab"), ["mount#0000"]);
    let error = index.search_highlighted("sbatch script", 5).unwrap_err();
    assert!(matches!(error, IndexError::Damaged { .. }), "{error}");
    assert!(
        index
            .get(0)
            .unwrap_err()
            .to_string()
            .contains("cannot read the index")
    );

    fs::write(&path, "").unwrap();
    let error = Index::open(folder.path()).unwrap_err();
    assert!(error.to_string().contains("0 bytes instead of"), "{error}");
}

#[test]
fn an_index_of_format_1_still_opens() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1");
    // How the fixture was made; a new format gets a new folder and this one stays.
    if std::env::var_os("DSG_WRITE_FIXTURE").is_some() {
        build(slurm()).save(&folder, "fixture").unwrap();
    }
    let index = Index::open_expecting(&folder, "fixture").unwrap();
    assert_eq!(found(&index, "--gres=gpu:2"), ["sbatch#0000"]);
    assert_eq!(index.get(2).unwrap(), Some(slurm().swap_remove(2)));
}
