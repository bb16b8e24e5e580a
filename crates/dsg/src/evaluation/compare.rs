//! The command `dsg compare` as a call.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use dsg_core::artifact::{write_atomic, write_json};
use dsg_core::{Event, Interrupt, Observer, Seed, Stage};
use dsg_train::evaluation::{Measured, bootstrap, mean};
use dsg_train::generate::GenerateOptions;
use serde::Serialize;

use super::EvalModel;
use super::answers::{Asked, Exam};
use super::job::by_axis;
use super::metric::Metric;
use super::questions::EvalQuestions;
use super::record::Evaluated;
use super::scorer::Scorer;
use super::side_by_side::side_by_side;
use crate::config::DatasetConfig;
use crate::error::DsgError;
use crate::lock::lock;

/// Differences below this are rounding.
const SAME: f64 = 1e-9;

/// Who is asked what.
#[derive(Debug, Clone)]
pub struct CompareJob {
    /// The model before.
    pub base: EvalModel,
    /// The model after.
    pub student: EvalModel,
    /// What both are asked.
    pub questions: EvalQuestions,
    /// How the replies of both are made.
    pub replies: GenerateOptions,
    /// The folder for the results.
    pub out: PathBuf,
}

/// What came of it: `compare.json`.
#[derive(Debug, Clone, Serialize)]
pub struct CompareSummary {
    /// The model before.
    pub base: EvalModel,
    /// The model after.
    pub student: EvalModel,
    /// How replies were made.
    pub replies: GenerateOptions,
    /// The seed of choices and intervals.
    pub seed: u64,
    /// Questions that both answered.
    pub items: usize,
    /// The figures of every axis, in the order of the call.
    pub axes: Vec<AxisComparison>,
    /// The files, by name.
    pub written: Vec<String>,
}

/// Both models on an axis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AxisComparison {
    /// Its name.
    pub axis: String,
    /// Questions that both answered.
    pub items: usize,
    /// What was measured.
    pub metrics: Vec<MetricComparison>,
}

/// Both models by one measure. Differences are the student's value less the base model's, question by question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricComparison {
    /// What was measured.
    pub metric: Metric,
    /// Questions of which both answers have it.
    pub items: usize,
    /// The base model's mean.
    pub base: f64,
    /// The student's mean.
    pub student: f64,
    /// Mean of the differences.
    pub difference: f64,
    /// Lower bound of the paired 95 % bootstrap interval of that mean.
    pub low: f64,
    /// Its upper bound.
    pub high: f64,
    /// Share of the resampled means in which the student is better, with half of those without a difference.
    pub p_better: f64,
    /// Questions on which the student is better,
    pub wins: usize,
    /// as good,
    pub ties: usize,
    /// and worse.
    pub losses: usize,
}

/// The same question, answered by both.
pub(super) struct Pair<'a> {
    pub(super) base: &'a Evaluated,
    pub(super) student: &'a Evaluated,
}

/// Asks two models the same questions and measures the differences. The same call goes on where a stopped one was. Leaves `compare.json` (the summary),
/// `compare.md` (every question with both answers), and under `base/` and `student/` what [`evaluate`](super::evaluate()) leaves.
///
/// # Errors
/// As [`evaluate`](super::evaluate()).
pub fn compare(
    job: &CompareJob,
    config: &DatasetConfig,
    observer: &dyn Observer,
    interrupt: &Interrupt,
) -> Result<CompareSummary, DsgError> {
    job.replies.validate()?;
    let seed = Seed(config.seed);
    let scorer = Scorer::new(config)?;
    let questions = job.questions.read(seed, observer)?;
    fs::create_dir_all(&job.out).map_err(DsgError::file("create", &job.out))?;
    let _lock = lock(&job.out, &job.out)?;
    let exam = Exam {
        questions: &questions,
        replies: &job.replies,
        scorer: &scorer,
        seed,
        observer,
        interrupt,
    };
    let (base, _) = exam.examine(&job.base, &[], &job.out.join("base"))?;
    let (student, _) = exam.examine(&job.student, &[], &job.out.join("student"))?;
    let pairs = paired(&base, &student);
    if pairs
        .iter()
        .any(|pair| pair.base.tokens != pair.student.tokens)
    {
        observer.on_event(&Event::Warning {
            stage: Stage::Evaluate,
            subject: "nll".to_owned(),
            message:
                "the models cut answers into different tokens, so that their nll cannot be compared"
                    .to_owned(),
        });
    }
    let items = pairs.len();
    let axes: Vec<(String, Vec<Pair<'_>>)> = by_axis(pairs, |pair| &pair.base.axis);
    let summary = CompareSummary {
        base: job.base.clone(),
        student: job.student.clone(),
        replies: job.replies.clone(),
        seed: config.seed,
        items,
        axes: axes
            .iter()
            .map(|(axis, pairs)| AxisComparison::new(axis, pairs, seed))
            .collect(),
        written: ["compare.json", "compare.md", "base/", "student/"]
            .map(str::to_owned)
            .to_vec(),
    };
    write_atomic(&job.out.join("compare.md"), |out| {
        out.write_all(side_by_side(&summary, &axes).as_bytes())
    })?;
    write_json(&job.out.join("compare.json"), &summary)?;
    Ok(summary)
}

/// What both answered.
fn paired<'a>(base: &'a [Asked<'_>], student: &'a [Asked<'_>]) -> Vec<Pair<'a>> {
    let of_student: BTreeMap<usize, &Evaluated> =
        student.iter().map(|one| (one.place, &one.result)).collect();
    let pairs = base.iter().filter_map(|one| {
        Some(Pair {
            base: &one.result,
            student: of_student.get(&one.place)?,
        })
    });
    pairs.collect()
}

impl AxisComparison {
    fn new(axis: &str, pairs: &[Pair<'_>], seed: Seed) -> Self {
        let metrics = Metric::of_axis(axis)
            // A mean of perplexities' differences would be one of a few unlikely answers; that of likelihoods tells the same.
            .filter(|metric| *metric != Metric::Perplexity)
            .filter_map(|metric| MetricComparison::new(metric, pairs, seed));
        Self {
            axis: axis.to_owned(),
            items: pairs.len(),
            metrics: metrics.collect(),
        }
    }
}

impl MetricComparison {
    /// `None` where no question has it, or where values are of different tokens.
    fn new(metric: Metric, pairs: &[Pair<'_>], seed: Seed) -> Option<Self> {
        let (base, student): (Vec<Measured>, Vec<Measured>) = pairs
            .iter()
            .filter_map(|pair| Some((metric.of(pair.base)?, metric.of(pair.student)?)))
            .unzip();
        let both = base.iter().zip(&student);
        if both
            .clone()
            .any(|(base, student)| (base.weight - student.weight).abs() > SAME)
        {
            return None;
        }
        let differences: Vec<Measured> = both
            .map(|(base, student)| Measured {
                value: student.value - base.value,
                weight: base.weight,
            })
            .collect();
        let estimate = bootstrap(&differences, seed)?;
        let more = differences.iter().filter(|one| one.value > SAME).count();
        let less = differences.iter().filter(|one| one.value < -SAME).count();
        let (wins, losses, p_better) = if metric.is_loss() {
            (less, more, 1.0 - estimate.above_zero)
        } else {
            (more, less, estimate.above_zero)
        };
        Some(Self {
            metric,
            items: estimate.items,
            base: mean(&base),
            student: mean(&student),
            difference: estimate.mean,
            low: estimate.low,
            high: estimate.high,
            p_better,
            wins,
            ties: estimate.items - more - less,
            losses,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::record::Scores;

    fn result(nll: f64, tokens: usize, f1: f64) -> Evaluated {
        Evaluated {
            schema: Evaluated::SCHEMA.to_owned(),
            id: "a".to_owned(),
            axis: "unseen".to_owned(),
            question: "Q".to_owned(),
            reworded: None,
            reference: "R".to_owned(),
            answer: "A".to_owned(),
            finish: "end".to_owned(),
            nll,
            tokens,
            scores: Some(Scores {
                f1,
                ..Scores::default()
            }),
            key: String::new(),
        }
    }

    #[test]
    fn differences_are_those_of_the_same_question() {
        let base = [
            result(2.0, 1, 0.5),
            result(1.0, 3, 0.5),
            result(3.0, 1, 0.2),
        ];
        let student = [
            result(1.0, 1, 0.7),
            result(2.0, 3, 0.5),
            result(1.0, 1, 0.1),
        ];
        let pairs: Vec<Pair<'_>> = base
            .iter()
            .zip(&student)
            .map(|(base, student)| Pair { base, student })
            .collect();
        let nll = MetricComparison::new(Metric::Nll, &pairs, Seed(1)).unwrap();
        // By tokens: (2 + 3 + 3) / 5, (1 + 6 + 1) / 5.
        assert!((nll.base - 1.6).abs() < 1e-12 && (nll.student - 1.6).abs() < 1e-12);
        assert!(nll.difference.abs() < 1e-12);
        assert_eq!((nll.wins, nll.ties, nll.losses), (2, 0, 1));
        let f1 = MetricComparison::new(Metric::F1, &pairs, Seed(1)).unwrap();
        assert!((f1.difference - 0.1 / 3.0).abs() < 1e-12);
        assert_eq!((f1.wins, f1.ties, f1.losses), (1, 1, 1));
        assert!(f1.low < 0.0 && f1.high > 0.0 && f1.p_better > 0.5, "{f1:?}");
        // No row has quotes.
        assert_eq!(
            MetricComparison::new(Metric::Supported, &pairs, Seed(1)),
            None
        );
    }

    #[test]
    fn likelihoods_of_different_tokens_are_not_compared() {
        let (base, student) = (result(2.0, 4, 0.5), result(1.0, 5, 0.7));
        let pairs = [Pair {
            base: &base,
            student: &student,
        }];
        assert_eq!(MetricComparison::new(Metric::Nll, &pairs, Seed(1)), None);
        assert!(MetricComparison::new(Metric::F1, &pairs, Seed(1)).is_some());
    }
}
