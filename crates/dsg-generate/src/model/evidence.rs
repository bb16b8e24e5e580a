//! The chunks that one task is about: as a model reads them, and as its quotes are found in them.

use dsg_core::{Chunk, Citation, Span};

use crate::answer::citations;
use crate::model::align::{Aligner, Unaligned};
use crate::model::prompts::Passage;
use crate::sentence::boundaries;

/// Words of a sentence that are enough to say where it was copied from.
const MIN_COPIED_WORDS: usize = 5;

/// One chunk, or the two that a question needs both of.
#[derive(Debug)]
pub(crate) struct Evidence<'c> {
    chunks: &'c [Chunk],
    aligners: Vec<Aligner<'c>>,
    whole: Vec<Passage>,
    halves: Vec<Passage>,
}

/// Quotes that have a place, and those that have none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// The chunk's number and the span in its document, in the order of the quotes.
    pub(crate) spans: Vec<(usize, Span)>,
    pub(crate) missing: Vec<String>,
    /// Whether any of those fits several places.
    pub(crate) ambiguous: bool,
}

impl<'c> Evidence<'c> {
    pub(crate) fn new(chunks: &'c [Chunk]) -> Self {
        let passages = |cut: fn(&str) -> &str| {
            chunks
                .iter()
                .map(|chunk| Passage {
                    section: chunk.heading_path.join(" > "),
                    text: cut(&chunk.text).to_owned(),
                })
                .collect()
        };
        Self {
            chunks,
            aligners: chunks.iter().map(Aligner::new).collect(),
            whole: passages(|text| text),
            halves: passages(half),
        }
    }

    /// Has the model read `text` in the place of a chunk's own. Quotes are still looked for in the chunk.
    pub(crate) fn read_as(&mut self, number: usize, text: &str) {
        for (passages, text) in [(&mut self.whole, text), (&mut self.halves, half(text))] {
            if let Some(passage) = passages.get_mut(number) {
                text.clone_into(&mut passage.text);
            }
        }
    }

    /// What finds quotes in each chunk.
    pub(crate) fn aligners(&self) -> &[Aligner<'c>] {
        &self.aligners
    }

    pub(crate) const fn chunks(&self) -> &'c [Chunk] {
        self.chunks
    }

    /// All of it.
    pub(crate) fn whole(&self) -> &[Passage] {
        &self.whole
    }

    /// The first half of each chunk.
    pub(crate) fn halves(&self) -> &[Passage] {
        &self.halves
    }

    /// Finds each quote in the chunk that it fits best, the first of equals.
    pub(crate) fn resolve(&self, quotes: &[String]) -> Resolved {
        let mut resolved = Resolved::default();
        for quote in quotes {
            let places: Vec<_> = self
                .aligners
                .iter()
                .map(|aligner| aligner.align(quote))
                .collect();
            let best = places
                .iter()
                .enumerate()
                .filter_map(|(number, place)| Some((number, place.ok()?)))
                .min_by_key(|(number, place)| (place.fit, *number));
            let found = best.and_then(|(number, place)| {
                let span = self.aligners.get(number)?.announced(place.span);
                Some((number, span))
            });
            if let Some(found) = found {
                resolved.spans.push(found);
            } else {
                resolved.ambiguous |= places.contains(&Err(Unaligned::Ambiguous));
                resolved.missing.push(quote.clone());
            }
        }
        resolved
    }

    /// Where the sentences of an answer stand, as far as they were copied: a model that reads on beyond the passages that it
    /// chose says true things without a receipt.
    pub(crate) fn copied(&self, answer: &str) -> Vec<(usize, Span)> {
        let mut sentences = Vec::new();
        for line in answer.lines() {
            let mut start = 0;
            for end in boundaries(line).into_iter().chain([line.len()]) {
                let sentence = line.get(start..end).unwrap_or_default();
                if sentence.split_whitespace().count() >= MIN_COPIED_WORDS {
                    sentences.push(sentence.to_owned());
                }
                start = end;
            }
        }
        self.resolve(&sentences).spans
    }

    /// Whether every chunk has one of `spans`.
    pub(crate) fn is_covered(&self, spans: &[(usize, Span)]) -> bool {
        (0..self.chunks.len()).all(|number| spans.iter().any(|(chunk, _)| *chunk == number))
    }

    /// Receipts for `spans` and for what tells what they are about, in the order of the text.
    pub(crate) fn citations(&self, spans: &[(usize, Span)]) -> Vec<Citation> {
        let mut found = Vec::new();
        for (number, (chunk, aligner)) in self.chunks.iter().zip(&self.aligners).enumerate() {
            let own = spans
                .iter()
                .filter(|(of, _)| *of == number)
                .map(|(_, span)| *span);
            let spans: Vec<Span> = own
                .flat_map(|span| aligner.labels(span).into_iter().chain([span]))
                .collect();
            found.extend(citations(chunk, spans).unwrap_or_default());
        }
        found
    }

    /// Where the first chunk begins to say something.
    pub(crate) fn opening(&self) -> Option<(usize, Span)> {
        Some((0, self.aligners.first()?.opening()?))
    }
}

/// About half of `text`, to the end of a line or word.
fn half(text: &str) -> &str {
    let middle = (0..=text.len() / 2)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    let first = text.get(..middle).unwrap_or_default();
    let end = first
        .rfind('\n')
        .filter(|end| *end > middle / 2)
        .or_else(|| first.rfind(char::is_whitespace))
        .unwrap_or(middle);
    first.get(..end).unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use dsg_core::{Block, BlockKind};

    use super::*;
    use crate::testing::{at, chunk_of};

    #[test]
    fn an_options_names_are_part_of_its_receipt() {
        let text = "--time: Sets the limit of a job. The default is 60 minutes.";
        let entry = Block::new(BlockKind::Option, at(text, text)).with_label(at(text, "--time"));
        let body = Block::new(
            BlockKind::Paragraph,
            at(text, "Sets the limit of a job. The default is 60 minutes."),
        );
        let chunks = [chunk_of(text, vec![entry, body], &["sbatch"])];
        let evidence = Evidence::new(&chunks);
        let resolved = evidence.resolve(&["the default is 60 minutes".into(), "no".into()]);
        assert_eq!(resolved.missing, ["no"]);
        let quotes: Vec<String> = evidence
            .citations(&resolved.spans)
            .into_iter()
            .map(|citation| citation.quote)
            .collect();
        assert_eq!(quotes, ["--time", "The default is 60 minutes."]);
    }

    #[test]
    fn what_an_answer_copied_is_found_and_what_it_made_up_is_not() {
        let text =
            "A job has a priority. A priority of zero prevents the job from ever being scheduled.";
        let chunks = [chunk_of(text, Vec::new(), &["scontrol"])];
        let copied = Evidence::new(&chunks).copied(
            "A priority of zero prevents the job from ever being scheduled. That is how a cluster saves its power.",
        );
        let said: Vec<&str> = copied
            .into_iter()
            .filter_map(|(_, span)| span.slice(text))
            .collect();
        assert_eq!(
            said,
            ["A priority of zero prevents the job from ever being scheduled."]
        );
    }

    #[test]
    fn half_a_text_ends_with_a_line_or_a_word() {
        assert_eq!(half("one two\nthree four five six"), "one two");
        assert_eq!(half("one two three four"), "one two");
        assert_eq!(half("ééé"), "é");
        assert_eq!(half(""), "");
    }
}
