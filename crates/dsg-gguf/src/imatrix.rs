//! Importance matrices, as `llama-imatrix` measures them: how much the inputs of a matrix's columns weigh.

use std::path::Path;

use crate::error::GgufError;
use crate::file::Gguf;
use crate::value::Value;

/// What `general.type` says of such a file.
const TYPE: &str = "imatrix";
/// Sums of squared inputs of a matrix, a value a column, and over how many inputs they go.
const SUMS: &str = ".in_sum2";
const COUNTS: &str = ".counts";

/// The mean squared input of every column of every matrix, by the matrix's tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportanceMatrix {
    entries: Vec<(String, Vec<f32>)>,
}

impl ImportanceMatrix {
    /// Reads a GGUF file that `llama-imatrix` wrote.
    ///
    /// # Errors
    /// [`GgufError::Io`] and [`GgufError::Format`] as for every file, [`GgufError::Importance`] for one that holds no such matrix, or sums without
    /// their counts.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, GgufError> {
        let file = Gguf::open(path)?;
        let fail = |problem: String| GgufError::Importance {
            path: file.path().to_path_buf(),
            problem,
        };
        if file.value("general.type") != Some(Value::String(TYPE.as_bytes())) {
            return Err(fail(
                "`general.type` is not `imatrix`; `llama-imatrix` writes such files as GGUF"
                    .to_owned(),
            ));
        }
        let mut entries = Vec::new();
        for tensor in file.tensors() {
            let Some(name) = tensor.name().strip_suffix(SUMS) else {
                continue;
            };
            let counts = file
                .tensor(&format!("{name}{COUNTS}"))
                .ok_or_else(|| fail(format!("`{}` has no counts beside it", tensor.name())))?;
            let (mut sums, counts) = (file.values(tensor)?, file.values(counts)?);
            if counts.is_empty() || !sums.len().is_multiple_of(counts.len()) {
                return Err(fail(format!(
                    "`{name}` has {} sums for {} counts",
                    sums.len(),
                    counts.len()
                )));
            }
            let columns = sums.len() / counts.len();
            for (sums, count) in sums.chunks_mut(columns).zip(counts) {
                for sum in sums {
                    // What was never used is as important as anything.
                    *sum = if count > 0.0 { *sum / count } else { 1.0 };
                    if !sum.is_finite() {
                        return Err(fail(format!("`{name}` has sums that are not finite")));
                    }
                }
            }
            entries.push((name.to_owned(), sums));
        }
        if entries.is_empty() {
            return Err(fail("it has no sums of any tensor".to_owned()));
        }
        Ok(Self { entries })
    }

    /// The tensors and their columns' mean squared inputs, in the file's order.
    pub fn entries(&self) -> &[(String, Vec<f32>)] {
        &self.entries
    }
}
