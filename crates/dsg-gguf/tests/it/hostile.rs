//! Damaged and hostile files.

use dsg_gguf::{Gguf, GgufError, Limits, Place, Problem, TensorType, diff, verify};
use proptest::prelude::*;

use crate::scene::{bytes, folder, open};

fn problem(bytes: &[u8]) -> Problem {
    match open(bytes) {
        Err(GgufError::Format { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

/// Whatever can be asked of an open file.
fn use_up(file: &Gguf) {
    let report = verify(file);
    assert_eq!(report.tensors, file.tensors().len());
    serde_json::to_string(&file.summary()).unwrap();
    for (_, value) in file.keys() {
        serde_json::to_string(&value.decode()).unwrap();
    }
    for tensor in file.tensors() {
        assert_eq!(file.data(tensor).len() as u64, tensor.bytes());
    }
    assert!(diff(file, file).is_empty());
}

#[test]
fn every_cut_is_found() {
    let whole = bytes();
    use_up(&open(&whole).unwrap());
    let data_start = open(&whole).unwrap().data_start() as usize;
    for end in 0..data_start {
        assert!(open(&whole[..end]).is_err(), "cut at {end}");
    }
    // The data's end is the last tensor's.
    assert!(matches!(
        problem(&whole[..whole.len() - 1]),
        Problem::OutOfBounds { tensor, .. } if tensor == "blk.0.attn_q.weight"
    ));
}

/// The header of a file with these counts.
fn start(version: u32, tensors: u64, keys: u64) -> Vec<u8> {
    let mut bytes = b"GGUF".to_vec();
    bytes.extend(version.to_le_bytes());
    bytes.extend(tensors.to_le_bytes());
    bytes.extend(keys.to_le_bytes());
    bytes
}

fn text(text: &str, bytes: &mut Vec<u8>) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text.as_bytes());
}

#[test]
fn files_of_other_kinds_are_told_apart() {
    assert_eq!(problem(b""), Problem::Magic);
    assert_eq!(problem(b"ggml0123456789012345678901234567"), Problem::Magic);
    assert_eq!(problem(&start(1, 0, 0)), Problem::Version(1));
    assert_eq!(problem(&start(4, 0, 0)), Problem::Version(4));
    assert_eq!(problem(&start(0, 0, 0)), Problem::Version(0));
    assert_eq!(
        problem(&start(3_u32.swap_bytes(), 0, 0)),
        Problem::BigEndian
    );
    assert_eq!(open(&start(2, 0, 0)).unwrap().version(), 2);
    let error = Gguf::open("/nowhere/x.gguf").unwrap_err();
    assert!(error.to_string().contains("/nowhere/x.gguf"), "{error}");
}

#[test]
fn counts_and_lengths_are_held_against_the_file() {
    for bytes in [start(3, u64::MAX, 0), start(3, 0, u64::MAX), start(3, 1, 0)] {
        assert!(matches!(
            problem(&bytes),
            Problem::TooMany {
                place: Place::Header,
                ..
            }
        ));
    }
    // A name, a text and a list that claim to be endless.
    let mut endless = start(3, 0, 1);
    endless.extend(u64::MAX.to_le_bytes());
    endless.extend([0; 40]);
    assert!(matches!(
        problem(&endless),
        Problem::TooMany {
            place: Place::KeyNumber(0),
            ..
        }
    ));
    for kind in [8_u32, 9] {
        let mut bytes = start(3, 0, 1);
        text("k", &mut bytes);
        bytes.extend(kind.to_le_bytes());
        if kind == 9 {
            bytes.extend(4_u32.to_le_bytes());
        }
        bytes.extend((u64::MAX / 4).to_le_bytes());
        bytes.extend([0; 40]);
        let place = Place::Key("k".to_owned());
        assert!(matches!(problem(&bytes), Problem::TooMany { place: at, .. } if at == place));
    }
}

/// A key with a list in a list in a list …, `depth` deep.
fn nested(depth: usize) -> Vec<u8> {
    let mut bytes = start(3, 0, 1);
    text("k", &mut bytes);
    bytes.extend(9_u32.to_le_bytes());
    for _ in 1..depth {
        bytes.extend(9_u32.to_le_bytes());
        bytes.extend(1_u64.to_le_bytes());
    }
    bytes.extend(0_u32.to_le_bytes());
    bytes.extend(0_u64.to_le_bytes());
    bytes
}

#[test]
fn nesting_ends_at_its_limit() {
    let most = Limits::default().depth as usize;
    use_up(&open(&nested(most)).unwrap());
    for depth in [most + 1, 100_000] {
        assert!(matches!(
            problem(&nested(depth)),
            Problem::TooMany {
                what: "the depth of arrays",
                ..
            }
        ));
    }
}

#[test]
fn names_that_are_there_twice_are_named() {
    let mut keys = start(3, 0, 2);
    for _ in 0..2 {
        text("same", &mut keys);
        keys.extend(0_u32.to_le_bytes());
        keys.push(1);
    }
    assert_eq!(problem(&keys), Problem::DuplicateKey("same".to_owned()));

    let tensor = |name: &str, count: u32, dimension: u64, kind: u32, offset: u64| {
        let mut bytes = Vec::new();
        text(name, &mut bytes);
        bytes.extend(count.to_le_bytes());
        for _ in 0..count.min(9) {
            bytes.extend(dimension.to_le_bytes());
        }
        bytes.extend(kind.to_le_bytes());
        bytes.extend(offset.to_le_bytes());
        bytes
    };
    let file = |tensors: &[Vec<u8>]| {
        let mut bytes = start(3, tensors.len() as u64, 0);
        bytes.extend(tensors.concat());
        bytes.resize(bytes.len().next_multiple_of(32) + 64, 0);
        bytes
    };
    let one = tensor("t", 1, 8, 0, 0);
    use_up(&open(&file(std::slice::from_ref(&one))).unwrap());
    assert_eq!(
        problem(&file(&[one.clone(), one])),
        Problem::DuplicateTensor("t".to_owned())
    );
    let name = || "t".to_owned();
    assert_eq!(
        problem(&file(&[tensor("t", 1, 8, 4, 0)])),
        Problem::TensorType {
            tensor: name(),
            id: 4
        }
    );
    assert_eq!(
        problem(&file(&[tensor("t", 5, 8, 0, 0)])),
        Problem::Dimensions {
            tensor: name(),
            count: 5
        }
    );
    assert_eq!(
        problem(&file(&[tensor("t", 1, 8, 0, 4)])),
        Problem::Misaligned {
            tensor: name(),
            offset: 4,
            alignment: 32
        }
    );
    for (count, dimension) in [(1, 0), (2, u64::MAX), (2, 1 << 32), (1, u64::MAX / 4)] {
        assert!(matches!(
            problem(&file(&[tensor("t", count, dimension, 0, 0)])),
            Problem::Shape {
                kind: TensorType::F32,
                ..
            }
        ));
    }
    for offset in [64, u64::MAX - 31] {
        assert!(matches!(
            problem(&file(&[tensor("t", 1, 8, 0, offset)])),
            Problem::OutOfBounds { .. }
        ));
    }
    assert_eq!(
        problem(&file(&[tensor("", 1, 8, 0, 0)])),
        Problem::Name(Place::TensorNumber(0))
    );
}

#[test]
fn an_alignment_that_cannot_be_is_refused() {
    for (kind, value) in [(4_u32, 0_u32), (4, 24), (4, 1 << 31), (5, 32)] {
        let mut bytes = start(3, 0, 1);
        text("general.alignment", &mut bytes);
        bytes.extend(kind.to_le_bytes());
        bytes.extend(value.to_le_bytes());
        assert!(matches!(problem(&bytes), Problem::Alignment { .. }));
    }
}

#[test]
fn an_empty_file_and_a_folder_are_errors() {
    let (folder, path) = folder();
    std::fs::write(&path, "").unwrap();
    assert!(matches!(Gguf::open(&path), Err(GgufError::Format { .. })));
    assert!(matches!(
        Gguf::open(folder.path()),
        Err(GgufError::Io { .. })
    ));
}

proptest! {
    #[test]
    fn any_bytes_are_a_file_or_a_problem(bytes in prop::collection::vec(any::<u8>(), 0..400), version in 2_u32..4) {
        if let Ok(file) = open(&bytes) {
            use_up(&file);
        }
        let mut with_start = start(version, 1, 2);
        with_start.extend(bytes);
        if let Ok(file) = open(&with_start) {
            use_up(&file);
        }
    }

    #[test]
    fn a_file_with_damage_anywhere_is_a_file_or_a_problem(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        header_only in any::<bool>(),
    ) {
        let mut bytes = bytes();
        let end = if header_only { 700.min(bytes.len()) } else { bytes.len() };
        for (at, byte) in damage {
            let at = at.index(end);
            bytes[at] = byte;
        }
        if let Ok(file) = open(&bytes) {
            use_up(&file);
        }
    }
}
