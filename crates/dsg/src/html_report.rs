//! The command `dsg report` as a call: what folders hold, on one page.

use std::fs;
use std::path::{Path, PathBuf};

use dsg_core::ArtifactError;
use dsg_core::artifact::{read_json, read_jsonl, write_atomic};
use dsg_export::{
    BenchReport, ComparisonReport, DatasetReport, EvaluationReport, MANIFEST_FILE, Report,
    SpeedRow, TrainingReport, TrainingStep, html_report, path_label, read_manifest,
};
use serde::Serialize;

use crate::bench::read_rows;
use crate::dataset::records;
use crate::error::DsgError;

const METRICS: &str = "training_metrics.jsonl";
const TRAINING: &str = "training.json";
const COMPARISON: &str = "compare.json";
const EVALUATION: &str = "eval.json";
const RESULTS: &str = "results.jsonl";
const BENCH: &str = "bench.csv";
/// What tells folders apart, and who leaves it.
const LOOKED_FOR: &str = "manifest.json (dsg run), training_metrics.jsonl (dsg train), eval.json (dsg eval), compare.json (dsg compare) \
                          and bench.csv (dsg bench --csv)";

/// What is shown, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportJob {
    /// Folders that `dsg run`, `train`, `eval` and `compare` left, and tables of `dsg bench`, in the order in which they are shown.
    pub inputs: Vec<PathBuf>,
    /// The page.
    pub out: PathBuf,
    /// Questions of each axis that are shown with all answers. Default of the command: 10.
    pub answers: usize,
}

/// What is on the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportSummary {
    /// Datasets.
    pub datasets: usize,
    /// Trainings.
    pub trainings: usize,
    /// Evaluations, those of comparisons included.
    pub evaluations: usize,
    /// Comparisons.
    pub comparisons: usize,
    /// Tables of speeds.
    pub benches: usize,
    /// The page as it was named.
    pub written: String,
}

/// Reads all folders and writes the page, whole or not at all. The same files give the same bytes.
///
/// # Errors
/// [`DsgError::NothingToReport`] for a folder that holds nothing of dsg, [`DsgError::Artifact`] and [`DsgError::Bench`] naming file and line of
/// what is no record, [`DsgError::Export`] for a manifest that cannot be read.
pub fn report(job: &ReportJob) -> Result<ReportSummary, DsgError> {
    let mut report = Report::default();
    for path in &job.inputs {
        gather(path, &mut report)?;
    }
    let page = html_report(&report, job.answers)?;
    write_atomic(&job.out, |out| out.write_all(page.as_bytes()))?;
    Ok(ReportSummary {
        datasets: report.datasets.len(),
        trainings: report.trainings.len(),
        evaluations: report.evaluations.len(),
        comparisons: report.comparisons.len(),
        benches: report.benches.len(),
        written: job.out.display().to_string(),
    })
}

/// Adds what is in a folder, or a table.
fn gather(path: &Path, report: &mut Report) -> Result<(), DsgError> {
    let shown = path.display().to_string();
    let name = path_label(&shown);
    let is_table = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    let metadata = fs::metadata(path).map_err(DsgError::file("read", path))?;
    if is_table && metadata.is_file() {
        report.benches.push(bench(name, path)?);
        return Ok(());
    }
    let parts = [MANIFEST_FILE, METRICS, EVALUATION, COMPARISON, BENCH];
    let there = parts.map(|file| path.join(file).is_file());
    if there == [false; 5] {
        return Err(DsgError::NothingToReport {
            path: path.to_path_buf(),
            looked_for: LOOKED_FOR,
        });
    }
    let [
        is_dataset,
        is_student,
        is_evaluation,
        is_comparison,
        has_speeds,
    ] = there;
    if is_dataset {
        report.datasets.push(DatasetReport {
            name: name.to_owned(),
            manifest: read_manifest(path)?,
        });
    }
    if is_student {
        report.trainings.push(training(name, path)?);
    }
    if is_evaluation {
        report.evaluations.push(evaluation(name.to_owned(), path)?);
    }
    if is_comparison {
        for who in ["base", "student"] {
            let one = evaluation(format!("{name}/{who}"), &path.join(who))?;
            report.evaluations.push(one);
        }
        report.comparisons.push(ComparisonReport {
            name: name.to_owned(),
            summary: read_json(&path.join(COMPARISON))?,
        });
    }
    if has_speeds {
        let table = bench(&format!("{name}/{BENCH}"), &path.join(BENCH))?;
        report.benches.push(table);
    }
    Ok(())
}

fn training(name: &str, folder: &Path) -> Result<TrainingReport, DsgError> {
    let summary = folder.join(TRAINING);
    Ok(TrainingReport {
        name: name.to_owned(),
        steps: steps(&folder.join(METRICS))?,
        summary: summary.is_file().then(|| read_json(&summary)).transpose()?,
    })
}

/// The steps so far. A last line without its end is being written, or a kill cut it off; a training that goes on makes it again.
fn steps(path: &Path) -> Result<Vec<TrainingStep>, DsgError> {
    let mut steps = Vec::new();
    let mut lines = read_jsonl::<TrainingStep>(path)?.peekable();
    while let Some(line) = lines.next() {
        match line {
            Err(ArtifactError::Record { source, .. })
                if source.is_eof() && lines.peek().is_none() =>
            {
                break;
            }
            line => steps.push(line?),
        }
    }
    Ok(steps)
}

fn evaluation(name: String, folder: &Path) -> Result<EvaluationReport, DsgError> {
    Ok(EvaluationReport {
        name,
        summary: read_json(&folder.join(EVALUATION))?,
        answers: records(&folder.join(RESULTS))?,
    })
}

fn bench(name: &str, path: &Path) -> Result<BenchReport, DsgError> {
    let rows = read_rows(path)?.into_iter().map(|row| SpeedRow {
        model: row.model,
        threads: row.threads,
        batch: row.batch,
        test: row.test,
        tokens_per_second: row.tokens_per_second,
        deviation: row.deviation,
        first_token_ms: row.first_token_ms,
        peak_bytes: row.peak_bytes,
    });
    Ok(BenchReport {
        name: name.to_owned(),
        rows: rows.collect(),
    })
}
