//! What to generate: topics, mixes, limits.

use dsg_core::{Difficulty, QuestionType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::GenerateError;

/// How far a mix may be from summing to 1 and still be taken as meant, then normalised.
const MIX_TOLERANCE: f64 = 1e-3;

/// What to generate. Topics, shares and subject belong to the whole dataset, not to the writer's section of a
/// configuration file, so they are never read from it: whoever holds the dataset's configuration sets them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GenerateConfig {
    /// What the dataset is about. Default: none, which means one implicit topic `general` over all chunks with a quota of
    /// one item for every two chunks.
    #[serde(skip)]
    pub topics: Vec<Topic>,
    /// Shares of the difficulties. Default: 0.4 basic, 0.4 intermediate, 0.2 advanced.
    #[serde(skip)]
    pub difficulty: DifficultyMix,
    /// Shares of the question types. Default: 0.3 factual, 0.4 procedural, 0.2 analytical, 0.1 troubleshooting.
    #[serde(skip)]
    pub question_types: QuestionTypeMix,
    /// The product or site that the documents are about, as a reader would name it: `Slurm`, or with its preposition
    /// `at CSC`. Goes into questions whose own words are too general. Default: none.
    #[serde(skip)]
    pub subject: Option<String>,
    /// Candidates planned per quota slot, since curation rejects some. At least 1. Default: 2.0.
    pub oversample: f64,
    /// Most candidates that one chunk may give. At least 1. Default: 6.
    pub max_per_chunk: usize,
    /// Whether drafts from sections without an item are chosen before all others. Default: `best`.
    pub coverage: CoverageMode,
}

/// How the choice among drafts looks at the sections that they are from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CoverageMode {
    /// The most promising drafts first; documents and chunks take turns.
    #[default]
    Best,
    /// First a draft from every section that has one, then as with `best`. More of the documents is asked about, with more of the drafts that
    /// promise less.
    Balanced,
}

impl Default for GenerateConfig {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            difficulty: DifficultyMix::default(),
            question_types: QuestionTypeMix::default(),
            subject: None,
            oversample: 2.0,
            max_per_chunk: 6,
            coverage: CoverageMode::Best,
        }
    }
}

/// One subject area with its share of the dataset.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Topic {
    /// Name in records: letters, digits, `-`, `_`, `.`. Required, unique.
    pub id: String,
    /// One sentence on what belongs here; part of the search for evidence. Default: empty.
    pub description: String,
    /// Commands, files or products that belong here. A chunk that documents one is a strong match. Default: none.
    pub commands: Vec<String>,
    /// Words and phrases that evidence uses. Default: none.
    pub keywords: Vec<String>,
    /// Items wanted in the dataset. At least 1; required.
    pub quota: usize,
}

impl Topic {
    /// The topic in use when none is configured: everything, with an item for every two of `chunks`.
    pub(crate) fn general(chunks: usize) -> Self {
        Self {
            id: "general".to_owned(),
            quota: chunks.div_ceil(2).max(1),
            ..Self::default()
        }
    }
}

/// Shares of the difficulties; they sum to 1 (within 0.001, then normalised).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DifficultyMix {
    /// One fact, stated in one place. Default: 0.4.
    pub basic: f64,
    /// Several conditions, or an option used in context. Default: 0.4.
    pub intermediate: f64,
    /// Interactions, exceptions, administration. Default: 0.2.
    pub advanced: f64,
}

impl Default for DifficultyMix {
    fn default() -> Self {
        Self {
            basic: 0.4,
            intermediate: 0.4,
            advanced: 0.2,
        }
    }
}

impl DifficultyMix {
    /// The share of `difficulty`.
    pub const fn share(&self, difficulty: Difficulty) -> f64 {
        match difficulty {
            Difficulty::Basic => self.basic,
            Difficulty::Intermediate => self.intermediate,
            Difficulty::Advanced => self.advanced,
        }
    }
}

/// Shares of the question types; they sum to 1 (within 0.001, then normalised).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct QuestionTypeMix {
    /// What something is, does, defaults to. Default: 0.3.
    pub factual: f64,
    /// How to do something. Default: 0.4.
    pub procedural: f64,
    /// Why, when, or how things compare. Default: 0.2.
    pub analytical: f64,
    /// What went wrong and what to do. Default: 0.1.
    pub troubleshooting: f64,
}

impl Default for QuestionTypeMix {
    fn default() -> Self {
        Self {
            factual: 0.3,
            procedural: 0.4,
            analytical: 0.2,
            troubleshooting: 0.1,
        }
    }
}

impl QuestionTypeMix {
    /// The share of `question_type`.
    pub const fn share(&self, question_type: QuestionType) -> f64 {
        match question_type {
            QuestionType::Factual => self.factual,
            QuestionType::Procedural => self.procedural,
            QuestionType::Analytical => self.analytical,
            QuestionType::Troubleshooting => self.troubleshooting,
        }
    }
}

impl GenerateConfig {
    /// The same configuration with its mixes normalised.
    pub(crate) fn validated(mut self) -> Result<Self, GenerateError> {
        if !self.oversample.is_finite() || self.oversample < 1.0 {
            return Err(GenerateError::config(
                "oversample",
                format!("is {}, but must be a number from 1", self.oversample),
            ));
        }
        if self.max_per_chunk == 0 {
            return Err(GenerateError::config(
                "max_per_chunk",
                "is 0, but must be at least 1",
            ));
        }
        if self
            .subject
            .as_ref()
            .is_some_and(|subject| subject.trim().is_empty())
        {
            return Err(GenerateError::config(
                "subject",
                "is blank; leave it out instead",
            ));
        }
        let mut seen = std::collections::BTreeSet::new();
        for (position, topic) in self.topics.iter().enumerate() {
            let field = |name: &str| format!("topics[{position}].{name}");
            let id = topic.id.as_str();
            if id.is_empty() {
                return Err(GenerateError::config(field("id"), "is missing"));
            }
            if !id
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
            {
                return Err(GenerateError::config(
                    field("id"),
                    format!("is `{id}`, but may hold only letters, digits, `-`, `_` and `.`"),
                ));
            }
            if !seen.insert(id) {
                return Err(GenerateError::config(
                    field("id"),
                    format!("repeats `{id}`"),
                ));
            }
            if topic.quota == 0 {
                return Err(GenerateError::config(
                    field("quota"),
                    "is 0, but must be at least 1",
                ));
            }
        }
        let DifficultyMix {
            basic,
            intermediate,
            advanced,
        } = &mut self.difficulty;
        normalise(
            "difficulty",
            [
                ("basic", basic),
                ("intermediate", intermediate),
                ("advanced", advanced),
            ],
        )?;
        let QuestionTypeMix {
            factual,
            procedural,
            analytical,
            troubleshooting,
        } = &mut self.question_types;
        normalise(
            "question_types",
            [
                ("factual", factual),
                ("procedural", procedural),
                ("analytical", analytical),
                ("troubleshooting", troubleshooting),
            ],
        )?;
        Ok(self)
    }
}

fn normalise<const N: usize>(
    mix: &str,
    shares: [(&str, &mut f64); N],
) -> Result<(), GenerateError> {
    for (name, share) in &shares {
        if !share.is_finite() || **share < 0.0 {
            return Err(GenerateError::config(
                format!("{mix}.{name}"),
                format!("is {share}, but must be a number from 0 to 1"),
            ));
        }
    }
    let sum: f64 = shares.iter().map(|(_, share)| **share).sum();
    if (sum - 1.0).abs() > MIX_TOLERANCE {
        return Err(GenerateError::config(
            mix,
            format!("sums to {sum:.3}, but must sum to 1"),
        ));
    }
    for (_, share) in shares {
        *share /= sum;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(id: &str, quota: usize) -> Topic {
        Topic {
            id: id.into(),
            quota,
            ..Topic::default()
        }
    }

    fn problem(config: GenerateConfig) -> String {
        config.validated().unwrap_err().to_string()
    }

    #[test]
    fn the_default_is_valid() {
        assert!(GenerateConfig::default().validated().is_ok());
    }

    #[test]
    fn impossible_values_are_named() {
        let base = GenerateConfig::default();
        assert_eq!(
            problem(GenerateConfig {
                topics: vec![topic("a", 1), topic("a", 1)],
                ..base.clone()
            }),
            "`topics[1].id` repeats `a`"
        );
        assert_eq!(
            problem(GenerateConfig {
                topics: vec![topic("a", 0)],
                ..base.clone()
            }),
            "`topics[0].quota` is 0, but must be at least 1"
        );
        assert!(
            problem(GenerateConfig {
                topics: vec![topic("a b", 1)],
                ..base.clone()
            })
            .contains("topics[0].id")
        );
        assert!(
            problem(GenerateConfig {
                oversample: 0.5,
                ..base.clone()
            })
            .contains("oversample")
        );
        let difficulty = DifficultyMix {
            basic: 0.9,
            ..DifficultyMix::default()
        };
        assert_eq!(
            problem(GenerateConfig { difficulty, ..base }),
            "`difficulty` sums to 1.500, but must sum to 1"
        );
    }

    #[test]
    fn a_mix_that_nearly_sums_to_one_is_normalised() {
        let difficulty = DifficultyMix {
            basic: 0.3333,
            intermediate: 0.3333,
            advanced: 0.3333,
        };
        let config = GenerateConfig {
            difficulty,
            ..GenerateConfig::default()
        }
        .validated()
        .unwrap();
        let sum =
            config.difficulty.basic + config.difficulty.intermediate + config.difficulty.advanced;
        assert!((sum - 1.0).abs() < 1e-12);
    }

    #[test]
    fn an_unknown_key_is_refused() {
        assert!(serde_json::from_str::<GenerateConfig>(r#"{"oversampel":2}"#).is_err());
    }
}
