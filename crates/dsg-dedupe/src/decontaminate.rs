//! Items that repeat a benchmark leave the dataset.

use dsg_core::{Candidate, Outcome, StageResult};
use rayon::prelude::*;

use crate::config::{DedupeConfig, SemanticConfig};
use crate::error::DedupeError;
use crate::meaning::Meaning;
use crate::ngram::NgramIndex;
use crate::questions::Questions;
use crate::reason::DedupeReason;
use crate::semantic::Neighbours;
use crate::vectors::TextVectors;

/// The texts of one row of a benchmark.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BenchmarkRow {
    /// Its number in the file, from 1.
    pub row: u64,
    /// What it asks. Compared by words and by meaning.
    pub questions: Vec<String>,
    /// What else it says, such as its answer. Compared by words.
    pub texts: Vec<String>,
}

/// Finds items that repeat a row of a benchmark: in 13 words in a row of the question or the answer, in a question that asks nearly the
/// same, or, where there are vectors, in one of the same meaning.
///
/// ```
/// use dsg_dedupe::{BenchmarkRow, Decontaminator, DedupeConfig};
///
/// let mut benchmark = Decontaminator::new(&DedupeConfig::default())?;
/// benchmark.add("eval.jsonl", BenchmarkRow {
///     row: 4,
///     questions: vec!["How do I cancel all of my waiting jobs?".to_owned()],
///     texts: Vec::new(),
/// });
/// assert_eq!(benchmark.rows(), 1);
/// assert!(benchmark.run(Vec::new()).kept.is_empty());
/// # Ok::<(), dsg_dedupe::DedupeError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Decontaminator {
    semantic: SemanticConfig,
    files: Vec<String>,
    /// Per row, the file it is from and its number there.
    rows: Vec<(usize, u64)>,
    runs: NgramIndex,
    questions: Questions,
    /// Per question, its row and its text.
    asked: Vec<(usize, String)>,
}

/// Why an item counts as a repetition.
struct Contamination {
    reason: DedupeReason,
    detail: String,
}

impl Decontaminator {
    /// Without rows; nothing repeats it.
    ///
    /// # Errors
    /// [`DedupeError::Config`] naming the field.
    pub fn new(config: &DedupeConfig) -> Result<Self, DedupeError> {
        config.validate()?;
        Ok(Self {
            semantic: config.semantic.clone(),
            files: Vec::new(),
            rows: Vec::new(),
            runs: NgramIndex::new(config.ngram_words),
            questions: Questions::new(config.question_threshold),
            asked: Vec::new(),
        })
    }

    /// Adds a row of `file`, which is only named. Of 2³² rows and more, those beyond are named as the last of these.
    pub fn add(&mut self, file: &str, row: BenchmarkRow) {
        if self.files.last().is_none_or(|last| last != file) {
            self.files.push(file.to_owned());
        }
        let number = self.rows.len();
        self.rows.push((self.files.len() - 1, row.row));
        let short = u32::try_from(number).unwrap_or(u32::MAX);
        for text in row.questions.iter().chain(&row.texts) {
            self.runs.insert(short, text);
        }
        for question in row.questions {
            self.questions.push(&question);
            self.asked.push((number, question));
        }
    }

    /// How many rows were added.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The questions of all rows, whose vectors [`run_with_vectors`](Self::run_with_vectors) takes.
    pub fn questions(&self) -> impl ExactSizeIterator<Item = &str> {
        self.asked.iter().map(|(_, question)| question.as_str())
    }

    /// Rejects the items that repeat a row, by their words and their questions. The detail names file, row and what is the same.
    pub fn run(&self, candidates: Vec<Candidate>) -> StageResult<Candidate> {
        let found = self.by_words(&candidates);
        outcomes(candidates, found)
    }

    /// [`run`](Self::run), also rejecting items whose question means what one of a row means. `benchmark` are the vectors of
    /// [`questions`](Self::questions), `vectors` those of the candidates' questions, both in their order.
    ///
    /// # Errors
    /// [`DedupeError::VectorCount`] when there are not as many vectors as questions, [`DedupeError::Vector`] when the two have different
    /// dimensions.
    pub fn run_with_vectors(
        &self,
        candidates: Vec<Candidate>,
        vectors: &TextVectors,
        benchmark: &TextVectors,
    ) -> Result<StageResult<Candidate>, DedupeError> {
        for (vectors, expected) in [(vectors, candidates.len()), (benchmark, self.asked.len())] {
            if vectors.len() != expected {
                return Err(DedupeError::VectorCount {
                    found: vectors.len(),
                    expected,
                });
            }
        }
        let mut found = self.by_words(&candidates);
        if candidates.is_empty() || self.asked.is_empty() {
            return Ok(outcomes(candidates, found));
        }
        // The benchmark stands before the items, and only it counts.
        let mut all = benchmark.clone();
        for number in 0..vectors.len() {
            all.push(vectors.row(number))?;
        }
        let order: Vec<usize> = (0..all.len()).collect();
        let asked = self
            .questions
            .meanings()
            .iter()
            .map(|asked| asked.fingerprint);
        let own: Vec<u64> = candidates
            .par_iter()
            .map(|candidate| Meaning::of_question(&candidate.question).fingerprint)
            .collect();
        let fingerprints = asked.chain(own).collect();
        let mut near = Neighbours::new(&all, &order, fingerprints, &self.semantic);
        let of_benchmark = |rank: usize| rank < benchmark.len();
        for rank in 0..benchmark.len() {
            near.pass(rank);
        }
        for (number, found) in found.iter_mut().enumerate() {
            let nearest = near.nearest(benchmark.len() + number, of_benchmark);
            if let (None, Some((question, cosine))) = (&found, nearest) {
                *found = self.asks(
                    question,
                    DedupeReason::ContaminatedMeaning,
                    f64::from(cosine),
                );
            }
        }
        Ok(outcomes(candidates, found))
    }

    fn by_words(&self, candidates: &[Candidate]) -> Vec<Option<Contamination>> {
        candidates
            .par_iter()
            .map(|candidate| {
                [&candidate.question, &candidate.answer]
                    .into_iter()
                    .find_map(|text| self.words(text))
                    .or_else(|| {
                        let (question, similarity) = self.questions.asked(&candidate.question)?;
                        self.asks(question, DedupeReason::ContaminatedQuestion, similarity)
                    })
            })
            .collect()
    }

    fn words(&self, text: &str) -> Option<Contamination> {
        let shared = self.runs.find(text)?;
        let place = self.place(shared.text as usize)?;
        let same = text.get(shared.place)?;
        let words = shared.words;
        Some(Contamination {
            reason: DedupeReason::ContaminatedWords,
            detail: format!("{place} has the same {words} words: `{same}`"),
        })
    }

    fn asks(
        &self,
        question: usize,
        reason: DedupeReason,
        similarity: f64,
    ) -> Option<Contamination> {
        let (row, text) = self.asked.get(question)?;
        let place = self.place(*row)?;
        Some(Contamination {
            reason,
            detail: format!("{place} asks the same, similarity {similarity:.3}: `{text}`"),
        })
    }

    /// The file and row of a row.
    fn place(&self, row: usize) -> Option<String> {
        let (file, row) = self.rows.get(row)?;
        Some(format!("`{}`, row {row},", self.files.get(*file)?))
    }
}

fn outcomes(
    candidates: Vec<Candidate>,
    found: Vec<Option<Contamination>>,
) -> StageResult<Candidate> {
    candidates
        .into_iter()
        .zip(found)
        .map(|(candidate, found)| match found {
            None => Outcome::Kept(candidate),
            Some(found) => found.reason.drop(&candidate, found.detail),
        })
        .collect()
}
