//! How fast model files answer.

use serde::Serialize;

use crate::bundle::size;

/// A table of measurements to show.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchReport {
    /// What it is called.
    pub name: String,
    /// Its rows, in their order.
    pub rows: Vec<SpeedRow>,
}

/// How fast a model file is in one test.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeedRow {
    /// The file's name.
    pub model: String,
    /// Threads.
    pub threads: usize,
    /// Tokens of a prompt that are read at once.
    pub batch: usize,
    /// `pp512` reads a prompt of 512 tokens, `tg128` writes 128.
    pub test: String,
    /// Mean over the repetitions.
    pub tokens_per_second: f64,
    /// Their standard deviation.
    pub deviation: f64,
    /// Mean milliseconds until the first token of a reply; of reading tests alone.
    pub first_token_ms: Option<f64>,
    /// Most memory of the process, in bytes, where that is known.
    pub peak_bytes: Option<u64>,
}

/// What the template sees.
#[derive(Serialize)]
pub(super) struct BenchView<'a> {
    name: &'a str,
    rows: Vec<RowView<'a>>,
}

#[derive(Serialize)]
struct RowView<'a> {
    model: &'a str,
    threads: usize,
    batch: usize,
    test: &'a str,
    speed: String,
    deviation: String,
    first_token: Option<String>,
    memory: Option<String>,
}

impl<'a> BenchView<'a> {
    pub(super) fn new(report: &'a BenchReport) -> Self {
        let rows = report.rows.iter().map(|row| RowView {
            model: super::path_label(&row.model),
            threads: row.threads,
            batch: row.batch,
            test: &row.test,
            speed: format!("{:.2}", row.tokens_per_second),
            deviation: format!("{:.2}", row.deviation),
            first_token: row.first_token_ms.map(|ms| format!("{ms:.0} ms")),
            memory: row.peak_bytes.map(size),
        });
        Self {
            name: &report.name,
            rows: rows.collect(),
        }
    }
}
