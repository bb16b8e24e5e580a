//! Runs of words that two texts have in common.
//!
//! The rule is that of GPT-3 (Brown et al. 2020, arXiv:2005.14165, appendix C) and of `lm-eval`'s decontamination: texts are in lower
//! case and without punctuation, and 13 words in a row that are the same are no coincidence. GPT-3 takes shorter runs, of 8 words at
//! least, where a benchmark's texts are shorter than 13; here a text of 8 to 12 words is one run, in its whole.

use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasherDefault;
use std::ops::Range;

use crate::lsh::KeyHasher;
use crate::shingle::{hash_word, mix};

/// Words that a text must have to be looked for at all, as in GPT-3.
pub(crate) const LEAST_WORDS: usize = 8;

/// A word as it is compared, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct GramWord {
    hash: u64,
    place: Range<usize>,
}

/// The words of `text` in lower case and without punctuation; a word of punctuation alone is none.
pub(crate) fn gram_words(text: &str) -> Vec<GramWord> {
    let mut found = Vec::new();
    let mut folded = String::new();
    for token in text.split_whitespace() {
        folded.clear();
        for letter in token.chars().filter(|letter| letter.is_alphanumeric()) {
            folded.extend(letter.to_lowercase());
        }
        if folded.is_empty() {
            continue;
        }
        let start = token.as_ptr() as usize - text.as_ptr() as usize;
        found.push(GramWord {
            hash: hash_word(&folded),
            place: start..start + token.len(),
        });
    }
    found
}

/// The runs of `length` words, as hashes.
fn grams(words: &[GramWord], length: usize) -> impl Iterator<Item = u64> {
    words.windows(length.max(1)).map(move |window| {
        window
            .iter()
            .fold(length as u64, |seen, word| mix(seen, word.hash))
    })
}

/// The runs of words of many texts, to be asked whether another text has one of them. Memory is some 16 bytes a word.
///
/// ```
/// use dsg_dedupe::NgramIndex;
///
/// let mut index = NgramIndex::new(13);
/// let line = "Use the sinfo command to see which nodes are idle, mixed, allocated or down right now";
/// index.insert(7, line);
/// let found = index.find(&format!("Remember: {}!", line.to_uppercase())).ok_or("nothing found")?;
/// assert_eq!((found.text, found.place.start), (7, 10));
/// assert!(index.find("Use the sinfo command to see which nodes are idle").is_none());
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone)]
pub struct NgramIndex {
    words: usize,
    /// The lengths of the runs in it: `words`, and those of shorter texts.
    lengths: BTreeSet<usize>,
    runs: HashMap<u64, u32, BuildHasherDefault<KeyHasher>>,
}

/// A run of words that a text shares with one of an [`NgramIndex`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedRun {
    /// The number of the text that it was found in; the first that has the run.
    pub text: u32,
    /// The bytes of the asked text, from the first shared run of words to the end of those that follow it without a gap.
    pub place: Range<usize>,
    /// How many words these are.
    pub words: usize,
}

impl NgramIndex {
    /// An index of runs of `words` words.
    pub fn new(words: usize) -> Self {
        Self {
            words: words.max(1),
            lengths: BTreeSet::new(),
            runs: HashMap::default(),
        }
    }

    /// Adds the runs of `text` under the number `number`. A text of fewer words than a run, but 8 or more, is one run; a shorter one
    /// is not looked for.
    pub fn insert(&mut self, number: u32, text: &str) {
        let words = gram_words(text);
        let length = self.words.min(words.len());
        if length < self.words.min(LEAST_WORDS) || length == 0 {
            return;
        }
        self.lengths.insert(length);
        for gram in grams(&words, length) {
            self.runs.entry(gram).or_insert(number);
        }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The first run of words of `text` that is in the index; longer runs are looked for first.
    pub fn find(&self, text: &str) -> Option<SharedRun> {
        if self.is_empty() {
            return None;
        }
        let words = gram_words(text);
        self.lengths
            .iter()
            .rev()
            .find_map(|length| self.find_run(&words, *length))
    }

    fn find_run(&self, words: &[GramWord], length: usize) -> Option<SharedRun> {
        let mut hits = grams(words, length)
            .map(|gram| self.runs.get(&gram).copied())
            .enumerate()
            .skip_while(|(_, hit)| hit.is_none());
        let (first, text) = hits.next().and_then(|(at, hit)| Some((at, hit?)))?;
        let more = hits.take_while(|(_, hit)| hit.is_some()).count();
        let last = first + more + length - 1;
        Some(SharedRun {
            text,
            place: words.get(first)?.place.start..words.get(last)?.place.end,
            words: last - first + 1,
        })
    }
}

/// The share of the runs of the text that has fewer of them which the other has, too. Texts shorter than a run are one run each.
#[derive(Debug, Clone)]
pub(crate) struct Runs {
    /// Sorted, each once.
    hashes: Vec<u64>,
    words: usize,
}

impl Runs {
    pub(crate) fn of(text: &str, length: usize) -> Self {
        let words = gram_words(text);
        let mut hashes: Vec<u64> = grams(&words, length.min(words.len())).collect();
        hashes.sort_unstable();
        hashes.dedup();
        Self {
            hashes,
            words: words.len(),
        }
    }

    /// Words in the text.
    pub(crate) const fn words(&self) -> usize {
        self.words
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> {
        self.hashes.iter().copied()
    }

    /// Of the shorter text's runs, the share that is in the other.
    pub(crate) fn shared(&self, other: &Self) -> f64 {
        let (few, many) = if self.hashes.len() <= other.hashes.len() {
            (self, other)
        } else {
            (other, self)
        };
        let common = few
            .hashes
            .iter()
            .filter(|hash| many.hashes.binary_search(hash).is_ok())
            .count();
        common as f64 / few.hashes.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str =
        "A job that asks for more memory than a node has stays in the queue for ever";

    #[test]
    fn a_run_is_found_whatever_its_punctuation_and_its_end_is_known() {
        let mut index = NgramIndex::new(13);
        index.insert(3, LINE);
        let text = "Note (see *below*): a job that asks for more memory -- than a node has! -- stays in the queue, mostly.";
        let found = index.find(text).unwrap();
        assert_eq!(found.text, 3);
        assert_eq!(found.words, 15);
        assert_eq!(
            text.get(found.place),
            Some("a job that asks for more memory -- than a node has! -- stays in the queue,")
        );
    }

    #[test]
    fn twelve_words_in_common_are_none() {
        let mut index = NgramIndex::new(13);
        index.insert(0, LINE);
        let twelve: Vec<&str> = LINE.split(' ').take(12).collect();
        assert_eq!(index.find(&format!("{} waits", twelve.join(" "))), None);
    }

    #[test]
    fn a_short_text_is_looked_for_in_its_whole() {
        let mut index = NgramIndex::new(13);
        index.insert(0, "How many nodes can one job use here?");
        index.insert(1, "What is it?");
        assert_eq!(
            index
                .find("So: how many nodes can one job use here, please")
                .map(|found| found.text),
            Some(0)
        );
        assert_eq!(index.find("How many nodes can one job use there?"), None);
        assert_eq!(index.find("What is it?"), None);
    }

    #[test]
    fn shares_are_those_of_the_shorter_text() {
        let whole = Runs::of(LINE, 4);
        let half = Runs::of("that asks for more memory", 4);
        assert!((whole.shared(&half) - 1.0).abs() < 1e-9);
        assert!(whole.shared(&Runs::of("that asks for more time and so on", 4)) < 0.3);
        assert!(Runs::of("", 4).shared(&whole) < 1e-9);
    }
}
