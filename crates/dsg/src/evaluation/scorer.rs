//! How good answers are.

use std::sync::Arc;

use dsg_core::Embedder;
use dsg_index::HashedEmbedder;
use dsg_judge::{Evidence, Lexer};
use dsg_train::evaluation::{exact_match, rouge_l, token_f1};

use super::answers::Asked;
use super::record::{Evaluated, Scores};
use crate::config::DatasetConfig;
use crate::error::DsgError;
use crate::onnx;

/// Texts that are embedded at a time.
const BATCH: usize = 64;

/// Compares answers with references and evidence.
pub(super) struct Scorer {
    embedder: Arc<dyn Embedder>,
    lexer: Lexer,
    /// Literals that need no support.
    allowed: Vec<String>,
}

impl Scorer {
    /// With the embedding model of the configuration, else with hashed words.
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
            lexer: Lexer::new()?,
            allowed: config.rules.placeholders.values().cloned().collect(),
        })
    }

    /// The name of what embeds.
    pub(super) fn embedder(&self) -> &str {
        self.embedder.id()
    }

    /// Puts scores into results.
    pub(super) fn score(&self, asked: &mut [Asked<'_>]) -> Result<(), DsgError> {
        for batch in asked.chunks_mut(BATCH) {
            let answers: Vec<&str> = batch.iter().map(|one| one.result.answer.as_str()).collect();
            let references = batch.iter().map(|one| one.result.reference.as_str());
            let references: Vec<&str> = references.collect();
            let vectors = self.embedder.embed(&answers)?;
            let others = self.embedder.embed(&references)?;
            for (one, (vector, other)) in batch.iter_mut().zip(vectors.iter().zip(&others)) {
                let result = &mut one.result;
                let quotes = one.question.quotes.as_ref();
                let unsupported = quotes.map(|quotes| self.unsupported(result, quotes));
                result.scores = Some(Scores {
                    exact: exact_match(&result.answer, &result.reference),
                    f1: token_f1(&result.answer, &result.reference),
                    rouge_l: rouge_l(&result.answer, &result.reference),
                    similarity: cosine(vector, other),
                    supported: unsupported.as_ref().map(Vec::is_empty),
                    unsupported: unsupported.unwrap_or_default(),
                });
            }
        }
        Ok(())
    }

    /// The literals of an answer that neither quotes nor question have, each once.
    fn unsupported(&self, result: &Evaluated, quotes: &[String]) -> Vec<String> {
        let texts = quotes.iter().map(String::as_str);
        let evidence = Evidence::new(&self.lexer, texts.chain([result.question.as_str()]));
        let mut unsupported: Vec<String> = Vec::new();
        for literal in self.lexer.literals(&result.answer) {
            let is_known =
                unsupported.contains(&literal.text) || self.allowed.contains(&literal.text);
            if !is_known && !evidence.supports(&literal) {
                unsupported.push(literal.text);
            }
        }
        unsupported
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
    use dsg_train::data::Row;

    use super::*;
    use crate::evaluation::questions::Question;

    #[test]
    fn an_answer_is_compared_with_reference_and_quotes() {
        let scorer = Scorer::new(&DatasetConfig::default()).unwrap();
        let question = |quotes: Option<&str>| Question {
            axis: "unseen".to_owned(),
            row: Row::new("a", Vec::new()),
            quotes: quotes.map(|quote| vec![quote.to_owned()]),
            reworded: None,
        };
        let result = |answer: &str| Evaluated {
            schema: Evaluated::SCHEMA.to_owned(),
            id: "a".to_owned(),
            axis: "unseen".to_owned(),
            question: "How long may a job of `sbatch` run?".to_owned(),
            reworded: None,
            reference: "At most 30 minutes.".to_owned(),
            answer: answer.to_owned(),
            finish: "end".to_owned(),
            nll: 1.0,
            tokens: 5,
            scores: None,
            key: String::new(),
        };
        let (with, without) = (question(Some("at most 30 minutes")), question(None));
        let mut asked = [
            (&with, "at most 30 minutes"),
            (&with, "With `sbatch`, 40 minutes, `-t`, so `-t`."),
            (&without, "40 minutes"),
        ]
        .map(|(question, answer)| Asked {
            place: 0,
            question,
            result: result(answer),
        });
        scorer.score(&mut asked).unwrap();
        let scores = asked.map(|one| one.result.scores.unwrap());
        assert!(scores[0].exact && scores[0].supported == Some(true));
        assert!((scores[0].f1 - 1.0).abs() < 1e-12 && (scores[0].similarity - 1.0).abs() < 1e-6);
        assert!(!scores[1].exact && scores[1].similarity < 0.9);
        assert_eq!(scores[1].supported, Some(false));
        assert_eq!(scores[1].unsupported, ["40", "-t"]);
        assert_eq!(
            (scores[2].supported, scores[2].unsupported.len()),
            (None, 0)
        );
    }
}
