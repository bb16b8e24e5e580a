//! The part of curation that looks at many items at once and may ask an embedding model: benchmarks, duplicates.

use std::sync::Arc;

use dsg_core::{Candidate, Duplicate, Embedder, Stage, StageResult};
use dsg_dedupe::{Decontaminator, Deduped, TextVectors};
use dsg_index::Cached;

use crate::benchmark;
use crate::error::DsgError;
use crate::steps::{Context, Embedding};

/// Texts that a model is given at a time; between them a stop is noticed.
const BATCH: usize = 64;

/// The items that repeat neither a benchmark nor each other, and which lost to which.
pub(crate) fn unique(
    ctx: &Context<'_>,
    accepted: Vec<Candidate>,
    embedding: Option<Embedding>,
) -> Result<(StageResult<Candidate>, Vec<Duplicate>), DsgError> {
    let meanings = embedding.map(Meanings::open).transpose()?;
    let clean = decontaminated(ctx, accepted, meanings.as_ref())?;
    let deduper = &ctx.stages.deduper;
    let Deduped {
        mut result,
        duplicates,
    } = match &meanings {
        None => deduper.run(clean.kept),
        Some(meanings) => {
            let vectors = meanings.of_candidates(ctx, &clean.kept)?;
            deduper.run_with_vectors(clean.kept, &vectors)?
        }
    };
    // One stage: what entered the first half, what left in either.
    result.counts.entered = clean.counts.entered;
    result.counts.failed += clean.counts.failed;
    for (reason, count) in clean.counts.dropped {
        *result.counts.dropped.entry(reason).or_default() += count;
    }
    result.rejects.splice(0..0, clean.rejects);
    Ok((result, duplicates))
}

/// The items that repeat no benchmark.
fn decontaminated(
    ctx: &Context<'_>,
    accepted: Vec<Candidate>,
    meanings: Option<&Meanings>,
) -> Result<StageResult<Candidate>, DsgError> {
    let config = &ctx.config.dedupe;
    let mut benchmark = Decontaminator::new(config)?;
    for file in &config.decontaminate {
        // Its name alone: rejects are published, folders are nobody's business.
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let before = benchmark.rows();
        benchmark::read(file, &config.decontaminate_columns, &mut |row| {
            benchmark.add(&name, row);
        })?;
        let rows = benchmark.rows() - before;
        ctx.say(
            Stage::Dedupe,
            format!("{rows} rows of `{name}` that no item may repeat"),
        );
    }
    match meanings {
        Some(meanings) if benchmark.rows() > 0 => {
            let questions: Vec<&str> = benchmark.questions().collect();
            let of_benchmark = meanings.of(ctx, &questions)?;
            let of_items = meanings.of_candidates(ctx, &accepted)?;
            Ok(benchmark.run_with_vectors(accepted, &of_items, &of_benchmark)?)
        }
        _ => Ok(benchmark.run(accepted)),
    }
}

/// The configured model, with its cache.
struct Meanings(Cached<Arc<dyn Embedder>>);

impl Meanings {
    fn open(embedding: Embedding) -> Result<Self, DsgError> {
        Ok(Self(Cached::open(embedding.embedder, &embedding.cache)?))
    }

    fn of_candidates(
        &self,
        ctx: &Context<'_>,
        candidates: &[Candidate],
    ) -> Result<TextVectors, DsgError> {
        let questions: Vec<&str> = candidates
            .iter()
            .map(|candidate| candidate.question.as_str())
            .collect();
        self.of(ctx, &questions)
    }

    /// The vectors of `texts`, in their order.
    fn of(&self, ctx: &Context<'_>, texts: &[&str]) -> Result<TextVectors, DsgError> {
        let mut vectors = TextVectors::new(self.0.dimension())?;
        for batch in texts.chunks(BATCH) {
            if ctx.interrupt.is_requested() {
                return Err(DsgError::Interrupted {
                    stage: Stage::Dedupe,
                });
            }
            for vector in self.0.embed(batch)? {
                vectors.push(&vector)?;
            }
        }
        Ok(vectors)
    }
}
