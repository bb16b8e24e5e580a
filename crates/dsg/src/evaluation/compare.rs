//! The command `dsg compare` as a call.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use dsg_core::artifact::{write_atomic, write_json};
use dsg_core::{Event, Interrupt, Observer, Seed, Stage};
use dsg_judge::PairVerdict;
use dsg_train::evaluation::{Measured, SAME, bootstrap, mean};
use dsg_train::generate::GenerateOptions;
use serde::Serialize;

use super::EvalModel;
use super::answers::{Asked, Exam, RESULTS, clear};
use super::engine::EvalEngine;
use super::error::EvalError;
use super::groups::{caution, count, grouped};
use super::job::by_axis;
use super::metric::Metric;
use super::questions::EvalQuestions;
use super::record::Evaluated;
use super::scorer::Scorer;
use super::side_by_side::side_by_side;
use super::win_rate::{ComparisonJudge, Referee, WinRate};
use crate::config::DatasetConfig;
use crate::error::DsgError;
use crate::lock::lock;

/// Stands for a figure that there is none of.
pub(super) const NONE: &str = "–";

/// Who is asked what.
#[derive(Debug, Clone)]
pub struct CompareJob {
    /// The model before.
    pub base: EvalModel,
    /// The model after.
    pub student: EvalModel,
    /// What runs both.
    pub engine: EvalEngine,
    /// What both are asked.
    pub questions: EvalQuestions,
    /// How the replies of both are made.
    pub replies: GenerateOptions,
    /// Whether the model that the configuration names as judge says which answers are better. Default: no.
    pub judge: bool,
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
    /// What ran both: `burn` or `llama-cpp`.
    pub engine: &'static str,
    /// What the similarity of texts was measured with.
    pub embedder: String,
    /// Who said which answers are better, where a judge was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judge: Option<ComparisonJudge>,
    /// How replies were made.
    pub replies: GenerateOptions,
    /// The seed of choices and intervals.
    pub seed: u64,
    /// Questions that both answered.
    pub items: usize,
    /// Rows that the base model could not be asked; they are in `base/rejects.jsonl`.
    pub base_refused: u64,
    /// Rows that the student could not be asked; they are in `student/rejects.jsonl`.
    pub student_refused: u64,
    /// Questions that only one of them answered, which are compared nowhere.
    pub unpaired: usize,
    /// Whether likelihoods are compared: not where the models cut an answer into different tokens.
    pub same_tokens: bool,
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
    /// Documents that they are from; a row that cites none counts as one. What is resampled.
    pub groups: usize,
    /// What was measured.
    pub metrics: Vec<MetricComparison>,
    /// How often the student's answer is the better one, where a judge was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub win_rate: Option<WinRate>,
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
    /// Lower bound of the paired 95 % bootstrap interval of that mean; `None` where all questions are from one document.
    pub low: Option<f64>,
    /// Its upper bound, as there.
    pub high: Option<f64>,
    /// Share of the resampled means in which the student is better, with half of those without a difference; as there.
    pub p_better: Option<f64>,
    /// Questions on which the student is better, by more than rounding,
    pub wins: usize,
    /// as good,
    pub ties: usize,
    /// and worse.
    pub losses: usize,
}

/// The same question, answered by both.
pub(super) struct Pair<'a> {
    /// The question's place among all.
    pub(super) place: usize,
    pub(super) base: &'a Evaluated,
    pub(super) student: &'a Evaluated,
    /// What a judge says, with the base's answer as A and the student's as B.
    pub(super) verdict: Option<PairVerdict>,
}

impl<'a> Pair<'a> {
    /// A pair that nobody judged.
    pub(super) const fn new(place: usize, base: &'a Evaluated, student: &'a Evaluated) -> Self {
        Self {
            place,
            base,
            student,
            verdict: None,
        }
    }
}

/// Asks two models the same questions and measures the differences. Answers are kept as by [`evaluate`](super::evaluate()), whose files are under `base/`
/// and `student/`. At the end there are `compare.md` (every question with both answers) and, last, `compare.json` (the summary); those of an earlier
/// call are removed first.
///
/// Where a judge is asked, each pair of answers is put to the model of `models.judge` in both orders; its replies are kept in
/// `compare.replies`, so that no question is put to it twice.
///
/// # Errors
/// As [`evaluate`](super::evaluate()), and [`DsgError::Evaluation`] where no question was answered by both, or where a judge is wanted and the
/// configuration names none. A judge that cannot be opened is an error before a model is loaded; one that ends the run is
/// [`DsgError::ModelJudge`], after the answers of both were kept.
pub fn compare(
    job: &CompareJob,
    config: &DatasetConfig,
    observer: &dyn Observer,
    interrupt: &Interrupt,
) -> Result<CompareSummary, DsgError> {
    job.replies.validate()?;
    let engine = job.engine.open(&[&job.base, &job.student], None)?;
    let seed = Seed(config.seed);
    let questions = job.questions.read(seed, observer)?;
    let scorer = Scorer::new(config)?;
    fs::create_dir_all(&job.out).map_err(DsgError::file("create", &job.out))?;
    let _lock = lock(&job.out, &job.out)?;
    let summary_file = job.out.join("compare.json");
    let referee = if job.judge {
        Some(Referee::open(config, &summary_file, interrupt)?)
    } else {
        None
    };
    let [base_folder, student_folder] = ["base", "student"].map(|who| job.out.join(who));
    clear(&job.out, &["compare.json", "compare.md"])?;
    clear(&base_folder, &RESULTS)?;
    clear(&student_folder, &RESULTS)?;
    let exam = Exam {
        questions: &questions,
        engine: &engine,
        replies: &job.replies,
        scorer: &scorer,
        seed,
        observer,
        interrupt,
    };
    let begins = |message: String| {
        observer.on_event(&Event::Note {
            stage: Stage::Evaluate,
            message,
        });
    };
    begins(format!("the base is asked: {}", job.base));
    let (base, of_base) = exam.examine(&job.base, &[], &base_folder)?;
    begins(format!("the student is asked: {}", job.student));
    let (student, of_student) = exam.examine(&job.student, &[], &student_folder)?;
    let mut pairs = paired(&base, &student);
    if pairs.is_empty() {
        return Err(EvalError::NoPairs {
            base: base.len(),
            student: student.len(),
        }
        .into());
    }
    if let Some(referee) = &referee {
        referee.judge(&mut pairs, &questions, observer)?;
    }
    let same_tokens = pairs
        .iter()
        .all(|pair| pair.base.labels == pair.student.labels);
    if !same_tokens {
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
        engine: engine.name(),
        embedder: scorer.embedder().to_owned(),
        judge: referee.as_ref().map(Referee::who),
        replies: job.replies.clone(),
        seed: config.seed,
        items,
        base_refused: of_base.refused,
        student_refused: of_student.refused,
        unpaired: base.len() + student.len() - 2 * items,
        same_tokens,
        axes: axes
            .iter()
            .map(|(axis, pairs)| AxisComparison::new(axis, pairs, same_tokens, seed))
            .collect(),
        written: ["compare.json", "compare.md", "base/", "student/"]
            .into_iter()
            .chain(referee.as_ref().map(|_| "compare.replies"))
            .map(str::to_owned)
            .collect(),
    };
    exam.caution(summary.axes.iter().filter_map(AxisComparison::caution));
    write_atomic(&job.out.join("compare.md"), |out| {
        out.write_all(side_by_side(&summary, &axes).as_bytes())
    })?;
    write_json(&summary_file, &summary)?;
    Ok(summary)
}

/// What both answered.
fn paired<'a>(base: &'a [Asked], student: &'a [Asked]) -> Vec<Pair<'a>> {
    let of_student: BTreeMap<usize, &Evaluated> =
        student.iter().map(|one| (one.place, &one.result)).collect();
    let pairs = base.iter().filter_map(|one| {
        let student = of_student.get(&one.place)?;
        Some(Pair::new(one.place, &one.result, student))
    });
    pairs.collect()
}

impl AxisComparison {
    fn new(axis: &str, pairs: &[Pair<'_>], same_tokens: bool, seed: Seed) -> Self {
        let metrics = Metric::of_axis(axis)
            // A mean of perplexities' differences would be one of a few unlikely answers; that of likelihoods tells the same.
            .filter(|metric| *metric != Metric::Perplexity)
            .filter(|metric| same_tokens || !metric.is_loss())
            .filter_map(|metric| MetricComparison::new(metric, pairs, seed));
        Self {
            axis: axis.to_owned(),
            items: pairs.len(),
            groups: count(pairs.iter().map(|pair| pair.base)),
            metrics: metrics.collect(),
            win_rate: WinRate::new(pairs, seed),
        }
    }

    /// Why its intervals are not to be trusted, where they are not.
    pub fn caution(&self) -> Option<String> {
        caution(&self.axis, self.items, self.groups)
    }
}

impl MetricComparison {
    /// `None` where no question has it. Both models' values weigh the same: tokens count for losses alone, and only where they are the same.
    fn new(metric: Metric, pairs: &[Pair<'_>], seed: Seed) -> Option<Self> {
        let both: Vec<(&Evaluated, Measured, Measured)> = pairs
            .iter()
            .filter_map(|pair| Some((pair.base, metric.of(pair.base)?, metric.of(pair.student)?)))
            .collect();
        let differences = both.iter().map(|(result, base, student)| {
            let value = student.value - base.value;
            (*result, Measured { value, ..*base })
        });
        let values = || differences.clone().map(|(_, difference)| difference.value);
        let items = both.len();
        let more = values().filter(|value| *value > SAME).count();
        let less = values().filter(|value| *value < -SAME).count();
        let estimate = bootstrap(&grouped(differences), seed)?;
        let (wins, losses, p_better) = if metric.is_loss() {
            (less, more, 1.0 - estimate.above_zero)
        } else {
            (more, less, estimate.above_zero)
        };
        let has_interval = estimate.items > 1;
        Some(Self {
            metric,
            items,
            base: mean(both.iter().map(|(_, base, _)| base)),
            student: mean(both.iter().map(|(_, _, student)| student)),
            difference: estimate.mean,
            low: has_interval.then_some(estimate.low),
            high: has_interval.then_some(estimate.high),
            p_better: has_interval.then_some(p_better),
            wins,
            ties: items - more - less,
            losses,
        })
    }

    /// The interval for people: `-0.120 to +0.040`; a dash where there is none.
    pub fn interval(&self) -> String {
        match (self.low, self.high) {
            (Some(low), Some(high)) => format!("{low:+.3} to {high:+.3}"),
            _ => NONE.to_owned(),
        }
    }

    /// How sure the student is better, for people; a dash where that cannot be told.
    pub fn confidence(&self) -> String {
        self.p_better
            .map_or_else(|| NONE.to_owned(), |p| format!("{p:.3}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::record::Scores;

    fn result(nll: f64, tokens: usize, f1: f64) -> Evaluated {
        Evaluated {
            nll,
            tokens,
            scores: Scores {
                f1,
                ..Scores::default()
            },
            ..Evaluated::example()
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
            .map(|(base, student)| Pair::new(0, base, student))
            .collect();
        let nll = MetricComparison::new(Metric::Nll, &pairs, Seed(1)).unwrap();
        // By tokens: (2 + 3 + 3) / 5, (1 + 6 + 1) / 5.
        assert!((nll.base - 1.6).abs() < 1e-12 && (nll.student - 1.6).abs() < 1e-12);
        assert!(nll.difference.abs() < 1e-12);
        assert_eq!((nll.wins, nll.ties, nll.losses), (2, 0, 1));
        let f1 = MetricComparison::new(Metric::F1, &pairs, Seed(1)).unwrap();
        assert!((f1.difference - 0.1 / 3.0).abs() < 1e-12);
        assert_eq!((f1.wins, f1.ties, f1.losses), (1, 1, 1));
        let [low, high, p_better] = [f1.low, f1.high, f1.p_better].map(Option::unwrap);
        assert!(low < 0.0 && high > 0.0 && p_better > 0.5, "{f1:?}");
        // No row has quotes.
        assert_eq!(
            MetricComparison::new(Metric::Supported, &pairs, Seed(1)),
            None
        );
    }

    #[test]
    fn likelihoods_of_different_tokens_are_not_compared() {
        let (base, student) = (result(2.0, 4, 0.5), result(1.0, 4, 0.7));
        let pairs = [Pair::new(0, &base, &student)];
        let metrics = |same_tokens| -> Vec<Metric> {
            let axis = AxisComparison::new("unseen", &pairs, same_tokens, Seed(1));
            assert_eq!(axis.win_rate, None);
            axis.metrics.iter().map(|metric| metric.metric).collect()
        };
        assert_eq!(metrics(true)[0], Metric::Nll);
        assert_eq!(metrics(false)[0], Metric::Exact);
    }

    #[test]
    fn what_is_rounding_is_no_difference_of_any_kind() {
        let base = [result(1.0, 1, 0.3), result(1.0, 1, 0.3)];
        let student = [result(1.0, 1, 0.1 + 0.2), result(1.0, 1, 0.1 + 0.2)];
        let pairs: Vec<Pair<'_>> = base
            .iter()
            .zip(&student)
            .map(|(base, student)| Pair::new(0, base, student))
            .collect();
        let f1 = MetricComparison::new(Metric::F1, &pairs, Seed(1)).unwrap();
        assert_eq!((f1.wins, f1.ties, f1.p_better), (0, 2, Some(0.5)));
    }

    #[test]
    fn a_question_that_one_model_was_not_asked_is_in_no_pair() {
        let asked = |places: &[usize]| -> Vec<Asked> {
            let one = |place: &usize| Asked {
                place: *place,
                result: Evaluated {
                    id: place.to_string(),
                    ..Evaluated::example()
                },
            };
            places.iter().map(one).collect()
        };
        // The student's context was too short for 1, the base's for 0.
        let (base, student) = (asked(&[1, 2, 3]), asked(&[0, 2, 3]));
        let pairs = paired(&base, &student);
        let ids: Vec<[&str; 2]> = pairs
            .iter()
            .map(|pair| [pair.base.id.as_str(), pair.student.id.as_str()])
            .collect();
        assert_eq!(ids, [["2", "2"], ["3", "3"]]);
        assert!(paired(&base, &asked(&[])).is_empty());
    }
}
