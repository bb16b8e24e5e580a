//! The last stage: dataset files that trainers read, the manifest that proves where they came from, the dataset card,
//! the verification of all of it against the raw documents, bundles of trained models, and reports.
//!
//! # Vocabulary
//! - A [`DatasetFormat`] is the shape of one line: `messages` (always written), `alpaca`, `sharegpt`, `prompt-completion`.
//!   [`render`] is the pure kernel; every shape keeps `id` and `meta`, so that receipts survive a conversion.
//! - [`Columns`] are the names and types that all rows share, so that a table reader infers the same schema for
//!   `train` and `eval`.
//! - The [`Manifest`] lists inputs, outputs, funnel and coverage. It holds no clock, host name or absolute path, and is
//!   written last: a folder without one is unfinished.
//! - [`write_dataset`] writes everything beside its destination and then renames it into place, manifest last.
//! - A [`Verifier`] takes the documents one by one and recomputes every receipt and hash; what does not hold is a
//!   [`Finding`].
//! - A *bundle* is a folder that a machine, the [`Target`], starts a model from; the [`Plan`] has its settings and the memory that they
//!   take. [`write_bundle`] reads the model's header and writes the rest.
//! - A [`Report`] is what one HTML page shows of datasets, trainings, evaluations and measurements of speed; [`html_report`] writes the page.
//!
//! ```
//! use dsg_core::{CandidateId, Example, Split};
//! use dsg_export::{DatasetFormat, render};
//!
//! # let line = r#"{"id":"qa-1","messages":[{"role":"user","content":"How do I submit a job?"},
//! #   {"role":"assistant","content":"Use `sbatch`."}],"meta":{"topic":"jobs","difficulty":"basic","question_type":"procedural",
//! #   "split":"train","citations":[],"scores":{},"generator":{"provider":"extractive","prompt":"howto@1","seed":7}}}"#;
//! let example: Example = serde_json::from_str(line)?;
//! let alpaca = render(&example, DatasetFormat::Alpaca);
//! assert_eq!(alpaca["instruction"], "How do I submit a job?");
//! assert_eq!(alpaca["output"], "Use `sbatch`.");
//! assert_eq!(alpaca["meta"]["topic"], "jobs");
//! # Ok::<(), serde_json::Error>(())
//! ```

mod bundle;
mod card;
mod columns;
mod config;
mod error;
mod finding;
mod format;
mod manifest;
mod report;
mod staging;
mod template;
mod verify;
mod writer;

pub use bundle::{BundleConfig, BundleReport, KvType, Plan, Target, UnknownTarget, write_bundle};
pub use card::dataset_card;
pub use columns::{ColumnConflict, ColumnType, Columns};
pub use config::ExportConfig;
pub use error::ExportError;
pub use finding::{Finding, FindingKind, VerifyReport};
pub use format::{DatasetFormat, UnknownFormat, render};
pub use manifest::{
    CoverageRow, InputFile, MANIFEST_SCHEMA, Manifest, ModelUse, OutputFile, SectionCoverage, Tool,
    read_manifest,
};
pub use report::{
    AdapterSettings, AnswerRecord, AnswerScores, AxisFigures, BenchReport, ComparedAxis,
    ComparedMetric, ComparisonReport, ComparisonSummary, ConstrainedFigures, DatasetReport,
    EvaluationReport, EvaluationSummary, GateFigure, JudgeName, KnownQuestion, MetricFigures,
    ModelFile, Report, SpeedRow, TrainingReport, TrainingResult, TrainingSettings, TrainingStep,
    TrainingSummary, WinRateFigures, html_report, path_label,
};
pub use verify::{Verifier, verify};
pub use writer::{MANIFEST_FILE, write_dataset};
