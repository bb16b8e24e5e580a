//! What stops a run, and what stops one file.

use std::path::PathBuf;

use dsg_core::Reason;

/// Why ingestion cannot start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError {
    /// A configuration field has an impossible value.
    #[error("ingest configuration: `{field}` is `{value}`, but {expected}")]
    Config {
        /// The field's name.
        field: &'static str,
        /// What it was set to.
        value: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// A glob cannot be read.
    #[error("`{pattern}` in `{field}` is not a glob")]
    Glob {
        /// The configuration field, or `input`.
        field: &'static str,
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        #[source]
        source: globset::Error,
    },
    /// No input was given.
    #[error("no input to read: name at least one file, folder or glob")]
    NoInput,
    /// An input does not exist or cannot be entered.
    #[error("input `{}` cannot be read", path.display())]
    Input {
        /// The input as given.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
}

/// Why one file became no document. Never stops a run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// Neither content nor name tell a format that can be read.
    #[error(
        "`{path}` is in no supported format (Markdown, reStructuredText, AsciiDoc, HTML, man page, notebook, plain text)"
    )]
    UnsupportedFormat {
        /// The file.
        path: String,
    },
    /// Nothing but white space and navigation.
    #[error("`{path}` holds no text")]
    Empty {
        /// The file.
        path: String,
    },
    /// A man page that only names another one, as `.so man1/page.1` does.
    #[error("`{path}` is another name of `{target}`, which is read where it lies")]
    Alias {
        /// The file.
        path: String,
        /// The page it stands for, as written.
        target: String,
    },
    /// Larger than the configured limit.
    #[error("`{path}` has {bytes} bytes, more than `max_file_bytes` = {limit}")]
    TooLarge {
        /// The file.
        path: String,
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// A link; what it points to is read where it lies, if that is inside the input.
    #[error("`{path}` is a symbolic link, and links are not followed")]
    Link {
        /// The file.
        path: String,
    },
    /// A device, pipe or socket.
    #[error("`{path}` is not a regular file")]
    NotAFile {
        /// The file.
        path: String,
    },
    /// A name that says text over bytes that are not.
    #[error("`{path}` is binary data, not text")]
    Binary {
        /// The file.
        path: String,
    },
    /// A file whose format has a grammar does not keep to it.
    #[error("`{path}`, line {line}, column {column}: {message}")]
    Malformed {
        /// The file.
        path: String,
        /// Line of its text, from 1.
        line: usize,
        /// Column, from 1, in bytes.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// The file could not be opened, read or listed.
    #[error("`{path}` could not be read: {message}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        message: String,
    },
}

impl FileError {
    /// The typed reason.
    pub const fn reason(&self) -> IngestReason {
        match self {
            Self::UnsupportedFormat { .. } => IngestReason::UnsupportedFormat,
            Self::Empty { .. } => IngestReason::Empty,
            Self::Alias { .. } => IngestReason::Alias,
            Self::TooLarge { .. } => IngestReason::TooLarge,
            Self::Link { .. } => IngestReason::Link,
            Self::NotAFile { .. } => IngestReason::NotAFile,
            Self::Binary { .. } => IngestReason::Binary,
            Self::Malformed { .. } => IngestReason::Malformed,
            Self::Unreadable { .. } => IngestReason::Unreadable,
        }
    }

    /// Whether the file is counted as failed (it should have been readable) rather than dropped (it was left out on
    /// purpose).
    pub const fn is_failure(&self) -> bool {
        matches!(
            self,
            Self::Binary { .. } | Self::Malformed { .. } | Self::Unreadable { .. }
        )
    }
}

/// Why a file left the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum IngestReason {
    /// See [`FileError::UnsupportedFormat`].
    UnsupportedFormat,
    /// See [`FileError::Empty`].
    Empty,
    /// See [`FileError::Alias`].
    Alias,
    /// See [`FileError::TooLarge`].
    TooLarge,
    /// See [`FileError::Link`].
    Link,
    /// See [`FileError::NotAFile`].
    NotAFile,
    /// See [`FileError::Binary`].
    Binary,
    /// See [`FileError::Malformed`].
    Malformed,
    /// See [`FileError::Unreadable`].
    Unreadable,
}

impl IngestReason {
    /// The reason as records carry it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnsupportedFormat => "ingest.unsupported_format",
            Self::Empty => "ingest.empty",
            Self::Alias => "ingest.alias",
            Self::TooLarge => "ingest.too_large",
            Self::Link => "ingest.link",
            Self::NotAFile => "ingest.not_a_file",
            Self::Binary => "ingest.binary",
            Self::Malformed => "ingest.malformed",
            Self::Unreadable => "ingest.unreadable",
        }
    }
}

impl From<IngestReason> for Reason {
    fn from(reason: IngestReason) -> Self {
        Self::new(reason.as_str())
    }
}
