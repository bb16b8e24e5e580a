//! The stage: files in, documents out.

use std::convert::Infallible;
use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;

use dsg_core::hash::sha256_hex;
use dsg_core::{
    Block, BlockKind, DocId, Document, DocumentSchema, Event, Format, Link, Observer, Outcome,
    Reject, RejectSchema, Source, Stage, StageResult,
};
use rayon::prelude::*;
use serde_json::{Map, Value, json};

use crate::config::IngestConfig;
use crate::error::{FileError, IngestError};
use crate::walk::{Entry, Selection};
use crate::warning::{self, Warning};
use crate::{
    asciidoc, decode, format, front_matter, html, language, links, markdown, notebook, outline,
    packed, plain, provenance, roff, rst, title,
};

/// Files read at a time: enough to keep every core busy.
const BATCH_FILES: usize = 64;
/// Bytes read at a time, unless one file has more.
const BATCH_BYTES: u64 = 32 << 20;

/// What a parser makes of a file: the text and its outline, with what the file says about itself.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    /// The text that the blocks point into.
    pub text: String,
    /// The outline, finished.
    pub blocks: Vec<Block>,
    /// A title from outside the text, such as `<title>`; headings go first.
    pub title: Option<String>,
    /// References that the text itself does not show; others are found in the text.
    pub links: Vec<Link>,
    /// Metadata.
    pub metadata: Map<String, Value>,
}

/// Reads files into documents. Cheap to share between threads.
#[derive(Debug)]
pub struct Ingester {
    selection: Selection,
    max_file_bytes: u64,
    max_text_bytes: u64,
    max_blocks: usize,
}

impl Ingester {
    /// An ingester for `config`.
    ///
    /// # Errors
    /// [`IngestError::Config`] or [`IngestError::Glob`] that names the field with an impossible value.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "every stage takes its configuration by value, so that it can be kept without a change of API"
    )]
    pub fn new(config: IngestConfig) -> Result<Self, IngestError> {
        let sizes = [
            ("max_file_bytes", config.max_file_bytes),
            ("max_text_bytes", config.max_text_bytes),
        ];
        if let Some((field, _)) = sizes.into_iter().find(|(_, bytes)| *bytes == 0) {
            return Err(IngestError::Config {
                field,
                value: "0".into(),
                expected: "at least 1 is needed",
            });
        }
        if !(1..=outline::MAX_BLOCKS).contains(&config.max_blocks) {
            return Err(IngestError::Config {
                field: "max_blocks",
                value: config.max_blocks.to_string(),
                expected: "1 to 1048576 are possible",
            });
        }
        Ok(Self {
            selection: Selection::new(&config)?,
            max_file_bytes: config.max_file_bytes,
            max_text_bytes: config.max_text_bytes,
            max_blocks: config.max_blocks,
        })
    }

    /// Finds the files of `inputs` (folders, files, globs), sorted by relative path.
    ///
    /// Files in a folder or under a glob are named relative to it, a file by its name; with several inputs a folder's
    /// files are prefixed with its last component. Hidden folders, hidden files that are no
    /// documents by their name, and generated folders (`node_modules`, `_build`,
    /// `__pycache__`, `site-packages`, `bower_components`) are passed over. Links are not followed and nothing outside an input is read. What
    /// cannot be listed becomes an entry that [`Ingester::read`] turns into [`Outcome::Failed`].
    ///
    /// # Errors
    /// [`IngestError::NoInput`], [`IngestError::Input`] for an input that is missing, [`IngestError::Glob`].
    pub fn walk(&self, inputs: &[PathBuf]) -> Result<Vec<Entry>, IngestError> {
        self.selection.walk(inputs)
    }

    /// Reads one file. Dropped with a typed reason when it is left out on purpose (format, size, empty, link), failed
    /// when it should have been readable and was not.
    pub fn read(&self, entry: &Entry) -> Outcome<Document> {
        let result = self
            .bytes(entry)
            .and_then(|bytes| self.document(&entry.path, &bytes));
        match result {
            Ok(document) => Outcome::Kept(document),
            Err(error) => {
                let reject = Reject {
                    schema: RejectSchema,
                    id: entry.path.clone(),
                    stage: Stage::Ingest,
                    reason: error.reason().into(),
                    detail: error.to_string(),
                    record: json!({ "path": entry.path }),
                };
                if error.is_failure() {
                    Outcome::Failed(reject)
                } else {
                    Outcome::Dropped(reject)
                }
            }
        }
    }

    /// The kernel: the document at `path` (relative, `/` separators) made from the file's `bytes`. Pure. Its links are
    /// found but not resolved, which takes the other documents.
    ///
    /// # Errors
    /// [`FileError`] when the bytes are no text, hold no content or are in no supported format.
    pub fn document(&self, path: &str, bytes: &[u8]) -> Result<Document, FileError> {
        let size = bytes.len() as u64;
        self.check_size(path, size)?;
        // What a packed file is called decides, without `.gz`.
        let name = packed::inner_name(path);
        if format::by_name(name).is_none() && !might_be_named_badly(path) {
            return Err(FileError::UnsupportedFormat { path: path.into() });
        }
        let content = packed::unpacked(path, bytes, self.max_text_bytes)?;
        if format::is_pdf(&content) || (format::by_name(name) == Some(Format::Pdf) && size > 0) {
            let parsed = pdf_parsed(&content, path)?;
            let matter = front_matter::FrontMatter::default();
            return self.finished(path, bytes, Format::Pdf, matter, parsed, Vec::new());
        }
        let declared = match format::by_name(name) {
            Some(Format::Html) => decode::declared(&content),
            _ => None,
        };
        let decoded = decode::decode(&content, declared).ok_or_else(|| {
            let path = path.to_owned();
            if format::by_name(name).is_none() {
                FileError::UnsupportedFormat { path }
            } else {
                FileError::Binary { path }
            }
        })?;
        drop(content);
        if decoded.text.trim().is_empty() {
            return Err(FileError::Empty { path: path.into() });
        }
        let Some(format) = format::detect(name, &decoded.text) else {
            return Err(FileError::UnsupportedFormat { path: path.into() });
        };
        self.check_text(path, &decoded.text)?;
        let (matter, mut parsed) = parse(format, decoded.text, name)?;
        if let Some(encoding) = decoded.encoding {
            parsed
                .metadata
                .insert("encoding".into(), Value::String(encoding));
        }
        self.finished(path, bytes, format, matter, parsed, decoded.warnings)
    }

    /// Reads `entries` in parallel on the current rayon pool and hands every outcome to `take` in the order of `entries`,
    /// whatever the number of threads. The first error of `take` ends it.
    ///
    /// At most 64 files, and no more than 32 MiB of files unless a single one is larger, are in memory at a time.
    ///
    /// # Errors
    /// What `take` returns.
    pub fn for_each<E>(
        &self,
        entries: &[Entry],
        mut take: impl FnMut(Outcome<Document>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rest = entries;
        while !rest.is_empty() {
            let (batch, after) = rest.split_at(self.batch(rest));
            let outcomes: Vec<Outcome<Document>> =
                batch.par_iter().map(|entry| self.read(entry)).collect();
            outcomes.into_iter().try_for_each(&mut take)?;
            rest = after;
        }
        Ok(())
    }

    /// How many of `entries` are read at a time.
    fn batch(&self, entries: &[Entry]) -> usize {
        let mut bytes = 0;
        let fitting = entries.iter().take(BATCH_FILES).take_while(|entry| {
            // A file beyond the limit is not read.
            let size = fs::symlink_metadata(&entry.file).map_or(0, |meta| meta.len());
            bytes += if size > self.max_file_bytes { 0 } else { size };
            bytes <= BATCH_BYTES
        });
        fitting.count().clamp(1, entries.len().max(1))
    }

    /// The driver: walks `inputs` and reads every file, in parallel on the current rayon pool. Results come in walk
    /// order whatever the number of threads. Holds every document; [`Ingester::for_each`] holds a few.
    ///
    /// # Errors
    /// As [`Ingester::walk`].
    pub fn run(
        &self,
        inputs: &[PathBuf],
        observer: &dyn Observer,
    ) -> Result<StageResult<Document>, IngestError> {
        let entries = self.walk(inputs)?;
        observer.on_event(&Event::StageStarted {
            stage: Stage::Ingest,
            total: Some(entries.len() as u64),
        });
        let mut outcomes = Vec::with_capacity(entries.len());
        let done = self.for_each(&entries, |outcome| {
            if let Outcome::Failed(reject) = &outcome {
                observer.on_event(&Event::Warning {
                    stage: Stage::Ingest,
                    subject: reject.id.clone(),
                    message: reject.detail.clone(),
                });
            }
            outcomes.push(outcome);
            observer.on_event(&Event::Progress {
                stage: Stage::Ingest,
                done: outcomes.len() as u64,
            });
            Ok::<(), Infallible>(())
        });
        let Ok(()) = done;
        let mut result: StageResult<Document> = outcomes.into_iter().collect();
        if let Some(message) = links::resolve(&mut result.kept).message() {
            observer.on_event(&Event::Warning {
                stage: Stage::Ingest,
                subject: "links".into(),
                message,
            });
        }
        observer.on_event(&Event::StageFinished {
            stage: Stage::Ingest,
            counts: result.counts.clone(),
        });
        Ok(result)
    }

    /// The document from what a parser made of the file, unless it is empty or beyond a limit.
    fn finished(
        &self,
        path: &str,
        bytes: &[u8],
        format: Format,
        matter: front_matter::FrontMatter,
        parsed: Parsed,
        mut warnings: Vec<Warning>,
    ) -> Result<Document, FileError> {
        self.check_text(path, &parsed.text)?;
        self.check_blocks(path, &parsed.blocks)?;
        if !has_content(&parsed) {
            if let Some(target) = roff::alias(&parsed) {
                return Err(FileError::Alias {
                    path: path.to_owned(),
                    target: target.to_owned(),
                });
            }
            return Err(FileError::Empty { path: path.into() });
        }
        let language = language::detect(&parsed.text, &parsed.blocks);
        let title = title::of(packed::inner_name(path), format, &matter, &parsed);
        let mut found = links::find(&parsed.text, &parsed.blocks, format);
        found.extend(parsed.links);
        found.sort_by_key(|link| link.span.start());
        if let Some(problem) = matter.text("front_matter_error") {
            warnings.push(Warning::FrontMatter {
                problem: problem.to_owned(),
            });
        }
        if outline::is_deep(&parsed.blocks) {
            warnings.push(Warning::DeepNesting {
                limit: outline::MAX_DEPTH,
            });
        }
        let mut metadata = matter.fields;
        metadata.extend(parsed.metadata);
        provenance::complete(&mut metadata, &parsed.text, &parsed.blocks);
        warning::record(&warnings, &mut metadata);
        Ok(Document {
            schema: DocumentSchema,
            doc_id: DocId::for_path(path),
            source: Source {
                path: path.to_owned(),
                format,
                bytes: bytes.len() as u64,
                sha256: sha256_hex(bytes),
            },
            title,
            language: language.to_owned(),
            text: parsed.text,
            blocks: parsed.blocks,
            links: found,
            metadata,
            extra: Map::new(),
        })
    }

    fn check_size(&self, path: &str, bytes: u64) -> Result<(), FileError> {
        if bytes > self.max_file_bytes {
            return Err(FileError::TooLarge {
                path: path.to_owned(),
                bytes,
                limit: self.max_file_bytes,
            });
        }
        Ok(())
    }

    fn check_text(&self, path: &str, text: &str) -> Result<(), FileError> {
        if text.len() as u64 > self.max_text_bytes {
            return Err(FileError::TextTooLarge {
                path: path.to_owned(),
                limit: self.max_text_bytes,
            });
        }
        Ok(())
    }

    fn check_blocks(&self, path: &str, blocks: &[Block]) -> Result<(), FileError> {
        let cells: usize = blocks.iter().map(|block| block.cells.len()).sum();
        if blocks.len() + cells > self.max_blocks {
            return Err(FileError::TooManyBlocks {
                path: path.to_owned(),
                limit: self.max_blocks,
            });
        }
        Ok(())
    }

    fn bytes(&self, entry: &Entry) -> Result<Vec<u8>, FileError> {
        if let Some(problem) = &entry.problem {
            return Err(problem.clone());
        }
        let path = &entry.path;
        let unreadable = |error: std::io::Error| FileError::Unreadable {
            path: path.clone(),
            message: error.to_string(),
        };
        // The walk saw a plain file; look again, since a link may have taken its place.
        let meta = fs::symlink_metadata(&entry.file).map_err(unreadable)?;
        if meta.is_symlink() {
            return Err(FileError::Link { path: path.clone() });
        }
        if !meta.is_file() {
            return Err(FileError::NotAFile { path: path.clone() });
        }
        if let Some(root) = &entry.root {
            let real = fs::canonicalize(&entry.file).map_err(unreadable)?;
            if !real.starts_with(root) {
                return Err(FileError::Link { path: path.clone() });
            }
        }
        if format::by_name(packed::inner_name(path)).is_none() && !might_be_named_badly(path) {
            return Err(FileError::UnsupportedFormat { path: path.clone() });
        }
        self.check_size(path, meta.len())?;
        let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or(0));
        File::open(&entry.file)
            .map_err(unreadable)?
            // One byte more than allowed, so that a file that grows is seen.
            .take(self.max_file_bytes.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        Ok(bytes)
    }
}

#[cfg(feature = "pdf")]
fn pdf_parsed(bytes: &[u8], path: &str) -> Result<Parsed, FileError> {
    crate::pdf::parse(bytes, path)
}

#[cfg(not(feature = "pdf"))]
fn pdf_parsed(_: &[u8], path: &str) -> Result<Parsed, FileError> {
    Err(FileError::NoFeature {
        path: path.to_owned(),
        format: "PDF",
        feature: "pdf",
    })
}

/// A name without extension may still hold a man page or HTML; one with a foreign extension is taken at its word.
fn might_be_named_badly(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let name = name.strip_suffix(".in").unwrap_or(name);
    !name.trim_start_matches('.').contains('.')
}

fn has_content(parsed: &Parsed) -> bool {
    parsed.blocks.iter().any(|block| {
        !matches!(block.kind, BlockKind::Boilerplate)
            && block
                .span
                .slice(&parsed.text)
                .is_some_and(|text| text.chars().any(char::is_alphanumeric))
    })
}

fn parse(
    format: Format,
    text: String,
    path: &str,
) -> Result<(front_matter::FrontMatter, Parsed), FileError> {
    let none = front_matter::FrontMatter::default;
    Ok(match format {
        Format::Man => (none(), roff::parse(&text, path)),
        Format::Notebook => (none(), notebook::parse(&text, path)?),
        Format::AsciiDoc => {
            let matter = front_matter::read(&text);
            let (blocks, metadata) = asciidoc::parse(&text, &matter);
            (
                matter,
                Parsed {
                    text,
                    blocks,
                    metadata,
                    ..Parsed::default()
                },
            )
        }
        Format::Html => {
            let matter = front_matter::read(&text);
            let body = crate::lines::tail(&text, matter.end());
            let parsed = html::parse(body);
            (matter, parsed)
        }
        Format::Markdown | Format::Rst => {
            let matter = front_matter::read(&text);
            let blocks = if format == Format::Markdown {
                markdown::parse(&text, path, &matter)
            } else {
                rst::parse(&text, &matter)
            };
            (
                matter,
                Parsed {
                    text,
                    blocks,
                    ..Parsed::default()
                },
            )
        }
        _ => (
            none(),
            Parsed {
                blocks: plain::parse(&text),
                text,
                ..Parsed::default()
            },
        ),
    })
}
