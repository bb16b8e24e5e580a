//! What holds for every document, well-formed or not.

use dsg_chunk::{ChunkConfig, Chunker};
use dsg_core::{Block, BlockKind, Chunk, Document, Format, Span, TokenCounter as _};
use proptest::prelude::*;

use crate::outline::{Words, bare, chunker, document};

/// Text and an outline that need not fit together at all.
fn anything() -> impl Strategy<Value = Document> {
    let text = "[a-c\u{e9}\u{65e5} \n.:`|#-]{0,120}";
    let kind = prop_oneof![
        (1..=6_u8).prop_map(|level| BlockKind::Heading { level }),
        Just(BlockKind::Paragraph),
        Just(BlockKind::Code {
            language: Some("sh".into())
        }),
        any::<bool>().prop_map(|ordered| BlockKind::List { ordered }),
        Just(BlockKind::ListItem),
        Just(BlockKind::Table),
        any::<bool>().prop_map(|header| BlockKind::Row { header }),
        Just(BlockKind::Definition),
        Just(BlockKind::Option),
        Just(BlockKind::Quote),
        Just(BlockKind::Admonition {
            class: "note".into()
        }),
        Just(BlockKind::Caption),
        Just(BlockKind::Boilerplate),
    ];
    let span = || (0..130_usize, 0..40_usize).prop_map(|(start, len)| Span::of_len(start, len));
    let block = (
        kind,
        span(),
        prop::option::of(span()),
        prop::option::of(span()),
    )
        .prop_map(|(kind, span, label, body)| Block {
            label,
            body,
            ..Block::new(kind, span)
        });
    let format = prop_oneof![
        Just(Format::Markdown),
        Just(Format::Rst),
        Just(Format::Text),
        Just(Format::Man)
    ];
    (text, prop::collection::vec(block, 0..12), format)
        .prop_map(|(text, blocks, format)| bare("any.md", format, &text, blocks))
}

/// A document as people write them: every line has at most 9 words.
fn sensible() -> impl Strategy<Value = Document> {
    let words = |n| {
        prop::collection::vec("[a-z]{1,6}", 1..n).prop_map(|words: Vec<String>| words.join(" "))
    };
    let sentence = words(8).prop_map(|words| format!("X {words}."));
    let paragraph = prop::collection::vec(sentence, 1..6)
        .prop_map(|sentences: Vec<String>| sentences.join("\n"));
    let list = prop::collection::vec(words(7), 1..7)
        .prop_map(|items: Vec<String>| format!("- {}\n", items.join("\n  more of it\n- ")));
    let table = prop::collection::vec(words(4), 1..7).prop_map(|rows: Vec<String>| {
        format!(
            "| a | b |\n|---|---|\n| {} | y |\n",
            rows.join(" | y |\n| ")
        )
    });
    let code = prop::collection::vec(words(8), 1..9)
        .prop_map(|lines: Vec<String>| format!("```sh\n{}\n```\n", lines.join("\n")));
    let option = (words(8), prop::collection::vec(words(8), 0..5))
        .prop_map(|(first, rest)| format!("`-o`: {first}\n\n  {}\n", rest.join("\n\n  ")));
    let block = prop_oneof![
        3 => paragraph,
        1 => list,
        1 => table,
        1 => code,
        2 => option,
        1 => words(4).prop_map(|words| format!("These are {words}:")),
        1 => words(6).prop_map(|words| format!("!!! note\n  {words}\n")),
        1 => Just("<!-- menu -->".to_owned()),
        3 => (1..5_usize, words(4)).prop_map(|(level, words)| format!("{} {words}", "#".repeat(level))),
    ];
    prop::collection::vec(block, 0..24)
        .prop_map(|blocks: Vec<String>| document(&blocks.join("\n\n")))
}

/// Every byte that is neither white space nor boilerplate lies in exactly one chunk, no other boilerplate in any.
fn check_cover(document: &Document, chunks: &[Chunk]) {
    let text = &document.text;
    for chunk in chunks {
        assert_eq!(document.slice(chunk.span), Some(chunk.text.as_str()));
        assert_eq!(chunk.text.trim(), chunk.text);
        assert!(!chunk.text.is_empty());
    }
    for pair in chunks.windows(2) {
        assert!(pair[0].span.end() <= pair[1].span.start());
        assert!(pair[0].chunk_id < pair[1].chunk_id);
    }
    let boilerplate: Vec<Span> = document
        .blocks
        .iter()
        .filter(|block| block.kind == BlockKind::Boilerplate && block.span.slice(text).is_some())
        .map(|block| block.span)
        .collect();
    for (at, c) in text.char_indices() {
        let here = Span::of_len(at, c.len_utf8());
        let inside = chunks
            .iter()
            .filter(|chunk| chunk.span.contains(here))
            .count();
        let hidden = boilerplate.iter().any(|span| span.contains(here));
        if !c.is_whitespace() {
            assert_eq!(inside, usize::from(!hidden), "{c:?} at {at} in {text:?}");
        }
    }
}

/// A chunk's blocks lie in it and can be sliced from it.
fn check_blocks(chunks: &[Chunk]) {
    for chunk in chunks {
        for block in &chunk.blocks {
            let parts = [Some(block.span), block.label, block.body];
            for part in parts
                .into_iter()
                .flatten()
                .chain(block.cells.iter().copied())
            {
                assert!(chunk.slice(part).is_some(), "{block:?} in {:?}", chunk.span);
            }
            assert_ne!(block.kind, BlockKind::Boilerplate);
        }
        assert!(chunk.blocks.is_sorted_by_key(|block| block.span.start()));
    }
}

/// Found by fuzzing: such a body was not counted, and a chunk that ended at it was lost.
#[test]
fn a_body_that_cuts_a_character_loses_nothing() {
    let text = format!(
        "{}\u{e9} {}.",
        "A box is red. ".repeat(12),
        "A desk is old. ".repeat(12)
    );
    let cut = text.find('\u{e9}').unwrap() + 1;
    let body = Span::new(cut, text.len()).unwrap();
    let block = Block::new(BlockKind::Quote, Span::of_len(0, text.len())).with_body(body);
    let document = bare("any.md", Format::Markdown, &text, vec![block]);
    let config = ChunkConfig {
        max_tokens: 16,
        min_tokens: 0,
        ..ChunkConfig::default()
    };
    let chunks = Chunker::new(config).unwrap().chunk(&document);
    check_cover(&document, &chunks);
    let tokens: Vec<usize> = chunks.iter().map(|chunk| chunk.tokens).collect();
    assert!(tokens.iter().all(|tokens| *tokens <= 16), "{tokens:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn any_outline_over_any_text_is_covered_once(document in anything(), max in 16..40_usize) {
        let chunks = chunker(max, max / 4).chunk(&document);
        check_blocks(&chunks);
        check_cover(&document, &chunks);
    }

    /// A line, a heading and a row are atoms; nothing else is over the budget.
    #[test]
    fn any_outline_keeps_the_budget(document in anything(), max in 16..40_usize) {
        for chunk in chunker(max, 0).chunk(&document) {
            let atom = chunk.text.lines().count() == 1 || document.blocks.iter().any(|block| {
                matches!(block.kind, BlockKind::Heading { .. } | BlockKind::Row { .. })
                    && block.span.contains(chunk.span)
            });
            prop_assert!(atom || Words.count(&chunk.text) <= max, "{:?}", chunk.text);
        }
    }

    #[test]
    fn a_sensible_document_is_covered_once(document in sensible(), max in 16..80_usize, min in 0..8_usize) {
        let chunks = chunker(max, min).chunk(&document);
        check_cover(&document, &chunks);
        check_blocks(&chunks);
        for chunk in &chunks {
            prop_assert!(chunk.tokens <= max, "{} of {max} tokens: {:?}", chunk.tokens, chunk.text);
            prop_assert_eq!(chunk.tokens, Words.count(&chunk.text));
        }
    }

    #[test]
    fn small_blocks_stay_whole(document in sensible(), max in 60..120_usize) {
        let chunks = chunker(max, max / 8).chunk(&document);
        for block in &document.blocks {
            let text = document.slice(block.span).unwrap();
            if block.kind == BlockKind::Boilerplate || Words.count(text) * 2 > max {
                continue;
            }
            let holders = chunks.iter().filter(|chunk| chunk.span.overlaps(block.span)).count();
            prop_assert_eq!(holders, 1, "{:?}", text);
        }
    }

    #[test]
    fn no_heading_is_left_behind(document in sensible(), max in 24..120_usize, min in 0..12_usize) {
        for chunk in chunker(max, min).chunk(&document) {
            let Some(last) = chunk.blocks.last() else { continue };
            if matches!(last.kind, BlockKind::Heading { .. }) && last.span.end() == chunk.span.end() {
                let rest = document.text[chunk.span.end()..].trim_start();
                // Too many headings in a row for the budget are parted too.
                let full = chunk.blocks.iter().all(|block| matches!(block.kind, BlockKind::Heading { .. }))
                    && chunk.tokens + 12 > max;
                prop_assert!(rest.is_empty() || rest.starts_with("<!--") || full, "{:?} before {:?}", chunk.text, rest);
            }
        }
    }

    #[test]
    fn large_sections_are_not_mixed(document in sensible(), max in 40..120_usize, min in 0..12_usize) {
        for chunk in chunker(max, min).chunk(&document) {
            for block in &chunk.blocks {
                let BlockKind::Heading { level: 1 | 2 } = block.kind else { continue };
                // Headings right above belong to this one's first block.
                let mut before = document.text[chunk.span.start()..block.span.start()].trim();
                while before.lines().last().is_some_and(|line| line.starts_with('#')) {
                    before = before[..before.rfind('#').unwrap_or(0)].trim_end_matches('#').trim();
                }
                prop_assert!(Words.count(before) < min.max(1), "{:?}", chunk.text);
            }
        }
    }

    #[test]
    fn threads_change_nothing(documents in prop::collection::vec(anything(), 1..6), max in 16..40_usize) {
        let chunker = chunker(max, max / 4);
        let one: Vec<Vec<Chunk>> = documents.iter().map(|document| chunker.chunk(document)).collect();
        let many: Vec<Vec<Chunk>> = std::thread::scope(|scope| {
            let threads: Vec<_> = documents.iter().map(|document| scope.spawn(|| chunker.chunk(document))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        prop_assert_eq!(one, many);
    }

    #[test]
    fn chunking_twice_changes_nothing(document in sensible(), max in 24..120_usize, min in 0..12_usize) {
        let chunker = chunker(max, min);
        let chunks = chunker.chunk(&document);
        prop_assert_eq!(&chunks, &chunker.chunk(&document));
        for chunk in &chunks {
            // The same document with everything else hidden gives the same chunk.
            let hidden = |start: usize, end: usize| {
                Block::new(BlockKind::Boilerplate, Span::new(start, end).unwrap())
            };
            let mut alone = document.clone();
            alone.blocks = vec![hidden(0, chunk.span.start())];
            alone.blocks.extend(chunk.blocks.iter().cloned());
            alone.blocks.push(hidden(chunk.span.end(), document.text.len()));
            let again = chunker.chunk(&alone);
            prop_assert_eq!(again.len(), 1, "{:?}", &chunk.text);
            prop_assert_eq!(again[0].span, chunk.span);
        }
    }
}
