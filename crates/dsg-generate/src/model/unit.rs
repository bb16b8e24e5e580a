//! What a receipt consists of: whole sentences, lines of code, rows, headings.

use std::collections::BTreeSet;

use dsg_core::{Block, BlockKind, Chunk, Span};

use crate::regexes::regex;
use crate::sentence::boundaries;

/// A chunk's units: in order, apart from each other, trimmed, with offsets into the chunk's text.
pub(crate) fn units(chunk: &Chunk) -> Vec<Span> {
    let text = chunk.text.as_str();
    let mut cuts: BTreeSet<usize> = [0, text.len()].into();
    // Blocks that are not cut into sentences.
    let mut whole: Vec<Span> = Vec::new();
    for block in &chunk.blocks {
        let Some(span) = local(chunk, block.span) else {
            continue;
        };
        cuts.extend([span.start(), span.end()]);
        match block.kind {
            BlockKind::Code { .. } => {
                let code = span.slice(text).unwrap_or_default();
                cuts.extend(code.match_indices('\n').map(|(at, _)| span.start() + at));
                whole.push(span);
            }
            BlockKind::Row { .. } | BlockKind::Heading { .. } => whole.push(span),
            _ => {}
        }
    }
    let lines = regex!(r"\n[ \t]*\n|(?m)^[ \t]*(?:[-*+•|]|\d{1,3}[.)]|#{1,6}|>|```|~~~)");
    cuts.extend(lines.find_iter(text).map(|line| line.start()));
    let mut sentences: Vec<usize> = Vec::new();
    for piece in pieces(&cuts) {
        if whole.iter().any(|block| block.contains(piece)) {
            continue;
        }
        let text = piece.slice(text).unwrap_or_default();
        sentences.extend(boundaries(text).into_iter().map(|end| piece.start() + end));
    }
    cuts.extend(sentences);
    pieces(&cuts)
        .map(|piece| piece.trimmed(text))
        .filter(|piece| {
            piece
                .slice(text)
                .is_some_and(|unit| unit.contains(char::is_alphanumeric))
        })
        .collect()
}

/// What tells what `span` (document offsets) is about, where it lies in an entry or a table: the entry's label, the table's heading row.
/// Innermost last; only what `span` does not hold already.
pub(crate) fn labels(chunk: &Chunk, span: Span) -> Vec<Span> {
    let table_of = |row: &Block| {
        chunk
            .blocks
            .iter()
            .find(|block| matches!(block.kind, BlockKind::Table) && block.span.contains(row.span))
    };
    chunk
        .blocks
        .iter()
        .filter(|block| block.span.contains(span))
        .filter_map(|block| match block.kind {
            BlockKind::Option | BlockKind::Definition => block.label,
            BlockKind::Row { header: false } => {
                let table = table_of(block)?;
                chunk
                    .blocks
                    .iter()
                    .find(|other| {
                        matches!(other.kind, BlockKind::Row { header: true })
                            && table.span.contains(other.span)
                    })
                    .map(|header| header.span)
            }
            _ => None,
        })
        .filter(|label| !label.overlaps(span) && chunk.slice(*label).is_some())
        .collect()
}

/// Bytes of what an announcement may bring with it.
const MAX_ANNOUNCED: usize = 1500;

/// `span` (document offsets) with the list, code or table that it announces; `span` itself where it announces nothing, or where
/// that is long.
pub(crate) fn announced(chunk: &Chunk, span: Span) -> Span {
    let ends_open = chunk
        .slice(span)
        .is_some_and(|text| text.trim_end_matches(['*', '_', ' ', '\n']).ends_with(':'));
    if !ends_open {
        return span;
    }
    let is_next = |block: &&Block| {
        matches!(
            block.kind,
            BlockKind::Code { .. } | BlockKind::List { .. } | BlockKind::Table
        ) && Span::new(span.end(), block.span.start())
            .ok()
            .and_then(|gap| chunk.slice(gap))
            .is_some_and(|between| between.trim().is_empty())
    };
    chunk
        .blocks
        .iter()
        .find(is_next)
        .filter(|block| block.span.len() <= MAX_ANNOUNCED && chunk.slice(block.span).is_some())
        .and_then(|block| Span::new(span.start(), block.span.end()).ok())
        .unwrap_or(span)
}

/// `span` (document offsets) in the chunk's text, on character boundaries.
fn local(chunk: &Chunk, span: Span) -> Option<Span> {
    chunk.slice(span)?;
    Some(Span::of_len(span.start() - chunk.span.start(), span.len()))
}

fn pieces(cuts: &BTreeSet<usize>) -> impl Iterator<Item = Span> {
    cuts.iter()
        .zip(cuts.iter().skip(1))
        .filter_map(|(start, end)| Span::new(*start, *end).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, chunk_of};

    fn texts(chunk: &Chunk) -> Vec<&str> {
        units(chunk)
            .into_iter()
            .map(|unit| unit.slice(&chunk.text).unwrap())
            .collect()
    }

    #[test]
    fn text_without_an_outline_falls_into_lines_and_sentences() {
        let text = "# Jobs\n\nA job is\nqueued. It then runs.\n- one item\n- another\n\nThe end";
        let chunk = chunk_of(text, Vec::new(), &["t"]);
        assert_eq!(
            texts(&chunk),
            [
                "# Jobs",
                "A job is\nqueued.",
                "It then runs.",
                "- one item",
                "- another",
                "The end"
            ]
        );
    }

    #[test]
    fn code_falls_into_lines_and_rows_stay_whole() {
        let text = "Run:\n\n```sh\nsbatch a. B\nsqueue\n```\n\n| A. B | c |";
        let code = Block::new(
            BlockKind::Code { language: None },
            at(text, "```sh\nsbatch a. B\nsqueue\n```"),
        );
        let row = Block::new(BlockKind::Row { header: false }, at(text, "| A. B | c |"));
        let chunk = chunk_of(text, vec![code, row], &["t"]);
        assert_eq!(
            texts(&chunk),
            ["Run:", "```sh", "sbatch a. B", "squeue", "| A. B | c |"]
        );
    }

    #[test]
    fn an_announcement_brings_what_it_announces() {
        let text = "Set both:\n\n```\nA=1\n```\n\nThen wait:\n\nand see.";
        let code = Block::new(
            BlockKind::Code { language: None },
            at(text, "```\nA=1\n```"),
        );
        let chunk = chunk_of(text, vec![code], &["t"]);
        let with = |quote| announced(&chunk, at(text, quote)).slice(text).unwrap();
        assert_eq!(with("Set both:"), "Set both:\n\n```\nA=1\n```");
        assert_eq!(with("Then wait:"), "Then wait:");
        assert_eq!(with("and see."), "and see.");
    }

    #[test]
    fn an_entry_and_a_row_have_labels() {
        let text = "--time: Sets the limit. It is a time.\n\n| Option | Use |\n| -n | tasks |";
        let entry = Block::new(
            BlockKind::Option,
            at(text, "--time: Sets the limit. It is a time."),
        )
        .with_label(at(text, "--time"));
        let table = Block::new(
            BlockKind::Table,
            at(text, "| Option | Use |\n| -n | tasks |"),
        );
        let head = Block::new(
            BlockKind::Row { header: true },
            at(text, "| Option | Use |"),
        );
        let row = Block::new(BlockKind::Row { header: false }, at(text, "| -n | tasks |"));
        let chunk = chunk_of(text, vec![entry, table, head, row], &["t"]);
        let said = |quote| -> Vec<&str> {
            labels(&chunk, at(text, quote))
                .into_iter()
                .map(|label| label.slice(text).unwrap())
                .collect()
        };
        assert_eq!(said("It is a time."), ["--time"]);
        assert_eq!(said("| -n | tasks |"), ["| Option | Use |"]);
        assert!(said("--time: Sets").is_empty());
    }
}
