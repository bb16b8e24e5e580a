//! One whole run: the steps in order, then the dataset folder, manifest last.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use dsg_core::artifact::{read_json, read_jsonl, write_json, write_jsonl};
use dsg_core::{Difficulty, Document, Example, Reject, Retriever, Seed, Stage, StageCounts};
use dsg_export::{
    CoverageRow, InputFile, Manifest, ModelUse, SectionCoverage, Tool, write_dataset,
};
use dsg_generate::Coverage;
use dsg_index::Index;
use serde_json::{Value, json};

use crate::benchmark::BenchmarkError;
use crate::config::{DatasetConfig, Gates, Provider};
use crate::error::DsgError;
use crate::evidence::Evidence;
use crate::pipeline::{Pipeline, section};
use crate::report::{GateResult, RunReport};
use crate::roles::{Roles, Spent};
use crate::sections;
use crate::steps::{self, Context, Curated};
use crate::store::{RunStore, StepRecord, StepResult, hash_file, step_key};

const CORPUS: &str = "corpus.jsonl";
const INDEX: &str = "index";
const CANDIDATES: &str = "candidates.jsonl";
const COVERAGE: &str = "coverage.json";
const CURATED: &str = "curated.json";
/// Which item lost to which, and by what.
const DUPLICATES: &str = "duplicates.jsonl";
/// Which parts of the documents have items, and why the others have none.
const SECTIONS: &str = "sections.jsonl";
/// Every reply of a model, so that no call is paid for twice.
const REPLIES: &str = "replies.sqlite";
/// Every vector of an embedding model, so that no text is embedded twice.
const VECTORS: &str = "vectors";
/// Times of the last run; the only file that differs between two runs on the same input.
const RUN_FILE: &str = "run.json";

pub(crate) fn run(
    pipeline: &Pipeline,
    inputs: &[PathBuf],
    outdir: &Path,
) -> Result<RunReport, DsgError> {
    let started = SystemTime::now();
    let store = RunStore::open(outdir)?;
    let config = pipeline.config();
    let roles = Roles::new(store.path(REPLIES));
    let run = Run {
        pipeline,
        context: pipeline.context(&roles),
        store: &store,
    };

    let ingested = run.ingest(inputs)?;
    let fingerprint = pipeline.index_key(ingested.output(CORPUS))?;
    let indexed = run.build_index(&fingerprint)?;
    let folder = store.path(INDEX);
    let index = Index::open_expecting(&folder, &fingerprint)?;
    let evidence = match pipeline.embedder()? {
        None => Evidence::words(index),
        Some(embedder) => Evidence::with(&folder, index, Arc::clone(embedder), config, None)?,
    };
    let generated = run.generate(evidence.retriever(), &fingerprint)?;
    let curated = run.curate(evidence.retriever(), &fingerprint, &generated)?;
    let items: Curated = read_json(&store.path(CURATED))?;

    let mut funnel: Vec<(Stage, StageCounts)> = Vec::new();
    let mut rejects: Vec<Reject> = Vec::new();
    for (step, record) in [
        ("ingest", &ingested),
        ("index", &indexed),
        ("generate", &generated),
        ("curate", &curated),
    ] {
        funnel.extend(record.counts.iter().cloned());
        rejects.extend(store.rejects(step)?);
    }
    let coverage: Coverage = read_json(&store.path(COVERAGE))?;
    let retriever = evidence.retriever();
    let corpus = store.path(CORPUS);
    let sections = sections::map(&corpus, retriever, &coverage.uncovered, &items, &rejects)?;
    write_jsonl(&store.path(SECTIONS), &sections)?;

    let manifest = Manifest {
        sections: SectionCoverage::of(&sections),
        inputs: input_files(&store)?,
        models: models(pipeline),
        stages: funnel.iter().cloned().collect(),
        coverage: coverage_rows(config, &coverage, &items),
        ..Manifest::new(
            Tool {
                name: "dsg".into(),
                version: env!("CARGO_PKG_VERSION").into(),
            },
            config.to_value(),
            Seed(config.seed),
        )
    };
    let manifest = run.export(outdir, manifest, &items, &rejects, &mut funnel)?;
    write_times(outdir, started, roles.spent().as_ref())?;
    Ok(RunReport {
        funnel,
        train: items.train.len(),
        eval: items.eval.len(),
        gates: gates(config, &items),
        manifest,
    })
}

/// A run under way.
struct Run<'a> {
    pipeline: &'a Pipeline,
    context: Context<'a>,
    store: &'a RunStore,
}

impl Run<'_> {
    fn ingest(&self, inputs: &[PathBuf]) -> Result<StepRecord, DsgError> {
        let Self { context, store, .. } = self;
        let mut files = Vec::new();
        for entry in context.stages.ingester.walk(inputs)? {
            // What is not read, such as a link, is part of the key by its name; the step itself reports it.
            let hash = match entry.problem() {
                Some(_) => String::new(),
                None => hash_file(&entry.file).unwrap_or_default(),
            };
            files.push(json!([entry.path, hash]));
        }
        let config = context.config;
        let key = step_key(&[
            &section(&config.ingest),
            &section(&config.documents),
            &json!([config.dedupe.num_perm, config.dedupe.shingle_words]),
            &files.into(),
        ]);
        self.step("ingest", &[Stage::Ingest], &key, &[CORPUS], || {
            steps::ingest(context, inputs, &store.path(CORPUS))
        })
    }

    fn build_index(&self, fingerprint: &str) -> Result<StepRecord, DsgError> {
        let Self { context, store, .. } = self;
        let stages = [Stage::Chunk, Stage::Index];
        self.step("index", &stages, fingerprint, &[INDEX], || {
            let (corpus, folder) = (store.path(CORPUS), store.path(INDEX));
            let vectors = self.pipeline.embedding(store.path(VECTORS))?;
            steps::build_index(context, &corpus, &folder, fingerprint, vectors)
        })
    }

    fn generate(&self, index: &dyn Retriever, fingerprint: &str) -> Result<StepRecord, DsgError> {
        let Self { context, store, .. } = self;
        let config = context.config;
        // How words and vectors are put together matters where there are vectors.
        let found = if self.pipeline.embedder()?.is_some() {
            json!([
                fingerprint,
                section(&config.retrieval),
                section(&config.models.reranker)
            ])
        } else {
            json!(fingerprint)
        };
        let key = step_key(&[
            &found,
            &json!(config.seed),
            &section(&config.subject),
            &section(&config.topics),
            &section(&config.difficulty),
            &section(&config.question_types),
            &section(&config.models.generator),
            &section(&config.generate),
            &self.asked(config.models.generator.provider, &section(&config.writer)),
        ]);
        let outputs = [CANDIDATES, COVERAGE];
        self.step("generate", &[Stage::Generate], &key, &outputs, || {
            let (coverage, result) = steps::generate(context, index, &store.path(CANDIDATES))?;
            write_json(&store.path(COVERAGE), &coverage)?;
            Ok(result)
        })
    }

    fn curate(
        &self,
        index: &dyn Retriever,
        fingerprint: &str,
        generated: &StepRecord,
    ) -> Result<StepRecord, DsgError> {
        let Self { context, store, .. } = self;
        let config = context.config;
        let key = step_key(&[
            &json!(fingerprint),
            &json!(generated.output(CANDIDATES)),
            &json!(config.seed),
            &section(&config.topics),
            &section(&config.difficulty),
            &section(&config.question_types),
            &section(&config.subject),
            &section(&config.rules),
            &section(&config.models.judge),
            &section(&config.judge),
            &json!(config.generate.coverage),
            &section(&config.dedupe),
            &section(&config.split),
            &benchmarks(config)?,
            &json!(self.pipeline.embedder()?.map(|embedder| embedder.id())),
            &self.asked(config.models.judge.provider, &section(&config.rubric)),
        ]);
        let stages = [Stage::Judge, Stage::Dedupe, Stage::Balance, Stage::Split];
        let outputs = [CURATED, DUPLICATES];
        self.step("curate", &stages, &key, &outputs, || {
            let vectors = self.pipeline.embedding(store.path(VECTORS))?;
            let candidates = store.path(CANDIDATES);
            let (curated, result) = steps::curate(context, index, &candidates, vectors)?;
            write_jsonl(&store.path(DUPLICATES), &curated.duplicates)?;
            write_json(&store.path(CURATED), &curated)?;
            Ok(result)
        })
    }

    fn export(
        &self,
        outdir: &Path,
        mut manifest: Manifest,
        items: &Curated,
        rejects: &[Reject],
        funnel: &mut Vec<(Stage, StageCounts)>,
    ) -> Result<Manifest, DsgError> {
        let context = &self.context;
        let total = (items.train.len() + items.eval.len()) as u64;
        context.start(Stage::Export, Some(total))?;
        let counts = StageCounts {
            entered: total,
            kept: total,
            ..StageCounts::default()
        };
        funnel.push((Stage::Export, counts.clone()));
        manifest.stages.insert(Stage::Export, counts.clone());
        let config = &context.config.export;
        manifest.outputs = write_dataset(
            outdir,
            config,
            &manifest,
            &items.train,
            &items.eval,
            rejects,
        )?;
        context.finish(Stage::Export, &counts);
        Ok(manifest)
    }
    /// What shapes a step further where a model is asked: how, and with which prompts.
    fn asked(&self, provider: impl Provider, settings: &Value) -> Value {
        if !provider.is_model() {
            return Value::Null;
        }
        let prompts = &self.context.stages.prompts;
        let texts: Vec<&str> = prompts
            .names()
            .filter_map(|name| Some(prompts.get(name)?.source.as_str()))
            .collect();
        json!([settings, texts])
    }

    fn step(
        &self,
        step: &str,
        stages: &[Stage],
        key: &str,
        outputs: &[&str],
        run: impl FnOnce() -> Result<StepResult, DsgError>,
    ) -> Result<StepRecord, DsgError> {
        self.pipeline
            .step(self.store, step, stages, key, outputs, run)
    }
}

/// What the benchmarks hold, whatever their names.
fn benchmarks(config: &DatasetConfig) -> Result<Value, DsgError> {
    config
        .dedupe
        .decontaminate
        .iter()
        .map(|file| {
            let hash = hash_file(file).map_err(|source| BenchmarkError::Read {
                path: file.clone(),
                source,
            })?;
            Ok(Value::from(hash))
        })
        .collect()
}

fn input_files(store: &RunStore) -> Result<Vec<InputFile>, DsgError> {
    read_jsonl::<Document>(&store.path(CORPUS))?
        .map(|document| Ok(InputFile::from(&document?)))
        .collect()
}

fn models(pipeline: &Pipeline) -> Vec<ModelUse> {
    let models = &pipeline.config().models;
    let named = |role: &str, (provider, model): (String, Option<String>)| ModelUse {
        role: role.to_owned(),
        provider,
        model,
    };
    let mut used = vec![
        named("generator", models.generator.who()),
        named("judge", models.judge.who()),
        named("embedder", pipeline.embedder_name()),
    ];
    if let Some(who) = models.reranker.who() {
        used.push(named("reranker", who));
    }
    used
}

/// Topic × difficulty: what the quota and the mix ask for, what there is, and why something is missing.
fn coverage_rows(config: &DatasetConfig, coverage: &Coverage, items: &Curated) -> Vec<CoverageRow> {
    let mut found: BTreeMap<(&str, Difficulty), (u64, u64)> = BTreeMap::new();
    for item in &items.train {
        found
            .entry((&item.meta.topic, item.meta.difficulty))
            .or_default()
            .0 += 1;
    }
    for item in &items.eval {
        found
            .entry((&item.meta.topic, item.meta.difficulty))
            .or_default()
            .1 += 1;
    }
    let mut rows = Vec::new();
    for topic in &coverage.topics {
        for (difficulty, quota) in quotas(config, topic.quota) {
            let (train, eval) = found
                .get(&(&*topic.topic, difficulty))
                .copied()
                .unwrap_or_default();
            let shortfall = quota.saturating_sub(train + eval);
            let written: usize = coverage
                .cells
                .iter()
                .filter(|cell| cell.topic == topic.topic && cell.difficulty == difficulty)
                .map(|cell| cell.written)
                .sum();
            let reason = (shortfall > 0).then(|| match written as u64 {
                0 => "the documents' structure supports no such question".to_owned(),
                n if n < quota => format!("the documents' structure supports {n} such questions"),
                n => format!("{n} were written, curation or the split took the others"),
            });
            rows.push(CoverageRow {
                topic: topic.topic.clone(),
                difficulty,
                quota,
                train,
                eval,
                shortfall,
                reason,
            });
        }
    }
    rows
}

/// A topic's quota by difficulty. Rounding the running sum makes the parts add up to the whole.
fn quotas(config: &DatasetConfig, topic: usize) -> [(Difficulty, u64); 3] {
    let (mut share, mut given) = (0.0, 0);
    Difficulty::ALL.map(|difficulty| {
        share += config.difficulty.share(difficulty);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a quota lies between 0 and the quota"
        )]
        let upto = (topic as f64 * share).round() as u64;
        let quota = upto - given;
        given = upto;
        (difficulty, quota)
    })
}

fn gates(config: &DatasetConfig, items: &Curated) -> Vec<GateResult> {
    let Gates {
        min_train,
        min_eval,
        min_topic_fill,
    } = config.gates;
    let at_least = |gate: &str, wanted: usize, found: usize| GateResult {
        gate: gate.to_owned(),
        met: found >= wanted,
        detail: format!("{found} items, at least {wanted} wanted"),
    };
    let mut gates = vec![
        at_least("min_train", min_train, items.train.len()),
        at_least("min_eval", min_eval, items.eval.len()),
    ];
    if min_topic_fill > 0.0 {
        for topic in &config.topics {
            let of_topic =
                |items: &[Example]| items.iter().filter(|i| i.meta.topic == topic.id).count();
            let found = of_topic(&items.train) + of_topic(&items.eval);
            let share = found as f64 / topic.quota as f64;
            gates.push(GateResult {
                gate: "min_topic_fill".into(),
                met: share >= min_topic_fill,
                detail: format!(
                    "topic `{}` has {found} of {} items, at least {:.0} % wanted",
                    topic.id,
                    topic.quota,
                    min_topic_fill * 100.0
                ),
            });
        }
    }
    gates
}

/// Clock times live in a file of their own, so that every other file is reproducible.
fn write_times(outdir: &Path, started: SystemTime, spent: Option<&Spent>) -> Result<(), DsgError> {
    let since_epoch = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let times = json!({
        "schema": "dsg.run/1",
        "started_unix_s": since_epoch(started).as_secs(),
        "elapsed_s": started.elapsed().unwrap_or_default().as_secs_f64(),
        "threads": rayon::current_num_threads(),
        // Without the replies that the store had already.
        "models": spent,
    });
    Ok(write_json(&outdir.join(RUN_FILE), &times)?)
}
