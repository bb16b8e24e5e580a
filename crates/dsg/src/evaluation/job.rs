//! The command `dsg eval` as a call.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use dsg_core::artifact::write_json;
use dsg_core::{Event, Interrupt, Observer, Seed, Stage};
use dsg_export::ModelFile;
use dsg_gguf::Gguf;
use dsg_train::evaluation::{Measured, bootstrap};
use dsg_train::generate::GenerateOptions;
use serde::Serialize;

use super::EvalModel;
use super::answers::{Asked, Exam, RESULTS, clear};
use super::engine::{ConstrainedReplies, EvalConstraint, EvalEngine};
use super::error::{EvalError, InvalidGate};
use super::groups::{caution, count, grouped};
use super::metric::Metric;
use super::questions::{EvalQuestions, Question};
use super::record::Evaluated;
use super::scorer::Scorer;
use crate::config::DatasetConfig;
use crate::error::DsgError;
use crate::lock::lock;
use crate::report::GateResult;

/// Who is asked what.
#[derive(Debug, Clone)]
pub struct EvalJob {
    /// The model.
    pub model: EvalModel,
    /// What runs it.
    pub engine: EvalEngine,
    /// What it is asked.
    pub questions: EvalQuestions,
    /// How its replies are made.
    pub replies: GenerateOptions,
    /// What its replies are held to; likelihoods are measured without. Default: nothing.
    pub constraint: Option<EvalConstraint>,
    /// What must hold.
    pub gates: Vec<EvalGate>,
    /// The folder for the results.
    pub out: PathBuf,
}

/// A mean that must not be worse than a value.
#[derive(Debug, Clone, PartialEq)]
pub struct EvalGate {
    /// On which axis. Default: on every one that has the metric.
    pub axis: Option<String>,
    /// Which mean.
    pub metric: Metric,
    /// The value: the least, or of a loss the most.
    pub value: f64,
}

impl FromStr for EvalGate {
    type Err = InvalidGate;

    /// Reads `f1=0.3` or `unseen.f1=0.3`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| InvalidGate::Shape(text.to_owned()))?;
        let (axis, metric) = match name.rsplit_once('.') {
            Some((axis, metric)) => (Some(axis.to_owned()), metric),
            None => (None, name),
        };
        let value: f64 = value
            .parse()
            .ok()
            .filter(|value: &f64| value.is_finite())
            .ok_or_else(|| InvalidGate::Value(value.to_owned()))?;
        Ok(Self {
            axis,
            metric: metric.parse()?,
            value,
        })
    }
}

/// What came of it: `eval.json`.
#[derive(Debug, Clone, Serialize)]
pub struct EvalSummary {
    /// The model.
    #[serde(flatten)]
    pub model: EvalModel,
    /// What the model's file says of its weights; `None` for a folder.
    pub file: Option<ModelFile>,
    /// What ran it: `burn` or `llama-cpp`.
    pub engine: &'static str,
    /// What the similarity of texts was measured with.
    pub embedder: String,
    /// How replies were made.
    pub replies: GenerateOptions,
    /// How they came out, where they were held to a form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constrained: Option<ConstrainedReplies>,
    /// The seed of choices and intervals.
    pub seed: u64,
    /// Questions that were answered.
    pub items: u64,
    /// Rows that could not be asked or measured; they are in `rejects.jsonl`.
    pub refused: u64,
    /// The figures of every axis, in the order of the call.
    pub axes: Vec<AxisSummary>,
    /// Whether they are good enough.
    pub gates: Vec<GateResult>,
    /// The files, by name.
    pub written: Vec<String>,
}

impl EvalSummary {
    /// Whether every gate was met.
    pub fn gates_met(&self) -> bool {
        self.gates.iter().all(|gate| gate.met)
    }
}

/// The figures of an axis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AxisSummary {
    /// Its name.
    pub axis: String,
    /// Questions that were answered.
    pub items: usize,
    /// Documents that they are from; a row that cites none counts as one. What is resampled.
    pub groups: usize,
    /// What was measured.
    pub metrics: Vec<MetricSummary>,
}

/// A mean with its 95 % bootstrap interval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricSummary {
    /// What was measured.
    pub metric: Metric,
    /// Of how many answers.
    pub items: usize,
    /// The mean; of `nll` and `perplexity` over tokens, else over answers.
    pub mean: f64,
    /// Lower bound of the interval; `None` where all answers are from one document.
    pub low: Option<f64>,
    /// Upper bound of the interval, as there.
    pub high: Option<f64>,
}

/// Asks a model and measures its answers. Every answer is kept in `answers.jsonl` as soon as it is there and never made again, so that the same call goes
/// on where a stopped one was, and another call in the same folder asks only what is new. At the end there are `rejects.jsonl`,
/// `results.jsonl` (a line for each question) and, last, `eval.json` (the summary); those of an earlier call are removed first. `config`
/// gives the seed of choices, sampling and intervals, the embedding model, and the known terms and placeholders that need no support.
///
/// # Errors
/// Before a model is loaded: [`DsgError::FeatureMissing`] for an engine that this build lacks, [`DsgError::Llm`] for a constraint that is none;
/// [`DsgError::Artifact`] for a line that is no row; [`DsgError::Evaluation`] for an engine that cannot do it, where there is nothing to ask or nothing to hold
/// a gate against, and for an axis whose name is taken. Then [`DsgError::Train`] for models and options that cannot be used, [`DsgError::Llm`] for those that llama.cpp
/// cannot use; [`DsgError::NoQuestions`] where no row can be asked or measured; [`DsgError::Interrupted`]; [`DsgError::Locked`] while another call has the folder.
pub fn evaluate(
    job: &EvalJob,
    config: &DatasetConfig,
    observer: &dyn Observer,
    interrupt: &Interrupt,
) -> Result<EvalSummary, DsgError> {
    job.replies.validate()?;
    let engine = job.engine.open(&[&job.model], job.constraint.as_ref())?;
    let seed = Seed(config.seed);
    let questions = job.questions.read(seed, observer)?;
    for gate in &job.gates {
        gate.require_measured(&questions)?;
    }
    let scorer = Scorer::new(config)?;
    fs::create_dir_all(&job.out).map_err(DsgError::file("create", &job.out))?;
    let _lock = lock(&job.out, &job.out)?;
    clear(&job.out, &RESULTS)?;
    let exam = Exam {
        questions: &questions,
        engine: &engine,
        replies: &job.replies,
        scorer: &scorer,
        seed,
        observer,
        interrupt,
    };
    let (_, summary) = exam.examine(&job.model, &job.gates, &job.out)?;
    exam.caution(summary.axes.iter().filter_map(AxisSummary::caution));
    Ok(summary)
}

impl Exam<'_> {
    /// Asks a model and leaves answers and summary in `folder`.
    pub(super) fn examine(
        &self,
        model: &EvalModel,
        gates: &[EvalGate],
        folder: &Path,
    ) -> Result<(Vec<Asked>, EvalSummary), DsgError> {
        let (asked, refused) = self.ask(model, folder)?;
        let is_file = model.model.is_file();
        let file = is_file.then(|| Gguf::open(&model.model)).transpose()?;
        let results: Vec<&Evaluated> = asked.iter().map(|one| &one.result).collect();
        let constrained = self.engine.constrained(&results);
        let axes: Vec<AxisSummary> = by_axis(results, |result| &result.axis)
            .into_iter()
            .map(|(axis, results)| AxisSummary::new(axis, &results, self.seed))
            .collect();
        let summary = EvalSummary {
            model: model.clone(),
            file: file.map(|file| ModelFile::from(&file.summary())),
            engine: self.engine.name(),
            embedder: self.scorer.embedder().to_owned(),
            replies: self.replies.clone(),
            constrained,
            seed: self.seed.0,
            items: asked.len() as u64,
            refused,
            gates: gates.iter().map(|gate| gate.check(&axes)).collect(),
            axes,
            written: [
                "answers.jsonl",
                "eval.json",
                "rejects.jsonl",
                "results.jsonl",
            ]
            .map(str::to_owned)
            .to_vec(),
        };
        write_json(&folder.join("eval.json"), &summary)?;
        Ok((asked, summary))
    }

    /// Says what has to be said of intervals.
    pub(super) fn caution(&self, cautions: impl Iterator<Item = String>) {
        for message in cautions {
            self.observer.on_event(&Event::Warning {
                stage: Stage::Evaluate,
                subject: "intervals".to_owned(),
                message,
            });
        }
    }
}

impl AxisSummary {
    fn new(axis: String, results: &[&Evaluated], seed: Seed) -> Self {
        let metrics = Metric::of_axis(&axis)
            .filter_map(|metric| MetricSummary::new(metric, results, seed))
            .collect();
        Self {
            metrics,
            items: results.len(),
            groups: count(results.iter().copied()),
            axis,
        }
    }

    /// Why its intervals are not to be trusted, where they are not.
    pub fn caution(&self) -> Option<String> {
        caution(&self.axis, self.items, self.groups)
    }
}

impl MetricSummary {
    /// `None` where no answer has it.
    fn new(metric: Metric, results: &[&Evaluated], seed: Seed) -> Option<Self> {
        let values: Vec<(&Evaluated, Measured)> = results
            .iter()
            .filter_map(|result| Some((*result, metric.of(result)?)))
            .collect();
        let items = values.len();
        let estimate = bootstrap(&grouped(values), seed)?;
        // The exponential keeps order, so that the bounds of perplexity are those of the loss.
        let shown = |value: f64| match metric {
            Metric::Perplexity => value.exp(),
            _ => value,
        };
        let bound = |value: f64| (estimate.items > 1).then(|| shown(value));
        Some(Self {
            metric,
            items,
            mean: shown(estimate.mean),
            low: bound(estimate.low),
            high: bound(estimate.high),
        })
    }
}

impl EvalGate {
    /// As in a call, without the value.
    fn name(&self) -> String {
        match &self.axis {
            Some(axis) => format!("{axis}.{}", self.metric),
            None => self.metric.to_string(),
        }
    }

    /// Whether it will be measured of one of the questions, if they can be asked.
    fn require_measured(&self, questions: &[Question]) -> Result<(), EvalError> {
        let is_measured = |question: &Question| {
            self.axis.as_ref().is_none_or(|name| *name == question.axis)
                && Metric::of_axis(&question.axis).any(|metric| metric == self.metric)
                && (self.metric != Metric::Supported || question.quotes.is_some())
        };
        if questions.iter().any(is_measured) {
            return Ok(());
        }
        let axes = by_axis(questions.iter().collect(), |question| &question.axis);
        let axes: Vec<String> = axes.into_iter().map(|(axis, _)| axis).collect();
        Err(EvalError::GateNotMeasured {
            gate: self.name(),
            axes: axes.join(", "),
        })
    }

    fn check(&self, axes: &[AxisSummary]) -> GateResult {
        let found: Vec<(&str, f64)> = axes
            .iter()
            .filter(|axis| self.axis.as_ref().is_none_or(|name| *name == axis.axis))
            .flat_map(|axis| {
                axis.metrics
                    .iter()
                    .map(move |metric| (axis.axis.as_str(), metric))
            })
            .filter(|(_, metric)| metric.metric == self.metric)
            .map(|(axis, metric)| (axis, metric.mean))
            .collect();
        let holds = |mean: f64| {
            if self.metric.is_loss() {
                mean <= self.value
            } else {
                mean >= self.value
            }
        };
        let wanted = if self.metric.is_loss() {
            "at most"
        } else {
            "at least"
        };
        let values: Vec<String> = found
            .iter()
            .map(|(axis, mean)| format!("{axis} {mean:.4}"))
            .collect();
        let is = match values.as_slice() {
            [] => "nothing was measured".to_owned(),
            values => values.join(", "),
        };
        GateResult {
            gate: self.name(),
            met: !found.is_empty() && found.iter().all(|(_, mean)| holds(*mean)),
            detail: format!("{wanted} {}; {is}", self.value),
        }
    }
}

/// `items` by axis, the axes in the order in which they first come.
pub(super) fn by_axis<T>(items: Vec<T>, axis: impl Fn(&T) -> &str) -> Vec<(String, Vec<T>)> {
    let mut groups: Vec<(String, Vec<T>)> = Vec::new();
    for item in items {
        let name = axis(&item);
        match groups.iter_mut().find(|(known, _)| known == name) {
            Some((_, group)) => group.push(item),
            None => groups.push((name.to_owned(), vec![item])),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use dsg_train::data::Row;

    use super::*;
    use crate::evaluation::GENERAL;

    fn axis(name: &str, metric: Metric, mean: f64) -> AxisSummary {
        AxisSummary {
            axis: name.to_owned(),
            items: 1,
            groups: 1,
            metrics: vec![MetricSummary {
                metric,
                items: 1,
                mean,
                low: None,
                high: None,
            }],
        }
    }

    #[test]
    fn a_gate_is_met_by_every_axis_that_it_is_for() {
        let axes = [
            axis("unseen", Metric::F1, 0.4),
            axis("general", Metric::F1, 0.2),
            axis("unseen", Metric::Nll, 1.5),
        ];
        let check = |text: &str| text.parse::<EvalGate>().unwrap().check(&axes);
        for (gate, met) in [
            ("f1=0.2", true),
            ("f1=0.3", false),
            ("unseen.f1=0.3", true),
            ("nll=1.5", true),
            ("nll=1.4", false),
            ("other.f1=0", false),
            ("exact=0", false),
        ] {
            assert_eq!(check(gate).met, met, "{gate}: {}", check(gate).detail);
        }
        assert_eq!(
            check("f1=0.3").detail,
            "at least 0.3; unseen 0.4000, general 0.2000"
        );
    }

    #[test]
    fn what_is_no_gate_says_why() {
        for (text, why) in [
            ("f1", "METRIC=VALUE"),
            ("f2=1", "rouge_l"),
            ("f1=much", "no number"),
            ("f1=NaN", "no number"),
        ] {
            let error = text.parse::<EvalGate>().unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
        }
    }

    #[test]
    fn a_gate_is_for_what_will_be_measured() {
        let question = |axis: &str, quotes: Option<&str>| Question {
            quotes: quotes.map(|quote| vec![quote.to_owned()]),
            ..Question::new(axis, Row::new("a", Vec::new()))
        };
        let questions = [
            question("unseen", Some("x")),
            question("mine", None),
            question(GENERAL, None),
        ];
        for (gate, is_measured) in [
            ("f1=0", true),
            ("supported=0", true),
            ("mine.supported=0", false),
            ("general.nll=9", true),
            ("general.exact=0", false),
            ("unsen.f1=0", false),
        ] {
            let gate: EvalGate = gate.parse().unwrap();
            let found = gate.require_measured(&questions);
            assert_eq!(found.is_ok(), is_measured, "{}", gate.name());
        }
    }

    #[test]
    fn one_document_has_a_mean_and_no_interval() {
        let of = |document: &str, nll: f64| Evaluated {
            document: Some(document.to_owned()),
            nll,
            ..Evaluated::example()
        };
        let summary = |results: &[Evaluated]| {
            let results: Vec<&Evaluated> = results.iter().collect();
            AxisSummary::new("unseen".to_owned(), &results, Seed(1))
        };
        let one = summary(&[of("a", 1.0), of("a", 3.0)]);
        let nll = &one.metrics[0];
        assert_eq!((one.items, one.groups), (2, 1));
        assert_eq!((nll.items, nll.low, nll.high), (2, None, None));
        assert!((nll.mean - 2.0).abs() < 1e-12);
        let two = summary(&[of("a", 1.0), of("a", 3.0), of("b", 5.0)]);
        // The least mean of two documents is that of one of them, not of its best question.
        assert!((two.metrics[0].low.unwrap() - 2.0).abs() < 1e-12);
        let perplexity = &two.metrics[1];
        assert!((perplexity.mean - 3.0_f64.exp()).abs() < 1e-9);
        assert!(two.caution().is_some());
    }
}
