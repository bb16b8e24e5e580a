//! Whole documents that say the same.

use dsg_core::DocId;
use rayon::prelude::*;

use crate::config::DedupeConfig;
use crate::error::DedupeError;
use crate::lsh::{LshIndex, LshParams};
use crate::minhash::{MinHasher, Sketch};
use crate::shingle::{hash_word, mix};

const RECALL: f64 = 0.99;
/// Texts in memory at a time.
const BATCH: usize = 64;
const SKETCH_SEED: u64 = 0x6473_672d_646f_6373;

/// Groups documents whose wording agrees: chains of documents of which each is similar to the next at
/// `document_threshold`. Every document is in exactly one group; groups and their members are sorted by id.
///
/// Markup and layout do not count, only the sequence of letters and digits, so a man page clusters with its rendered text
/// and its HTML. Texts are taken from the iterator a few at a time; memory is one sketch per document.
///
/// # Errors
/// [`DedupeError::Config`] naming the field.
///
/// ```
/// use dsg_core::DocId;
/// use dsg_dedupe::{DedupeConfig, cluster_documents};
///
/// let doc = |id: &str, text: &str| (DocId::from_existing(id), text.to_owned());
/// let clusters = cluster_documents(
///     [
///         doc("a-md", "# Submit\n\nUse **sbatch** to submit a batch script to the queue."),
///         doc("a-txt", "Submit\n\n    Use sbatch to submit a batch\n    script to the queue."),
///         doc("b", "Node states are shown by sinfo in its last column."),
///     ],
///     &DedupeConfig::default(),
/// )?;
/// assert_eq!(clusters.len(), 2);
/// assert_eq!(clusters[0].len(), 2);
/// # Ok::<(), dsg_dedupe::DedupeError>(())
/// ```
pub fn cluster_documents<T: AsRef<str> + Send>(
    documents: impl IntoIterator<Item = (DocId, T)>,
    config: &DedupeConfig,
) -> Result<Vec<Vec<DocId>>, DedupeError> {
    config.validate()?;
    let hasher = MinHasher::new(config.num_perm, SKETCH_SEED)?;
    let params = LshParams::for_threshold(config.document_threshold, config.num_perm, RECALL)?;
    let mut documents = documents.into_iter();
    let mut sketched: Vec<(DocId, Option<Sketch>)> = Vec::new();
    loop {
        let batch: Vec<(DocId, T)> = documents.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        sketched.par_extend(batch.into_par_iter().map(|(id, text)| {
            let grams = document_shingles(text.as_ref(), config.shingle_words);
            let sketch = (!grams.is_empty()).then(|| hasher.sketch(&grams));
            (id, sketch)
        }));
    }
    sketched.sort_by(|a, b| a.0.cmp(&b.0));

    let mut groups = DisjointSets::new(sketched.len());
    let mut index = LshIndex::with_capacity(params, sketched.len());
    for (position, (_, sketch)) in sketched.iter().enumerate() {
        let (Some(sketch), Ok(id)) = (sketch, u32::try_from(position)) else {
            continue;
        };
        for earlier in index.candidates(params.keys(sketch, 0)) {
            let earlier = earlier as usize;
            if groups.root(earlier) == groups.root(position) {
                continue;
            }
            let alike = sketched
                .get(earlier)
                .and_then(|(_, other)| other.as_ref())
                .is_some_and(|other| sketch.similarity(other) >= config.document_threshold);
            if alike {
                groups.union(earlier, position);
            }
        }
        index.insert(id, params.keys(sketch, 0));
    }
    let mut members: Vec<Vec<DocId>> = sketched.iter().map(|_| Vec::new()).collect();
    for (position, (id, _)) in sketched.into_iter().enumerate() {
        if let Some(group) = members.get_mut(groups.root(position)) {
            group.push(id);
        }
    }
    members.retain(|group| !group.is_empty());
    members.sort();
    Ok(members)
}

/// Word n-grams over runs of letters and digits, repeated ones included; a sketch does not mind.
fn document_shingles(text: &str, n: usize) -> Vec<u64> {
    let words: Vec<u64> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| hash_word(&word.to_lowercase()))
        .collect();
    let n = n.clamp(1, words.len().max(1));
    words
        .windows(n)
        .map(|window| window.iter().fold(0, |seen, word| mix(seen, *word)))
        .collect()
}

/// Union-find; the root of a set is its least member.
#[derive(Debug, Clone)]
pub(crate) struct DisjointSets(Vec<usize>);

impl DisjointSets {
    pub(crate) fn new(n: usize) -> Self {
        Self((0..n).collect())
    }

    pub(crate) fn root(&mut self, mut member: usize) -> usize {
        while let Some(parent) = self.0.get(member).copied() {
            if parent == member {
                break;
            }
            // Path halving keeps chains short.
            let grand = self.0.get(parent).copied().unwrap_or(parent);
            if let Some(slot) = self.0.get_mut(member) {
                *slot = grand;
            }
            member = grand;
        }
        member
    }

    pub(crate) fn union(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if let Some(slot) = self.0.get_mut(a.max(b)) {
            *slot = a.min(b);
        }
    }
}
