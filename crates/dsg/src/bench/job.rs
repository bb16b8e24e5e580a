//! The measurements themselves.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use dsg_llm::{BenchContext, BenchModel};

use super::error::BenchError;
use super::row::BenchRow;
use crate::error::DsgError;
use crate::memory::{forget_peak, peak_bytes};

/// What is measured, on which model file. Every number of threads is measured with every batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BenchJob {
    /// The GGUF file.
    pub gguf: PathBuf,
    /// Numbers of threads.
    pub threads: Vec<NonZeroUsize>,
    /// Numbers of tokens of a prompt that are read at once, as `llama-bench -b N -ub N` has them.
    pub batches: Vec<NonZeroUsize>,
    /// Tokens of the prompt that is read; 0 reads none.
    pub prompt_tokens: usize,
    /// Tokens of the reply that is written; 0 writes none.
    pub reply_tokens: usize,
    /// How often each test is repeated.
    pub repetitions: NonZeroUsize,
    /// Whether each test is run once more before, without being counted.
    pub warm_up: bool,
}

/// Measures, and returns a row for each test: reading before writing, in the order of threads, then batches.
///
/// # Errors
/// [`DsgError::Bench`] for a job without a test, [`DsgError::Llm`] for a file that is no model and settings that cannot be.
pub fn bench(job: &BenchJob) -> Result<Vec<BenchRow>, DsgError> {
    let read = NonZeroUsize::new(job.prompt_tokens).map(Test::Read);
    let write = NonZeroUsize::new(job.reply_tokens).map(Test::Write);
    let tests: Vec<Test> = read.into_iter().chain(write).collect();
    if tests.is_empty() || job.threads.is_empty() || job.batches.is_empty() {
        let problem =
            "measure nothing: prompt and reply have no tokens, or there are no threads or batches";
        let field = "these settings";
        return Err(BenchError::Setting { field, problem }.into());
    }
    let model = BenchModel::open(&job.gguf)?;
    let file = std::fs::metadata(&job.gguf).map_err(DsgError::file("read", &job.gguf))?;
    let mut rows = Vec::new();
    for threads in &job.threads {
        for batch in &job.batches {
            let mut context =
                model.context(*threads, *batch, job.prompt_tokens, job.reply_tokens)?;
            for test in &tests {
                let Measured {
                    speeds,
                    first_token,
                    peak_bytes,
                } = test.run(&mut context, job)?;
                rows.push(BenchRow {
                    model: model.name().to_owned(),
                    model_bytes: file.len(),
                    threads: threads.get(),
                    batch: batch.get(),
                    test: test.name(),
                    repetitions: speeds.len(),
                    tokens_per_second: rounded(mean(&speeds)),
                    deviation: rounded(deviation(&speeds)),
                    first_token_ms: (!first_token.is_empty()).then(|| rounded(mean(&first_token))),
                    peak_bytes,
                });
            }
        }
    }
    Ok(rows)
}

/// A test and its tokens.
#[derive(Clone, Copy)]
enum Test {
    Read(NonZeroUsize),
    Write(NonZeroUsize),
}

/// What the repetitions of a test gave.
struct Measured {
    /// Tokens a second.
    speeds: Vec<f64>,
    /// Milliseconds until the first token of a reply.
    first_token: Vec<f64>,
    peak_bytes: Option<u64>,
}

impl Test {
    const fn tokens(self) -> NonZeroUsize {
        match self {
            Self::Read(tokens) | Self::Write(tokens) => tokens,
        }
    }

    fn name(self) -> String {
        match self {
            Self::Read(tokens) => format!("pp{tokens}"),
            Self::Write(tokens) => format!("tg{tokens}"),
        }
    }

    fn run(self, context: &mut BenchContext<'_>, job: &BenchJob) -> Result<Measured, DsgError> {
        if job.warm_up {
            // As `llama-bench` warms up: one token of a reply is enough.
            match self {
                Self::Read(tokens) => {
                    context.read(tokens)?;
                }
                Self::Write(_) => {
                    context.write(NonZeroUsize::MIN)?;
                }
            }
        }
        let forgotten = forget_peak();
        let (mut speeds, mut first_token) = (Vec::new(), Vec::new());
        for _ in 0..job.repetitions.get() {
            let time = match self {
                Self::Read(tokens) => {
                    let time = context.read(tokens)?;
                    first_token.push(time.first_token.as_secs_f64() * 1e3);
                    time.prompt
                }
                Self::Write(tokens) => context.write(tokens)?,
            };
            // A clock that does not move is one that cannot tell.
            let seconds = time.max(Duration::from_nanos(1)).as_secs_f64();
            speeds.push(self.tokens().get() as f64 / seconds);
        }
        Ok(Measured {
            speeds,
            first_token,
            peak_bytes: forgotten.then(peak_bytes).flatten(),
        })
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Of a sample: the sum of squares is divided by one less than there are values.
fn deviation(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / values.len().saturating_sub(1).max(1) as f64).sqrt()
}

/// To three digits behind the point; there is no truth in more.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_has_a_mean_and_a_deviation() {
        let sample = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
        assert!((mean(&sample) - 5.0).abs() < 1e-12);
        assert!((deviation(&sample) - (32.0_f64 / 7.0).sqrt()).abs() < 1e-12);
        assert_eq!((mean(&[3.0]), deviation(&[3.0])), (3.0, 0.0));
    }
}
