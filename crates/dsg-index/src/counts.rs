//! Term counts of chunks: the first half of a build.

use dsg_core::Chunk;
use hashbrown::HashTable;
use rayon::prelude::*;

use crate::config::IndexConfig;
use crate::error::IndexError;
use crate::terms::TermArena;
use crate::vocabulary::{Vocabulary, intern};

/// How often each term occurs in each chunk.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) terms: TermArena,
    /// Term and count, chunk after chunk; within a chunk in order of first appearance.
    pub(crate) entries: Vec<(u32, u32)>,
    /// Where in `entries` each chunk ends.
    pub(crate) ends: Vec<usize>,
    /// Each chunk's length: its terms, repeated ones and added context included.
    pub(crate) lengths: Vec<u32>,
}

impl Counts {
    /// Counts all chunks, in as many parts as there are threads. The parts are joined in order, so that a term's id is
    /// its order of first appearance in the corpus whatever the number of threads.
    pub(crate) fn of(chunks: &[Chunk], config: &IndexConfig) -> Result<Self, IndexError> {
        let part = chunks.len().div_ceil(rayon::current_num_threads()).max(1);
        let parts: Vec<Self> = chunks
            .par_chunks(part)
            .map(|part| Self::of_part(part, config))
            .collect();
        let mut parts = parts.into_iter();
        let Some(mut all) = parts.next() else {
            return Ok(Self::default());
        };
        if parts.len() > 0 {
            let mut ids = HashTable::new();
            // The first part's ids stand; only its look-up has to be rebuilt.
            let first = std::mem::take(&mut all.terms);
            for term in first.iter() {
                intern(&mut all.terms, &mut ids, term);
            }
            for part in parts {
                all.append(part, &mut ids);
            }
        }
        let limit = u32::MAX as usize - 1;
        for (what, amount) in [
            ("chunks", chunks.len()),
            ("terms", all.terms.len()),
            ("bytes of terms", all.terms.parts().0.len()),
            ("postings", all.entries.len()),
        ] {
            if amount > limit {
                return Err(IndexError::TooLarge { what });
            }
        }
        Ok(all)
    }

    fn of_part(chunks: &[Chunk], config: &IndexConfig) -> Self {
        let mut vocabulary = Vocabulary::new(config.stemming);
        let mut counts = Self::default();
        let mut tally = Tally::default();
        for chunk in chunks {
            tally.start(counts.entries.len());
            if is_heading_only(chunk) {
                counts.ends.push(counts.entries.len());
                counts.lengths.push(0);
                continue;
            }
            vocabulary.read(&chunk.text, |term| tally.add(term, 1, &mut counts.entries));
            if config.heading_weight > 0 {
                for heading in &chunk.heading_path {
                    vocabulary.read(heading, |term| {
                        tally.add(term, config.heading_weight, &mut counts.entries);
                    });
                }
            }
            if config.command_weight > 0 {
                for command in &chunk.commands {
                    vocabulary.read(command, |term| {
                        tally.add(term, config.command_weight, &mut counts.entries);
                    });
                }
            }
            counts.ends.push(counts.entries.len());
            counts.lengths.push(tally.length);
        }
        counts.terms = vocabulary.terms;
        counts
    }

    fn append(&mut self, part: Self, ids: &mut HashTable<u32>) {
        let ours: Vec<u32> = part
            .terms
            .iter()
            .map(|term| intern(&mut self.terms, ids, term))
            .collect();
        let base = self.entries.len();
        self.entries.extend(
            part.entries
                .iter()
                .filter_map(|(term, count)| Some((*ours.get(*term as usize)?, *count))),
        );
        self.ends.extend(part.ends.iter().map(|end| base + end));
        self.lengths.extend(part.lengths);
    }
}

/// A heading that boilerplate parted from its section answers nothing, yet would win every search for its words.
pub(crate) fn is_heading_only(chunk: &Chunk) -> bool {
    matches!(chunk.kinds.as_slice(), [kind] if kind == "heading")
}

/// Counts one chunk at a time without clearing between chunks: a term's entry is valid when it lies in this chunk's part.
#[derive(Debug, Default)]
struct Tally {
    /// For each term, one past its latest entry.
    latest: Vec<usize>,
    start: usize,
    length: u32,
}

impl Tally {
    const fn start(&mut self, entries: usize) {
        self.start = entries;
        self.length = 0;
    }

    fn add(&mut self, term: u32, weight: u32, entries: &mut Vec<(u32, u32)>) {
        self.length += weight;
        let slot = term as usize;
        if slot >= self.latest.len() {
            self.latest.resize((slot + 1).next_power_of_two(), 0);
        }
        let Some(latest) = self.latest.get_mut(slot) else {
            return;
        };
        if *latest > self.start
            && let Some(entry) = entries.get_mut(*latest - 1)
        {
            entry.1 += weight;
        } else {
            entries.push((term, weight));
            *latest = entries.len();
        }
    }
}
