//! How a training went: its facts, and curves of what was measured at each step.

use serde::{Deserialize, Serialize};

use super::chart::{Chart, Curve, Point, Style, number};
use super::{Fact, path_label};
use crate::bundle::size;
use crate::error::ExportError;

/// A training to show.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingReport {
    /// What it is called.
    pub name: String,
    /// What was measured, in the order of the steps.
    pub steps: Vec<TrainingStep>,
    /// How it went; `None` while it runs.
    pub summary: Option<TrainingSummary>,
}

/// A line of `training_metrics.jsonl`, as far as it is shown.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TrainingStep {
    /// Steps of the optimiser so far, from 1.
    pub step: u64,
    /// Epochs so far.
    pub epoch: f64,
    /// Mean negative log-likelihood of the step's labels before it, in nats. `None` where it was not finite.
    pub loss: Option<f64>,
    /// The learning rate.
    pub learning_rate: f64,
    /// Norm of all gradients before clipping. `None` where it was not finite.
    pub gradient_norm: Option<f64>,
    /// Tokens of the step's rows, without padding.
    pub tokens: u64,
    /// The loss on the rows held out after the step, where it was measured.
    pub eval_loss: Option<f64>,
    /// Seconds that the step took, where there was a clock.
    pub seconds: Option<f64>,
    /// Tokens without padding in a second, as there.
    pub tokens_per_second: Option<f64>,
    /// Most memory of the process so far, in bytes, where that is known.
    pub peak_bytes: Option<u64>,
}

/// `training.json`, as far as it is shown.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TrainingSummary {
    /// The base model as it was named.
    pub base: String,
    /// Rows that were trained on.
    pub rows: u64,
    /// Rows that were refused.
    pub refused: u64,
    /// How it went.
    pub report: TrainingResult,
    /// How it was trained.
    pub config: TrainingSettings,
}

/// How a training went.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TrainingResult {
    /// Steps of the optimiser, skipped ones included.
    pub steps: u64,
    /// Whether it ended before its time, since evaluations no longer got better.
    pub stopped_early: bool,
    /// Steps that changed nothing, since loss or gradients were not finite.
    pub skipped: u64,
    /// Loss of the base model on the rows held out, where there are any.
    pub base_eval_loss: Option<f64>,
    /// Loss of the adapter on them.
    pub eval_loss: Option<f64>,
    /// The step that the adapter is from.
    pub best_step: u64,
    /// Trained values.
    pub parameters: u64,
}

/// How a model was trained.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TrainingSettings {
    /// The adapter.
    pub adapter: AdapterSettings,
    /// Bits in which the frozen weights were kept; `None` for single precision.
    pub quantize: Option<u8>,
    /// The seed.
    pub seed: u64,
    /// How often every row was to be seen.
    pub epochs: u64,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// How the rate falls: `constant`, `linear`, `cosine`.
    pub schedule: String,
    /// Rows of a step.
    pub batch_rows: u64,
}

/// What was trained.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AdapterSettings {
    /// Rank of the update.
    pub rank: u64,
    /// The update counts alpha over rank.
    pub alpha: f64,
    /// The projections that have one.
    pub targets: Vec<String>,
    /// Whether magnitude and direction are trained apart (DoRA).
    pub dora: bool,
    /// Whether alpha counts over the root of rank (rsLoRA).
    pub rslora: bool,
}

/// What the template sees.
#[derive(Serialize)]
pub(super) struct TrainingView<'a> {
    name: &'a str,
    facts: Vec<Fact<'a>>,
    is_finished: bool,
    charts: Vec<Chart>,
    evaluations: Vec<EvalPoint>,
}

/// A loss on the rows held out.
#[derive(Serialize)]
struct EvalPoint {
    step: u64,
    epoch: String,
    loss: String,
}

impl<'a> TrainingView<'a> {
    pub(super) fn new(report: &'a TrainingReport) -> Result<Self, ExportError> {
        let evaluations = report.steps.iter().filter_map(|step| {
            Some(EvalPoint {
                step: step.step,
                epoch: format!("{:.2}", step.epoch),
                loss: number(step.eval_loss?),
            })
        });
        let summary = report.summary.as_ref();
        let mut facts = summary.map(facts).unwrap_or_default();
        facts.extend(cost(&report.steps));
        Ok(Self {
            name: &report.name,
            facts,
            is_finished: summary.is_some(),
            charts: charts(report)?,
            evaluations: evaluations.collect(),
        })
    }
}

fn facts(summary: &TrainingSummary) -> Vec<Fact<'_>> {
    let TrainingSummary {
        report,
        config,
        base,
        ..
    } = summary;
    let adapter = &config.adapter;
    let kind = match (adapter.dora, adapter.rslora) {
        (false, false) => "LoRA",
        (false, true) => "rsLoRA",
        (true, false) => "DoRA",
        (true, true) => "DoRA, scaled as rsLoRA",
    };
    let steps = match (report.stopped_early, report.skipped) {
        (false, 0) => report.steps.to_string(),
        (true, 0) => format!("{}, ended early", report.steps),
        (false, skipped) => format!("{}, {skipped} skipped", report.steps),
        (true, skipped) => format!("{}, ended early, {skipped} skipped", report.steps),
    };
    let mut facts = vec![
        Fact::new("base model", path_label(base)),
        Fact::new("adapter", kind),
        Fact::new("rank", adapter.rank),
        Fact::new("alpha", adapter.alpha),
        Fact::new("projections", adapter.targets.join(", ")),
        Fact::new("trained values", report.parameters),
        Fact::new(
            "frozen weights",
            format!("{} bits", config.quantize.unwrap_or(32)),
        ),
        Fact::new("rows", summary.rows),
        Fact::new("rows refused", summary.refused),
        Fact::new("epochs", config.epochs),
        Fact::new("rows of a step", config.batch_rows),
        Fact::new("steps", steps),
        Fact::new(
            "learning rate",
            format!("{}, {}", config.learning_rate, config.schedule),
        ),
        Fact::new("seed", config.seed),
    ];
    if let (Some(base), Some(best)) = (report.base_eval_loss, report.eval_loss) {
        facts.push(Fact::new("evaluation loss of the base", number(base)));
        let best = format!("{} at step {}", number(best), report.best_step);
        facts.push(Fact::new("best evaluation loss", best));
    }
    facts
}

/// Time and memory, where they were measured.
fn cost(steps: &[TrainingStep]) -> Vec<Fact<'static>> {
    let timed = || {
        steps
            .iter()
            .filter_map(|step| Some((step.tokens as f64, step.seconds?)))
    };
    let seconds: f64 = timed().map(|(_, seconds)| seconds).sum();
    let tokens: f64 = timed().map(|(tokens, _)| tokens).sum();
    let mut facts = Vec::new();
    if seconds > 0.0 {
        let minutes = format!("{:.1} minutes", seconds / 60.0);
        facts.push(Fact::new("time of all steps", minutes));
        let speed = format!("{:.0}", tokens / seconds);
        facts.push(Fact::new("tokens a second", speed));
    }
    let peak = steps.iter().filter_map(|step| step.peak_bytes).max();
    facts.extend(peak.map(|peak| Fact::new("peak memory", size(peak))));
    facts
}

/// What of a step a curve shows.
type Measure = fn(&TrainingStep) -> Option<f64>;

fn charts(report: &TrainingReport) -> Result<Vec<Chart>, ExportError> {
    let measured = |value: Measure| -> Vec<Point> {
        report
            .steps
            .iter()
            .filter_map(|step| Some((step.step as f64, value(step)?)))
            .collect()
    };
    let loss = Curve::new("each step", Style::Faint, measured(|step| step.loss));
    let smoothed = Curve::smoothed("smoothed", &loss);
    let mut losses = vec![loss, smoothed];
    let base = report
        .summary
        .as_ref()
        .and_then(|summary| summary.report.base_eval_loss);
    if let (Some(base), Some(last)) = (base, report.steps.last()) {
        let level = vec![(0.0, base), (last.step as f64, base)];
        losses.push(Curve::new("base model on eval", Style::Level, level));
    }
    losses.push(Curve::new(
        "on eval",
        Style::Dotted,
        measured(|step| step.eval_loss),
    ));
    let one = |value: Measure| vec![Curve::new("each step", Style::Line, measured(value))];
    let charts = [
        Chart::new("Loss, in nats a token", losses)?,
        Chart::new("Learning rate", one(|step| Some(step.learning_rate)))?,
        Chart::new(
            "Gradient norm before clipping",
            one(|step| step.gradient_norm),
        )?,
        Chart::new("Tokens a second", one(|step| step.tokens_per_second))?,
    ];
    Ok(charts.into_iter().flatten().collect())
}
