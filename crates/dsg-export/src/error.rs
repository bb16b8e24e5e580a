//! What stops an export.

use std::error::Error;
use std::path::PathBuf;

use dsg_core::ArtifactError;

use crate::bundle::size;
use crate::columns::ColumnConflict;

/// What stops an export, a verification, a bundle or a report.
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
    /// A report's template or curve failed: a defect of dsg.
    #[error("cannot render the report")]
    Report(#[source] Box<dyn Error + Send + Sync>),
    /// A model file cannot be read.
    #[error(transparent)]
    Gguf(#[from] dsg_gguf::GgufError),
    /// A model file that cannot be bundled.
    #[error("`{}` cannot be bundled: {problem}", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A model that does not fit the memory of the machine that it is meant for.
    #[error(
        "`{}` needs {} at the least (its weights are {}), and of the {} of a {target} it may take {}",
        path.display(), size(*needs), size(*weights), size(*memory), size(*usable)
    )]
    TooLarge {
        /// The model's file.
        path: PathBuf,
        /// The machine.
        target: &'static str,
        /// Bytes that it needs with the smallest settings.
        needs: u64,
        /// Those of the weights.
        weights: u64,
        /// Bytes that it may take.
        usable: u64,
        /// Bytes of memory that the machine has.
        memory: u64,
    },
    /// A context that the model was not made for, or that is of no use.
    #[error("a context of {context} tokens is not possible: for `{}` it can be {least} to {most}", path.display())]
    Context {
        /// The model's file.
        path: PathBuf,
        /// The tokens that were asked for.
        context: u64,
        /// Those without which there is no room for a question and its documents.
        least: u64,
        /// Those that the model was made for.
        most: u64,
    },
    /// The folder of a bundle has other files in it, which must not be mixed up with a bundle's.
    #[error("`{}` is not empty and no bundle: choose another folder, or empty this one", outdir.display())]
    NoBundle {
        /// The folder.
        outdir: PathBuf,
    },
    /// A name that cannot be that of a model, a file and a service.
    #[error(
        "`{name}` is no name for a bundle: letters, digits, dots, dashes and underscores make one, 64 at most, a letter or digit first"
    )]
    BundleName {
        /// The name.
        name: String,
    },
    /// A template of a bundle failed: a defect of dsg.
    #[error("cannot render `{file}`")]
    Bundle {
        /// The file.
        file: &'static str,
        /// Why.
        #[source]
        source: minijinja::Error,
    },
}
