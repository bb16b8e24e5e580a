//! What became of each part of the documents.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::DocId;
use crate::reason::Reason;
use crate::schema::schema_tag;
use crate::span::Span;

schema_tag!(
    /// The tag of [`Section`].
    SectionSchema = "dsg.section/1"
);

/// A part of a document under one heading, with the items that cite it. One line of `sections.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// Always `dsg.section/1`.
    #[serde(default)]
    pub schema: SectionSchema,
    /// The document.
    pub doc_id: DocId,
    /// Its path below the input.
    pub path: String,
    /// The document's title, then the headings that enclose the section, outermost first.
    pub heading_path: Vec<String>,
    /// Its bytes in the document, from the heading to the next one of any level.
    #[serde(flatten)]
    pub span: Span,
    /// Items of the training side that cite it.
    pub train: u64,
    /// Items of the evaluation side that cite it.
    pub eval: u64,
    /// Items about it that left, by reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rejected: BTreeMap<Reason, u64>,
    /// Why no item of the dataset cites it; absent where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Reason>,
}

impl Section {
    /// Whether an item of the dataset cites it.
    pub const fn is_covered(&self) -> bool {
        self.train + self.eval > 0
    }
}
