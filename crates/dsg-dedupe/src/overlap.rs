//! Proof that two sides share nothing.

use std::collections::HashMap;

use dsg_core::{Candidate, CandidateId, DocId};

use crate::error::DedupeError;
use crate::ngram::{LEAST_WORDS, NgramIndex, Runs};
use crate::questions::Questions;
use crate::split::documents;

/// Words in a run that a train question and an eval question must not share.
const RUN: usize = 13;
/// The least share of the shorter answer's runs of words at which two answers say the same.
const SAME_ANSWER: f64 = 0.5;

/// What of an eval item a train item gives away.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Leak {
    /// It asks nearly the same.
    Question { eval: CandidateId, similarity: f64 },
    /// The questions share a run of words.
    Run { eval: CandidateId, text: String },
    /// It answers the same, whatever it asks.
    Answer { eval: CandidateId, share: f64 },
}

/// The eval side, to be asked what an item of train would give away of it.
#[derive(Debug)]
pub(crate) struct EvalSide {
    ids: Vec<CandidateId>,
    questions: Questions,
    runs: NgramIndex,
    answers: Vec<Runs>,
    by_run: HashMap<u64, Vec<usize>>,
}

impl EvalSide {
    pub(crate) fn new<'a>(eval: impl IntoIterator<Item = &'a Candidate>, threshold: f64) -> Self {
        let mut side = Self {
            ids: Vec::new(),
            questions: Questions::new(threshold),
            runs: NgramIndex::new(RUN),
            answers: Vec::new(),
            by_run: HashMap::new(),
        };
        for (number, candidate) in eval.into_iter().enumerate() {
            side.questions.push(&candidate.question);
            side.runs.insert(
                u32::try_from(number).unwrap_or(u32::MAX),
                &candidate.question,
            );
            let answer = Runs::of(&candidate.answer, RUN);
            if answer.words() >= LEAST_WORDS {
                for run in answer.iter() {
                    side.by_run.entry(run).or_default().push(number);
                }
            }
            side.answers.push(answer);
            side.ids.push(candidate.id.clone());
        }
        side
    }

    /// What `candidate` gives away of the side.
    pub(crate) fn leak(&self, candidate: &Candidate) -> Option<Leak> {
        if let Some((number, similarity)) = self.questions.asked(&candidate.question) {
            let eval = self.ids.get(number)?.clone();
            return Some(Leak::Question { eval, similarity });
        }
        let question = &candidate.question;
        if let Some(run) = self.runs.find(question) {
            let eval = self.ids.get(run.text as usize)?.clone();
            let text = question.get(run.place).unwrap_or_default().to_owned();
            return Some(Leak::Run { eval, text });
        }
        let answer = Runs::of(&candidate.answer, RUN);
        if answer.words() < LEAST_WORDS {
            return None;
        }
        let mut found: Vec<usize> = answer
            .iter()
            .filter_map(|run| self.by_run.get(&run))
            .flatten()
            .copied()
            .collect();
        found.sort_unstable();
        found.dedup();
        let (number, share) = found
            .into_iter()
            .filter_map(|number| Some((number, answer.shared(self.answers.get(number)?))))
            .filter(|(_, share)| *share >= SAME_ANSWER)
            .reduce(|best, next| if next.1 > best.1 { next } else { best })?;
        let eval = self.ids.get(number)?.clone();
        Some(Leak::Answer { eval, share })
    }
}

/// Checks that no document cluster supports items of both sides, that no train question is nearly an eval question or shares 13 words
/// in a row with one, and that no train answer says what an eval answer says: its words, or half of the shorter one's runs of 13 words.
/// Answers of fewer than 8 words are not compared. [`Splitter::run`](crate::Splitter::run) calls this on its own result; call it on
/// datasets read back from disk.
///
/// # Errors
/// [`DedupeError::SharedDocument`], [`DedupeError::SharedQuestion`], [`DedupeError::SharedWords`] or [`DedupeError::SharedAnswer`],
/// naming one item of each side.
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
    let side = EvalSide::new(eval, question_threshold);
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
        let train = item.id.clone();
        match side.leak(item) {
            None => {}
            Some(Leak::Question { eval, similarity }) => {
                return Err(DedupeError::SharedQuestion {
                    train,
                    eval,
                    similarity,
                });
            }
            Some(Leak::Run { eval, text }) => {
                return Err(DedupeError::SharedWords { train, eval, text });
            }
            Some(Leak::Answer { eval, share }) => {
                return Err(DedupeError::SharedAnswer { train, eval, share });
            }
        }
    }
    Ok(())
}
