//! What a person should know about a document that was read all the same.

use dsg_core::Document;
use serde_json::{Map, Value};

/// Where a document's metadata keep its warnings: a list of `name: explanation`.
pub const WARNINGS: &str = "ingest_warnings";

/// Something that reading changed, or that may deceive whoever reads the text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// Byte sequences that are no text in the file's encoding; each became U+FFFD.
    ReplacedBytes {
        /// How many.
        count: usize,
    },
    /// Control characters, such as NUL, that were removed.
    RemovedControls {
        /// How many.
        count: usize,
    },
    /// Bidirectional controls, kept: they change the order in which a person sees the text.
    BidiControls {
        /// How many.
        count: usize,
    },
    /// Characters without width, kept: they break words, or hide some.
    InvisibleCharacters {
        /// How many.
        count: usize,
    },
    /// Front matter that cannot be parsed.
    FrontMatter {
        /// What is wrong with it.
        problem: String,
    },
    /// Blocks nested deeper than the outline goes; their text belongs to the deepest block recorded.
    DeepNesting {
        /// The deepest level of the outline.
        limit: usize,
    },
}

impl Warning {
    /// The name, as reports count it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ReplacedBytes { .. } => "replaced_bytes",
            Self::RemovedControls { .. } => "removed_controls",
            Self::BidiControls { .. } => "bidi_controls",
            Self::InvisibleCharacters { .. } => "invisible_characters",
            Self::FrontMatter { .. } => "front_matter",
            Self::DeepNesting { .. } => "deep_nesting",
        }
    }

    /// What it says, without its name.
    pub fn detail(&self) -> String {
        match self {
            Self::ReplacedBytes { count } => {
                format!("{count} byte sequences are no text and became U+FFFD")
            }
            Self::RemovedControls { count } => format!("{count} control characters were removed"),
            Self::BidiControls { count } => {
                format!("{count} characters change the order in which the text is shown")
            }
            Self::InvisibleCharacters { count } => format!("{count} characters cannot be seen"),
            Self::FrontMatter { problem } => format!("the front matter cannot be read: {problem}"),
            Self::DeepNesting { limit } => {
                format!(
                    "blocks nested deeper than {limit} are read as text of the block around them"
                )
            }
        }
    }
}

/// Writes `warnings` into a document's metadata. The file cannot write there: a field of this name in its front matter is
/// dropped.
pub(crate) fn record(warnings: &[Warning], metadata: &mut Map<String, Value>) {
    metadata.shift_remove(WARNINGS);
    if !warnings.is_empty() {
        let lines = warnings
            .iter()
            .map(|warning| format!("{}: {}", warning.name(), warning.detail()).into());
        metadata.insert(WARNINGS.into(), Value::Array(lines.collect()));
    }
}

/// The warnings of `document` as name and explanation.
pub fn warnings(document: &Document) -> impl Iterator<Item = (&str, &str)> {
    let lines = document.metadata.get(WARNINGS).and_then(Value::as_array);
    lines
        .into_iter()
        .flatten()
        .filter_map(|line| line.as_str()?.split_once(": "))
}
