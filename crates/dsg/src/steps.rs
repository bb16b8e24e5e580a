//! The steps, each from files to files; [`Pipeline`](crate::Pipeline) strings them together and the single commands call
//! them one by one.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dsg_core::artifact::{ArtifactError, read_jsonl, write_atomic, write_jsonl};
use dsg_core::{
    Candidate, Chunk, ChunkStore, DocId, Document, Duplicate, Embedder, Event, Example, Interrupt,
    Observer, Outcome, Reason, Reject, RejectSchema, Retriever, Source, Split, Stage, StageCounts,
    StageResult,
};
use dsg_dedupe::cluster_documents;
use dsg_generate::{Coverage, GenerateError};
use dsg_index::{Cached, Index, IndexBuilder, Vectors};
use dsg_ingest::Entry;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::config::{DatasetConfig, Provider as _};
use crate::copies;
use crate::curation;
use crate::error::DsgError;
use crate::roles::{self, Roles};
use crate::stages::Stages;
use crate::store::StepResult;
use crate::summary::{CorpusSummary, Facts};

/// Files read, or documents chunked, at a time: bounds memory and keeps every core busy.
pub(crate) const BATCH: usize = 64;

/// What every step needs besides its files.
pub(crate) struct Context<'a> {
    pub(crate) config: &'a DatasetConfig,
    pub(crate) stages: &'a Stages,
    pub(crate) roles: &'a Roles,
    pub(crate) observer: &'a dyn Observer,
    pub(crate) interrupt: &'a Interrupt,
}

impl Context<'_> {
    pub(crate) fn start(&self, stage: Stage, total: Option<u64>) -> Result<(), DsgError> {
        if self.interrupt.is_requested() {
            return Err(DsgError::Interrupted { stage });
        }
        self.observer
            .on_event(&Event::StageStarted { stage, total });
        Ok(())
    }

    fn progress(&self, stage: Stage, done: u64) {
        self.observer.on_event(&Event::Progress { stage, done });
    }

    pub(crate) fn finish(&self, stage: Stage, counts: &StageCounts) {
        self.observer.on_event(&Event::StageFinished {
            stage,
            counts: counts.clone(),
        });
    }

    pub(crate) fn say(&self, stage: Stage, message: String) {
        self.observer.on_event(&Event::Note { stage, message });
    }

    pub(crate) fn warn(&self, stage: Stage, subject: &str, message: &str) {
        self.observer.on_event(&Event::Warning {
            stage,
            subject: subject.to_owned(),
            message: message.to_owned(),
        });
    }
}

/// Files to `corpus.jsonl`, in path order, a few in memory at a time; then older versions and copies leave it.
pub(crate) fn ingest(
    ctx: &Context<'_>,
    inputs: &[PathBuf],
    corpus: &Path,
) -> Result<StepResult, DsgError> {
    let entries = ctx.stages.ingester.walk(inputs)?;
    ctx.start(Stage::Ingest, Some(entries.len() as u64))?;
    let mut read = Read::default();
    // Named as the temporary files that the run store clears away after a kill.
    let all = corpus.with_file_name(".dsg-documents.part");
    let result = write_atomic(&all, |out| read.all(ctx, &entries, out))
        .map_err(DsgError::from)
        .and_then(|()| {
            let config = &ctx.config;
            copies::superseded(&all, &config.documents, &config.dedupe)
        })
        .and_then(|gone| read.choose(&all, corpus, gone));
    let _ = fs::remove_file(&all);
    if read.interrupted {
        return Err(DsgError::Interrupted {
            stage: Stage::Ingest,
        });
    }
    result?;
    let Read {
        counts,
        rejects,
        documents,
        ..
    } = read;
    ctx.finish(Stage::Ingest, &counts);
    if counts.kept == 0 {
        let reasons: Vec<String> = counts
            .dropped
            .iter()
            .map(|(reason, n)| format!("{n} {reason}"))
            .collect();
        return Err(DsgError::NoDocuments {
            seen: counts.entered,
            reasons: reasons.join(", "),
        });
    }
    Ok(StepResult {
        counts: vec![(Stage::Ingest, counts)],
        rejects,
        corpus: Some(CorpusSummary::of(&documents)),
    })
}

/// What the ingest step has read so far.
#[derive(Default)]
struct Read {
    counts: StageCounts,
    rejects: Vec<Reject>,
    documents: Vec<Facts>,
    interrupted: bool,
}

impl Read {
    /// Reads `entries` and writes the documents to `out`.
    fn all(&mut self, ctx: &Context<'_>, entries: &[Entry], out: &mut dyn Write) -> io::Result<()> {
        ctx.stages.ingester.for_each(entries, |outcome| {
            if ctx.interrupt.is_requested() {
                self.interrupted = true;
                return Err(io::ErrorKind::Interrupted.into());
            }
            self.counts.record(&outcome);
            match outcome {
                Outcome::Kept(document) => {
                    for (name, message) in dsg_ingest::warnings(&document) {
                        let message = format!("{name}: {message}");
                        ctx.warn(Stage::Ingest, &document.source.path, &message);
                    }
                    self.documents.push(Facts::of(&document));
                    serde_json::to_writer(&mut *out, &document)?;
                    out.write_all(b"\n")?;
                }
                Outcome::Dropped(reject) => self.rejects.push(reject),
                Outcome::Failed(reject) => {
                    ctx.warn(Stage::Ingest, &reject.id, &reject.detail);
                    self.rejects.push(reject);
                }
            }
            ctx.progress(Stage::Ingest, self.counts.entered);
            Ok(())
        })
    }

    /// Writes the documents in `all` that are not `gone` to `corpus`.
    fn choose(
        &mut self,
        all: &Path,
        corpus: &Path,
        gone: BTreeMap<String, Reject>,
    ) -> Result<(), DsgError> {
        /// As much of a document as says which it is.
        #[derive(Deserialize)]
        struct Named {
            source: Source,
        }
        let file = File::open(all).map_err(DsgError::file("read", all))?;
        write_atomic(corpus, |out| {
            for line in BufReader::new(file).split(b'\n') {
                let line = line?;
                let gone = !gone.is_empty()
                    && gone.contains_key(&serde_json::from_slice::<Named>(&line)?.source.path);
                if !gone {
                    out.write_all(&line)?;
                    out.write_all(b"\n")?;
                }
            }
            Ok(())
        })?;
        self.documents
            .retain(|document| !gone.contains_key(&document.path));
        for reject in gone.into_values() {
            self.counts.kept -= 1;
            *self
                .counts
                .dropped
                .entry(reject.reason.clone())
                .or_default() += 1;
            self.rejects.push(reject);
        }
        self.rejects.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(())
    }
}

/// `corpus.jsonl` to an index folder.
pub(crate) fn build_index(
    ctx: &Context<'_>,
    corpus: &Path,
    folder: &Path,
    fingerprint: &str,
    vectors: Option<Embedding>,
) -> Result<StepResult, DsgError> {
    ctx.start(Stage::Chunk, None)?;
    let mut builder = IndexBuilder::new(ctx.config.index.clone())?;
    let mut documents = read_jsonl::<Document>(corpus)?;
    let mut chunked = StageCounts::default();
    let mut rejects = Vec::new();
    let mut total = 0_u64;
    loop {
        let batch: Vec<Document> = documents.by_ref().take(BATCH).collect::<Result<_, _>>()?;
        if batch.is_empty() {
            break;
        }
        if ctx.interrupt.is_requested() {
            return Err(DsgError::Interrupted {
                stage: Stage::Chunk,
            });
        }
        let chunks: Vec<Vec<Chunk>> = batch
            .par_iter()
            .map(|document| ctx.stages.chunker.chunk(document))
            .collect();
        for (document, chunks) in batch.iter().zip(chunks) {
            let outcome = if chunks.is_empty() {
                Outcome::Dropped(no_content(document))
            } else {
                Outcome::Kept(())
            };
            chunked.record(&outcome);
            if let Outcome::Dropped(reject) = outcome {
                rejects.push(reject);
            }
            total += chunks.len() as u64;
            builder.extend(chunks);
        }
        ctx.progress(Stage::Chunk, chunked.entered);
    }
    ctx.finish(Stage::Chunk, &chunked);

    ctx.start(Stage::Index, Some(total))?;
    let index = builder.build()?;
    // Those of an index that was here before.
    Vectors::remove(folder)?;
    index.save(folder, fingerprint)?;
    if let Some(vectors) = vectors {
        embed(ctx, &index, vectors)?.save(folder, fingerprint)?;
    }
    let indexed = StageCounts {
        entered: total,
        kept: total,
        ..StageCounts::default()
    };
    ctx.finish(Stage::Index, &indexed);
    Ok(StepResult {
        counts: vec![(Stage::Chunk, chunked), (Stage::Index, indexed)],
        rejects,
        corpus: None,
    })
}

/// A model, and where its vectors are kept from one run to the next.
pub(crate) struct Embedding {
    pub(crate) embedder: Arc<dyn Embedder>,
    pub(crate) cache: PathBuf,
}

/// The vectors of an index. What was embedded stays in the cache, also when the run is stopped.
fn embed(ctx: &Context<'_>, index: &Index, vectors: Embedding) -> Result<Vectors, DsgError> {
    let embedder = Cached::open(vectors.embedder, &vectors.cache)?;
    let config = &ctx.config.vectors;
    let made = Vectors::embed(index, &embedder, config, ctx.config.seed, |done| {
        ctx.progress(Stage::Index, done);
        if ctx.interrupt.is_requested() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    made.ok_or(DsgError::Interrupted {
        stage: Stage::Index,
    })
}

fn no_content(document: &Document) -> Reject {
    Reject {
        schema: RejectSchema,
        id: document.doc_id.to_string(),
        stage: Stage::Chunk,
        reason: Reason::new("chunk.no_content"),
        detail: format!("`{}` has nothing but boilerplate", document.source.path),
        record: json!({"path": document.source.path, "doc_id": document.doc_id}),
    }
}

/// An index to `candidates.jsonl`, with the coverage of the curriculum.
pub(crate) fn generate(
    ctx: &Context<'_>,
    index: &dyn Retriever,
    candidates: &Path,
) -> Result<(Coverage, StepResult), DsgError> {
    let generated = if ctx.config.models.generator.provider.is_model() {
        roles::write(ctx, index)?
    } else {
        ctx.start(Stage::Generate, None)?;
        let generator = &ctx.stages.generator;
        generator
            .run(index, ctx.observer, ctx.interrupt)
            .map_err(interrupted)?
    };
    let StageResult {
        kept,
        rejects,
        counts,
    } = generated.result;
    write_jsonl(candidates, &kept)?;
    ctx.finish(Stage::Generate, &counts);
    Ok((
        generated.coverage,
        StepResult {
            counts: vec![(Stage::Generate, counts)],
            rejects,
            corpus: None,
        },
    ))
}

/// A request to stop is not a failure of the generator.
pub(crate) fn interrupted(error: GenerateError) -> DsgError {
    match error {
        GenerateError::Interrupted => DsgError::Interrupted {
            stage: Stage::Generate,
        },
        other => other.into(),
    }
}

/// The two sides of the dataset.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Curated {
    pub(crate) train: Vec<Example>,
    pub(crate) eval: Vec<Example>,
    /// Which duplicates were found, and what they lost to.
    #[serde(skip)]
    pub(crate) duplicates: Vec<Duplicate>,
}

/// Candidates through judge, dedupe, balance and split.
pub(crate) fn curate(
    ctx: &Context<'_>,
    index: &dyn Retriever,
    candidates: &Path,
    embedding: Option<Embedding>,
) -> Result<(Curated, StepResult), DsgError> {
    let candidates: Vec<Candidate> =
        read_jsonl(candidates)?.collect::<Result<_, ArtifactError>>()?;
    let mut result = StepResult::default();

    ctx.start(Stage::Judge, Some(candidates.len() as u64))?;
    let judged: StageResult<Candidate> = if ctx.config.models.judge.provider.is_model() {
        roles::review(ctx, candidates, index)?
    } else {
        candidates
            .into_par_iter()
            .map(|candidate| ctx.stages.judge.review(candidate, index))
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .collect()
    };
    let accepted = take(ctx, Stage::Judge, judged, &mut result);

    ctx.start(Stage::Dedupe, Some(accepted.len() as u64))?;
    let (unique, duplicates) = curation::unique(ctx, accepted, embedding)?;
    let unique = take(ctx, Stage::Dedupe, unique, &mut result);

    ctx.start(Stage::Balance, Some(unique.len() as u64))?;
    let balanced = ctx.stages.balancer.run(unique);
    let chosen = take(ctx, Stage::Balance, balanced.result, &mut result);

    ctx.start(Stage::Split, Some(chosen.len() as u64))?;
    let document_clusters = cluster_documents(document_texts(index)?, &ctx.config.dedupe)?;
    let split = ctx.stages.splitter.run(chosen, &document_clusters)?;
    let finish = |items: Vec<Candidate>, side| -> Vec<Example> {
        items
            .iter()
            .map(|item| Example::from_candidate(item, side))
            .collect()
    };
    let (train, eval) = (
        finish(split.train, Split::Train),
        finish(split.eval, Split::Eval),
    );
    ctx.finish(Stage::Split, &split.counts);
    result.rejects.extend(split.rejects);
    result.counts.push((Stage::Split, split.counts));
    Ok((
        Curated {
            train,
            eval,
            duplicates,
        },
        result,
    ))
}

/// Moves a stage's counts and rejects into the step's and returns what was kept.
fn take<T>(ctx: &Context<'_>, stage: Stage, from: StageResult<T>, into: &mut StepResult) -> Vec<T> {
    ctx.finish(stage, &from.counts);
    into.rejects.extend(from.rejects);
    into.counts.push((stage, from.counts));
    from.kept
}

/// The text of every document, put together from its chunks: what an item can quote.
fn document_texts(index: &dyn ChunkStore) -> Result<BTreeMap<DocId, String>, DsgError> {
    let mut texts: BTreeMap<DocId, String> = BTreeMap::new();
    for position in 0..index.len() {
        if let Some(chunk) = index.get(position)? {
            let text = texts.entry(chunk.doc_id).or_default();
            text.push_str(&chunk.text);
            text.push('\n');
        }
    }
    Ok(texts)
}
