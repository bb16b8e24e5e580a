//! No file makes the index panic: it opens with what it says, or there is an error.

use std::fs;
use std::path::Path;

use dsg_core::hash::xxh3_hex;
use dsg_core::{ChunkStore as _, Retriever as _};
use dsg_index::{Index, IndexError};
use proptest::prelude::*;
use serde_json::Value;

use crate::{build, slurm};

#[derive(Debug, Clone)]
enum Damage {
    Flip(prop::sample::Index, u8),
    Word(prop::sample::Index, u32),
    Cut(prop::sample::Index),
    Grow(Vec<u8>),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), 1..=255_u8).prop_map(|(at, mask)| Damage::Flip(at, mask)),
        (at(), prop_oneof![Just(0), Just(u32::MAX), any::<u32>()])
            .prop_map(|(at, word)| Damage::Word(at, word)),
        at().prop_map(Damage::Cut),
        prop::collection::vec(any::<u8>(), 1..9).prop_map(Damage::Grow),
    ]
}

fn apply(bytes: &mut Vec<u8>, damage: &Damage) {
    if bytes.is_empty() {
        return;
    }
    match damage {
        Damage::Flip(at, mask) => {
            let at = at.index(bytes.len());
            bytes[at] ^= mask;
        }
        Damage::Word(at, word) => {
            let at = at.index(bytes.len() / 4 + 1) * 4;
            if let Some(slot) = bytes.get_mut(at..at + 4) {
                slot.copy_from_slice(&word.to_le_bytes());
            }
        }
        Damage::Cut(at) => bytes.truncate(at.index(bytes.len())),
        Damage::Grow(more) => bytes.extend(more),
    }
}

/// Makes the manifest vouch for whatever the file holds now, so that what lies behind the checksum is tried too.
fn vouch(folder: &Path, file: &str, mark: &str) {
    let bytes = fs::read(folder.join(file)).unwrap();
    let path = folder.join("index.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    manifest[mark]["bytes"] = Value::from(bytes.len());
    manifest[mark]["xxh3"] = Value::from(xxh3_hex(&bytes));
    fs::write(path, manifest.to_string()).unwrap();
}

/// Uses everything that reads the files.
fn exercise(index: &Index) {
    for query in ["slurm jobs", "--gres=gpu:2 /etc/fstab", "submit"] {
        let hits = index.search(query, 3).unwrap();
        assert!(hits.iter().all(|hit| hit.position < index.len()));
        let _ = index.search_highlighted(query, 3);
    }
    for position in 0..=index.len().min(8) {
        let _ = index.get(position);
    }
    for chunk in slurm() {
        let _ = index.find(&chunk.chunk_id);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn damage_is_noticed(file in 0..2_usize, damage in prop::collection::vec(damage(), 1..4)) {
        let folder = tempfile::tempdir().unwrap();
        build(slurm()).save(folder.path(), "a").unwrap();
        let path = folder.path().join(["postings.bin", "index.json"][file]);
        let before = fs::read(&path).unwrap();
        let mut bytes = before.clone();
        for damage in &damage {
 apply(&mut bytes, damage);
 }
        fs::write(&path, &bytes).unwrap();
        match Index::open(folder.path()) {
            Ok(index) => {
                // A changed digit of a number that nothing is checked against, at worst.
                prop_assert!(bytes == before || file == 1);
                exercise(&index);
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn a_forged_file_is_no_worse_than_wrong(damage in prop::collection::vec(damage(), 1..6)) {
        let folder = tempfile::tempdir().unwrap();
        build(slurm()).save(folder.path(), "a").unwrap();
        let path = folder.path().join("postings.bin");
        let mut bytes = fs::read(&path).unwrap();
        for damage in &damage {
 apply(&mut bytes, damage);
 }
        fs::write(&path, &bytes).unwrap();
        vouch(folder.path(), "postings.bin", "postings_file");
        if let Ok(index) = Index::open(folder.path()) {
            exercise(&index);
        }
    }

    #[test]
    fn forged_records_are_no_worse_than_an_error(damage in prop::collection::vec(damage(), 1..6)) {
        let folder = tempfile::tempdir().unwrap();
        build(slurm()).save(folder.path(), "a").unwrap();
        let path = folder.path().join("chunks.jsonl");
        let mut bytes = fs::read(&path).unwrap();
        for damage in &damage {
 apply(&mut bytes, damage);
 }
        fs::write(&path, &bytes).unwrap();
        vouch(folder.path(), "chunks.jsonl", "chunks_file");
        match Index::open(folder.path()) {
            Ok(index) => exercise(&index),
            Err(error) => prop_assert!(matches!(error, IndexError::Damaged { .. }), "{error}"),
        }
    }
}
