//! A document from a little Markdown, so that tests need no parser crate: headings, fences, lists, tables, options that
//! begin with `` `- ``, `!!!` admonitions, `<!-- -->` as boilerplate, paragraphs.

use std::sync::Arc;

use dsg_chunk::{ChunkConfig, Chunker};
use dsg_core::{
    Block, BlockKind, Chunk, DocId, Document, DocumentSchema, Format, Source, Span, TokenCounter,
};

/// One token a word: budgets in tests can be counted by eye.
pub(crate) struct Words;

impl TokenCounter for Words {
    fn count(&self, text: &str) -> usize {
        text.split_whitespace().count()
    }
}

pub(crate) fn chunker(max_tokens: usize, min_tokens: usize) -> Chunker {
    let config = ChunkConfig {
        max_tokens,
        min_tokens,
        ..ChunkConfig::default()
    };
    Chunker::new(config).unwrap().with_counter(Arc::new(Words))
}

pub(crate) fn chunk(text: &str, max_tokens: usize, min_tokens: usize) -> Vec<Chunk> {
    chunker(max_tokens, min_tokens).chunk(&document(text))
}

pub(crate) fn document(text: &str) -> Document {
    bare(
        "guide/doc.md",
        Format::Markdown,
        text,
        blocks(text, 0, text.len()),
    )
}

pub(crate) fn bare(path: &str, format: Format, text: &str, blocks: Vec<Block>) -> Document {
    let title = blocks
        .iter()
        .find(|block| matches!(block.kind, BlockKind::Heading { .. }))
        .and_then(|block| block.label?.slice(text))
        .unwrap_or("Untitled");
    Document {
        schema: DocumentSchema,
        doc_id: DocId::for_path(path),
        source: Source {
            path: path.to_owned(),
            format,
            bytes: text.len() as u64,
            sha256: String::new(),
        },
        title: title.to_owned(),
        language: "en".to_owned(),
        text: text.to_owned(),
        blocks,
        links: Vec::new(),
        metadata: serde_json::Map::new(),
        extra: serde_json::Map::new(),
    }
}

fn span(start: usize, end: usize) -> Span {
    Span::new(start, end).unwrap()
}

/// Lines of `text[start..end]` with their offsets, without line ends.
fn lines(text: &str, start: usize, end: usize) -> Vec<(usize, &str)> {
    let mut at = start;
    text[start..end]
        .split_inclusive('\n')
        .map(|line| {
            let here = at;
            at += line.len();
            (here, line.trim_end_matches('\n'))
        })
        .collect()
}

fn blocks(text: &str, start: usize, end: usize) -> Vec<Block> {
    let lines = lines(text, start, end);
    let mut out = Vec::new();
    let mut i = 0;
    while i < lines.len() {
        let (at, raw) = lines[i];
        let line = raw.trim_start();
        let at = at + raw.len() - line.len();
        // The lines of this block: up to the first for which `stop` holds.
        let until = |stop: &dyn Fn(&str) -> bool| {
            (i + 1..lines.len())
                .find(|j| stop(lines[*j].1))
                .unwrap_or(lines.len())
        };
        let end_of = |next: usize| {
            let (at, line) = lines[next - 1];
            at + line.trim_end().len()
        };
        if line.is_empty() {
            i += 1;
        } else if line.starts_with('#') {
            let level = line.bytes().take_while(|byte| *byte == b'#').count();
            let label = span(at + level + 1, at + line.len());
            let kind = BlockKind::Heading {
                level: u8::try_from(level).unwrap(),
            };
            out.push(Block::new(kind, span(at, at + line.len())).with_label(label));
            i += 1;
        } else if let Some(info) = line.strip_prefix("```") {
            let next = (until(&|line| line.trim_start().starts_with("```")) + 1).min(lines.len());
            let mut block = Block::new(
                BlockKind::Code {
                    language: (!info.is_empty()).then(|| info.to_owned()),
                },
                span(at, end_of(next)),
            );
            if next > i + 2 {
                block = block.with_body(span(lines[i + 1].0, lines[next - 1].0));
            }
            out.push(block);
            i = next;
        } else if line.starts_with("<!--") {
            out.push(Block::new(
                BlockKind::Boilerplate,
                span(at, at + line.len()),
            ));
            i += 1;
        } else if line.starts_with("- ") {
            let mut next = i;
            let mut items = Vec::new();
            while next < lines.len() && lines[next].1.trim_start().starts_with("- ") {
                let first = next;
                next += 1;
                while next < lines.len() && lines[next].1.starts_with("  ") {
                    next += 1;
                }
                let (item_at, item_line) = lines[first];
                let item_at = item_at + item_line.len() - item_line.trim_start().len();
                let item = span(item_at, end_of(next));
                items.push(
                    Block::new(BlockKind::ListItem, item).with_body(span(item_at + 2, item.end())),
                );
                items.extend(blocks(text, item_at + 2, item.end()));
            }
            out.push(Block::new(
                BlockKind::List { ordered: false },
                span(at, end_of(next)),
            ));
            out.extend(items);
            i = next;
        } else if line.starts_with('|') {
            let next = until(&|line| !line.starts_with('|'));
            out.push(Block::new(BlockKind::Table, span(at, end_of(next))));
            for (row, (row_at, row_line)) in lines[i..next].iter().enumerate() {
                if row_line.contains("---") {
                    continue;
                }
                let mut block = Block::new(
                    BlockKind::Row { header: row == 0 },
                    span(*row_at, row_at + row_line.len()),
                );
                let mut cell = *row_at;
                for part in row_line.split('|') {
                    if !part.trim().is_empty() {
                        block
                            .cells
                            .push(span(cell, cell + part.len()).trimmed(text));
                    }
                    cell += part.len() + 1;
                }
                out.push(block);
            }
            i = next;
        } else if line.starts_with("`-") {
            // An option: `--flag`: and what it does, with indented blocks that belong to it.
            let next = until(&|line| !line.is_empty() && !line.starts_with("  "));
            let next = (i + 1..=next)
                .rev()
                .find(|j| !lines[*j - 1].1.is_empty())
                .unwrap();
            let label_end = at + 1 + line[1..].find('`').unwrap();
            let entry = span(at, end_of(next));
            let body = span(label_end + 2, entry.end()).trimmed(text);
            out.push(
                Block::new(BlockKind::Option, entry)
                    .with_label(span(at + 1, label_end))
                    .with_body(body),
            );
            out.extend(blocks(text, body.start(), body.end()));
            i = next;
        } else if let Some(class) = line.strip_prefix("!!! ") {
            let next = until(&|line| !line.is_empty() && !line.starts_with("  "));
            let next = (i + 1..=next)
                .rev()
                .find(|j| !lines[*j - 1].1.is_empty())
                .unwrap();
            let note = span(at, end_of(next));
            let body = span(at + line.len(), note.end()).trimmed(text);
            let kind = BlockKind::Admonition {
                class: class.to_owned(),
            };
            out.push(Block::new(kind, note).with_body(body));
            out.extend(blocks(text, body.start(), body.end()));
            i = next;
        } else {
            let next = until(&|line| {
                let line = line.trim_start();
                line.is_empty()
                    || line.starts_with("```")
                    || line.starts_with("- ")
                    || line.starts_with("<!--")
            });
            out.push(Block::new(BlockKind::Paragraph, span(at, end_of(next))));
            i = next;
        }
    }
    out
}

#[test]
fn the_builder_sees_what_a_parser_would() {
    let document = document(
        "# T\n\nText\nmore.\n\n- a\n  b\n- c\n\n| h | i |\n|---|---|\n| 1 | 2 |\n\n`-x`: Does x.\n\n  ```sh\n  run\n  ```\n",
    );
    let seen: Vec<(&str, &str)> = document
        .blocks
        .iter()
        .map(|block| (block.kind.name(), document.slice(block.span).unwrap()))
        .collect();
    let expected = [
        ("heading", "# T"),
        ("paragraph", "Text\nmore."),
        ("list", "- a\n  b\n- c"),
        ("list_item", "- a\n  b"),
        ("paragraph", "a\n  b"),
        ("list_item", "- c"),
        ("paragraph", "c"),
        ("table", "| h | i |\n|---|---|\n| 1 | 2 |"),
        ("row", "| h | i |"),
        ("row", "| 1 | 2 |"),
        ("option", "`-x`: Does x.\n\n  ```sh\n  run\n  ```"),
        ("paragraph", "Does x."),
        ("code", "```sh\n  run\n  ```"),
    ];
    assert_eq!(seen, expected);
}
