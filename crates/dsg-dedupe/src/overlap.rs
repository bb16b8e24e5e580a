//! Proof that two sides share nothing.

use std::collections::HashMap;

use dsg_core::{Candidate, CandidateId, DocId};

use crate::error::DedupeError;
use crate::meaning::Meaning;
use crate::shingle::mix;
use crate::split::documents;
use crate::words::normalized;

/// The questions of the eval side, to be asked whether one of train is nearly among them. Comparison is exact, not by
/// sketch: a leak must not slip through an estimate.
#[derive(Debug, Default)]
pub(crate) struct EvalQuestions {
    threshold: f64,
    exact: HashMap<String, CandidateId>,
    near: Vec<(CandidateId, Meaning)>,
    /// Positions in `near` by fingerprint and rare-end word: sets that are alike share one of them (prefix filtering,
    /// Chaudhuri, Ganti and Kaushik, ICDE 2006).
    by_word: HashMap<u64, Vec<usize>>,
}

impl EvalQuestions {
    pub(crate) fn new<'a>(eval: impl IntoIterator<Item = &'a Candidate>, threshold: f64) -> Self {
        let mut questions = Self {
            threshold,
            ..Self::default()
        };
        for candidate in eval {
            questions
                .exact
                .entry(normalized(&candidate.question))
                .or_insert_with(|| candidate.id.clone());
            let meaning = Meaning::of_question(&candidate.question);
            for key in prefix_keys(&meaning, threshold) {
                questions
                    .by_word
                    .entry(key)
                    .or_default()
                    .push(questions.near.len());
            }
            questions.near.push((candidate.id.clone(), meaning));
        }
        questions
    }

    /// The eval item that asks nearly what `candidate` asks, and how alike they are.
    pub(crate) fn asked(&self, candidate: &Candidate) -> Option<(&CandidateId, f64)> {
        if let Some(id) = self.exact.get(&normalized(&candidate.question)) {
            return Some((id, 1.0));
        }
        let meaning = Meaning::of_question(&candidate.question);
        let mut found: Vec<usize> = prefix_keys(&meaning, self.threshold)
            .filter_map(|key| self.by_word.get(&key))
            .flatten()
            .copied()
            .collect();
        found.sort_unstable();
        found.dedup();
        found
            .into_iter()
            .filter_map(|position| {
                let (id, other) = self.near.get(position)?;
                Some((id, meaning.similarity(other)?))
            })
            .filter(|(_, similarity)| *similarity >= self.threshold)
            .reduce(|best, next| if next.1 > best.1 { next } else { best })
    }
}

/// The first words, in hash order, of which two sets with Jaccard similarity `threshold` must share one.
fn prefix_keys(meaning: &Meaning, threshold: f64) -> impl Iterator<Item = u64> {
    let words = meaning.content.as_slice();
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

/// Checks that no document cluster supports items of both sides and that no train question is nearly an eval question.
/// [`Splitter::run`](crate::Splitter::run) calls this on its own result; call it on datasets read back from disk.
///
/// # Errors
/// [`DedupeError::SharedDocument`] or [`DedupeError::SharedQuestion`], naming one item of each side.
pub fn verify_split(
    train: &[Candidate],
    eval: &[Candidate],
    doc_clusters: &[Vec<DocId>],
    question_threshold: f64,
) -> Result<(), DedupeError> {
    let cluster_of: HashMap<&str, usize> = doc_clusters
        .iter()
        .enumerate()
        .flat_map(|(number, docs)| docs.iter().map(move |doc| (doc.as_str(), number)))
        .collect();
    // Documents outside every cluster stand for themselves.
    let key = |doc: &str| cluster_of.get(doc).copied().ok_or_else(|| doc.to_owned());
    let held_out: HashMap<Result<usize, String>, &CandidateId> = eval
        .iter()
        .flat_map(|item| documents(item).map(move |doc| (doc, &item.id)))
        .map(|(doc, id)| (key(doc), id))
        .collect();
    let questions = EvalQuestions::new(eval, question_threshold);
    for item in train {
        for doc in documents(item) {
            if let Some(eval) = held_out.get(&key(doc)) {
                return Err(DedupeError::SharedDocument {
                    document: DocId::from_existing(doc),
                    train: item.id.clone(),
                    eval: (*eval).clone(),
                });
            }
        }
        if let Some((eval, similarity)) = questions.asked(item) {
            return Err(DedupeError::SharedQuestion {
                train: item.id.clone(),
                eval: eval.clone(),
                similarity,
            });
        }
    }
    Ok(())
}
