//! How good answers are.

use std::sync::Arc;

use dsg_core::Embedder;
use dsg_index::HashedEmbedder;
use dsg_judge::Judge;
use dsg_train::evaluation::{exact_match, rouge_l, token_f1};

use super::record::Scores;
use crate::config::DatasetConfig;
use crate::error::DsgError;
use crate::onnx;
use crate::stages::judge_config;

/// Texts that are embedded at a time.
const BATCH: usize = 64;

/// An answer, and what it is compared with.
pub(super) struct Answered<'a> {
    pub(super) question: &'a str,
    pub(super) answer: &'a str,
    pub(super) reference: &'a str,
    /// `None` where the row has no receipts.
    pub(super) quotes: Option<&'a [String]>,
}

/// Compares answers with references and evidence.
pub(super) struct Scorer {
    embedder: Arc<dyn Embedder>,
    judge: Judge,
}

impl Scorer {
    /// With the embedding model of the configuration, else with hashed words; literals are held against evidence as the configured judge does.
    pub(super) fn new(config: &DatasetConfig) -> Result<Self, DsgError> {
        let embedder: Arc<dyn Embedder> = match onnx::embedder(config)? {
            Some(embedder) => embedder,
            None => Arc::new(HashedEmbedder::new(
                HashedEmbedder::DIMENSION,
                config.index.stemming,
            )?),
        };
        Ok(Self {
            embedder,
            judge: Judge::new(judge_config(config))?,
        })
    }

    /// The name of what embeds.
    pub(super) fn embedder(&self) -> &str {
        self.embedder.id()
    }

    /// The scores of every answer, in their order.
    pub(super) fn scores(&self, answers: &[Answered<'_>]) -> Result<Vec<Scores>, DsgError> {
        let mut scores = Vec::with_capacity(answers.len());
        for batch in answers.chunks(BATCH) {
            let texts: Vec<&str> = batch.iter().map(|one| one.answer).collect();
            let references: Vec<&str> = batch.iter().map(|one| one.reference).collect();
            let vectors = self.embedder.embed(&texts)?;
            let others = self.embedder.embed(&references)?;
            let cosines = vectors.iter().zip(&others).map(|(a, b)| cosine(a, b));
            scores.extend(batch.iter().zip(cosines).map(|(one, similarity)| {
                let unsupported = one.quotes.map(|quotes| {
                    let quotes = quotes.iter().map(String::as_str);
                    self.judge
                        .unsupported(one.answer, quotes.chain([one.question]))
                });
                Scores {
                    exact: exact_match(one.answer, one.reference),
                    f1: token_f1(one.answer, one.reference),
                    rouge_l: rouge_l(one.answer, one.reference),
                    similarity,
                    supported: unsupported.as_ref().map(Vec::is_empty),
                    unsupported: unsupported.unwrap_or_default(),
                }
            }));
        }
        Ok(scores)
    }
}

/// Of vectors of length 1.
fn cosine(a: &[f32], b: &[f32]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| f64::from(*a) * f64::from(*b))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_compared_with_reference_and_quotes() {
        let mut config = DatasetConfig::default();
        config.judge.known_terms.push("SLURM".to_owned());
        config
            .rules
            .placeholders
            .insert("partition".to_owned(), "<queue>".to_owned());
        let scorer = Scorer::new(&config).unwrap();
        let quotes = ["at most 30 minutes".to_owned()];
        let with = Some(quotes.as_slice());
        let answers = [
            (with, "at most 30 minutes"),
            (with, "With `sbatch`, 40 minutes, `-t`, so `-t`."),
            (with, "SLURM runs it in `<queue>`."),
            (None, "40 minutes"),
        ]
        .map(|(quotes, answer)| Answered {
            question: "How long may a job of `sbatch` run?",
            answer,
            reference: "At most 30 minutes.",
            quotes,
        });
        let measured = scorer.scores(&answers).unwrap();
        assert!(measured[0].exact && measured[0].supported == Some(true));
        assert!(
            (measured[0].f1 - 1.0).abs() < 1e-12 && (measured[0].similarity - 1.0).abs() < 1e-6
        );
        assert!(!measured[1].exact && measured[1].similarity < 0.9);
        assert_eq!(measured[1].supported, Some(false));
        assert_eq!(measured[1].unsupported, ["40 minute", "-t"]);
        assert_eq!(measured[2].unsupported, Vec::<String>::new());
        assert_eq!(
            (measured[3].supported, measured[3].unsupported.len()),
            (None, 0)
        );
    }
}
