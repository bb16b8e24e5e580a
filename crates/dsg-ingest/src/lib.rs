//! Documentation in, documents with a byte-exact block outline out: Markdown, MDX, reStructuredText, AsciiDoc, HTML, man
//! pages in roff, PDF, Jupyter notebooks, plain text.
//!
//! # Vocabulary
//! - An [`Entry`] is a file that a walk found, with the path it will be known by.
//! - A [`Document`](dsg_core::Document) is a file as text. For Markdown, rst, AsciiDoc and plain text the text *is* the
//!   source (decoded, line ends as LF); for HTML, man pages, PDF and notebooks it is light Markdown that this crate writes.
//! - The *outline* is the document's [`Block`](dsg_core::Block)s: headings, paragraphs, lists, tables with cells, code,
//!   options and definitions with their description, admonitions. Spans are bytes of the text, in pre-order, nested by
//!   containment, on character boundaries – whatever the input.
//! - *Boilerplate* is text that is kept but is no content: front matter, comments, navigation, licences.
//!
//! One bad file never stops a run: it becomes a typed reject ([`IngestReason`]), counted and listed.
//!
//! ```
//! use dsg_core::BlockKind;
//! use dsg_ingest::{IngestConfig, Ingester};
//!
//! let ingester = Ingester::new(IngestConfig::default())?;
//! let page = b".TH tool 1\n.SH OPTIONS\n.TP\n\\fB\\-a\\fR, \\fB\\-\\-all\\fR\nShow everything.\n";
//! let document = ingester.document("man/tool.1", page)?;
//!
//! assert_eq!(document.title, "tool");
//! assert_eq!(document.text, "# tool\n\n## OPTIONS\n\n`-a, --all`: Show everything.\n");
//! let option = document.blocks.iter().find(|block| block.kind == BlockKind::Option).unwrap();
//! assert_eq!(option.label.and_then(|span| document.slice(span)), Some("-a, --all"));
//! assert_eq!(option.body.and_then(|span| document.slice(span)), Some("Show everything."));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How entries read
//! - `Option`: the label is the option as typed (`-A, --account=<account>`), the body what it does. Labels carry no code
//!   marks when the option is one literal; several marked names (`` `-a`, `--all` ``) keep the marks between them.
//! - A list item that defines something (`- **Node**: a computer`) contains an `Option` or `Definition`.
//! - `Code` spans begin at the start of their first line, so that every line keeps its indentation.

mod asciidoc;
mod config;
mod decode;
mod entry_term;
mod error;
mod format;
mod front_matter;
mod html;
mod ingester;
mod language;
mod lines;
mod links;
mod literal;
mod markdown;
mod note;
mod notebook;
mod outline;
mod packed;
mod page;
#[cfg(feature = "pdf")]
mod pdf;
mod plain;
mod provenance;
mod roff;
mod row;
mod rst;
mod title;
mod walk;
mod warning;

pub use config::IngestConfig;
pub use error::{FileError, IngestError, IngestReason};
pub use ingester::Ingester;
pub use walk::Entry;
pub use warning::{WARNINGS, Warning, warnings};
