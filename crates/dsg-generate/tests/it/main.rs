//! The public API on small documents written by hand.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod curriculum;
mod labels;
mod model;
mod writer;

use dsg_core::{Block, BlockKind, Chunk, ChunkContext, ChunkId, ChunkSchema, DocId, Markup, Span};

/// A chunk of a page, built block by block.
pub(crate) struct Page {
    text: String,
    blocks: Vec<Block>,
    path: Vec<String>,
    commands: Vec<String>,
}

impl Page {
    pub(crate) fn new(path: &[&str]) -> Self {
        Self {
            text: String::new(),
            blocks: Vec::new(),
            path: path.iter().map(ToString::to_string).collect(),
            commands: Vec::new(),
        }
    }

    pub(crate) fn command(mut self, command: &str) -> Self {
        self.commands.push(command.to_owned());
        self
    }

    fn push(&mut self, text: &str) -> Span {
        if !self.text.is_empty() {
            self.text.push_str("\n\n");
        }
        let span = Span::of_len(self.text.len(), text.len());
        self.text.push_str(text);
        span
    }

    pub(crate) fn heading(mut self, level: u8, text: &str) -> Self {
        let span = self.push(text);
        self.blocks
            .push(Block::new(BlockKind::Heading { level }, span).with_label(span));
        self
    }

    pub(crate) fn paragraph(mut self, text: &str) -> Self {
        let span = self.push(text);
        self.blocks.push(Block::new(BlockKind::Paragraph, span));
        self
    }

    pub(crate) fn code(mut self, language: &str, text: &str) -> Self {
        let fenced = format!("```{language}\n{text}\n```");
        let span = self.push(&fenced);
        let body = Span::of_len(span.start() + 4 + language.len(), text.len());
        let kind = BlockKind::Code {
            language: Some(language.to_owned()),
        };
        self.blocks.push(Block::new(kind, span).with_body(body));
        self
    }

    /// `label`: `body`, as man pages are extracted.
    pub(crate) fn option(mut self, label: &str, body: &str) -> Self {
        let span = self.push(&format!("{label}: {body}"));
        let label_span = Span::of_len(span.start(), label.len());
        let body_span = Span::of_len(span.start() + label.len() + 2, body.len());
        self.blocks.push(
            Block::new(BlockKind::Option, span)
                .with_label(label_span)
                .with_body(body_span),
        );
        self.blocks
            .push(Block::new(BlockKind::Paragraph, body_span));
        self
    }

    pub(crate) fn table(mut self, rows: &[&[&str]]) -> Self {
        let mut table = Vec::new();
        let start = if self.text.is_empty() {
            0
        } else {
            self.text.len() + 2
        };
        let mut text = String::new();
        for (number, row) in rows.iter().enumerate() {
            let row_start = start + text.len();
            let mut cells = Vec::new();
            for cell in *row {
                text.push_str("| ");
                cells.push(Span::of_len(start + text.len(), cell.len()));
                text.push_str(cell);
                text.push(' ');
            }
            text.push('|');
            let mut block = Block::new(
                BlockKind::Row {
                    header: number == 0,
                },
                Span::new(row_start, start + text.len()).unwrap(),
            );
            block.cells = cells;
            table.push(block);
            text.push('\n');
        }
        let span = self.push(text.trim_end());
        self.blocks.push(Block::new(BlockKind::Table, span));
        self.blocks.extend(table);
        self
    }

    pub(crate) fn chunk(self) -> Chunk {
        self.numbered("page", 0)
    }

    pub(crate) fn numbered(self, doc: &str, ordinal: usize) -> Chunk {
        let doc_id = DocId::for_path(doc);
        Chunk {
            schema: ChunkSchema,
            chunk_id: ChunkId::new(&doc_id, ordinal),
            doc_id,
            path: doc.to_owned(),
            span: Span::of_len(0, self.text.len()),
            tokens: self.text.len() / 4,
            text: self.text,
            heading_path: self.path,
            kinds: Vec::new(),
            commands: self.commands,
            context: ChunkContext::default(),
            markup: Markup::Markdown,
            blocks: self.blocks,
            extra: serde_json::Map::new(),
        }
    }
}
