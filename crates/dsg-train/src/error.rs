//! What stops loading, training or writing a model.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use dsg_core::ArtifactError;
use dsg_gguf::{GgufError, TensorType};

use crate::device::Backend;

/// Why a model cannot be loaded, run or trained.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The file system said no.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A GGUF file is damaged or of a kind that is not supported.
    #[error(transparent)]
    Gguf(#[from] GgufError),
    /// A file of the model is not what it should be.
    #[error("`{}` is no sound {what}: {problem}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
        /// What is wrong, with line or field where there is one.
        problem: String,
    },
    /// A field of a model's configuration is missing or impossible.
    #[error("`{}`: `{field}` {problem}", path.display())]
    Field {
        /// The file.
        path: PathBuf,
        /// The field of `config.json`, or the GGUF key.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An architecture that is not supported.
    #[error("`{}` is a model of architecture `{architecture}`; supported are {supported}", path.display())]
    Architecture {
        /// The file.
        path: PathBuf,
        /// What the file says.
        architecture: String,
        /// The names that are known, with commas.
        supported: String,
    },
    /// A tensor that the architecture needs is not there.
    #[error("`{}` has no tensor `{tensor}`", path.display())]
    MissingTensor {
        /// The file, or the folder.
        path: PathBuf,
        /// The tensor.
        tensor: String,
    },
    /// A tensor has another shape than the configuration says.
    #[error("tensor `{tensor}` in `{}` has the shape {actual:?} instead of {expected:?}", path.display())]
    TensorShape {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// `[rows, columns]` as the configuration says.
        expected: Vec<usize>,
        /// As the file says.
        actual: Vec<usize>,
    },
    /// A tensor is stored in a way that cannot be read.
    #[error("tensor `{tensor}` in `{}` is stored as {kind}, which is not supported", path.display())]
    TensorType {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// How it is stored.
        kind: String,
    },
    /// A weight is infinite or no number.
    #[error("tensor `{tensor}` in `{}` has {value} at position {index}", path.display())]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// The position in the tensor, row after row.
        index: usize,
        /// The value.
        value: f32,
    },
    /// Values of a weight do not fit the type that they should be stored as.
    #[error("tensor `{tensor}` cannot be stored as {kind}: {problem}")]
    Storage {
        /// The tensor.
        tensor: String,
        /// The type in the new file.
        kind: TensorType,
        /// What does not fit.
        problem: String,
    },
    /// A tokenizer cannot be read, or is not the model's.
    #[error("`{}` holds no tokenizer for this model: {problem}", path.display())]
    Tokenizer {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A chat cannot be rendered with the model's template.
    #[error("the model's chat template: {problem}")]
    Template {
        /// What is wrong, with the template's line.
        problem: String,
    },
    /// A sequence does not fit the model's context.
    #[error("a sequence of {tokens} tokens is longer than the model's context of {context}")]
    Context {
        /// Tokens of the sequence.
        tokens: usize,
        /// Most tokens.
        context: usize,
    },
    /// A token id is not in the vocabulary.
    #[error("token id {id} is outside of the vocabulary of {vocabulary}")]
    Token {
        /// The id.
        id: u32,
        /// Number of tokens.
        vocabulary: usize,
    },
    /// The tokenizer failed on a text or on tokens.
    #[error("the tokenizer failed: {problem}")]
    Encode {
        /// What it said.
        problem: String,
    },
    /// A value of a configuration is impossible.
    #[error("`{field}`: {problem}")]
    Config {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A file cannot be written, or holds what is no record.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// A device failed.
    #[error("cannot {what}: {problem}")]
    Compute {
        /// What was attempted.
        what: &'static str,
        /// What it said.
        problem: String,
    },
    /// This build lacks a backend.
    #[error("this dsg was built without `{feature}`; build it with `--features {feature}`")]
    FeatureMissing {
        /// The Cargo feature to build with.
        feature: &'static str,
    },
    /// This machine has no device for a backend.
    #[error("there is no device for `{backend}` here: no driver lists one")]
    NoDevice {
        /// The backend.
        backend: Backend,
    },
    /// No row of a dataset can be learned from.
    #[error("`{}`: none of its {seen} rows can be learned from{}", path.display(), in_brackets(reasons))]
    NoRows {
        /// The file.
        path: PathBuf,
        /// Rows that it has.
        seen: u64,
        /// How many were refused for which reason.
        reasons: String,
    },
    /// The folder's checkpoints are of another run.
    #[error("`{}` holds checkpoints of other data, another configuration, another model or another device", folder.display())]
    OtherRun {
        /// The folder of checkpoints.
        folder: PathBuf,
    },
    /// An adapter that should change nothing changes what the model says, or the base model says nothing.
    #[error(
        "before training, the loss is {adapted} with the new adapter and {base} without; both should be the same number"
    )]
    Guard {
        /// Loss of the base model.
        base: f64,
        /// Loss with the adapter.
        adapted: f64,
    },
    /// Too many steps in a row had no finite loss or gradients.
    #[error("{what} of step {step} is {value}, as before that; its rows are {rows}")]
    Diverged {
        /// The step, from 1.
        step: u64,
        /// `loss` or `gradients`.
        what: &'static str,
        /// The loss, or the gradients' norm.
        value: f64,
        /// The ids of the rows, with commas.
        rows: String,
    },
    /// What was asked for cannot be done with a model or an adapter of this kind.
    #[error("cannot write this: {problem}")]
    Unsupported {
        /// Why, and what can be done instead.
        problem: &'static str,
    },
    /// The caller asked to stop.
    #[error("interrupted after step {step}; the same call goes on from there")]
    Interrupted {
        /// Steps that were taken.
        step: u64,
    },
}

impl TrainError {
    pub(crate) fn compute(what: &'static str, problem: &dyn fmt::Display) -> Self {
        let problem = problem.to_string();
        Self::Compute { what, problem }
    }

    pub(crate) fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

/// ` (text)`, or nothing.
fn in_brackets(text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!(" ({text})"),
    }
}
