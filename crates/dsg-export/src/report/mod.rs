//! One page on what went into a dataset, how a student learned it, how it answers, and how fast it is.

mod bench;
mod chart;
mod dataset;
mod evaluation;
mod training;

use std::error::Error;
use std::fmt::Display;

use minijinja::AutoEscape;
use minijinja::value::Serde;
use serde::Serialize;

use crate::error::ExportError;
use crate::template::environment;
use bench::BenchView;
use dataset::DatasetView;
use evaluation::EvaluationsView;
use training::TrainingView;

pub use bench::{BenchReport, SpeedRow};
pub use dataset::DatasetReport;
pub use evaluation::{
    AnswerRecord, AnswerScores, AxisFigures, ComparedAxis, ComparedMetric, ComparisonReport,
    ComparisonSummary, ConstrainedFigures, EvaluationReport, EvaluationSummary, GateFigure,
    JudgeName, KnownQuestion, MetricFigures, ModelFile, WinRateFigures,
};
pub use training::{
    AdapterSettings, TrainingReport, TrainingResult, TrainingSettings, TrainingStep,
    TrainingSummary,
};

const TEMPLATE: &str = include_str!("page.html.j2");

/// What a page shows: the parts in this order, those of a kind in their own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Datasets.
    pub datasets: Vec<DatasetReport>,
    /// Trainings.
    pub trainings: Vec<TrainingReport>,
    /// Evaluations, which are shown beside each other.
    pub evaluations: Vec<EvaluationReport>,
    /// Comparisons of two of them.
    pub comparisons: Vec<ComparisonReport>,
    /// Measurements of speed.
    pub benches: Vec<BenchReport>,
}

/// The page as HTML: one file that loads nothing and runs nothing, with curves as SVG and, of each axis, all models' answers to the first
/// `answers` questions. Everything in `report` is text there, whatever it looks like. Deterministic; of absolute paths only the last part is shown.
///
/// # Errors
/// [`ExportError::Report`] is a defect.
pub fn html_report(report: &Report, answers: usize) -> Result<String, ExportError> {
    let view = PageView {
        datasets: report.datasets.iter().map(DatasetView::new).collect(),
        trainings: report
            .trainings
            .iter()
            .map(TrainingView::new)
            .collect::<Result<_, _>>()?,
        evaluations: (!report.evaluations.is_empty())
            .then(|| EvaluationsView::new(&report.evaluations, &report.comparisons, answers)),
        benches: report.benches.iter().map(BenchView::new).collect(),
    };
    let mut env = environment().map_err(defect)?;
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.add_template("report.html", TEMPLATE).map_err(defect)?;
    env.get_template("report.html")
        .and_then(|template| template.render(Serde(&view)))
        .map_err(defect)
}

/// What the template sees.
#[derive(Serialize)]
struct PageView<'a> {
    datasets: Vec<DatasetView<'a>>,
    trainings: Vec<TrainingView<'a>>,
    evaluations: Option<EvaluationsView<'a>>,
    benches: Vec<BenchView<'a>>,
}

/// One line of a list of facts.
#[derive(Serialize)]
struct Fact<'a> {
    name: &'a str,
    value: String,
}

impl<'a> Fact<'a> {
    fn new(name: &'a str, value: impl Display) -> Self {
        Self {
            name,
            value: value.to_string(),
        }
    }
}

/// A path as pages show it: of an absolute one the last part alone, since its folders are those of one machine.
pub fn path_label(path: &str) -> &str {
    let separators = ['/', '\\'];
    let has_drive = path
        .get(1..3)
        .is_some_and(|part| part == ":\\" || part == ":/");
    let trimmed = path.trim_end_matches(separators);
    if path.starts_with(separators) || has_drive {
        trimmed.rsplit(separators).next().unwrap_or(trimmed)
    } else {
        trimmed
    }
}

fn defect(error: impl Error + Send + Sync + 'static) -> ExportError {
    ExportError::Report(Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_one_machine_are_not_shown() {
        for (path, shown) in [
            ("student/merged/", "student/merged"),
            ("/data/models/base.gguf", "base.gguf"),
            ("/data/student/", "student"),
            (r"C:\models\base.gguf", "base.gguf"),
            ("model (q8_0)", "model (q8_0)"),
            (".", "."),
        ] {
            assert_eq!(path_label(path), shown);
        }
    }
}
