//! Why a command ended, with what to do about it.

use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use dsg::config::ConfigError;
use dsg::core::ArtifactError;
use dsg::{DsgError, ErrorKind, ExportError};

use crate::exit::ExitCode;
use crate::terminal::Paint;

/// Why a command ended.
#[derive(Debug)]
pub(crate) enum CliError {
    /// The library says why.
    Dsg(DsgError),
    /// The call does not make sense, for a reason only known after parsing.
    Usage {
        message: String,
        hint: Option<String>,
    },
    /// What was asked for is not there.
    NotFound {
        message: String,
        hint: Option<String>,
    },
    /// The file system said no.
    File {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// Standard output cannot be written.
    Output(io::Error),
}

impl CliError {
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            hint: Some(hint.into()),
        }
    }

    pub(crate) fn not_found(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::NotFound {
            message: message.into(),
            hint: Some(hint.into()),
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

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Dsg(error) => match error.kind() {
                ErrorKind::Usage => ExitCode::Usage,
                ErrorKind::Environment => ExitCode::Environment,
                ErrorKind::Model => ExitCode::Model,
                ErrorKind::Interrupted => ExitCode::Interrupted,
            },
            Self::Usage { .. } => ExitCode::Usage,
            // Whoever reads our output has seen enough: `dsg search … | head`.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::Done,
            Self::NotFound { .. } | Self::File { .. } | Self::Output(_) => ExitCode::Environment,
        }
    }

    /// The error as lines for a person; empty when there is nothing worth saying.
    pub(crate) fn render(&self, paint: Paint) -> String {
        if self.exit_code() == ExitCode::Done {
            return String::new();
        }
        let mut out = match self.exit_code() {
            ExitCode::Interrupted => format!("{} {self}\n", paint.warn("stopped:")),
            _ => format!("{} {self}\n", paint.bad("error:")),
        };
        let mut cause = self.source();
        while let Some(error) = cause {
            let _ = writeln!(out, "  {} {error}", paint.faint("caused by:"));
            cause = error.source();
        }
        for hint in self.hints() {
            let _ = writeln!(out, "  {} {hint}", paint.name("hint:"));
        }
        out
    }

    fn hints(&self) -> Vec<String> {
        let own = match self {
            Self::Usage { hint, .. } | Self::NotFound { hint, .. } => hint.clone(),
            Self::Dsg(error) => hint(error).map(str::to_owned),
            Self::File { .. } | Self::Output(_) => None,
        };
        own.or_else(|| self.io_hint().map(str::to_owned))
            .into_iter()
            .collect()
    }

    /// What the file system's refusal calls for, wherever in the chain it stands.
    fn io_hint(&self) -> Option<&'static str> {
        let mut at: Option<&(dyn Error + 'static)> = self.source();
        while let Some(error) = at {
            if let Some(io) = error.downcast_ref::<io::Error>() {
                return match io.kind() {
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                        Some("choose a folder that you may write to, or files that you may read")
                    }
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(
                        "free some space and run the same command again; what was finished is kept",
                    ),
                    io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
                        Some("a file stands where a folder is needed; choose another path")
                    }
                    io::ErrorKind::NotFound => {
                        Some("check the path; it is relative to the current folder")
                    }
                    _ => None,
                };
            }
            at = error.source();
        }
        None
    }
}

fn hint(error: &DsgError) -> Option<&'static str> {
    Some(match error {
        DsgError::Config(ConfigError::Read { .. }) => "`dsg init` writes a commented configuration",
        DsgError::Config(ConfigError::Invalid { .. }) => {
            "docs/configuration.md and `dsg config schema` list every key; `dsg config check` tests a file"
        }
        DsgError::NoDocuments { .. } => {
            "dsg reads Markdown, text, reStructuredText, AsciiDoc, HTML, man pages, PDF and notebooks; `ingest.include` and `ingest.exclude` choose files"
        }
        DsgError::Export(ExportError::TooLarge { .. }) => {
            "--memory says what the machine really has; a smaller --context takes less, and so does a type with fewer bits for a weight; --force bundles it as it is"
        }
        DsgError::NoQuestions { .. } => "rejects.jsonl says which row was refused for what",
        DsgError::Locked { .. } => "wait until it is done, or choose another folder",
        DsgError::Interrupted { .. } => "run the same command again to go on",
        #[cfg(feature = "train")]
        DsgError::Train(error) => return training_hint(error),
        #[cfg(feature = "train")]
        DsgError::Evaluation(error) => return evaluation_hint(error),
        error if error.kind() == ErrorKind::Model => {
            "mend what ended it (the server, the key, the budget), then run the same command: replies so far are kept"
        }
        DsgError::Artifact(ArtifactError::Record { .. }) => {
            "the file was changed or is of another kind; `dsg inspect FILE` shows what it holds"
        }
        _ => return None,
    })
}

#[cfg(feature = "train")]
fn training_hint(error: &dsg::training::TrainError) -> Option<&'static str> {
    use dsg::training::TrainError;

    Some(match error {
        TrainError::OtherRun { .. } => {
            "choose another --out, or --restart to remove the checkpoints and begin anew"
        }
        TrainError::Diverged { .. } => {
            "look at these rows, lower --lr, or both; the same command goes on from the last checkpoint"
        }
        TrainError::Storage { .. } => "bf16 and f32 hold all values that a model has",
        TrainError::NoDevice { .. } => {
            "install the driver of the GPU, or leave --device out to train on the processor"
        }
        TrainError::NoRows { .. } => "rejects.jsonl says which row was refused for what",
        _ => return None,
    })
}

#[cfg(feature = "train")]
fn evaluation_hint(error: &dsg::EvalError) -> Option<&'static str> {
    use dsg::EvalError;

    Some(match error {
        EvalError::NothingToAsk => {
            "check the files and --limit; --forgetting asks general questions that need no file"
        }
        EvalError::ReservedAxis { .. } => "--data NAME=FILE gives its rows another axis",
        EvalError::GateNotMeasured { .. } => {
            "`general` has nll, perplexity and f1; `supported` is measured of rows with quotes in `meta.citations`"
        }
        EvalError::NotExported { .. } => {
            "without --engine llama-cpp, dsg's own decoder asks folders and adapters, too"
        }
        EvalError::Unconstrained => "--engine llama-cpp, with a GGUF file",
        EvalError::NoJudge => {
            "--judge needs `models.judge: {provider: model, model: …}`: a server's address, ollama:NAME, or a GGUF file; `dsg doctor` says whether it is there"
        }
        EvalError::NoPairs { .. } => {
            "rejects.jsonl in base/ and student/ says which row was refused for what"
        }
        _ => return None,
    })
}

impl std::fmt::Display for CliError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dsg(error) => error.fmt(f),
            Self::Usage { message, .. } | Self::NotFound { message, .. } => f.write_str(message),
            Self::File { action, path, .. } => write!(f, "cannot {action} `{}`", path.display()),
            Self::Output(_) => f.write_str("cannot write to standard output"),
        }
    }
}

impl Error for CliError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Dsg(error) => error.source(),
            Self::Usage { .. } | Self::NotFound { .. } => None,
            Self::File { source, .. } | Self::Output(source) => Some(source),
        }
    }
}

impl<E: Into<DsgError>> From<E> for CliError {
    fn from(error: E) -> Self {
        Self::Dsg(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_is_no_failure_and_says_nothing() {
        let error = CliError::Output(io::ErrorKind::BrokenPipe.into());
        assert_eq!(error.exit_code(), ExitCode::Done);
        assert_eq!(error.render(Paint::plain()), "");
    }

    #[test]
    fn the_whole_chain_and_a_hint_are_shown() {
        let source = io::Error::from(io::ErrorKind::NotFound);
        let path = PathBuf::from("x.yaml");
        let error = CliError::from(ConfigError::Read { path, source });
        assert_eq!(error.exit_code(), ExitCode::Environment);
        let text = error.render(Paint::plain());
        insta::assert_snapshot!(text, @r"
        error: cannot read the configuration `x.yaml`
          caused by: entity not found
          hint: `dsg init` writes a commented configuration
        ");
    }
}
