//! Why a run stopped.

use std::io;
use std::path::{Path, PathBuf};

use dsg_core::{ArtifactError, SeamError, Stage};
use dsg_export::ExportError;
use dsg_generate::GenerateError;
use dsg_judge::ModelJudgeError;

use crate::bench::BenchError;
use crate::benchmark::BenchmarkError;
use crate::config::ConfigError;
#[cfg(feature = "train")]
use crate::evaluation::EvalError;

/// Why a run stopped. Bad documents and bad candidates are not here: they are rejects, with reasons.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DsgError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The inputs cannot be read.
    #[error(transparent)]
    Ingest(#[from] dsg_ingest::IngestError),
    /// The chunker refused its configuration.
    #[error(transparent)]
    Chunk(#[from] dsg_chunk::ChunkError),
    /// The index cannot be built or opened.
    #[error(transparent)]
    Index(#[from] dsg_index::IndexError),
    /// Generation cannot go on.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// The judge refused its configuration.
    #[error(transparent)]
    Judge(#[from] dsg_judge::JudgeError),
    /// Judging with a model cannot go on.
    #[error(transparent)]
    ModelJudge(#[from] ModelJudgeError),
    /// Deduplication, balance or split failed.
    #[error(transparent)]
    Dedupe(#[from] dsg_dedupe::DedupeError),
    /// A benchmark that no item may repeat cannot be used.
    #[error(transparent)]
    Benchmark(#[from] BenchmarkError),
    /// The dataset cannot be written or read.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A file of the run cannot be written or read.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// A model file cannot be read or written.
    #[error(transparent)]
    Gguf(#[from] dsg_gguf::GgufError),
    /// A measurement cannot be made or compared.
    #[error(transparent)]
    Bench(#[from] BenchError),
    /// A model or its reply store cannot be set up.
    #[cfg(feature = "models")]
    #[error(transparent)]
    Llm(#[from] dsg_llm::LlmError),
    /// A model cannot be loaded, trained or merged.
    #[cfg(feature = "train")]
    #[error(transparent)]
    Train(#[from] dsg_train::TrainError),
    /// An evaluation or a comparison cannot be made.
    #[cfg(feature = "train")]
    #[error(transparent)]
    Evaluation(#[from] EvalError),
    /// This build lacks what the configuration asks for.
    #[error("this dsg was built without `{feature}`; build it with `--features {feature}`")]
    FeatureMissing {
        /// The Cargo feature to build with.
        feature: &'static str,
    },
    /// A store behind a seam failed.
    #[error(transparent)]
    Seam(#[from] SeamError),
    /// The file system said no.
    #[error("cannot {action} `{}`", path.display())]
    File {
        /// What was attempted.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No document could be read from the inputs.
    #[error("no document to work on: {seen} files seen, none kept ({reasons})")]
    NoDocuments {
        /// Files found.
        seen: u64,
        /// How many for which reason.
        reasons: String,
    },
    /// No question of an evaluation can be asked and measured.
    #[error("no question to ask: {seen} rows read, none of use ({reasons})")]
    NoQuestions {
        /// Rows read.
        seen: u64,
        /// How many for which reason.
        reasons: String,
    },
    /// A folder that holds nothing that a report shows.
    #[error("`{}` holds nothing that a report shows; looked for {looked_for}", path.display())]
    NothingToReport {
        /// The folder.
        path: PathBuf,
        /// The files that were looked for, and who leaves them.
        looked_for: &'static str,
    },
    /// Another run holds the folder.
    #[error("`{}` is in use by another run", outdir.display())]
    Locked {
        /// The folder.
        outdir: PathBuf,
    },
    /// The caller asked to stop.
    #[error("interrupted before {stage}; the same command goes on from here")]
    Interrupted {
        /// The stage that was not begun or not finished.
        stage: Stage,
    },
}

/// What kind of thing went wrong, for exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The configuration or the call.
    Usage,
    /// The inputs, the disk, the machine.
    Environment,
    /// A model or its server ended the run.
    Model,
    /// Asked to stop.
    Interrupted,
}

impl DsgError {
    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Config(ConfigError::Invalid { .. } | ConfigError::Exists { .. })
            | Self::Chunk(_)
            | Self::Judge(_)
            | Self::FeatureMissing { .. }
            | Self::Bench(BenchError::Setting { .. } | BenchError::NothingCompared { .. })
            | Self::Export(
                ExportError::BundleName { .. }
                | ExportError::Context { .. }
                | ExportError::NoBundle { .. }
                | ExportError::TooLarge { .. },
            )
            | Self::Benchmark(BenchmarkError::Columns { .. } | BenchmarkError::Format { .. })
            | Self::Index(
                dsg_index::IndexError::Config { .. }
                | dsg_index::IndexError::Embedder { .. }
                | dsg_index::IndexError::NoVectors { .. },
            )
            | Self::Generate(GenerateError::Config { .. })
            | Self::ModelJudge(ModelJudgeError::Config(_)) => ErrorKind::Usage,
            Self::Generate(GenerateError::Stopped { .. } | GenerateError::Labelling { .. })
            | Self::ModelJudge(ModelJudgeError::Model { .. }) => ErrorKind::Model,
            #[cfg(feature = "models")]
            Self::Llm(
                dsg_llm::LlmError::Config { .. }
                | dsg_llm::LlmError::FeatureMissing { .. }
                | dsg_llm::LlmError::FetchNotAllowed { .. }
                | dsg_llm::LlmError::Key { .. }
                | dsg_llm::LlmError::RemoteNotAllowed { .. },
            ) => ErrorKind::Usage,
            #[cfg(feature = "train")]
            Self::Train(
                dsg_train::TrainError::Config { .. }
                | dsg_train::TrainError::FeatureMissing { .. }
                | dsg_train::TrainError::OtherRun { .. }
                | dsg_train::TrainError::Unsupported { .. },
            ) => ErrorKind::Usage,
            #[cfg(feature = "train")]
            Self::Evaluation(
                EvalError::ReservedAxis { .. }
                | EvalError::GateNotMeasured { .. }
                | EvalError::NotExported { .. }
                | EvalError::Unconstrained
                | EvalError::NoJudge,
            ) => ErrorKind::Usage,
            #[cfg(feature = "train")]
            Self::Train(
                dsg_train::TrainError::Diverged { .. } | dsg_train::TrainError::Guard { .. },
            ) => ErrorKind::Model,
            Self::Interrupted { .. } => ErrorKind::Interrupted,
            _ => ErrorKind::Environment,
        }
    }

    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }
}
