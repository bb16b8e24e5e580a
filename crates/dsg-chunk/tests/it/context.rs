//! What travels with a chunk.

use std::sync::Arc;

use dsg_chunk::{ChunkConfig, ChunkError, Chunker, EstimatedTokens};
use dsg_core::{Block, BlockKind, Format, Markup, Span, TokenCounter};

use crate::outline::{bare, chunk, document};

#[test]
fn impossible_budgets_are_refused_by_name() {
    let config = |max_tokens, min_tokens| ChunkConfig {
        max_tokens,
        min_tokens,
        ..ChunkConfig::default()
    };
    let refused = |config| Chunker::new(config).unwrap_err().to_string();
    assert!(refused(config(4, 0)).starts_with("max_tokens: 4"));
    assert!(refused(config(100, 60)).starts_with("min_tokens: 60"));
    assert!(matches!(
        Chunker::new(config(100, 60)),
        Err(ChunkError::Minimum { .. })
    ));
    assert!(serde_json::from_str::<ChunkConfig>(r#"{"max_token": 3}"#).is_err());
    assert_eq!(
        serde_json::from_str::<ChunkConfig>("{}").unwrap(),
        ChunkConfig::default()
    );
}

#[test]
fn the_title_is_not_said_twice() {
    let chunks = chunk("# Queues\n\nText one.\n\n## Debug\n\nText two.\n", 40, 0);
    assert_eq!(chunks[0].heading_path, ["Queues"]);
    assert_eq!(chunks[1].heading_path, ["Queues", "Debug"]);

    let mut other = document("# Queues\n\nText.\n");
    other.title = "User guide".to_owned();
    let chunks = Chunker::new(ChunkConfig::default()).unwrap().chunk(&other);
    assert_eq!(chunks[0].heading_path, ["User guide", "Queues"]);
}

#[test]
fn headings_lose_their_markup() {
    let chunks = chunk(
        "# Guide\n\n## Use `srun *` in [jobs](x.md) **now** {#jobs}\n\nText.\n",
        40,
        0,
    );
    assert_eq!(chunks[0].heading_path, ["Guide"]);
    assert_eq!(chunks.len(), 1);
    let chunks = chunk(
        "# Guide\n\nA.\n\n## Use `srun *` in [jobs](x.md) **now** {#jobs}\n\nText.\n",
        40,
        0,
    );
    assert_eq!(chunks[1].heading_path, ["Guide", "Use srun * in jobs now"]);
}

#[test]
fn a_manual_page_is_about_its_command() {
    let page = |path, title: &str| {
        let text = "## DESCRIPTION\n\nSubmits a script.";
        let mut page = bare(path, Format::Man, text, document(text).blocks);
        page.title = title.to_owned();
        Chunker::new(ChunkConfig::default()).unwrap().chunk(&page)[0]
            .commands
            .clone()
    };
    assert_eq!(page("man/sbatch.1", "sbatch"), ["sbatch"]);
    assert_eq!(page("man/slurmd.8.gz", "SLURMD"), ["slurmd"]);
    assert_eq!(page("man/slurm.conf.5", "slurm.conf"), Vec::<String>::new());
}

#[test]
fn blocks_are_cut_to_the_chunk() {
    let text = "## Options\n\n`--mem`: First thing to know here about memory.\n\n  Second thing to know here about memory.\n";
    let chunks = chunk(text, 16, 0);
    assert_eq!(chunks.len(), 2);
    let option = |at: usize| {
        chunks[at]
            .blocks
            .iter()
            .find(|block| block.kind == BlockKind::Option)
            .unwrap()
    };
    assert_eq!(
        option(0).label.and_then(|label| label.slice(text)),
        Some("--mem")
    );
    assert_eq!(option(1).label, None);
    assert_eq!(option(1).span, chunks[1].span);
    assert_eq!(
        option(1).body.and_then(|body| chunks[1].slice(body)),
        Some("Second thing to know here about memory.")
    );
    assert_eq!(chunks[1].heading_path, ["Options", "--mem"]);
    assert_eq!(chunks[1].kinds, ["option", "paragraph"]);
}

#[test]
fn a_chunk_knows_its_neighbours_and_its_options() {
    let text = "## Options\n\n`--mem`: First thing to know here about memory.\n\n  Second thing to know here about memory.\n";
    let chunks = chunk(text, 16, 0);
    let [first, second] = chunks.as_slice() else {
        panic!("{chunks:?}")
    };
    assert_eq!(first.context.previous, None);
    assert_eq!(first.context.next, Some(second.chunk_id.clone()));
    assert_eq!(second.context.previous, Some(first.chunk_id.clone()));
    assert_eq!(second.context.next, None);
    assert_eq!(first.context.options, ["--mem"]);
    assert_eq!(second.context.options, ["--mem"]);

    let json = serde_json::to_value(second).unwrap();
    assert_eq!(json["options"], serde_json::json!(["--mem"]));
    assert!(json.get("next").is_none() && json.get("columns").is_none());
    assert_eq!(
        &serde_json::from_value::<dsg_core::Chunk>(json).unwrap(),
        second
    );
}

#[test]
fn rows_parted_from_their_header_carry_it() {
    let rows: Vec<String> = (0..9)
        .map(|n| format!("| part{n} | holds {n} jobs |"))
        .collect();
    let text = format!(
        "| Partition | **Limit** |\n|---|---|\n{}\n",
        rows.join("\n")
    );
    let chunks = chunk(&text, 32, 0);
    assert!(chunks.len() > 1);
    assert!(chunks[0].context.columns.is_empty());
    for chunk in &chunks[1..] {
        assert_eq!(chunk.context.columns, ["Partition", "Limit"]);
    }
}

#[test]
fn plain_text_keeps_its_marks() {
    let text = "*not markup*";
    let blocks = vec![Block::new(
        BlockKind::Paragraph,
        Span::of_len(0, text.len()),
    )];
    let chunks = Chunker::new(ChunkConfig::default()).unwrap().chunk(&bare(
        "a.txt",
        Format::Text,
        text,
        blocks,
    ));
    assert_eq!(chunks[0].markup, Markup::Plain);
    assert_eq!(chunks[0].text, text);
}

#[test]
fn the_counter_decides_the_budget() {
    struct Bytes;
    impl TokenCounter for Bytes {
        fn count(&self, text: &str) -> usize {
            text.len()
        }
    }
    let document = document("One two three. Four five six. Seven eight nine. Ten eleven twelve.");
    let chunker = Chunker::new(ChunkConfig {
        max_tokens: 32,
        min_tokens: 0,
        ..ChunkConfig::default()
    })
    .unwrap();
    assert_eq!(chunker.chunk(&document).len(), 1);
    let chunks = chunker.with_counter(Arc::new(Bytes)).chunk(&document);
    assert!(chunks.len() > 1);
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk.tokens == chunk.text.len() && chunk.tokens <= 32)
    );
}

#[test]
fn a_deeply_nested_and_a_very_long_document_are_cut_quickly() {
    let text = "Word and word. ".repeat(20_000);
    let nested: Vec<Block> = (0..5_000)
        .map(|depth| {
            Block::new(
                BlockKind::Quote,
                Span::new(depth, text.len() - depth).unwrap(),
            )
        })
        .collect();
    let chunker = Chunker::new(ChunkConfig::default()).unwrap();
    let flat = chunker.chunk(&bare("flat.txt", Format::Text, &text, Vec::new()));
    assert!(flat.len() > 100);
    assert!(
        flat.iter()
            .all(|chunk| EstimatedTokens.count(&chunk.text) <= 512)
    );
    let nested = chunker.chunk(&bare("nested.txt", Format::Text, &text, nested));
    assert!(!nested.is_empty());
}
