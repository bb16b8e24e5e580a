//! The pipeline: five steps, remembered one by one.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use dsg_core::{Embedder, Event, Interrupt, Observer, Prompts, Silent, Stage};
use dsg_index::{Index, SearchMode, Vectors};
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::config::{DatasetConfig, Issue};
use crate::error::DsgError;
use crate::evidence::Evidence;
use crate::onnx;
use crate::report::{RunReport, StepReport};
use crate::roles::Roles;
use crate::stages::Stages;
use crate::steps::{self, Context, Embedding};
use crate::store::{RunStore, StepRecord, StepResult, hash_file, step_key};

/// Documentation in, dataset out. Cheap to clone the parts it is made of; one pipeline may run many folders.
pub struct Pipeline {
    config: DatasetConfig,
    stages: Stages,
    observer: Arc<dyn Observer>,
    interrupt: Interrupt,
    /// The embedding model, once it was asked for.
    embedder: OnceLock<Option<Arc<dyn Embedder>>>,
    /// Whether the caller brought it.
    own_embedder: bool,
}

impl Pipeline {
    /// A pipeline under `config`, silent and never interrupted until told otherwise.
    ///
    /// # Errors
    /// [`DsgError::Config`] for a value that no stage can work with.
    pub fn new(config: DatasetConfig) -> Result<Self, DsgError> {
        let stages = Stages::new(&config).map_err(Issue::unlocated)?;
        Ok(Self {
            config,
            stages,
            observer: Arc::new(Silent),
            interrupt: Interrupt::default(),
            embedder: OnceLock::new(),
            own_embedder: false,
        })
    }

    /// Sends events to `observer`.
    #[must_use]
    pub fn with_observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = observer;
        self
    }

    /// Stops at the next safe point once `interrupt` is requested.
    #[must_use]
    pub fn with_interrupt(mut self, interrupt: Interrupt) -> Self {
        self.interrupt = interrupt;
        self
    }

    /// Takes vectors from `embedder` instead of the model that the configuration names: for evidence, and for questions that mean
    /// the same.
    #[must_use]
    pub fn with_embedder(mut self, embedder: Arc<dyn Embedder>) -> Self {
        self.embedder = OnceLock::from(Some(embedder));
        self.own_embedder = true;
        self
    }

    /// The configuration in use.
    pub fn config(&self) -> &DatasetConfig {
        &self.config
    }

    /// The prompts in use: the built-in ones, and what the configuration puts in their place.
    pub fn prompts(&self) -> &Prompts {
        &self.stages.prompts
    }

    /// Runs every step that is not finished yet and writes the dataset to `outdir`.
    ///
    /// # Errors
    /// [`DsgError`] when the run cannot go on. What was finished is kept; the same call goes on from there.
    pub fn run(&self, inputs: &[PathBuf], outdir: &Path) -> Result<RunReport, DsgError> {
        crate::run::run(self, inputs, outdir)
    }

    /// Files to a corpus file.
    ///
    /// # Errors
    /// [`DsgError`] when an input is missing or `out` cannot be written.
    pub fn ingest(&self, inputs: &[PathBuf], out: &Path) -> Result<StepReport, DsgError> {
        let roles = Roles::beside(out);
        Ok(steps::ingest(&self.context(&roles), inputs, out)?.into())
    }

    /// A corpus file to an index folder.
    ///
    /// # Errors
    /// [`DsgError`] when the corpus cannot be read or `out` not written.
    pub fn build_index(&self, corpus: &Path, out: &Path) -> Result<StepReport, DsgError> {
        let hash = hash_file(corpus).map_err(DsgError::file("read", corpus))?;
        let fingerprint = self.index_key(&hash)?;
        let roles = Roles::beside(out);
        let vectors = self.embedding(out.with_extension("vectors"))?;
        let context = self.context(&roles);
        Ok(steps::build_index(&context, corpus, out, &fingerprint, vectors)?.into())
    }

    /// An index folder to a file of candidates; a model's replies are kept beside it, with the ending `.replies`.
    ///
    /// # Errors
    /// [`DsgError`] when the index cannot be opened or `out` not written.
    pub fn generate(&self, index: &Path, out: &Path) -> Result<StepReport, DsgError> {
        let roles = Roles::beside(out);
        let evidence = match self.embedder()? {
            Some(embedder) if Vectors::are_in(index) => {
                let words = Index::open(index)?;
                Evidence::with(index, words, Arc::clone(embedder), &self.config, None)?
            }
            _ => Evidence::open(index, &self.config, None)?,
        };
        let (_, result) = steps::generate(&self.context(&roles), evidence.retriever(), out)?;
        Ok(result.into())
    }

    /// Candidates to the two sides of a dataset; a model's replies are kept beside the candidates, with the ending `.replies`, vectors
    /// with the ending `.vectors`.
    ///
    /// # Errors
    /// [`DsgError`] when a file cannot be read or written, or when the split would leak.
    pub fn curate(
        &self,
        candidates: &Path,
        index: &Path,
        train: &Path,
        eval: &Path,
    ) -> Result<StepReport, DsgError> {
        let evidence = Evidence::open(index, &self.config, Some(SearchMode::Bm25))?;
        let roles = Roles::beside(candidates);
        let vectors = self.embedding(candidates.with_extension("vectors"))?;
        let context = self.context(&roles);
        let (curated, result) = steps::curate(&context, evidence.retriever(), candidates, vectors)?;
        dsg_core::artifact::write_jsonl(train, &curated.train)?;
        dsg_core::artifact::write_jsonl(eval, &curated.eval)?;
        Ok(result.into())
    }

    pub(crate) fn context<'a>(&'a self, roles: &'a Roles) -> Context<'a> {
        Context {
            config: &self.config,
            stages: &self.stages,
            roles,
            observer: self.observer.as_ref(),
            interrupt: &self.interrupt,
        }
    }

    /// The key of an index over a corpus with this hash; also the fingerprint stored in it.
    pub(crate) fn index_key(&self, corpus_sha256: &str) -> Result<String, DsgError> {
        let corpus = match self.embedder()? {
            None => json!(corpus_sha256),
            Some(embedder) => json!([
                corpus_sha256,
                embedder.id(),
                section(&self.config.vectors),
                self.config.seed
            ]),
        };
        Ok(step_key(&[
            &section(&self.config.chunk),
            &json!(self.stages.chunker.tokenizer_digest()),
            &section(&self.config.index),
            &corpus,
        ]))
    }

    /// The embedding model that the configuration names, loaded when first asked for.
    pub(crate) fn embedder(&self) -> Result<Option<&Arc<dyn Embedder>>, DsgError> {
        if self.embedder.get().is_none() {
            let opened = onnx::embedder(&self.config)?;
            return Ok(self.embedder.get_or_init(|| opened).as_ref());
        }
        Ok(self.embedder.get().and_then(Option::as_ref))
    }

    /// The embedding model as the manifest has it.
    pub(crate) fn embedder_name(&self) -> (String, Option<String>) {
        match self.embedder.get() {
            Some(Some(embedder)) if self.own_embedder => {
                ("own".to_owned(), Some(embedder.id().to_owned()))
            }
            _ => self.config.models.embedder.who(),
        }
    }

    /// The model with a cache in this folder.
    pub(crate) fn embedding(&self, cache: PathBuf) -> Result<Option<Embedding>, DsgError> {
        Ok(self.embedder()?.map(|embedder| Embedding {
            embedder: Arc::clone(embedder),
            cache,
        }))
    }

    /// Takes `step` from the store, or runs and records it.
    pub(crate) fn step(
        &self,
        store: &RunStore,
        step: &str,
        stages: &[Stage],
        key: &str,
        outputs: &[&str],
        run: impl FnOnce() -> Result<StepResult, DsgError>,
    ) -> Result<StepRecord, DsgError> {
        if let Some(record) = store.finished(step, key) {
            for stage in stages {
                self.observer
                    .on_event(&Event::StageReused { stage: *stage });
            }
            return Ok(record);
        }
        let mut result = run()?;
        // Rejects are published beside the dataset.
        result
            .rejects
            .par_iter_mut()
            .for_each(|reject| self.stages.judge.mask(reject));
        // Where a server failed some records, the next run asks for them again.
        let whole = !result.counts.iter().any(|(stage, counts)| {
            matches!(stage, Stage::Generate | Stage::Judge) && counts.failed > 0
        });
        store.finish(step, if whole { key } else { "" }, outputs, result)
    }
}

/// A configuration section as part of a key.
pub(crate) fn section<T: serde::Serialize>(section: &T) -> Value {
    // Plain data with string keys: cannot fail.
    serde_json::to_value(section).unwrap_or_default()
}
