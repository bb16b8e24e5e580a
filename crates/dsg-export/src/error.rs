//! What stops an export.

use std::path::PathBuf;

use dsg_core::ArtifactError;

use crate::columns::ColumnConflict;

/// What stops an export or a verification.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A configuration value is impossible.
    #[error("export.{field}: {why}")]
    Config {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Two rows disagree about a column's type, so that no table reader could load both.
    #[error("item `{id}` does not fit into the `{format}` table")]
    Columns {
        /// The item.
        id: String,
        /// The dataset format.
        format: &'static str,
        /// Which column, and the two types.
        #[source]
        source: ColumnConflict,
    },
    /// A file of the dataset could not be written. Whatever the folder held before is as it was.
    #[error("{hint}; what `{}` held before is untouched", outdir.display())]
    Write {
        /// The output folder.
        outdir: PathBuf,
        /// What to do about it.
        hint: &'static str,
        /// Which file, and why.
        #[source]
        source: ArtifactError,
    },
    /// The folder has no manifest: no run has finished in it.
    #[error("`{}` has no manifest.json: no run has finished there; run `dsg run` into it again", outdir.display())]
    Unfinished {
        /// The output folder.
        outdir: PathBuf,
    },
    /// The manifest cannot be read.
    #[error("cannot use the manifest of `{}`", outdir.display())]
    Manifest {
        /// The output folder.
        outdir: PathBuf,
        /// Why.
        #[source]
        source: ArtifactError,
    },
    /// The card's template failed: a defect of dsg.
    #[error("cannot render the dataset card")]
    Card(#[source] minijinja::Error),
}
