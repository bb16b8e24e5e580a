//! The command `dsg eval` as a call.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use dsg_core::artifact::write_json;
use dsg_core::{Interrupt, Observer, Seed};
use dsg_train::generate::GenerateOptions;
use serde::Serialize;

use super::EvalModel;
use super::answers::{Asked, Exam};
use super::metric::Metric;
use super::questions::EvalQuestions;
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
    /// What it is asked.
    pub questions: EvalQuestions,
    /// How its replies are made.
    pub replies: GenerateOptions,
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
    type Err = String;

    /// Reads `f1=0.3` or `unseen.f1=0.3`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| format!("`{text}` is no METRIC=VALUE, as in f1=0.3 or unseen.f1=0.3"))?;
        let (axis, metric) = match name.rsplit_once('.') {
            Some((axis, metric)) => (Some(axis.to_owned()), metric),
            None => (None, name),
        };
        let value: f64 = value
            .parse()
            .ok()
            .filter(|value: &f64| value.is_finite())
            .ok_or_else(|| format!("`{value}` is no number"))?;
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
    /// What the similarity of texts was measured with.
    pub embedder: String,
    /// How replies were made.
    pub replies: GenerateOptions,
    /// The seed of choices and intervals.
    pub seed: u64,
    /// Questions that were answered.
    pub items: u64,
    /// Rows that could not be asked; they are in `rejects.jsonl`.
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
    /// Lower bound of the interval.
    pub low: f64,
    /// Upper bound of the interval.
    pub high: f64,
}

/// Asks a model and measures its answers. The same call goes on where a stopped one was. Leaves `results.jsonl` (a line for each question),
/// `eval.json` (the summary) and `rejects.jsonl`. Choices, sampling and intervals take their seed from `config`, as do the embedding model and
/// what may stand in answers as a placeholder.
///
/// # Errors
/// [`DsgError::Train`] for models and options that cannot be used; [`DsgError::Artifact`] for a line that is no row; [`DsgError::NoQuestions`];
/// [`DsgError::Interrupted`], with the answers so far kept; [`DsgError::Locked`] while another call has the folder.
pub fn evaluate(
    job: &EvalJob,
    config: &DatasetConfig,
    observer: &dyn Observer,
    interrupt: &Interrupt,
) -> Result<EvalSummary, DsgError> {
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
    let (_, summary) = exam.examine(&job.model, &job.gates, &job.out)?;
    Ok(summary)
}

impl<'a> Exam<'a> {
    /// Asks a model and leaves answers and summary in `folder`.
    pub(super) fn examine(
        &self,
        model: &EvalModel,
        gates: &[EvalGate],
        folder: &Path,
    ) -> Result<(Vec<Asked<'a>>, EvalSummary), DsgError> {
        let (asked, refused) = self.ask(model, folder)?;
        let results: Vec<&Evaluated> = asked.iter().map(|one| &one.result).collect();
        let axes: Vec<AxisSummary> = by_axis(results, |result| &result.axis)
            .into_iter()
            .map(|(axis, results)| AxisSummary::new(axis, &results, self.seed))
            .collect();
        let summary = EvalSummary {
            model: model.clone(),
            embedder: self.scorer.embedder().to_owned(),
            replies: self.replies.clone(),
            seed: self.seed.0,
            items: asked.len() as u64,
            refused,
            gates: gates.iter().map(|gate| gate.check(&axes)).collect(),
            axes,
            written: ["eval.json", "rejects.jsonl", "results.jsonl"]
                .map(str::to_owned)
                .to_vec(),
        };
        write_json(&folder.join("eval.json"), &summary)?;
        Ok((asked, summary))
    }
}

impl AxisSummary {
    fn new(axis: String, results: &[&Evaluated], seed: Seed) -> Self {
        let metrics = Metric::of_axis(&axis).filter_map(|metric| {
            let estimate = metric.estimate(results, seed)?;
            Some(MetricSummary {
                metric,
                items: estimate.items,
                mean: estimate.mean,
                low: estimate.low,
                high: estimate.high,
            })
        });
        Self {
            metrics: metrics.collect(),
            items: results.len(),
            axis,
        }
    }
}

impl EvalGate {
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
        let name = match &self.axis {
            Some(axis) => format!("{axis}.{}", self.metric),
            None => self.metric.to_string(),
        };
        GateResult {
            gate: name,
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
    use super::*;

    fn axis(name: &str, metric: Metric, mean: f64) -> AxisSummary {
        AxisSummary {
            axis: name.to_owned(),
            items: 1,
            metrics: vec![MetricSummary {
                metric,
                items: 1,
                mean,
                low: mean,
                high: mean,
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
            assert!(error.contains(why), "{error}");
        }
    }
}
