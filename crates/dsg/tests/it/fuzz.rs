//! A smoke test of the fuzz targets: their seeds and what crashed them once, as they are and mutated, under the same
//! invariants. `fuzz/` has the targets for libFuzzer.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

#[allow(unreachable_pub, reason = "the fuzz targets use the same file")]
#[path = "../../../../fuzz/src/invariants.rs"]
mod invariants;

/// Names that lead to every parser.
const NAMES: [&str; 10] = [
    "a.md", "a.rst", "a.html", "a.1", "a.txt", "a", "a.adoc", "a.mdx", "a.ipynb", "a.pdf",
];

fn seeds() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    let mut files: Vec<PathBuf> = ["", "regressions"]
        .iter()
        .filter_map(|folder| fs::read_dir(root.join(folder)).ok())
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    assert!(files.len() >= 8, "{files:?}");
    files
        .into_iter()
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read(path).unwrap())
        })
        .collect()
}

#[test]
fn the_seeds_hold_under_every_name() {
    for (name, bytes) in seeds() {
        invariants::file(&name, &bytes);
        invariants::model(&bytes);
        invariants::blocks(&bytes);
        for other in NAMES {
            invariants::file(other, &bytes);
        }
    }
}

/// One change of a text, as fuzzers make them.
#[derive(Debug, Clone)]
enum Change {
    /// Bytes from one place again at another.
    Copy(usize, usize, usize),
    /// Bytes left out.
    Cut(usize, usize),
    /// Other bytes between.
    Insert(usize, Vec<u8>),
    /// A piece of another seed.
    Cross(usize, usize, usize, usize),
    /// A piece many times.
    Repeat(usize, usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let at = || 0..4000_usize;
    let tokens = prop_oneof![
        Just(b"\n\n".to_vec()),
        Just(b"    ".to_vec()),
        Just(b"```\n".to_vec()),
        Just(b"<!--".to_vec()),
        Just(b".RS\n".to_vec()),
        Just(b"\n.. note::\n".to_vec()),
        Just("\u{301}\u{202e}".as_bytes().to_vec()),
        Just(b"\xff\x80".to_vec()),
        Just(b"\r\0\x1b[".to_vec()),
        prop::collection::vec(any::<u8>(), 1..8),
    ];
    prop_oneof![
        (at(), 1..60_usize, at()).prop_map(|(from, length, to)| Change::Copy(from, length, to)),
        (at(), 1..40_usize).prop_map(|(from, length)| Change::Cut(from, length)),
        (at(), tokens).prop_map(|(to, bytes)| Change::Insert(to, bytes)),
        (0..100_usize, at(), 1..200_usize, at())
            .prop_map(|(seed, from, length, to)| Change::Cross(seed, from, length, to)),
        (at(), 1..20_usize, 2..60_usize)
            .prop_map(|(from, length, times)| Change::Repeat(from, length, times)),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[Change], seeds: &[(String, Vec<u8>)]) -> Vec<u8> {
    fn piece(bytes: &[u8], from: usize, length: usize) -> Vec<u8> {
        let from = from % bytes.len().max(1);
        bytes.iter().skip(from).take(length).copied().collect()
    }
    for change in changes {
        let place = |to: usize| to % (bytes.len() + 1);
        let (to, new) = match change {
            Change::Copy(from, length, to) => (place(*to), piece(&bytes, *from, *length)),
            Change::Insert(to, new) => (place(*to), new.clone()),
            Change::Cross(seed, from, length, to) => {
                let other = &seeds[seed % seeds.len()].1;
                (place(*to), piece(other, *from, *length))
            }
            Change::Repeat(from, length, times) => {
                let unit = piece(&bytes, *from, *length);
                (place(*from), unit.repeat(*times))
            }
            Change::Cut(from, length) => {
                let from = place(*from);
                let end = (from + length).min(bytes.len());
                bytes.drain(from..end);
                continue;
            }
        };
        bytes.splice(to..to, new);
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_seeds_hold(
        seed in 0..100_usize,
        name in prop::option::of(0..NAMES.len()),
        changes in prop::collection::vec(change(), 1..8),
    ) {
        let seeds = seeds();
        let (own, bytes) = seeds[seed % seeds.len()].clone();
        let name = name.map_or(own.as_str(), |name| NAMES[name]);
        invariants::file(name, &changed(bytes, &changes, &seeds));
    }
}
