//! What two texts must agree in to mean the same, however alike they look.
//!
//! MinHash sees that "How do I *start* the daemon on 2 nodes?" and "How do I *stop* the daemon on 2 nodes?" share most of
//! their words. Here the words that bear the meaning are taken out: technical literals, numbers, negations, words with an
//! opposite, and what is asked for. Texts that differ in one of these are never merged.

use std::collections::HashMap;

use crate::lexicon::{Role, is_transposed, opening, role};
use crate::shingle::{HashSet64, hash_word, mix};
use crate::words::{fold, normalized, tokens};

/// A question as deduplication compares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// Equal for texts that may be merged.
    pub(crate) fingerprint: u64,
    /// Hashes of the content words; a word that comes twice counts twice.
    pub(crate) content: HashSet64,
    /// The same with the letters of each word in order, so that exchanged letters do not count: questions that are alike are
    /// looked up by it.
    pub(crate) spelt_loosely: HashSet64,
    /// The words behind the hashes, as they are written.
    words: Vec<(u64, String)>,
}

impl Meaning {
    /// The meaning of a question.
    pub(crate) fn of_question(text: &str) -> Self {
        let mut bearing = bearing_words(text);
        let words: Vec<String> = tokens(text).map(fold).collect();
        let (skip, why) = opening(&words);
        if why {
            bearing.push(hash_word("?why"));
        }
        // As they are compared, and as they are written.
        let mut content: Vec<(String, String)> = Vec::new();
        let rest = words.get(skip..).unwrap_or_default();
        for (position, word) in rest.iter().enumerate() {
            let next = rest.get(position + 1).map_or("", String::as_str);
            if let Some(asked) = measure_asked(word, next) {
                bearing.push(hash_word(asked));
            }
            match role(word) {
                Some(Role::Function | Role::Negation) => {}
                Some(Role::Bearing(name)) => {
                    bearing.push(hash_word(name));
                    // What is asked for is in the fingerprint alone: `why` and `for what reason` differ in words.
                    if !name.starts_with('?') {
                        content.push((name.to_owned(), name.to_owned()));
                    }
                }
                Some(Role::Same(name)) => content.push((name.to_owned(), name.to_owned())),
                None => content.push((singular(word).to_owned(), word.clone())),
            }
        }
        if content.is_empty() {
            content = words.into_iter().map(|word| (word.clone(), word)).collect();
        }
        let hashes = counted(content.iter().map(|(word, _)| hash_word(word)));
        let loose = counted(content.iter().map(|(_, word)| hash_word(&in_order(word))));
        let written = content.into_iter().map(|(_, word)| word);
        let mut words: Vec<(u64, String)> = hashes.iter().copied().zip(written).collect();
        words.sort_unstable();
        Self {
            fingerprint: fingerprint(bearing),
            content: hashes.into_iter().collect(),
            spelt_loosely: loose.into_iter().collect(),
            words,
        }
    }

    /// How alike two questions are, if they may be merged at all: Jaccard similarity of the content words, `None` when a
    /// word of one is *replaced* by another word in the other.
    pub(crate) fn similarity(&self, other: &Self) -> Option<f64> {
        if self.fingerprint != other.fingerprint {
            return None;
        }
        let (common, mine, theirs) = self.compare(other);
        (mine == 0 || theirs == 0).then(|| common as f64 / (common + mine + theirs).max(1) as f64)
    }

    /// Whether each has a content word that the other lacks.
    pub(crate) fn is_swapped(&self, other: &Self) -> bool {
        let (_, mine, theirs) = self.compare(other);
        mine > 0 && theirs > 0
    }

    /// Content words in both, in `self` alone, in `other` alone. A word with two letters exchanged is the same word.
    fn compare(&self, other: &Self) -> (usize, usize, usize) {
        let alone = |a: &Self, b: &Self| -> Vec<String> {
            let lacks = |hash: &u64| b.content.as_slice().binary_search(hash).is_err();
            let of_a = a.words.iter().filter(|(hash, _)| lacks(hash));
            of_a.map(|(_, word)| word.clone()).collect()
        };
        let (mut mine, mut theirs) = (alone(self, other), alone(other, self));
        let mut common = self.content.len() - mine.len();
        if !mine.is_empty() && !theirs.is_empty() {
            mine.retain(|word| {
                let twin = theirs.iter().position(|other| {
                    is_transposed(word, other) || is_transposed(singular(word), singular(other))
                });
                if let Some(twin) = twin {
                    theirs.remove(twin);
                    common += 1;
                }
                twin.is_none()
            });
        }
        (common, mine.len(), theirs.len())
    }
}

/// How alike two questions are, if they may be merged at all.
///
/// 1 for questions that differ in case, spacing and punctuation only; else the Jaccard similarity of their content words.
/// `None` when they differ in a literal, a number, a negation, a word with an opposite or in what they ask for, or when a
/// content word of one is *replaced* by another in the other.
///
/// ```
/// use dsg_dedupe::question_similarity;
///
/// assert!(question_similarity("How can I run an array job?", "What is the way to run an array job?") > Some(0.9));
/// assert_eq!(question_similarity("How do I start the daemon?", "How do I stop the daemon?"), None);
/// ```
pub fn question_similarity(a: &str, b: &str) -> Option<f64> {
    if normalized(a) == normalized(b) {
        return Some(1.0);
    }
    Meaning::of_question(a).similarity(&Meaning::of_question(b))
}

/// Each hash mixed with how often it came before: a word that comes twice is two elements of a set.
fn counted(hashes: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut counts: HashMap<u64, u64> = HashMap::new();
    hashes
        .map(|hash| {
            let count = counts.entry(hash).or_default();
            *count += 1;
            mix(hash, *count)
        })
        .collect()
}

/// The letters of `word` in order, without those of which plurals are made: the same for words that differ in exchanged letters or in
/// number.
fn in_order(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().filter(|c| !matches!(c, 'e' | 's')).collect();
    letters.sort_unstable();
    letters.into_iter().collect()
}

/// The fingerprint of an answer: its literals, numbers and negations.
pub(crate) fn answer_fingerprint(text: &str) -> u64 {
    fingerprint(bearing_words(text))
}

/// Hash of a set, whatever its order.
fn fingerprint(bearing: Vec<u64>) -> u64 {
    bearing
        .into_iter()
        .collect::<HashSet64>()
        .as_slice()
        .iter()
        .fold(0, |seen, word| mix(seen, *word))
}

/// Hashes of literals, numbers, code and negations.
fn bearing_words(text: &str) -> Vec<u64> {
    let segments: Vec<&str> = text.split('`').collect();
    let mut bearing = Vec::new();
    let last = segments.len() - 1;
    for (position, segment) in segments.iter().enumerate() {
        // Every second segment stands between backticks; an unpaired one does not.
        let code = position % 2 == 1 && position < last;
        for token in tokens(segment) {
            let word = fold(token);
            if code || is_literal(token) {
                bearing.push(hash_word(&word));
            }
            if role(&word) == Some(Role::Negation) {
                bearing.push(hash_word("not"));
            }
        }
    }
    bearing
}

/// Numbers, flags, paths, variables, identifiers, acronyms.
fn is_literal(token: &str) -> bool {
    let mut chars = token.chars();
    let first_is_symbol = chars.next().is_some_and(|c| !c.is_alphanumeric());
    first_is_symbol
        || token.chars().any(|c| {
            c.is_numeric() || matches!(c, '_' | '/' | '=' | ':' | '.' | '%' | '@' | '+' | '#')
        })
        || chars.any(char::is_uppercase)
}

/// `how many`, `how long`: two questions that share every other word.
fn measure_asked(word: &str, next: &str) -> Option<&'static str> {
    match (word, next) {
        ("how", "many" | "much") => Some("?how-many"),
        ("how", "long" | "often" | "far" | "big" | "large") => Some("?how-long"),
        _ => None,
    }
}

/// `word` without a plural `s`.
fn singular(word: &str) -> &str {
    if !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return word;
    }
    word.strip_suffix("es")
        .filter(|stem| {
            stem.ends_with(['s', 'x', 'z']) || stem.ends_with("ch") || stem.ends_with("sh")
        })
        .or_else(|| {
            word.strip_suffix('s')
                .filter(|stem| !stem.ends_with(['s', 'u', 'i']))
        })
        .filter(|stem| stem.len() >= 3)
        .unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn similarity(a: &str, b: &str) -> Option<f64> {
        Meaning::of_question(a).similarity(&Meaning::of_question(b))
    }

    #[test]
    fn rewording_typos_and_courtesies_are_the_same_question() {
        for (a, b) in [
            (
                "How can I run an array job?",
                "What is the way to run an array job?",
            ),
            (
                "How can I run an array job?",
                "Hi, quick question: how can I execute an array job?",
            ),
            (
                "Is the scheduler really free?",
                "Is the scheudler relaly free?",
            ),
            (
                "Do all exceptions have types?",
                "Do all exceptiosn have tpyes?",
            ),
            ("Could you explain delegation?", "What is delegation?"),
            (
                "Why are my options ignored?",
                "What is the reason that my options are ignored?",
            ),
        ] {
            assert!(similarity(a, b).is_some_and(|s| s > 0.99), "{a} / {b}");
        }
    }

    #[test]
    fn a_swapped_word_is_another_question() {
        for (a, b) in [
            ("How do I start the daemon?", "How do I stop the daemon?"),
            (
                "How much memory does a job get?",
                "How much disk does a job get?",
            ),
            (
                "What does srun do with --overlap?",
                "What does sbatch do with --overlap?",
            ),
            (
                "What is the limit of 2 nodes?",
                "What is the limit of 3 nodes?",
            ),
            ("Which jobs can run?", "Which jobs cannot run?"),
            ("What does `-n` set?", "What does `-N` set?"),
            ("Why does my job wait?", "How does my job wait?"),
            ("Is a CPU a core?", "Is a GPU a core?"),
        ] {
            assert_eq!(similarity(a, b), None, "{a} / {b}");
        }
    }
}
