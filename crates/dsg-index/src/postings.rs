//! The frozen search structure: one block of 32-bit words and the terms' bytes. It looks the same in memory and on disk.
//!
//! | section | words | content |
//! |---|---|---|
//! | records | `2 * (chunks + 1)` | where each line of `chunks.jsonl` begins, and the file's size, as low and high half |
//! | record hashes | `2 * chunks` | XXH3-64 of each line without its line end |
//! | ranks | `chunks` | each chunk's place in the order of chunk ids |
//! | id slots | `id_slots` | open-addressed table from XXH3-64 of a chunk id to its position |
//! | term ends | `terms` | where each term's bytes end |
//! | term slots | `term_slots` | open-addressed table from XXH3-64 of a term to its number |
//! | list ends | `terms` | where each term's postings end |
//! | postings | `2 * postings` | position and the bits of the weight, by term, then by position |

use std::ops::Range;

use dsg_core::ChunkId;

use crate::config::IndexConfig;
use crate::counts::Counts;
use crate::terms::term_hash;

/// An empty slot of a hash table.
pub(crate) const EMPTY: u32 = u32::MAX;

/// How many of each there are; determines where every section lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Shape {
    pub(crate) chunks: usize,
    pub(crate) terms: usize,
    pub(crate) postings: usize,
    pub(crate) term_bytes: usize,
}

/// Where the sections lie, in words.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layout {
    pub(crate) records: Range<usize>,
    pub(crate) hashes: Range<usize>,
    pub(crate) ranks: Range<usize>,
    pub(crate) id_slots: Range<usize>,
    pub(crate) term_ends: Range<usize>,
    pub(crate) term_slots: Range<usize>,
    pub(crate) list_ends: Range<usize>,
    pub(crate) postings: Range<usize>,
}

impl Shape {
    /// The sections one after the other; `None` when they are too large for this machine.
    pub(crate) fn layout(self) -> Option<Layout> {
        let mut at = 0_usize;
        let mut next = |words: Option<usize>| {
            let start = at;
            at = at.checked_add(words?)?;
            Some(start..at)
        };
        Some(Layout {
            records: next(self.chunks.checked_add(1)?.checked_mul(2))?,
            hashes: next(self.chunks.checked_mul(2))?,
            ranks: next(Some(self.chunks))?,
            id_slots: next(slots_for(self.chunks))?,
            term_ends: next(Some(self.terms))?,
            term_slots: next(slots_for(self.terms))?,
            list_ends: next(Some(self.terms))?,
            postings: next(self.postings.checked_mul(2))?,
        })
    }
}

/// Slots for a table that stays at most two thirds full.
fn slots_for(entries: usize) -> Option<usize> {
    entries
        .checked_mul(3)?
        .checked_div(2)?
        .checked_add(1)?
        .checked_next_power_of_two()
}

/// The search structure.
#[derive(Debug, Clone, Default)]
pub(crate) struct Postings {
    pub(crate) shape: Shape,
    pub(crate) layout: Layout,
    pub(crate) words: Vec<u32>,
    pub(crate) term_bytes: Vec<u8>,
}

impl Postings {
    fn section(&self, range: &Range<usize>) -> &[u32] {
        self.words.get(range.clone()).unwrap_or_default()
    }

    /// The number of `term`, if any chunk holds it.
    pub(crate) fn term(&self, term: &[u8]) -> Option<usize> {
        let ends = self.section(&self.layout.term_ends);
        probe(
            self.section(&self.layout.term_slots),
            term_hash(term),
            |id| range_at(ends, id).and_then(|range| self.term_bytes.get(range)) == Some(term),
        )
    }

    /// The postings of the term with this number as flat pairs of position and weight bits.
    pub(crate) fn list(&self, term: usize) -> &[u32] {
        range_at(self.section(&self.layout.list_ends), term)
            .and_then(|range| {
                let words = range.start.checked_mul(2)?..range.end.checked_mul(2)?;
                self.section(&self.layout.postings).get(words)
            })
            .unwrap_or_default()
    }

    /// Each chunk's place in the order of chunk ids.
    pub(crate) fn ranks(&self) -> &[u32] {
        self.section(&self.layout.ranks)
    }

    /// The first position under the hash of `id` for which `is` holds.
    pub(crate) fn find_id(&self, id: &str, is: impl FnMut(usize) -> bool) -> Option<usize> {
        probe(
            self.section(&self.layout.id_slots),
            term_hash(id.as_bytes()),
            is,
        )
    }

    /// Where line `position` of the record file begins; one past the last gives the file's size.
    pub(crate) fn record_start(&self, position: usize) -> Option<u64> {
        wide_at(self.section(&self.layout.records), position)
    }

    /// The hash of line `position`.
    pub(crate) fn record_hash(&self, position: usize) -> Option<u64> {
        wide_at(self.section(&self.layout.hashes), position)
    }

    pub(crate) fn set_record(&mut self, position: usize, start: u64, hash: u64) {
        let records = self.layout.records.start;
        self.set_wide(records + 2 * position, start);
        let hashes = self.layout.hashes.start;
        self.set_wide(hashes + 2 * position, hash);
    }

    pub(crate) fn set_records_end(&mut self, end: u64) {
        self.set_wide(self.layout.records.end.saturating_sub(2), end);
    }

    #[allow(clippy::cast_possible_truncation, reason = "the two halves of 64 bits")]
    fn set_wide(&mut self, at: usize, value: u64) {
        if let Some([low, high]) = self.words.get_mut(at..at + 2) {
            *low = value as u32;
            *high = (value >> 32) as u32;
        }
    }

    /// Whether every offset lies where the shape says. Positions in postings are checked when they are used.
    pub(crate) fn is_consistent(&self) -> bool {
        let (term_ends, list_ends) = (
            self.section(&self.layout.term_ends),
            self.section(&self.layout.list_ends),
        );
        let reach = |ends: &[u32]| ends.last().map_or(0, |end| *end as usize);
        self.words.len() == self.layout.postings.end
            && self.term_bytes.len() == self.shape.term_bytes
            && term_ends.is_sorted()
            && list_ends.is_sorted()
            && reach(term_ends) == self.shape.term_bytes
            && reach(list_ends) == self.shape.postings
            && (1..=self.shape.chunks).all(|at| self.record_start(at - 1) <= self.record_start(at))
    }

    /// Freezes counts into weights: BM25 with the inverse document frequency folded in.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the counts were checked against u32 when they were made"
    )]
    pub(crate) fn freeze(counts: &Counts, ids: &[&ChunkId], config: &IndexConfig) -> Option<Self> {
        let (term_bytes, term_ends) = counts.terms.parts();
        let shape = Shape {
            chunks: ids.len(),
            terms: counts.terms.len(),
            postings: counts.entries.len(),
            term_bytes: term_bytes.len(),
        };
        let layout = shape.layout()?;
        let mut words = vec![0_u32; layout.postings.end];

        let mut order: Vec<u32> = (0..ids.len() as u32).collect();
        order.sort_by_key(|position| ids.get(*position as usize));
        if let Some(ranks) = words.get_mut(layout.ranks.clone()) {
            for (rank, position) in order.iter().enumerate() {
                if let Some(slot) = ranks.get_mut(*position as usize) {
                    *slot = rank as u32;
                }
            }
        }
        if let Some(slots) = words.get_mut(layout.id_slots.clone()) {
            fill(
                slots,
                ids.iter().map(|id| term_hash(id.as_str().as_bytes())),
            );
        }
        if let Some(slots) = words.get_mut(layout.term_slots.clone()) {
            fill(
                slots,
                counts.terms.iter().map(|term| term_hash(term.as_bytes())),
            );
        }
        if let Some(ends) = words.get_mut(layout.term_ends.clone()) {
            for (slot, end) in ends.iter_mut().zip(term_ends) {
                *slot = *end as u32;
            }
        }

        // In how many chunks each term occurs, then where its list begins.
        let mut frequency = vec![0_u32; shape.terms];
        for (term, _) in &counts.entries {
            if let Some(frequency) = frequency.get_mut(*term as usize) {
                *frequency += 1;
            }
        }
        let mut next = Vec::with_capacity(shape.terms);
        let mut at = 0_u32;
        if let Some(ends) = words.get_mut(layout.list_ends.clone()) {
            for (slot, frequency) in ends.iter_mut().zip(&frequency) {
                next.push(at);
                at += frequency;
                *slot = at;
            }
        }
        let idf: Vec<f32> = frequency
            .iter()
            .map(|frequency| inverse_document_frequency(shape.chunks, *frequency as usize))
            .collect();
        let total: u64 = counts.lengths.iter().map(|length| u64::from(*length)).sum();
        let average = (total as f64 / shape.chunks.max(1) as f64) as f32;
        if let Some(postings) = words.get_mut(layout.postings.clone()) {
            let mut start = 0;
            for (position, (end, length)) in counts.ends.iter().zip(&counts.lengths).enumerate() {
                let norm = length_norm(config, *length as f32, average);
                for (term, count) in counts.entries.get(start..*end).unwrap_or_default() {
                    let term = *term as usize;
                    let (Some(at), Some(idf)) = (next.get_mut(term), idf.get(term)) else {
                        continue;
                    };
                    let weight = idf * saturation(config, *count as f32, norm);
                    if let Some([place, bits]) =
                        postings.get_mut(2 * *at as usize..2 * *at as usize + 2)
                    {
                        *place = position as u32;
                        *bits = weight.to_bits();
                    }
                    *at += 1;
                }
                start = *end;
            }
        }
        Some(Self {
            shape,
            layout,
            words,
            term_bytes: term_bytes.to_vec(),
        })
    }
}

/// `ln(1 + (N - n + 0.5) / (n + 0.5))`, Lucene's and the `bm25` crate's form: never negative.
fn inverse_document_frequency(chunks: usize, holding: usize) -> f32 {
    let (all, holding) = (chunks as f32, holding as f32);
    (1.0 + (all - holding + 0.5) / (holding + 0.5)).ln()
}

fn length_norm(config: &IndexConfig, length: f32, average: f32) -> f32 {
    let relative = if average > 0.0 { length / average } else { 0.0 };
    let b = narrow(config.b);
    narrow(config.k1) * (1.0 - b + b * relative)
}

fn saturation(config: &IndexConfig, count: f32, norm: f32) -> f32 {
    count * (narrow(config.k1) + 1.0) / (count + norm)
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "weights are f32; parameters are f64 so that they print as they were written"
)]
fn narrow(parameter: f64) -> f32 {
    parameter as f32
}

/// `start..end` of entry `index`, given where each entry ends.
fn range_at(ends: &[u32], index: usize) -> Option<Range<usize>> {
    let end = *ends.get(index)? as usize;
    let start = match index.checked_sub(1) {
        Some(before) => *ends.get(before)? as usize,
        None => 0,
    };
    Some(start..end)
}

fn wide_at(words: &[u32], index: usize) -> Option<u64> {
    let at = index.checked_mul(2)?;
    match words.get(at..at.checked_add(2)?)? {
        [low, high] => Some(u64::from(*low) | u64::from(*high) << 32),
        _ => None,
    }
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "a hash: any of its bits will do"
)]
fn first_slot(hash: u64, slots: usize) -> usize {
    hash as usize & slots.saturating_sub(1)
}

/// Looks a hash up by linear probing; every slot is visited at most once, so that a damaged table ends too.
fn probe(slots: &[u32], hash: u64, mut is: impl FnMut(usize) -> bool) -> Option<usize> {
    let first = first_slot(hash, slots.len());
    let (wrapped, rest) = slots.split_at_checked(first)?;
    for value in rest.iter().chain(wrapped) {
        if *value == EMPTY {
            return None;
        }
        if is(*value as usize) {
            return Some(*value as usize);
        }
    }
    None
}

/// Fills a table with the numbers of the hashes.
fn fill(slots: &mut [u32], hashes: impl Iterator<Item = u64>) {
    slots.fill(EMPTY);
    for (number, hash) in (0_u32..).zip(hashes) {
        let mut at = first_slot(hash, slots.len());
        while let Some(slot) = slots.get_mut(at) {
            if *slot == EMPTY {
                *slot = number;
                break;
            }
            at = (at + 1) & (slots.len() - 1);
        }
    }
}
