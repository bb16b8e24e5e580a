//! Identifiers as types, so that a document's id is never taken for a chunk's.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::hash::xxh3_hex;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes an id that already exists, as read from a record.
            pub fn from_existing(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// A document: the slug of its file stem and 8 hex digits of its path's hash, e.g. `sbatch-3f9c1a2b`.
    /// Stable while the file stays where it is, whatever its content.
    DocId
}
id! {
    /// A chunk: its document's id and its ordinal, e.g. `sbatch-3f9c1a2b#0007`.
    ChunkId
}
id! {
    /// A candidate or example: its task and a hash of what it says and cites, e.g. `qa-8d1f…`.
    CandidateId
}

impl DocId {
    /// The id of the document at `path`, relative to the input root, with `/` separators.
    pub fn for_path(path: &str) -> Self {
        let file = path.rsplit('/').next().unwrap_or(path);
        let stem = file
            .rsplit_once('.')
            .map_or(file, |(stem, _)| if stem.is_empty() { file } else { stem });
        let mut slug: String = stem
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '_' {
                    c.to_ascii_lowercase()
                } else {
                    '-'
                }
            })
            .collect();
        slug.truncate(48);
        let slug = slug.trim_matches('-');
        let hash = xxh3_hex(path.as_bytes());
        let short: String = hash.chars().take(8).collect();
        Self(if slug.is_empty() {
            short
        } else {
            format!("{slug}-{short}")
        })
    }
}

impl ChunkId {
    /// The id of the chunk with this ordinal (from 0) in its document.
    pub fn new(doc: &DocId, ordinal: usize) -> Self {
        Self(format!("{doc}#{ordinal:04}"))
    }
}

impl CandidateId {
    /// `task` and 16 hex digits of the hash of `parts`, each part delimited.
    pub fn new<'a>(task: &str, parts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend_from_slice(part.as_bytes());
            bytes.push(0x1f);
        }
        let hash = xxh3_hex(&bytes);
        let short: String = hash.chars().take(16).collect();
        Self(format!("{task}-{short}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_id_names_the_file_and_tells_folders_apart() {
        let a = DocId::for_path("man/sbatch.md");
        let b = DocId::for_path("old/sbatch.md");
        assert!(a.as_str().starts_with("sbatch-") && a.as_str().len() == "sbatch-".len() + 8);
        assert_ne!(a, b);
        assert_eq!(ChunkId::new(&a, 7).as_str(), format!("{a}#0007"));
    }

    #[test]
    fn odd_names_still_get_an_id() {
        assert!(!DocId::for_path("…/日本.md").as_str().is_empty());
        assert!(DocId::for_path(".hidden").as_str().starts_with("hidden-"));
    }

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(
            CandidateId::new("qa", ["ab", "c"]),
            CandidateId::new("qa", ["a", "bc"])
        );
    }
}
