//! How models answer: figures beside each other, differences, and the answers themselves.

use std::collections::{BTreeMap, BTreeSet};

use dsg_gguf::Summary;
use serde::{Deserialize, Serialize};

use super::path_label;
use crate::bundle::size;

/// Stands for a figure that there is none of.
const NONE: &str = "–";
/// What ran models before evaluations said what did.
const FIRST_ENGINE: &str = "burn";

/// A model's evaluation to show.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluationReport {
    /// What it is called.
    pub name: String,
    /// Its figures.
    pub summary: EvaluationSummary,
    /// Its answers, in the order of the questions.
    pub answers: Vec<AnswerRecord>,
}

/// `eval.json`, as far as it is shown.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct EvaluationSummary {
    /// The model as it was named.
    pub model: String,
    /// Its adapter, where it had one.
    pub adapter: Option<String>,
    /// What the model's file says of its weights; `None` where it was no GGUF file.
    pub file: Option<ModelFile>,
    /// What ran it: `burn`, dsg's own decoder, or `llama-cpp`. Default: not said, by versions of dsg that had the former alone.
    pub engine: Option<String>,
    /// What the similarity of texts was measured with.
    pub embedder: String,
    /// How its replies came out, where they were held to a form. Default: they were not.
    pub constrained: Option<ConstrainedFigures>,
    /// Questions that were answered.
    pub items: u64,
    /// Rows that could not be asked or measured.
    pub refused: u64,
    /// The figures of every axis.
    pub axes: Vec<AxisFigures>,
    /// What had to hold, and whether it does.
    pub gates: Vec<GateFigure>,
}

/// What the header of a GGUF file says of its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelFile {
    /// The mixture of types, as in `Q4_K_M`; `None` where the file does not say.
    pub file_type: Option<String>,
    /// Bits for a value, over all tensors.
    pub bits_per_weight: f64,
    /// The file's size in bytes.
    pub bytes: u64,
}

impl From<&Summary> for ModelFile {
    fn from(summary: &Summary) -> Self {
        Self {
            file_type: summary.file_type.clone(),
            bits_per_weight: summary.bits_per_weight,
            bytes: summary.size,
        }
    }
}

/// How replies came out that were held to a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConstrainedFigures {
    /// What held them: `schema` or `grammar`.
    pub by: String,
    /// The file with it, as it was named.
    pub file: String,
    /// Replies that ended and are of the form.
    pub valid: u64,
    /// Replies that ended and are not.
    pub invalid: u64,
    /// Replies that were cut.
    pub cut: u64,
}

/// The figures of a kind of question.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AxisFigures {
    /// Its name.
    pub axis: String,
    /// Questions that were answered.
    pub items: u64,
    /// Documents that they are from.
    pub groups: u64,
    /// What was measured.
    pub metrics: Vec<MetricFigures>,
}

/// A mean with its 95 % bootstrap interval.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct MetricFigures {
    /// What was measured.
    pub metric: String,
    /// The mean; `None` where it is not finite.
    pub mean: Option<f64>,
    /// Lower bound of the interval; `None` where there is none.
    pub low: Option<f64>,
    /// Upper bound, as there.
    pub high: Option<f64>,
}

/// A condition on a mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateFigure {
    /// Its name.
    pub gate: String,
    /// Whether it was met.
    pub met: bool,
    /// What was wanted and what there is.
    pub detail: String,
}

/// A line of `results.jsonl`, as far as it is shown.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AnswerRecord {
    /// The row's id.
    pub id: String,
    /// The kind of question.
    pub axis: String,
    /// What was asked.
    pub question: String,
    /// Where the question is a known one in other words: which.
    pub reworded: Option<KnownQuestion>,
    /// What should be answered.
    pub reference: String,
    /// What the model answered.
    pub answer: String,
    /// Why the answer ended: `end`, `length`, `context`.
    pub finish: String,
    /// Mean negative log-likelihood of the reference's tokens, in nats.
    pub nll: f64,
    /// How good the answer is.
    pub scores: AnswerScores,
}

/// A question that was trained on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct KnownQuestion {
    /// Its words.
    pub original: String,
}

/// How good an answer is, as far as it is shown.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AnswerScores {
    /// Words in common with the reference, in `[0, 1]`.
    pub f1: f64,
    /// Literals of the answer that neither quotes nor question have.
    #[serde(default)]
    pub unsupported: Vec<String>,
}

/// Two models' comparison to show. Both are evaluations of the report, too.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparisonReport {
    /// What it is called.
    pub name: String,
    /// Its figures.
    pub summary: ComparisonSummary,
}

/// `compare.json`, as far as it is shown.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ComparisonSummary {
    /// Who said which answers are better, where a judge was asked.
    pub judge: Option<JudgeName>,
    /// Questions that both answered.
    pub items: u64,
    /// Questions that only one of them answered.
    pub unpaired: u64,
    /// Whether likelihoods are compared.
    pub same_tokens: bool,
    /// The figures of every axis.
    pub axes: Vec<ComparedAxis>,
}

/// A model that judged, and by which prompt.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct JudgeName {
    /// Who serves the model.
    pub provider: String,
    /// The model.
    pub model: String,
    /// The prompt's name and version.
    pub prompt: String,
}

/// Both models on an axis.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ComparedAxis {
    /// Its name.
    pub axis: String,
    /// What was measured.
    pub metrics: Vec<ComparedMetric>,
    /// How often the student's answer is the better one, where a judge was asked.
    pub win_rate: Option<WinRateFigures>,
}

/// How often a judge finds the student's answer better than the base model's.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct WinRateFigures {
    /// Wins with half of the ties, as a share of the verdicts; `None` where there are none.
    pub rate: Option<f64>,
    /// Lower bound of its 95 % bootstrap interval; `None` where there is none.
    pub low: Option<f64>,
    /// Upper bound, as there.
    pub high: Option<f64>,
    /// Share of the resampled rates above 0.5, as there.
    pub p_better: Option<f64>,
    /// Questions on which the student is better,
    pub wins: u64,
    /// as good,
    pub ties: u64,
    /// and worse.
    pub losses: u64,
    /// Share of the questions on which the verdict changed with the order of the answers; `None` where none was asked in both.
    pub position_bias: Option<f64>,
    /// Questions without a verdict.
    pub no_verdict: u64,
}

/// Both models by one measure, question by question.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ComparedMetric {
    /// What was measured.
    pub metric: String,
    /// The base model's mean.
    pub base: f64,
    /// The student's mean.
    pub student: f64,
    /// Mean of the student's values less the base model's.
    pub difference: f64,
    /// Lower bound of its paired 95 % bootstrap interval; `None` where there is none.
    pub low: Option<f64>,
    /// Upper bound, as there.
    pub high: Option<f64>,
    /// Share of the resampled means in which the student is better, as there.
    pub p_better: Option<f64>,
    /// Questions on which the student is better,
    pub wins: u64,
    /// as good,
    pub ties: u64,
    /// and worse.
    pub losses: u64,
}

/// What the template sees of all evaluations.
#[derive(Serialize)]
pub(super) struct EvaluationsView<'a> {
    models: Vec<ModelView<'a>>,
    axes: Vec<AxisView<'a>>,
    comparisons: Vec<ComparisonView<'a>>,
}

/// A model that was asked.
#[derive(Serialize)]
struct ModelView<'a> {
    name: &'a str,
    model: &'a str,
    adapter: Option<&'a str>,
    weights: String,
    engine: &'a str,
    items: u64,
    refused: u64,
    embedder: &'a str,
    constrained: Option<ConstrainedFigures>,
    gates: &'a [GateFigure],
}

/// A kind of question: the models' figures, and some of their answers.
#[derive(Serialize)]
struct AxisView<'a> {
    name: &'a str,
    about: &'static str,
    /// Questions and documents, by model.
    counts: Vec<String>,
    metrics: Vec<MetricView<'a>>,
    questions: Vec<QuestionView<'a>>,
    /// Questions that are not shown.
    more: usize,
}

#[derive(Serialize)]
struct MetricView<'a> {
    name: &'a str,
    about: &'static str,
    cells: Vec<CellView>,
}

#[derive(Serialize)]
struct CellView {
    mean: String,
    interval: Option<String>,
}

#[derive(Serialize)]
struct QuestionView<'a> {
    question: &'a str,
    original: Option<&'a str>,
    reference: &'a str,
    answers: Vec<AnswerView<'a>>,
}

#[derive(Serialize)]
struct AnswerView<'a> {
    name: &'a str,
    answer: &'a str,
    note: String,
}

#[derive(Serialize)]
struct ComparisonView<'a> {
    name: &'a str,
    items: u64,
    unpaired: u64,
    same_tokens: bool,
    rows: Vec<ComparedView<'a>>,
    judge: Option<JudgeView<'a>>,
}

#[derive(Serialize)]
struct ComparedView<'a> {
    axis: &'a str,
    metric: &'a str,
    base: String,
    student: String,
    difference: String,
    interval: String,
    p_better: String,
    wins: u64,
    ties: u64,
    losses: u64,
}

/// Who judged, and what came of it.
#[derive(Serialize)]
struct JudgeView<'a> {
    provider: &'a str,
    model: &'a str,
    prompt: &'a str,
    rates: Vec<WinRateView<'a>>,
}

#[derive(Serialize)]
struct WinRateView<'a> {
    axis: &'a str,
    rate: String,
    interval: String,
    p_better: String,
    wins: u64,
    ties: u64,
    losses: u64,
    position_bias: String,
    no_verdict: u64,
}

impl<'a> EvaluationsView<'a> {
    /// With the answers to the first `shown` questions of each axis.
    pub(super) fn new(
        evaluations: &'a [EvaluationReport],
        comparisons: &'a [ComparisonReport],
        shown: usize,
    ) -> Self {
        let axes = in_order(
            evaluations.iter().flat_map(|one| &one.summary.axes),
            |one| one.axis.as_str(),
        );
        Self {
            models: evaluations.iter().map(ModelView::new).collect(),
            axes: axes
                .into_iter()
                .map(|axis| AxisView::new(axis, evaluations, shown))
                .collect(),
            comparisons: comparisons.iter().map(ComparisonView::new).collect(),
        }
    }
}

impl<'a> ModelView<'a> {
    fn new(report: &'a EvaluationReport) -> Self {
        let summary = &report.summary;
        let weights = summary.file.as_ref().map(|file| {
            let kind = file.file_type.as_deref().unwrap_or("GGUF");
            let (bits, size) = (file.bits_per_weight, size(file.bytes));
            format!("{kind}, {bits:.2} bits a weight, {size}")
        });
        Self {
            name: &report.name,
            model: path_label(&summary.model),
            adapter: summary.adapter.as_deref().map(path_label),
            weights: or_none(weights),
            engine: summary.engine.as_deref().unwrap_or(FIRST_ENGINE),
            items: summary.items,
            refused: summary.refused,
            embedder: path_label(&summary.embedder),
            constrained: summary
                .constrained
                .as_ref()
                .map(|figures| ConstrainedFigures {
                    file: path_label(&figures.file).to_owned(),
                    ..figures.clone()
                }),
            gates: &summary.gates,
        }
    }
}

impl<'a> AxisView<'a> {
    fn new(name: &'a str, evaluations: &'a [EvaluationReport], shown: usize) -> Self {
        let figures: Vec<Option<&AxisFigures>> = evaluations
            .iter()
            .map(|one| one.summary.axes.iter().find(|axis| axis.axis == name))
            .collect();
        let measured = figures.iter().copied().flatten();
        let measured = measured.flat_map(|axis| &axis.metrics);
        let metrics = in_order(measured, |one| one.metric.as_str());
        let counts = figures
            .iter()
            .map(|axis| or_none(axis.map(|axis| format!("{} from {}", axis.items, axis.groups))));
        let (questions, more) = questions(name, evaluations, shown);
        Self {
            name,
            about: about_axis(name),
            counts: counts.collect(),
            metrics: metrics
                .into_iter()
                .map(|metric| MetricView {
                    name: metric,
                    about: about_metric(metric),
                    cells: figures
                        .iter()
                        .map(|axis| CellView::new(*axis, metric))
                        .collect(),
                })
                .collect(),
            questions,
            more,
        }
    }
}

impl CellView {
    fn new(axis: Option<&AxisFigures>, metric: &str) -> Self {
        let found = axis.and_then(|axis| axis.metrics.iter().find(|one| one.metric == metric));
        let mean = found.and_then(|found| found.mean);
        let bounds = found.and_then(|found| found.low.zip(found.high));
        Self {
            mean: or_none(mean.map(|mean| format!("{mean:.3}"))),
            interval: bounds.map(|(low, high)| format!("{low:.3} to {high:.3}")),
        }
    }
}

impl<'a> ComparisonView<'a> {
    fn new(report: &'a ComparisonReport) -> Self {
        let summary = &report.summary;
        let rows = summary.axes.iter().flat_map(|axis| {
            axis.metrics
                .iter()
                .map(|metric| ComparedView::new(&axis.axis, metric))
        });
        Self {
            name: &report.name,
            items: summary.items,
            unpaired: summary.unpaired,
            same_tokens: summary.same_tokens,
            rows: rows.collect(),
            judge: summary
                .judge
                .as_ref()
                .map(|judge| JudgeView::new(judge, &summary.axes)),
        }
    }
}

impl<'a> ComparedView<'a> {
    fn new(axis: &'a str, metric: &'a ComparedMetric) -> Self {
        let bounds = metric.low.zip(metric.high);
        Self {
            axis,
            metric: &metric.metric,
            base: format!("{:.3}", metric.base),
            student: format!("{:.3}", metric.student),
            difference: format!("{:+.3}", metric.difference),
            interval: or_none(bounds.map(|(low, high)| format!("{low:+.3} to {high:+.3}"))),
            p_better: or_none(metric.p_better.map(|p| format!("{p:.3}"))),
            wins: metric.wins,
            ties: metric.ties,
            losses: metric.losses,
        }
    }
}

impl<'a> JudgeView<'a> {
    fn new(judge: &'a JudgeName, axes: &'a [ComparedAxis]) -> Self {
        let rates = axes
            .iter()
            .filter_map(|axis| Some(WinRateView::new(&axis.axis, axis.win_rate.as_ref()?)));
        Self {
            provider: &judge.provider,
            model: path_label(&judge.model),
            prompt: &judge.prompt,
            rates: rates.collect(),
        }
    }
}

impl<'a> WinRateView<'a> {
    fn new(axis: &'a str, figures: &WinRateFigures) -> Self {
        let bounds = figures.low.zip(figures.high);
        let percent = |share: f64| format!("{:.0} %", 100.0 * share);
        Self {
            axis,
            rate: or_none(figures.rate.map(|rate| format!("{rate:.3}"))),
            interval: or_none(bounds.map(|(low, high)| format!("{low:.3} to {high:.3}"))),
            p_better: or_none(figures.p_better.map(|p| format!("{p:.3}"))),
            wins: figures.wins,
            ties: figures.ties,
            losses: figures.losses,
            position_bias: or_none(figures.position_bias.map(percent)),
            no_verdict: figures.no_verdict,
        }
    }
}

fn or_none(figure: Option<String>) -> String {
    figure.unwrap_or_else(|| NONE.to_owned())
}

/// The first questions of an axis with all models' answers, and how many more there are. A question is the same where id and words are.
fn questions<'a>(
    axis: &str,
    evaluations: &'a [EvaluationReport],
    shown: usize,
) -> (Vec<QuestionView<'a>>, usize) {
    let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut questions: Vec<QuestionView<'a>> = Vec::new();
    for evaluation in evaluations {
        for record in evaluation.answers.iter().filter(|one| one.axis == axis) {
            let next = places.len();
            let place = *places.entry((&record.id, &record.question)).or_insert(next);
            if place >= shown {
                continue;
            }
            let answer = AnswerView::new(&evaluation.name, record);
            match questions.get_mut(place) {
                Some(question) => question.answers.push(answer),
                None => questions.push(QuestionView {
                    question: &record.question,
                    original: record
                        .reworded
                        .as_ref()
                        .map(|known| known.original.as_str()),
                    reference: &record.reference,
                    answers: vec![answer],
                }),
            }
        }
    }
    let more = places.len() - questions.len();
    (questions, more)
}

impl<'a> AnswerView<'a> {
    fn new(name: &'a str, record: &'a AnswerRecord) -> Self {
        let mut note = format!("nll {:.2}, F1 {:.2}", record.nll, record.scores.f1);
        match record.finish.as_str() {
            "end" => {}
            "length" => note.push_str("; cut at the most tokens"),
            "context" => note.push_str("; cut at the context's end"),
            other => note.extend(["; ended by ", other]),
        }
        if !record.scores.unsupported.is_empty() {
            let literals = record.scores.unsupported.join(", ");
            note.extend(["; without evidence: ", &literals]);
        }
        Self {
            name,
            answer: record.answer.trim(),
            note,
        }
    }
}

/// The names that come, each once, in the order in which they first do.
fn in_order<'a, T: 'a>(
    items: impl Iterator<Item = &'a T>,
    name: impl Fn(&'a T) -> &'a str,
) -> Vec<&'a str> {
    let mut known = BTreeSet::new();
    items.map(name).filter(|name| known.insert(*name)).collect()
}

/// What the axes are that dsg names itself.
fn about_axis(axis: &str) -> &'static str {
    match axis {
        "unseen" => "Questions on documents that were held out.",
        "trained" => "Questions that were trained on.",
        "reworded" => "Questions that were trained on, asked in other words.",
        "general" => {
            "Forgetting: questions that have nothing to do with the documents, whose answers training should not have made worse."
        }
        _ => "",
    }
}

/// What is measured, and where better is.
fn about_metric(metric: &str) -> &'static str {
    match metric {
        "nll" => "negative log-likelihood of a token of the right answer, in nats; less is better",
        "perplexity" => "its exponential; less is better",
        "exact" => "share of answers with the right words in their order",
        "f1" => "words in common",
        "rouge_l" => "words in common, in their order",
        "similarity" => "cosine of the embeddings",
        "supported" => "share of answers whose literals all have evidence",
        "ended" => "share of answers that ended by themselves",
        _ => "",
    }
}
