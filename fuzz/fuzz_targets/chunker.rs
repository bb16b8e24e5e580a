//! Chunking of texts and outlines that need not fit together.
#![no_main]

use dsg_chunk::ChunkConfig;
use dsg_core::{Block, BlockKind, DocId, Document, DocumentSchema, Format, Source, Span};
use libfuzzer_sys::{
    Corpus,
    arbitrary::{Result, Unstructured},
    fuzz_target,
};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let mut data = Unstructured::new(bytes);
    match input(&mut data) {
        Ok((document, config)) => {
            dsg_fuzz::invariants::chunks(&document, config);
            Corpus::Keep
        }
        Err(_) => Corpus::Reject,
    }
});

fn input(data: &mut Unstructured) -> Result<(Document, ChunkConfig)> {
    let max_tokens = data.int_in_range(16..=256)?;
    let config = ChunkConfig {
        max_tokens,
        min_tokens: data.int_in_range(0..=max_tokens / 2)?,
        ..ChunkConfig::default()
    };
    let format = *data.choose(&[Format::Markdown, Format::Rst, Format::AsciiDoc, Format::Text])?;
    let mut blocks = Vec::new();
    for _ in 0..data.int_in_range(0..=40)? {
        let kind = kind(data)?;
        let mut block = Block::new(kind, span(data)?);
        block.label = data.arbitrary::<bool>()?.then(|| span(data)).transpose()?;
        block.body = data.arbitrary::<bool>()?.then(|| span(data)).transpose()?;
        for _ in 0..data.int_in_range(0..=2)? {
            block.cells.push(span(data)?);
        }
        blocks.push(block);
    }
    let text = String::from_utf8_lossy(data.bytes(data.len())?).replace(['\r', '\0'], " ");
    let document = Document {
        schema: DocumentSchema,
        doc_id: DocId::for_path("a.md"),
        source: Source {
            path: "a.md".into(),
            format,
            bytes: text.len() as u64,
            sha256: String::new(),
        },
        title: "A".into(),
        language: "en".into(),
        text,
        blocks,
        links: Vec::new(),
        metadata: Default::default(),
        extra: Default::default(),
    };
    Ok((document, config))
}

fn span(data: &mut Unstructured) -> Result<Span> {
    let start = data.int_in_range(0..=2047_usize)?;
    Ok(Span::of_len(start, data.int_in_range(0..=511_usize)?))
}

fn kind(data: &mut Unstructured) -> Result<BlockKind> {
    Ok(match data.int_in_range(0..=12)? {
        0 => BlockKind::Heading {
            level: data.int_in_range(1..=6)?,
        },
        1 => BlockKind::Code { language: None },
        2 => BlockKind::List {
            ordered: data.arbitrary()?,
        },
        3 => BlockKind::ListItem,
        4 => BlockKind::Table,
        5 => BlockKind::Row {
            header: data.arbitrary()?,
        },
        6 => BlockKind::Definition,
        7 => BlockKind::Option,
        8 => BlockKind::Quote,
        9 => BlockKind::Admonition {
            class: "note".into(),
        },
        10 => BlockKind::Caption,
        11 => BlockKind::Boilerplate,
        _ => BlockKind::Paragraph,
    })
}
