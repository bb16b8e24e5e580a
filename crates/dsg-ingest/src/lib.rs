//! Placeholder.

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
mod markdown;
mod note;
mod outline;
mod page;
mod plain;
mod roff;
mod rst;
mod title;
mod walk;

pub use config::IngestConfig;
pub use error::{FileError, IngestError, IngestReason};
pub use ingester::Ingester;
pub use walk::Entry;
