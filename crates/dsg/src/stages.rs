//! The configured stages, built once from a configuration.

use std::fmt::Display;
use std::fs;
use std::sync::Arc;

use dsg_chunk::Chunker;
use dsg_core::{Difficulty, Prompts, QuestionType, Seed};
use dsg_dedupe::{BalanceConfig, Balancer, Deduper, SplitConfig, Splitter};
use dsg_generate::{CoverageMode, GenerateConfig, GenerateError, Generator};
use dsg_index::IndexBuilder;
use dsg_ingest::Ingester;
use dsg_judge::{Judge, JudgeConfig, RubricConfig};

use crate::config::{DatasetConfig, Issue};

pub(crate) struct Stages {
    pub(crate) ingester: Ingester,
    pub(crate) chunker: Chunker,
    pub(crate) generator: Generator,
    pub(crate) judge: Arc<Judge>,
    /// Those of the writer and of the judge.
    pub(crate) prompts: Arc<Prompts>,
    pub(crate) deduper: Deduper,
    pub(crate) balancer: Balancer,
    pub(crate) splitter: Splitter,
}

impl Stages {
    /// Builds every stage; the first impossible value is reported under its section.
    pub(crate) fn new(config: &DatasetConfig) -> Result<Self, Issue> {
        IndexBuilder::new(config.index.clone()).map_err(in_section("index"))?;
        config.vectors.validate().map_err(in_section("vectors"))?;
        config
            .retrieval
            .validate()
            .map_err(in_section("retrieval"))?;
        config.writer.validate().map_err(in_section("writer"))?;
        config.rubric.validate().map_err(in_section("rubric"))?;
        Ok(Self {
            ingester: Ingester::new(config.ingest.clone()).map_err(in_section("ingest"))?,
            chunker: Chunker::new(config.chunk.clone()).map_err(in_section("chunk"))?,
            generator: generator(config)?,
            judge: Arc::new(Judge::new(judge_config(config)).map_err(in_section("judge"))?),
            prompts: Arc::new(prompts(config)?),
            deduper: Deduper::new(config.dedupe.clone()).map_err(in_section("dedupe"))?,
            balancer: Balancer::new(balance(config)).map_err(in_section("topics"))?,
            splitter: Splitter::new(SplitConfig {
                seed: Seed(config.seed),
                ..config.split.clone()
            })
            .map_err(in_section("split"))?,
        })
    }
}

fn in_section<E: Display>(section: &'static str) -> impl FnOnce(E) -> Issue {
    move |error| Issue {
        path: section.to_owned(),
        message: error.to_string(),
    }
}

fn balance(config: &DatasetConfig) -> BalanceConfig {
    BalanceConfig {
        quotas: config
            .topics
            .iter()
            .map(|topic| (topic.id.clone(), topic.quota))
            .collect(),
        chunks_take_turns: config.generate.coverage == CoverageMode::Balanced,
        difficulty: Difficulty::ALL
            .iter()
            .map(|d| (d.as_str().to_owned(), config.difficulty.share(*d)))
            .collect(),
        question_types: QuestionType::ALL
            .iter()
            .map(|t| (t.as_str().to_owned(), config.question_types.share(*t)))
            .collect(),
    }
}

/// The built-in prompts, and what the configuration puts in their place.
pub(crate) fn prompts(config: &DatasetConfig) -> Result<Prompts, Issue> {
    let built_in = dsg_generate::prompts()
        .into_iter()
        .chain(dsg_judge::prompts());
    let section = || in_section("models.prompts");
    let mut prompts = Prompts::new(built_in).map_err(section())?;
    for file in &config.models.prompts {
        let origin = file.display().to_string();
        let text = fs::read_to_string(file).map_err(|error| Issue {
            path: "models.prompts".to_owned(),
            message: format!("cannot read `{origin}`: {error}"),
        })?;
        prompts.replace(&text, &origin).map_err(section())?;
    }
    Ok(prompts)
}

/// What is to be written, whoever writes.
pub(crate) fn curriculum(config: &DatasetConfig) -> GenerateConfig {
    GenerateConfig {
        topics: config.topics.clone(),
        difficulty: config.difficulty,
        question_types: config.question_types,
        subject: config.subject.clone(),
        ..config.generate.clone()
    }
}

/// The curriculum's own errors name the field as it stands in the file.
fn generator(config: &DatasetConfig) -> Result<Generator, Issue> {
    let generate = curriculum(config);
    Generator::new(generate, Seed(config.seed)).map_err(|error| match error {
        GenerateError::Config { field, problem } => {
            let own = matches!(field.as_str(), "oversample" | "max_per_chunk");
            Issue {
                path: if own {
                    format!("generate.{field}")
                } else {
                    field
                },
                message: problem,
            }
        }
        other => Issue {
            path: "generate".to_owned(),
            message: other.to_string(),
        },
    })
}

/// The judge's section with the rules of the dataset and its subject.
pub(crate) fn judge_config(config: &DatasetConfig) -> JudgeConfig {
    let mut judge = JudgeConfig {
        rules: config.rules.clone(),
        ..config.judge.clone()
    };
    judge.known_terms.extend(config.subject.clone());
    judge
}

/// How a model judges, with the run's seed.
pub(crate) fn rubric_config(config: &DatasetConfig) -> RubricConfig {
    RubricConfig {
        seed: Seed(config.seed),
        ..config.rubric.clone()
    }
}
