//! What stops loading, training or writing a model.

use std::io;
use std::path::{Path, PathBuf};

use dsg_gguf::GgufError;

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
}

impl TrainError {
    pub(crate) fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}
