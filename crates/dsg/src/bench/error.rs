//! Why a measurement cannot be made or compared.

use std::path::PathBuf;

/// Why a measurement cannot be made or compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// A setting is impossible.
    #[error("{field} {problem}")]
    Setting {
        /// Which one.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A table of measurements cannot be read.
    #[error("`{}` is no table of `dsg bench`", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: csv::Error,
    },
    /// No measurement is one of the baseline's: nothing would be held to anything.
    #[error(
        "`{}` has none of these measurements: tests, threads and batches differ in all of its {rows} rows",
        path.display()
    )]
    NothingCompared {
        /// The baseline.
        path: PathBuf,
        /// How many rows it has.
        rows: usize,
    },
}
