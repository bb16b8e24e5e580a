//! Chunks that lost their layout, set in order by the model before it is asked about them.
//!
//! What the model wrote is only read, by itself: quotes are aligned with the source's own text as ever, so receipts hold whatever
//! it did. What it wrote and the source does not say is taken out, and a text of which too little is left is not used.

use dsg_core::{BlockKind, Chunk};

use crate::model::align::{Aligner, Unaligned};
use crate::regexes::regex;
use crate::sentence::boundaries;

/// Signs of lost layout that make a chunk messy: so many, and one in so many lines.
const MIN_SIGNS: usize = 3;
const LINES_PER_SIGN: usize = 4;
/// A line of prose that ends in its middle is shorter than this, in characters: wrapped text is wider.
const BROKEN_LINE: usize = 40;
/// Words of the source that have to be left, of ten.
const KEPT_OF_TEN: usize = 7;

/// Whether the layout of a chunk's prose is lost: words divided at line ends, lines that break off, columns side by side.
pub(crate) fn is_messy(chunk: &Chunk) -> bool {
    let is_set = |at: usize| {
        chunk.blocks.iter().any(|block| {
            let kept = matches!(block.kind, BlockKind::Code { .. } | BlockKind::Table);
            kept && block.span.start() <= at && at < block.span.end()
        })
    };
    let mut at = chunk.span.start();
    let mut prose = Vec::new();
    for line in chunk.text.split_inclusive('\n') {
        if !is_set(at) && !line.trim().is_empty() {
            prose.push(line.trim());
        }
        at += line.len();
    }
    let broken = prose
        .iter()
        .zip(prose.iter().skip(1))
        .filter(|(line, next)| {
            let goes_on = next.starts_with(char::is_lowercase);
            let is_divided = regex!(r"\p{L}[-\u{ad}]$").is_match(line);
            let breaks_off =
                line.chars().count() < BROKEN_LINE && line.ends_with(char::is_alphanumeric);
            goes_on && (is_divided || breaks_off)
        });
    let columns = prose
        .iter()
        .filter(|line| regex!(r"\p{L}{2,}[ \t]{3,}\p{L}{2,}").is_match(line));
    let signs = broken.count() + columns.count();
    signs >= MIN_SIGNS && signs * LINES_PER_SIGN >= prose.len()
}

/// What `written` has in common with the chunk: its sentences and lines that stand there, in its layout. `None` when that is too
/// little of the chunk to be read in its stead.
pub(crate) fn faithful(chunk: &Chunk, aligner: &Aligner<'_>, written: &str) -> Option<String> {
    let mut text = String::new();
    for line in written.lines() {
        let mut start = 0;
        let mut kept = String::new();
        for end in boundaries(line).into_iter().chain([line.len()]) {
            let sentence = line.get(start..end).unwrap_or_default();
            // One that stands in several places stands there.
            if matches!(aligner.align(sentence), Ok(_) | Err(Unaligned::Ambiguous)) {
                kept.push_str(sentence);
            }
            start = end;
        }
        if !kept.is_empty() || line.trim().is_empty() {
            text.push_str(kept.trim_end());
            text.push('\n');
        }
    }
    let words = |text: &str| text.split_whitespace().count();
    let is_enough = words(&text) * 10 >= words(&chunk.text) * KEPT_OF_TEN;
    is_enough.then(|| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use dsg_core::Block;

    use super::*;
    use crate::testing::{at, chunk_of};

    const MESSY: &str = "Jobs wait in the\nqueue until enough re-\nsources are free for\nthem on the nodes.\nA job that waits longer\nthan a week is can-\ncelled.";

    #[test]
    fn divided_words_and_columns_are_signs_and_wrapped_text_is_not() {
        assert!(is_messy(&chunk_of(MESSY, Vec::new(), &["t"])));
        let columns = "Name     Limit   Use\nshort    one hour     tests\nlong     three days   production\nhuge     one week     campaigns";
        assert!(is_messy(&chunk_of(columns, Vec::new(), &["t"])));
        let table = Block::new(BlockKind::Table, at(columns, columns));
        assert!(!is_messy(&chunk_of(columns, vec![table], &["t"])));
        let wrapped = "Jobs wait in the queue until enough resources are free for\nthem on the nodes. A job that waits longer than a week is\ncancelled by the scheduler, and its owner is told of it in\na mail.\n- short\n- long";
        assert!(!is_messy(&chunk_of(wrapped, Vec::new(), &["t"])));
    }

    #[test]
    fn what_the_source_does_not_say_is_taken_out() {
        let chunk = chunk_of(MESSY, Vec::new(), &["t"]);
        let aligner = Aligner::new(&chunk);
        let written = "Jobs wait in the queue until enough resources are free for them on the nodes. Buy more nodes at once to make it faster.\n\nA job that waits longer than a week is cancelled.";
        assert_eq!(
            faithful(&chunk, &aligner, written).as_deref(),
            Some(
                "Jobs wait in the queue until enough resources are free for them on the nodes.\n\nA job that waits longer than a week is cancelled."
            )
        );
        let short = "A job that waits longer than a week is cancelled.";
        assert_eq!(faithful(&chunk, &aligner, short), None);
    }
}
