//! Removal of exact, near and semantic duplicates among candidates.

use std::collections::HashMap;

use dsg_core::{Candidate, CandidateId, Duplicate, DuplicateSchema, Outcome, StageResult};
use rayon::prelude::*;

use crate::config::DedupeConfig;
use crate::error::DedupeError;
use crate::links::BandLinks;
use crate::lsh::LshParams;
use crate::meaning::{Meaning, answer_fingerprint};
use crate::minhash::MinHasher;
use crate::reason::DedupeReason;
use crate::semantic::Neighbours;
use crate::shingle::{HashSet64, mix, shingles};
use crate::vectors::TextVectors;
use crate::words::normalized;

/// The share of pairs at the threshold that the index must bring to comparison.
const RECALL: f64 = 0.99;
/// Sketches live only inside one call, so their seed is no setting.
const SKETCH_SEED: u64 = 0x6473_672d_6465_6475;

/// Removes duplicates, keeping the best-scored item of each group.
#[derive(Debug)]
pub struct Deduper {
    config: DedupeConfig,
    hasher: MinHasher,
    question_lsh: LshParams,
    pair_lsh: LshParams,
}

/// What [`Deduper::run`] found.
#[derive(Debug, Clone, PartialEq)]
pub struct Deduped {
    /// Kept items in input order, rejects with what they lost to, the funnel.
    pub result: StageResult<Candidate>,
    /// One per removed item, in the input order of the kept ones, then of the removed.
    pub duplicates: Vec<Duplicate>,
}

/// An item as it is compared.
struct Features {
    normalized: String,
    question: Meaning,
    question_keys: Vec<u64>,
    pair: HashSet64,
    pair_fingerprint: u64,
    pair_keys: Vec<u64>,
}

/// Why an item goes, and in whose favour.
struct Loss {
    to: usize,
    reason: DedupeReason,
    similarity: f64,
}

impl Deduper {
    /// A deduper with this configuration.
    ///
    /// # Errors
    /// [`DedupeError::Config`] naming the field.
    pub fn new(config: DedupeConfig) -> Result<Self, DedupeError> {
        config.validate()?;
        let lsh = |threshold| LshParams::for_threshold(threshold, config.num_perm, RECALL);
        Ok(Self {
            hasher: MinHasher::new(config.num_perm, SKETCH_SEED)?,
            question_lsh: lsh(config.question_threshold)?,
            pair_lsh: lsh(config.pair_threshold)?,
            config,
        })
    }

    /// Removes duplicates. Items are considered best score first (mean of the verdict's scores), ties by id; each is kept
    /// unless it duplicates one that was kept, so the result does not depend on the input's order and a second run
    /// removes nothing.
    pub fn run(&self, candidates: Vec<Candidate>) -> Deduped {
        let features = self.all_features(&candidates);
        let order = best_first(&candidates);
        let losses = self.losses(&features, &order, None);
        collect(candidates, losses)
    }

    /// [`run`](Self::run), also removing questions whose vectors are nearly the same and that agree in every literal, number,
    /// negation and side of opposites. `vectors` are those of the questions, in the order of `candidates`.
    ///
    /// Time grows nearly with the number of items: an item is compared with the kept ones of its group (see [`SemanticConfig`]) or, in a
    /// large group, with at most 128 of each of some tables. Memory beside the vectors is some 500 bytes an item.
    ///
    /// # Errors
    /// [`DedupeError::VectorCount`] when there are not as many vectors as candidates.
    ///
    /// [`SemanticConfig`]: crate::SemanticConfig
    pub fn run_with_vectors(
        &self,
        candidates: Vec<Candidate>,
        vectors: &TextVectors,
    ) -> Result<Deduped, DedupeError> {
        if vectors.len() != candidates.len() {
            return Err(DedupeError::VectorCount {
                found: vectors.len(),
                expected: candidates.len(),
            });
        }
        let features = self.all_features(&candidates);
        let order = best_first(&candidates);
        let fingerprints = order
            .iter()
            .filter_map(|index| Some(features.get(*index)?.question.fingerprint))
            .collect();
        let near = Neighbours::new(vectors, &order, fingerprints, &self.config.semantic);
        let losses = self.losses(&features, &order, Some(near));
        Ok(collect(candidates, losses))
    }

    fn all_features(&self, candidates: &[Candidate]) -> Vec<Features> {
        candidates
            .par_iter()
            .map(|candidate| self.features(candidate))
            .collect()
    }

    fn features(&self, candidate: &Candidate) -> Features {
        let question = Meaning::of_question(&candidate.question);
        let question_sketch = self.hasher.sketch(question.spelt_loosely.as_slice());
        let pair = shingles(
            &format!("{}\n{}", candidate.question, candidate.answer),
            self.config.shingle_words,
        );
        let pair_sketch = self.hasher.sketch(pair.as_slice());
        let pair_fingerprint = mix(question.fingerprint, answer_fingerprint(&candidate.answer));
        Features {
            normalized: normalized(&candidate.question),
            question_keys: self
                .question_lsh
                .keys(&question_sketch, question.fingerprint)
                .collect(),
            question,
            pair,
            pair_keys: self.pair_lsh.keys(&pair_sketch, pair_fingerprint).collect(),
            pair_fingerprint,
        }
    }

    /// Per item, the kept item that it duplicates most. Items are taken in `order`, so ranks stand for items in links.
    fn losses(
        &self,
        features: &[Features],
        order: &[usize],
        mut by_vector: Option<Neighbours<'_>>,
    ) -> Vec<Option<Loss>> {
        let ranked: Vec<&Features> = order
            .iter()
            .filter_map(|index| features.get(*index))
            .collect();
        let links = |keys: fn(&Features) -> &[u64], params: LshParams| {
            let keys: Vec<u64> = ranked.iter().flat_map(|item| keys(item)).copied().collect();
            BandLinks::new(&keys, params.bands())
        };
        let mut questions = links(|item| &item.question_keys, self.question_lsh);
        let mut pairs = links(|item| &item.pair_keys, self.pair_lsh);
        let mut exact: HashMap<&str, usize> = HashMap::with_capacity(ranked.len());
        let mut kept = vec![false; ranked.len()];
        let mut losses: Vec<Option<Loss>> = features.iter().map(|_| None).collect();
        for (rank, item) in ranked.iter().enumerate() {
            let is_kept = |rank: usize| kept.get(rank) == Some(&true);
            // All are always asked, so that their links stay short.
            let near_questions: Vec<usize> = questions.earlier(rank, is_kept).collect();
            let near_pairs: Vec<usize> = pairs.earlier(rank, is_kept).collect();
            let same_meaning = by_vector
                .as_mut()
                .and_then(|near| near.nearest(rank, is_kept));
            let loss = exact
                .get(item.normalized.as_str())
                .map(|to| (*to, DedupeReason::ExactQuestion, 1.0))
                .or_else(|| {
                    let similarity = |other: &Features| item.question.similarity(&other.question);
                    let (to, similarity) = best(
                        near_questions,
                        &ranked,
                        self.config.question_threshold,
                        similarity,
                    )?;
                    Some((to, DedupeReason::NearQuestion, similarity))
                })
                .or_else(|| {
                    let similarity = |other: &Features| item.pair_similarity(other);
                    let (to, similarity) =
                        best(near_pairs, &ranked, self.config.pair_threshold, similarity)?;
                    Some((to, DedupeReason::NearPair, similarity))
                })
                .or_else(|| {
                    let (to, cosine) = same_meaning?;
                    Some((to, DedupeReason::SemanticQuestion, f64::from(cosine)))
                });
            if loss.is_none() {
                exact.insert(&item.normalized, rank);
                if let Some(slot) = kept.get_mut(rank) {
                    *slot = true;
                }
            }
            let loss = loss.and_then(|(to, reason, similarity)| {
                Some(Loss {
                    to: *order.get(to)?,
                    reason,
                    similarity,
                })
            });
            if let Some(slot) = order.get(rank).and_then(|index| losses.get_mut(*index)) {
                *slot = loss;
            }
        }
        losses
    }
}

impl Features {
    /// Jaccard similarity of question and answer together; `None` when they may not be merged.
    fn pair_similarity(&self, other: &Self) -> Option<f64> {
        let same = self.pair_fingerprint == other.pair_fingerprint
            && !self.question.is_swapped(&other.question);
        same.then(|| self.pair.jaccard(&other.pair))
    }
}

/// The most similar of `candidates` (ranks) at or above `threshold`; ties go to the better rank.
fn best(
    mut candidates: Vec<usize>,
    ranked: &[&Features],
    threshold: f64,
    similarity: impl Fn(&Features) -> Option<f64>,
) -> Option<(usize, f64)> {
    candidates.sort_unstable();
    candidates.dedup();
    candidates
        .into_iter()
        .filter_map(|rank| Some((rank, similarity(ranked.get(rank)?)?)))
        .filter(|(_, similarity)| *similarity >= threshold)
        .reduce(|best, next| if next.1 > best.1 { next } else { best })
}

/// An item's score: the mean of its verdict's scores, 0 without a verdict.
pub(crate) fn score(candidate: &Candidate) -> f64 {
    candidate
        .verdict
        .as_ref()
        .filter(|verdict| !verdict.scores.is_empty())
        .map_or(0.0, |verdict| {
            verdict.scores.values().sum::<f64>() / verdict.scores.len() as f64
        })
}

/// The places of `candidates`, the best-scored first.
fn best_first(candidates: &[Candidate]) -> Vec<usize> {
    let mut order: Vec<(usize, f64, &CandidateId)> = candidates
        .iter()
        .enumerate()
        .map(|(index, candidate)| (index, score(candidate), &candidate.id))
        .collect();
    order.sort_by(|a, b| {
        b.1.total_cmp(&a.1)
            .then_with(|| a.2.cmp(b.2))
            .then(a.0.cmp(&b.0))
    });
    order.into_iter().map(|(index, ..)| index).collect()
}

fn collect(candidates: Vec<Candidate>, losses: Vec<Option<Loss>>) -> Deduped {
    let known: Vec<(CandidateId, String)> = candidates
        .iter()
        .map(|item| (item.id.clone(), item.question.clone()))
        .collect();
    let mut removed: Vec<(usize, Duplicate)> = Vec::new();
    let result = candidates
        .into_iter()
        .zip(losses)
        .map(|(candidate, loss)| {
            let winner = loss.and_then(|loss| Some((known.get(loss.to)?, loss)));
            let Some(((kept, kept_question), loss)) = winner else {
                return Outcome::Kept(candidate);
            };
            removed.push((
                loss.to,
                Duplicate {
                    schema: DuplicateSchema,
                    kind: loss.reason.duplicate_kind(),
                    reason: loss.reason.into(),
                    lost: candidate.id.clone(),
                    kept: kept.clone(),
                    similarity: loss.similarity,
                    lost_question: candidate.question.clone(),
                    kept_question: kept_question.clone(),
                },
            ));
            let detail = format!("duplicate of {kept}, similarity {:.3}", loss.similarity);
            loss.reason.drop(&candidate, detail)
        })
        .collect();
    // A stable sort: the removed stay in input order.
    removed.sort_by_key(|(kept, _)| *kept);
    Deduped {
        result,
        duplicates: removed
            .into_iter()
            .map(|(_, duplicate)| duplicate)
            .collect(),
    }
}
