//! Importance matrices.

use std::io::Write as _;

use dsg_gguf::{GgufWriter, ImportanceMatrix, TensorType};

use crate::scene::folder;

/// Writes a file of tensors, each with its values.
fn write(kind: &str, tensors: &[(&str, &[u64], &[f32])]) -> Result<ImportanceMatrix, String> {
    let (_folder, path) = folder();
    let mut writer = GgufWriter::new();
    writer.key("general.type", kind).unwrap();
    for (name, shape, _) in tensors {
        writer.tensor(*name, TensorType::F32, shape).unwrap();
    }
    writer
        .write(&path, |tensor, out| {
            let (_, _, values) = tensors
                .iter()
                .find(|(name, ..)| *name == tensor.name())
                .unwrap();
            let bytes: Vec<u8> = values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect();
            out.write_all(&bytes)
        })
        .unwrap();
    ImportanceMatrix::read(&path).map_err(|error| error.to_string())
}

#[test]
fn sums_become_means_over_what_was_seen() {
    let matrix = write(
        "imatrix",
        &[
            ("blk.0.attn_q.weight.in_sum2", &[2, 1], &[6.0, 9.0]),
            ("blk.0.attn_q.weight.counts", &[1, 1], &[3.0]),
            // Two experts, one of which was never used.
            (
                "blk.0.ffn_up.weight.in_sum2",
                &[2, 2],
                &[1.0, 2.0, 0.0, 0.0],
            ),
            ("blk.0.ffn_up.weight.counts", &[1, 2], &[2.0, 0.0]),
        ],
    );
    let expected = [
        ("blk.0.attn_q.weight".to_owned(), vec![2.0, 3.0]),
        ("blk.0.ffn_up.weight".to_owned(), vec![0.5, 1.0, 1.0, 1.0]),
    ];
    assert_eq!(matrix.unwrap().entries(), expected);
}

#[test]
fn what_is_no_importance_matrix_is_named() {
    let said = |kind, tensors: &[(&str, &[u64], &[f32])]| write(kind, tensors).unwrap_err();
    let sums: (&str, &[u64], &[f32]) = ("a.in_sum2", &[3, 1], &[1.0, 2.0, 3.0]);
    assert!(said("model", &[sums]).contains("general.type"));
    assert!(said("imatrix", &[]).contains("no sums"));
    assert!(said("imatrix", &[sums]).contains("`a.in_sum2` has no counts"));
    let counts: (&str, &[u64], &[f32]) = ("a.counts", &[1, 2], &[1.0, 1.0]);
    assert!(said("imatrix", &[sums, counts]).contains("3 sums for 2 counts"));
    let endless: (&str, &[u64], &[f32]) = ("a.in_sum2", &[2, 1], &[1.0, f32::INFINITY]);
    assert!(said("imatrix", &[endless, counts]).contains("not finite"));
}
