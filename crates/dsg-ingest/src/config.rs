//! What to read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which files are read, and up to which size.
///
/// Patterns are globs over the path relative to its input, `/` separators. A pattern without `/` matches a file name at
/// any depth (`*.md`); one that ends in `/` matches a folder and all below it (`drafts/`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IngestConfig {
    /// Only files that match one of these are read. Default: empty, which means all.
    pub include: Vec<String>,
    /// Files that match one of these are not read, even when included. Default: empty.
    pub exclude: Vec<String>,
    /// Whether `.gitignore` files inside the inputs are obeyed, with or without a `.git` folder. Default: `true`.
    pub respect_gitignore: bool,
    /// Larger files are dropped, in bytes; at least 1. Default: 16 MiB.
    pub max_file_bytes: u64,
    /// Files whose text is larger than this once unpacked, decoded and rendered are dropped, in bytes; at least 1.
    /// Default: 64 MiB.
    pub max_text_bytes: u64,
    /// Files with more blocks and table cells than this are dropped; 1 to 1048576. Parsing takes time in proportion to size
    /// and blocks, so that the three limits bound time and memory, and give the same result on every machine.
    /// Default: 500000.
    pub max_blocks: usize,
}

impl Default for IngestConfig {
    fn default() -> Self {
        Self {
            include: Vec::new(),
            exclude: Vec::new(),
            respect_gitignore: true,
            max_file_bytes: 16 << 20,
            max_text_bytes: 64 << 20,
            max_blocks: 500_000,
        }
    }
}
