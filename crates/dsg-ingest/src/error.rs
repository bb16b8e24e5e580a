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
        "`{path}` is in no supported format (Markdown, reStructuredText, AsciiDoc, HTML, man page, PDF, notebook, plain text)"
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
    /// More text than the configured limit, once unpacked, decoded and rendered.
    #[error("`{path}` holds more than `max_text_bytes` = {limit} bytes of text")]
    TextTooLarge {
        /// The file.
        path: String,
        /// The limit.
        limit: u64,
    },
    /// More blocks than the configured limit.
    #[error("`{path}` has more than `max_blocks` = {limit} blocks and cells")]
    TooManyBlocks {
        /// The file.
        path: String,
        /// The limit.
        limit: usize,
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
    /// A password or an unknown cipher keeps the text locked.
    #[error("`{path}` is encrypted: {why}")]
    Encrypted {
        /// The file.
        path: String,
        /// What is in the way.
        why: &'static str,
    },
    /// The file is cut short or its structure is broken beyond repair.
    #[error("`{path}` is damaged: {message}")]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// Pages without text, such as scanned ones; text recognition would be needed.
    #[error("`{path}` has no text layer: {what} ({pages} pages)")]
    NoTextLayer {
        /// The file.
        path: String,
        /// How many pages it has.
        pages: usize,
        /// What it has instead.
        what: &'static str,
    },
    /// Reading the file would cost more than any honest file does, as with decompression bombs.
    #[error("`{path}` holds more than {limit} {what}, the limit for one file")]
    OverLimit {
        /// The file.
        path: String,
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// The format can be read, but this build leaves it out.
    #[error("`{path}` is {format}, and this build lacks the feature `{feature}`")]
    NoFeature {
        /// The file.
        path: String,
        /// The format's name.
        format: &'static str,
        /// The Cargo feature that reads it.
        feature: &'static str,
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
            Self::TextTooLarge { .. } => IngestReason::TextTooLarge,
            Self::TooManyBlocks { .. } => IngestReason::TooManyBlocks,
            Self::Link { .. } => IngestReason::Link,
            Self::NotAFile { .. } => IngestReason::NotAFile,
            Self::Binary { .. } => IngestReason::Binary,
            Self::Malformed { .. } => IngestReason::Malformed,
            Self::Unreadable { .. } => IngestReason::Unreadable,
            Self::Encrypted { .. } => IngestReason::Encrypted,
            Self::Damaged { .. } => IngestReason::Damaged,
            Self::NoTextLayer { .. } => IngestReason::NoTextLayer,
            Self::OverLimit { .. } => IngestReason::OverLimit,
            Self::NoFeature { .. } => IngestReason::NoFeature,
        }
    }

    /// Whether the file is counted as failed (it should have been readable) rather than dropped (it was left out on
    /// purpose).
    pub const fn is_failure(&self) -> bool {
        matches!(
            self,
            Self::Binary { .. }
                | Self::Malformed { .. }
                | Self::Unreadable { .. }
                | Self::Encrypted { .. }
                | Self::Damaged { .. }
                | Self::NoTextLayer { .. }
                | Self::OverLimit { .. }
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
    /// See [`FileError::TextTooLarge`].
    TextTooLarge,
    /// See [`FileError::TooManyBlocks`].
    TooManyBlocks,
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
    /// See [`FileError::Encrypted`].
    Encrypted,
    /// See [`FileError::Damaged`].
    Damaged,
    /// See [`FileError::NoTextLayer`].
    NoTextLayer,
    /// See [`FileError::OverLimit`].
    OverLimit,
    /// See [`FileError::NoFeature`].
    NoFeature,
}

impl IngestReason {
    /// The reason as records carry it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnsupportedFormat => "ingest.unsupported_format",
            Self::Empty => "ingest.empty",
            Self::Alias => "ingest.alias",
            Self::TooLarge => "ingest.too_large",
            Self::TextTooLarge => "ingest.text_too_large",
            Self::TooManyBlocks => "ingest.too_many_blocks",
            Self::Link => "ingest.link",
            Self::NotAFile => "ingest.not_a_file",
            Self::Binary => "ingest.binary",
            Self::Malformed => "ingest.malformed",
            Self::Unreadable => "ingest.unreadable",
            Self::Encrypted => "ingest.encrypted",
            Self::Damaged => "ingest.damaged",
            Self::NoTextLayer => "ingest.no_text_layer",
            Self::OverLimit => "ingest.over_limit",
            Self::NoFeature => "ingest.no_feature",
        }
    }
}

impl From<IngestReason> for Reason {
    fn from(reason: IngestReason) -> Self {
        Self::new(reason.as_str())
    }
}
