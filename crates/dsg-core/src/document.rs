//! Documents and their block outline.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::DocId;
use crate::schema::schema_tag;
use crate::span::Span;

schema_tag!(
    /// The tag of [`Document`].
    DocumentSchema = "dsg.document/1"
);

/// One source file as text with a block outline. One line of `corpus.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// Always `dsg.document/1`.
    #[serde(default)]
    pub schema: DocumentSchema,
    /// Stable id made from the path.
    pub doc_id: DocId,
    /// Where the text came from.
    pub source: Source,
    /// Title: front matter, first heading, `.TH`, `<title>`, or the file stem, in this order.
    pub title: String,
    /// ISO 639-1 code (`en`), or `und` when the text is too short or unclear to tell.
    pub language: String,
    /// The text that every offset refers to: the decoded source for Markdown, rst, AsciiDoc and plain text (BOM
    /// removed, line ends as LF), extracted light Markdown for HTML, man pages, PDF and notebooks.
    pub text: String,
    /// The outline in pre-order: sorted by start, a container before what it contains.
    pub blocks: Vec<Block>,
    /// References to other pages, in the order of the text; web addresses are not among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// Front matter and what else the source says about itself.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
    /// Fields written by newer versions, kept on rewrite.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Document {
    /// The text under `span`, if it lies on character boundaries inside the document.
    pub fn slice(&self, span: Span) -> Option<&str> {
        span.slice(&self.text)
    }
}

/// The file behind a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Path relative to the input root, `/` separators.
    pub path: String,
    /// Detected format.
    pub format: Format,
    /// Size of the raw file.
    pub bytes: u64,
    /// SHA-256 of the raw file.
    pub sha256: String,
}

/// A source format that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Format {
    /// CommonMark with tables, footnotes, admonitions, front matter.
    Markdown,
    /// Plain text.
    Text,
    /// reStructuredText.
    Rst,
    /// HTML.
    Html,
    /// man pages in roff.
    Man,
    /// AsciiDoc.
    #[serde(rename = "asciidoc")]
    AsciiDoc,
    /// Jupyter notebooks.
    Notebook,
    /// PDF.
    Pdf,
}

impl Format {
    /// The inline markup that the document's *text* uses.
    pub const fn markup(self) -> Markup {
        match self {
            Self::Markdown | Self::Html | Self::Man | Self::Notebook | Self::Pdf => {
                Markup::Markdown
            }
            Self::Rst => Markup::Rst,
            Self::AsciiDoc => Markup::AsciiDoc,
            Self::Text => Markup::Plain,
        }
    }
}

/// How inline markup in a text is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Markup {
    /// Markdown, also what HTML, man pages, PDF and notebooks are extracted to.
    Markdown,
    /// reStructuredText.
    Rst,
    /// AsciiDoc.
    #[serde(rename = "asciidoc")]
    AsciiDoc,
    /// No markup: every character means itself.
    Plain,
}

/// One block of the outline. Blocks nest by containment: a definition's span contains the paragraphs and code of its
/// description, a list its items, a table its rows.
///
/// Spans start at the block's first non-space byte and end after its last; they hold markers and fences.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// What it is.
    #[serde(flatten)]
    pub kind: BlockKind,
    /// Its bytes in `document.text`, markers included.
    #[serde(flatten)]
    pub span: Span,
    /// The naming part: heading text, defined term, option names, admonition title, table caption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Span>,
    /// The content without markers: code inside its fence, a definition's description, an item past its bullet,
    /// an admonition's content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Span>,
    /// The cells of a table row, without their delimiters; empty for every other kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<Span>,
}

impl Block {
    /// A block with neither label, body nor cells.
    pub const fn new(kind: BlockKind, span: Span) -> Self {
        Self {
            kind,
            span,
            label: None,
            body: None,
            cells: Vec::new(),
        }
    }

    /// The same block with a label.
    #[must_use]
    pub const fn with_label(mut self, label: Span) -> Self {
        self.label = Some(label);
        self
    }

    /// The same block with a body.
    #[must_use]
    pub const fn with_body(mut self, body: Span) -> Self {
        self.body = Some(body);
        self
    }
}

/// A reference from one document to another: a relative link, a cross-reference, `sbatch(1)`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The reference in `document.text`, markup included where the text has it.
    #[serde(flatten)]
    pub span: Span,
    /// The target as written: `../jobs.md#limits`, the label of a `:ref:`, `sbatch(1)`.
    pub target: String,
    /// The document it leads to; `None` when no document of the corpus answers to the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc_id: Option<DocId>,
    /// The byte of that document's text where the part begins that the target names, where it names one and it was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<usize>,
}

/// The kinds of blocks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum BlockKind {
    /// A section heading.
    Heading {
        /// 1 (top) to 6.
        level: u8,
    },
    /// Running text.
    Paragraph,
    /// Preformatted or fenced code.
    Code {
        /// The fence's info word or the directive's argument.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        language: Option<String>,
    },
    /// A list; its items follow, inside its span.
    List {
        /// Numbered, so order matters.
        ordered: bool,
    },
    /// One item of a list with everything that belongs to it.
    ListItem,
    /// A table; its rows follow, inside its span.
    Table,
    /// One row of a table.
    Row {
        /// Whether it heads the table.
        header: bool,
    },
    /// A term and what it means.
    Definition,
    /// A command-line option, configuration parameter or sub-command and what it does.
    Option,
    /// A block quote.
    Quote,
    /// A note, warning, tip or the like.
    Admonition {
        /// Its class, lower case: `note`, `warning`, `danger`, …
        class: String,
    },
    /// A figure's caption.
    Caption,
    /// Navigation, licence notices and other text that is not content; never chunked.
    Boilerplate,
}

impl BlockKind {
    /// The kind's name, as in records.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Heading { .. } => "heading",
            Self::Paragraph => "paragraph",
            Self::Code { .. } => "code",
            Self::List { .. } => "list",
            Self::ListItem => "list_item",
            Self::Table => "table",
            Self::Row { .. } => "row",
            Self::Definition => "definition",
            Self::Option => "option",
            Self::Quote => "quote",
            Self::Admonition { .. } => "admonition",
            Self::Caption => "caption",
            Self::Boilerplate => "boilerplate",
        }
    }
}

/// The blocks of `blocks` (in pre-order) that no other block of the slice contains.
pub fn top_level(blocks: &[Block]) -> impl Iterator<Item = &Block> {
    let mut reach = 0;
    blocks.iter().filter(move |block| {
        let top = block.span.start() >= reach;
        if top {
            reach = block.span.end().max(reach);
        }
        top
    })
}

/// The blocks of `blocks` that lie inside `outer`, without `outer` itself.
pub fn inside<'a>(blocks: &'a [Block], outer: &'a Block) -> impl Iterator<Item = &'a Block> {
    blocks
        .iter()
        .filter(move |block| outer.span.contains(block.span) && *block != outer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_one_flat_json_object() {
        let block = Block::new(BlockKind::Heading { level: 2 }, Span::of_len(0, 17));
        let json = serde_json::to_string(&block).unwrap();
        assert_eq!(json, r#"{"kind":"heading","level":2,"start":0,"end":17}"#);
        assert_eq!(serde_json::from_str::<Block>(&json).unwrap(), block);
    }

    #[test]
    fn containers_hide_what_they_contain() {
        let list = Block::new(BlockKind::List { ordered: true }, Span::of_len(0, 10));
        let item = Block::new(BlockKind::ListItem, Span::of_len(0, 5));
        let after = Block::new(BlockKind::Paragraph, Span::of_len(12, 5));
        let blocks = vec![list.clone(), item.clone(), after.clone()];
        assert_eq!(top_level(&blocks).collect::<Vec<_>>(), [&list, &after]);
        assert_eq!(inside(&blocks, &list).collect::<Vec<_>>(), [&item]);
    }

    #[test]
    fn a_foreign_schema_is_refused_by_name() {
        let error = serde_json::from_str::<Document>(r#"{"schema":"dsg.chunk/1"}"#).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("expected schema `dsg.document/1`, found `dsg.chunk/1`")
        );
    }
}
