//! PDF. `hayro-syntax` reads the file and `hayro-font` its fonts; where characters stand, in which order they are read
//! and what is a heading is decided here.

mod blocks;
mod bookmarks;
mod budget;
mod columns;
mod content;
mod font;
mod furniture;
mod lines;
mod marker;
mod stream;
mod table;
mod words;
mod write;

use std::thread;

use hayro_syntax::object::dict::keys::{D, OCPROPERTIES, OFF};
use hayro_syntax::object::{Array, Dict, MaybeRef, ObjRef};
use hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use memchr::memmem;
use serde_json::{Map, Value, json};

use crate::error::FileError;
use crate::ingester::Parsed;
use budget::Budget;
use furniture::LeftOut;
use lines::Line;

/// Deep nesting of objects costs stack inside the libraries.
const STACK_BYTES: usize = 32 << 20;
/// What ends a file is looked for in this many bytes; some programs add to the end.
const END_BYTES: usize = 4096;
/// When more of the characters than this have no meaning, the text cannot be read.
const MAX_UNMAPPED: f64 = 0.3;

/// Why a PDF gives no document.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Problem {
    Encrypted(&'static str),
    Damaged(String),
    NoText { pages: usize, what: &'static str },
    OverLimit { what: &'static str, limit: u64 },
}

impl Problem {
    fn damaged(message: &str) -> Self {
        Self::Damaged(message.to_owned())
    }

    fn of_file(self, path: &str) -> FileError {
        let path = path.to_owned();
        match self {
            Self::Encrypted(why) => FileError::Encrypted { path, why },
            Self::Damaged(message) => FileError::Damaged { path, message },
            Self::NoText { pages, what } => FileError::NoTextLayer { path, pages, what },
            Self::OverLimit { what, limit } => FileError::OverLimit { path, what, limit },
        }
    }
}

/// The document that the PDF `file` at `path` shows.
///
/// Runs on a thread of its own: what a library throws at a damaged file becomes that file's error.
pub(crate) fn parse(file: &[u8], path: &str) -> Result<Parsed, FileError> {
    let bytes = file.to_vec();
    let read = thread::Builder::new()
        .name("pdf".into())
        .stack_size(STACK_BYTES)
        .spawn(move || read(bytes));
    let outcome = match read {
        Ok(thread) => thread
            .join()
            .unwrap_or_else(|_| Err(Problem::damaged("its structure breaks the PDF reader"))),
        Err(error) => Err(Problem::Damaged(error.to_string())),
    };
    outcome.map_err(|problem| problem.of_file(path))
}

fn read(bytes: Vec<u8>) -> Result<Parsed, Problem> {
    // Within the first 1,024 bytes, as readers look for it.
    let head = bytes.get(..1024).unwrap_or(&bytes);
    if memmem::find(head, b"%PDF-").is_none() {
        return Err(Problem::damaged("it has no `%PDF-` header"));
    }
    // Files made for the web have one near their beginning, too.
    if memmem::rfind(&bytes, b"startxref").is_none_or(|at| bytes.len() - at > END_BYTES) {
        return Err(Problem::damaged(
            "it is cut short: the list of its objects, which comes last, is missing",
        ));
    }
    let mut budget = Budget::new();
    stream::check(&bytes, &mut budget)?;
    let pdf = Pdf::new(bytes).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => {
            Problem::Encrypted("it needs a password")
        }
        LoadPdfError::Decryption(_) => {
            Problem::Encrypted("its encryption is not one that can be read")
        }
        LoadPdfError::Invalid => Problem::damaged("it has no pages that can be found"),
    })?;
    let pages = pdf.pages();
    Budget::pages(pages.len())?;
    let root = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id());
    let hidden = root.as_ref().map(hidden_layers).unwrap_or_default();
    let outline = root.as_ref().map(bookmarks::read).unwrap_or_default();
    let mut fonts = font::Fonts::new();
    let mut found = Found::default();
    for (number, page) in pages.iter().enumerate() {
        let content = content::read(
            page,
            &mut content::Reader {
                fonts: &mut fonts,
                budget: &mut budget,
                hidden: &hidden,
            },
        )?;
        found.add(number, &content);
    }
    found.check(pages.len())?;
    let left_out = furniture::remove(&mut found.lines, pages.len());
    let metadata = found.metadata(pages.len(), left_out);
    let blocks = blocks::blocks(found.lines, &outline);
    let written = write::write(&blocks);
    let mut metadata = metadata;
    metadata.insert("page_starts".into(), json!(written.page_starts));
    let title = pdf
        .metadata()
        .title
        .as_deref()
        .map(words::decoded)
        .filter(|title| !title.trim().is_empty());
    Ok(Parsed {
        text: written.text,
        blocks: written.blocks,
        title,
        metadata,
        ..Parsed::default()
    })
}

/// The layers that are off when a reader opens the file.
fn hidden_layers(root: &Dict<'_>) -> Vec<ObjRef> {
    let off = root
        .get::<Dict<'_>>(OCPROPERTIES)
        .and_then(|layers| layers.get::<Dict<'_>>(D))
        .and_then(|usual| usual.get::<Array<'_>>(OFF));
    off.map(|off| {
        off.raw_iter()
            .filter_map(|layer| match layer {
                MaybeRef::Ref(layer) => Some(layer),
                MaybeRef::NotRef(_) => None,
            })
            .collect()
    })
    .unwrap_or_default()
}

/// What the pages hold.
#[derive(Debug, Default)]
struct Found {
    lines: Vec<Line>,
    regions: usize,
    chars: usize,
    unmapped: usize,
    artifacts: usize,
    unseen: usize,
    /// Pages with an image and no text: scanned, most likely.
    images_only: usize,
}

impl Found {
    fn add(&mut self, number: usize, content: &content::Content) {
        let page = words::fragments(content);
        self.chars += page.chars;
        self.unmapped += page.unmapped;
        self.artifacts += page.artifacts;
        self.unseen += page.unseen;
        self.images_only += usize::from(page.chars == 0 && content.image);
        for (fragments, height) in page.turned {
            for region in columns::regions(fragments) {
                self.regions += 1;
                self.lines
                    .extend(lines::of_region(region, number, self.regions, height));
            }
        }
    }

    fn check(&self, pages: usize) -> Result<(), Problem> {
        let what = if self.chars == 0 {
            if self.images_only > 0 {
                "its pages are images"
            } else {
                "its pages show no text"
            }
        } else if self.unmapped as f64 > self.chars as f64 * MAX_UNMAPPED {
            "its fonts do not say which characters they show"
        } else {
            return Ok(());
        };
        Err(Problem::NoText { pages, what })
    }

    fn metadata(&self, pages: usize, left_out: LeftOut) -> Map<String, Value> {
        let mut metadata = Map::new();
        metadata.insert("pages".into(), json!(pages));
        let counts = [
            ("running_lines", left_out.running),
            ("page_numbers", left_out.page_numbers),
            ("artifact_characters", self.artifacts),
            ("unseen_characters", self.unseen),
            ("pages_of_images", self.images_only),
        ];
        let counts: Map<String, Value> = counts
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(what, count)| (what.to_owned(), json!(count)))
            .collect();
        if !counts.is_empty() {
            metadata.insert("left_out".into(), Value::Object(counts));
        }
        if self.unmapped > 0 {
            metadata.insert("unmapped_characters".into(), json!(self.unmapped));
        }
        metadata
    }
}
