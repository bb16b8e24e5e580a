//! From a quote as a model spelled it to the bytes that say so.
//!
//! A model that copies a sentence changes its white space, quotation marks, markup or a letter. So a quote is looked for
//! three times: byte by byte, folded (see [`Folded`]), and with a bounded number of edits: semi-global edit distance, all of
//! the quote against any stretch of the text (P. H. Sellers, *The theory and computation of evolutionary distances*, 1980; rows
//! beyond the bound are not computed, E. Ukkonen, *Finding approximate patterns in strings*, 1985). What is found becomes whole
//! sentences, lines or rows; the source's bytes are the receipt, never the model's spelling.

use dsg_core::{Chunk, Span};

use crate::model::fold::Folded;
use crate::model::unit::{announced, labels, units};
use crate::regexes::regex;

/// A quote may differ from the text in one character of so many.
const CHARS_PER_EDIT: usize = 5;
/// Shorter quotes (folded characters) have to be there exactly: a few edits make anything of them.
const MIN_FUZZY: usize = 16;
/// A quote of fewer words has to have [`LONG`] characters, and two words all the same.
const MIN_FUZZY_WORDS: usize = 3;
const LONG: usize = 24;
/// A receipt is widened by at most so many bytes on either side.
const MAX_WIDEN: usize = 240;
/// A neighbouring unit of which less than one part in so many is covered is left out.
const SLIVER: usize = 6;
/// Most text between the parts of a quote that leaves something out (`…`), in bytes.
const MAX_GAP: usize = 400;
/// Most work for one quote, in characters of the text times characters of the quote.
const MAX_WORK: usize = 1 << 26;

/// Where a quote stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alignment {
    /// Whole sentences, lines or rows around the quote; document offsets.
    pub span: Span,
    /// How the quote differs from these bytes.
    pub fit: Fit,
}

/// How a quote differs from the bytes that it was aligned with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// Not at all.
    Exact,
    /// In white space, case, quotation marks, dashes or markup.
    Folded,
    /// In so many characters besides.
    Edited(usize),
}

/// Why a quote has no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unaligned {
    /// It holds no word.
    #[error("the quote is empty")]
    Empty,
    /// Nothing in the text is near enough.
    #[error("the quote is not in the text")]
    NotFound,
    /// Several places are about as near, and they do not say the same.
    #[error("the quote fits several places of the text")]
    Ambiguous,
}

/// Finds quotes in one chunk.
///
/// ```
/// # use dsg_core::{Block, BlockKind, Chunk, ChunkContext, ChunkId, ChunkSchema, DocId, Markup, Span};
/// use dsg_generate::{Aligner, Fit, Unaligned};
///
/// # let text = "# Limits\n\nThe **default** time limit is 60 minutes.\nLonger jobs need `--time`.\n".to_owned();
/// # let doc_id = DocId::for_path("limits.md");
/// # let chunk = Chunk { schema: ChunkSchema, chunk_id: ChunkId::new(&doc_id, 0), doc_id, path: String::new(),
/// #     span: Span::of_len(0, text.len()), text, heading_path: vec![], kinds: vec![], tokens: 20, commands: vec![],
/// #     context: ChunkContext::default(), markup: Markup::Markdown, blocks: vec![], extra: Default::default() };
/// let aligner = Aligner::new(&chunk);
/// let found = aligner.align("The default timelimit is 60 minutes")?;
/// assert_eq!(chunk.slice(found.span), Some("The **default** time limit is 60 minutes."));
/// assert_eq!(found.fit, Fit::Edited(1));
/// assert_eq!(aligner.align("The default limit is three days."), Err(Unaligned::NotFound));
/// # Ok::<(), Unaligned>(())
/// ```
#[derive(Debug)]
pub struct Aligner<'c> {
    chunk: &'c Chunk,
    folded: Folded,
    units: Vec<Span>,
}

/// A place that may be meant, in the chunk's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    span: Span,
    fit: Fit,
}

/// The end of an approximate match: distance, and the folded characters it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Match {
    edits: usize,
    from: usize,
    to: usize,
}

impl<'c> Aligner<'c> {
    /// An aligner for the text of `chunk`.
    pub fn new(chunk: &'c Chunk) -> Self {
        Self {
            chunk,
            folded: Folded::new(&chunk.text),
            units: units(chunk),
        }
    }

    /// The place of `quote`. Of several places with the same bytes it is the first; between places that say different
    /// things none is chosen.
    ///
    /// # Errors
    /// [`Unaligned`] when no place, or no single place, is near enough.
    pub fn align(&self, quote: &str) -> Result<Alignment, Unaligned> {
        self.place(quote).map(|place| Alignment {
            span: Span::of_len(
                self.chunk.span.start() + place.span.start(),
                place.span.len(),
            ),
            fit: place.fit,
        })
    }

    /// What tells what an aligned span is about and stands apart from it: the names of the option that it describes, the heading
    /// row of its table. Document offsets.
    pub fn labels(&self, span: Span) -> Vec<Span> {
        labels(self.chunk, span)
    }

    /// An aligned span with the list, code or table that it announces by its colon. Document offsets.
    pub fn announced(&self, span: Span) -> Span {
        announced(self.chunk, span)
    }

    /// The first sentence, line or heading.
    pub(crate) fn opening(&self) -> Option<Span> {
        let first = self.units.first()?;
        Some(Span::of_len(
            self.chunk.span.start() + first.start(),
            first.len(),
        ))
    }

    fn place(&self, quote: &str) -> Result<Place, Unaligned> {
        match self.whole(quote) {
            Err(Unaligned::NotFound) => self.elided(quote),
            found => found,
        }
    }

    /// The place of a quote that leaves nothing out.
    fn whole(&self, quote: &str) -> Result<Place, Unaligned> {
        let quote = quote.trim();
        let wanted = Folded::new(quote);
        let bare = wanted.bare();
        if !bare.iter().any(|c| c.is_alphanumeric()) {
            return Err(Unaligned::Empty);
        }
        let text = self.chunk.text.as_str();
        let long = is_long(bare);
        let exact: Vec<Span> = text
            .match_indices(quote)
            .map(|(at, found)| Span::of_len(at, found.len()))
            .filter(|span| long || is_word_bound(text, *span))
            .collect();
        if !exact.is_empty() {
            return self.one_of(&exact, Fit::Exact, long);
        }
        for needle in [wanted.chars(), bare] {
            let folded: Vec<Span> = self
                .occurrences(needle)
                .filter_map(|at| self.folded.source(at, at + needle.len()))
                .filter(|span| long || is_word_bound(text, *span))
                .collect();
            if !folded.is_empty() {
                return self.one_of(&folded, Fit::Folded, long);
            }
        }
        if long {
            self.approximate(wanted.chars())
        } else {
            Err(Unaligned::NotFound)
        }
    }

    /// Where `needle` occurs in the folded text, without overlaps.
    fn occurrences<'n>(&'n self, needle: &'n [char]) -> impl Iterator<Item = usize> + 'n {
        let mut free = 0;
        self.folded
            .chars()
            .windows(needle.len().max(1))
            .enumerate()
            .filter_map(move |(at, window)| {
                let found = at >= free && window == needle;
                if found {
                    free = at + needle.len();
                }
                found.then_some(at)
            })
    }

    /// The one place among several where the same characters stand.
    fn one_of(&self, spans: &[Span], fit: Fit, long: bool) -> Result<Place, Unaligned> {
        let mut widened = spans.iter().map(|span| self.widened(*span));
        let first = widened.next().ok_or(Unaligned::NotFound)?;
        let said = |span: Span| span.slice(&self.chunk.text);
        if widened.all(|other| said(other) == said(first)) {
            return Ok(Place { span: first, fit });
        }
        // The quote says the same wherever it stands, but its surroundings do not.
        match spans.first() {
            Some(span) if long => Ok(Place {
                span: self.to_words(*span),
                fit,
            }),
            _ => Err(Unaligned::Ambiguous),
        }
    }

    fn approximate(&self, quote: &[char]) -> Result<Place, Unaligned> {
        let bound = quote.len() / CHARS_PER_EDIT;
        let text = self.folded.chars();
        if text.len().saturating_mul(quote.len()) > MAX_WORK || quote.len() > text.len() + bound {
            return Err(Unaligned::NotFound);
        }
        let matches = matches(text, quote, bound + margin(bound));
        let best = matches
            .iter()
            .filter(|found| found.edits <= bound)
            .min_by_key(|found| {
                let length = (found.to - found.from).abs_diff(quote.len());
                (found.edits, length, found.from)
            })
            .ok_or(Unaligned::NotFound)?;
        let said = |found: &Match| text.get(found.from..found.to);
        let rival = matches.iter().any(|other| {
            let apart = other.to <= best.from || best.to <= other.from;
            apart && other.edits < best.edits + margin(best.edits) && said(other) != said(best)
        });
        if rival {
            return Err(Unaligned::Ambiguous);
        }
        let span = self
            .folded
            .source(best.from, best.to)
            .ok_or(Unaligned::NotFound)?;
        Ok(Place {
            span: self.widened(span),
            fit: Fit::Edited(best.edits),
        })
    }

    /// The place of a quote with `…` in it: from its first part to its last, where they follow each other closely.
    fn elided(&self, quote: &str) -> Result<Place, Unaligned> {
        let parts: Vec<&str> = regex!(r"\s*[\[(]?(?:\.{3,}|…)[\])]?\s*")
            .split(quote)
            .filter(|part| part.contains(char::is_alphanumeric))
            .collect();
        if parts.len() < 2 {
            return Err(Unaligned::NotFound);
        }
        let mut whole: Option<Place> = None;
        for part in parts {
            let next = self.whole(part)?;
            whole = Some(match whole {
                None => next,
                Some(before) => {
                    let gap = next.span.start().saturating_sub(before.span.end());
                    if next.span.start() < before.span.start() || gap > MAX_GAP {
                        return Err(Unaligned::NotFound);
                    }
                    let end = before.span.end().max(next.span.end());
                    Place {
                        span: Span::new(before.span.start(), end)
                            .map_err(|_| Unaligned::NotFound)?,
                        fit: before.fit.max(next.fit),
                    }
                }
            });
        }
        whole.ok_or(Unaligned::NotFound)
    }

    /// `span` as whole units: without the sliver of a neighbour, with the rest of the units that it begins and ends in. Where that is
    /// too much, as whole words.
    fn widened(&self, span: Span) -> Span {
        let words = self.to_words(span);
        let touched: Vec<Span> = self
            .units
            .iter()
            .copied()
            .filter(|unit| unit.overlaps(span))
            .collect();
        let covered = |unit: &Span| unit.intersection(span).map_or(0, Span::len);
        let main = touched.iter().map(covered).max().unwrap_or(0);
        let mut kept = touched.iter().filter(|unit| {
            let part = covered(unit);
            part == main || part * SLIVER >= unit.len()
        });
        let (Some(first), last) = (kept.next(), kept.next_back()) else {
            return words;
        };
        let last = last.unwrap_or(first);
        let start = if words.start().saturating_sub(first.start()) <= MAX_WIDEN {
            first.start()
        } else {
            words.start()
        };
        let end = if last.end().saturating_sub(words.end()) <= MAX_WIDEN {
            last.end()
        } else {
            words.end()
        };
        Span::new(start, end).map_or(words, |span| span.trimmed(&self.chunk.text))
    }

    /// `span` without white space at its ends, with the rest of the words that it begins and ends in.
    fn to_words(&self, span: Span) -> Span {
        let text = self.chunk.text.as_str();
        let span = span.trimmed(text);
        let (Some(before), Some(inside), Some(after)) = (
            text.get(..span.start()),
            span.slice(text),
            text.get(span.end()..),
        ) else {
            return span;
        };
        let word = |text: &str| text.find(|c: char| !is_word(c)).unwrap_or(text.len());
        let lead = if inside.starts_with(is_word) {
            before.len() - before.trim_end_matches(is_word).len()
        } else {
            0
        };
        let tail = if inside.ends_with(is_word) {
            word(after)
        } else {
            0
        };
        Span::of_len(span.start() - lead, lead + span.len() + tail)
    }
}

/// How much worse another place must be than the best, by the best's edits.
const fn margin(edits: usize) -> usize {
    1 + edits / 4
}

fn is_long(folded: &[char]) -> bool {
    let words = folded
        .split(|c| *c == ' ')
        .filter(|word| word.iter().any(|c| c.is_alphanumeric()))
        .count();
    folded.len() >= MIN_FUZZY && (words >= MIN_FUZZY_WORDS || words > 1 && folded.len() >= LONG)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether no word goes on beyond the ends of `span`.
fn is_word_bound(text: &str, span: Span) -> bool {
    let inside = span.slice(text).unwrap_or_default();
    let before = text.get(..span.start()).unwrap_or_default();
    let after = text.get(span.end()..).unwrap_or_default();
    let cuts_before = before.ends_with(is_word) && inside.starts_with(is_word);
    let cuts_after = after.starts_with(is_word) && inside.ends_with(is_word);
    !cuts_before && !cuts_after
}

/// The ends of stretches of `text` from which `quote` differs by at most `limit` edits, in order.
fn matches(text: &[char], quote: &[char], limit: usize) -> Vec<Match> {
    // One column of the matrix: per prefix of the quote, its distance to the best stretch that ends here, and where that begins.
    let mut column: Vec<(usize, usize)> = (0..=quote.len()).map(|edits| (edits, 0)).collect();
    // Rows beyond hold more than `limit`, whatever they hold.
    let mut active = limit.min(quote.len());
    let mut found = Vec::new();
    for (at, c) in text.iter().enumerate() {
        let mut diagonal = (0, at);
        let mut above = (0, at + 1);
        let top = (active + 1).min(quote.len());
        let rows = column.iter_mut().take(top + 1).enumerate();
        let mut last = 0;
        for (row, cell) in rows {
            if row == 0 {
                *cell = above;
                continue;
            }
            let left = if row > active {
                (limit + 1, cell.1)
            } else {
                *cell
            };
            let same = row
                .checked_sub(1)
                .and_then(|row| quote.get(row))
                .is_some_and(|wanted| wanted == c);
            let best = [
                (diagonal.0 + usize::from(!same), diagonal.1),
                (above.0 + 1, above.1),
                (left.0 + 1, left.1),
            ]
            .into_iter()
            .min_by_key(|(edits, _)| *edits)
            .unwrap_or(left);
            diagonal = left;
            above = best;
            *cell = best;
            if best.0 <= limit {
                last = row;
            }
        }
        active = last;
        if last == quote.len()
            && let Some((edits, from)) = column.last().copied()
        {
            found.push(Match {
                edits,
                from,
                to: at + 1,
            });
        }
    }
    found
}
