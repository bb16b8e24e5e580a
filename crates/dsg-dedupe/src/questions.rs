//! Questions to be asked whether another question is nearly among them.

use std::collections::HashMap;

use crate::meaning::Meaning;
use crate::shingle::mix;
use crate::words::normalized;

/// A set of questions. Comparison is exact, not by sketch: a leak must not slip through an estimate.
#[derive(Debug, Clone, Default)]
pub(crate) struct Questions {
    threshold: f64,
    exact: HashMap<String, usize>,
    meanings: Vec<Meaning>,
    /// Positions in `meanings` by fingerprint and rare-end word: sets that are alike share one of them (prefix filtering,
    /// Chaudhuri, Ganti and Kaushik, ICDE 2006).
    by_word: HashMap<u64, Vec<usize>>,
}

impl Questions {
    pub(crate) fn new(threshold: f64) -> Self {
        Self {
            threshold,
            ..Self::default()
        }
    }

    /// Adds a question; its number is how many were added before.
    pub(crate) fn push(&mut self, question: &str) {
        let number = self.meanings.len();
        self.exact.entry(normalized(question)).or_insert(number);
        let meaning = Meaning::of_question(question);
        for key in prefix_keys(&meaning, self.threshold) {
            self.by_word.entry(key).or_default().push(number);
        }
        self.meanings.push(meaning);
    }

    /// The question that asks nearly what `question` asks, and how alike they are.
    pub(crate) fn asked(&self, question: &str) -> Option<(usize, f64)> {
        if let Some(number) = self.exact.get(&normalized(question)) {
            return Some((*number, 1.0));
        }
        let meaning = Meaning::of_question(question);
        let mut found: Vec<usize> = prefix_keys(&meaning, self.threshold)
            .filter_map(|key| self.by_word.get(&key))
            .flatten()
            .copied()
            .collect();
        found.sort_unstable();
        found.dedup();
        found
            .into_iter()
            .filter_map(|number| {
                let other = self.meanings.get(number)?;
                Some((number, meaning.similarity(other)?))
            })
            .filter(|(_, similarity)| *similarity >= self.threshold)
            .reduce(|best, next| if next.1 > best.1 { next } else { best })
    }

    /// What each question means, in their order.
    pub(crate) fn meanings(&self) -> &[Meaning] {
        &self.meanings
    }
}

/// The first words, in hash order, of which two sets with Jaccard similarity `threshold` must share one.
fn prefix_keys(meaning: &Meaning, threshold: f64) -> impl Iterator<Item = u64> {
    let words = meaning.spelt_loosely.as_slice();
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most the number of words"
    )]
    let overlap = (threshold * words.len() as f64 - 1e-9).ceil() as usize;
    words
        .iter()
        .take(words.len() + 1 - overlap.clamp(1, words.len().max(1)))
        .map(|word| mix(meaning.fingerprint, *word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_found_by_other_words_of_courtesy_and_with_two_typos() {
        let mut questions = Questions::new(0.8);
        questions.push("What is a partition?");
        questions.push("How can I cancel a waiting array job?");
        let asked = |question| questions.asked(question).map(|(number, _)| number);
        assert_eq!(asked("what is a PARTITION"), Some(0));
        assert_eq!(
            asked("Please, how can I cacnel a watiing array job?"),
            Some(1)
        );
        assert_eq!(asked("How can I suspend a waiting array job?"), None);
    }
}
