//! dsg: a folder of documentation in, a grounded LoRA dataset out.
//!
//! This crate composes the stage crates into a resumable [`Pipeline`] with one configuration ([`config::DatasetConfig`],
//! the file `datasetgen.yaml`). It never prints: progress goes to an [`Observer`](dsg_core::Observer), results come back as values.
//!
//! # Vocabulary
//! - A *run* goes through the steps ingest → index → generate → curate → export and leaves a dataset folder.
//! - A *step* is what the run store remembers as finished; a stopped run goes on with the first unfinished one.
//! - A *gate* is a condition on the finished dataset; a missed gate is a result, not an error.
//!
//! ```
//! use dsg::Pipeline;
//! use dsg::config::ConfigLayers;
//!
//! # let dir = tempfile::tempdir()?;
//! # let docs = dir.path().join("docs");
//! # std::fs::create_dir(&docs)?;
//! # std::fs::write(docs.join("jobs.md"), "# Jobs\n\n## How do I cancel a job?\n\nRun `scancel` with the job id, \
//! #   for example `scancel 4711`. The job leaves the queue at once.\n")?;
//! # let out = dir.path().join("out");
//! let config = ConfigLayers::new().set("seed", "7", "--seed").resolve()?.config;
//! let report = Pipeline::new(config)?.run(&[docs], &out)?;
//! for (stage, counts) in &report.funnel {
//!     assert!(counts.is_balanced(), "{stage} lost a record");
//! }
//! assert!(out.join("manifest.json").exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bench;
mod benchmark;
mod bundle;
pub mod config;
mod copies;
mod curation;
mod dataset;
mod doctor;
mod error;
#[cfg(feature = "train")]
mod evaluation;
mod evidence;
mod html_report;
#[cfg(feature = "models")]
mod label;
mod lock;
#[cfg(any(feature = "llama-cpp", feature = "train"))]
mod memory;
mod onnx;
mod pipeline;
mod report;
mod roles;
mod run;
mod sections;
mod stages;
mod steps;
mod store;
mod summary;
#[cfg(feature = "models")]
mod teacher;
mod train;
mod versions;

pub use bench::{
    BenchError, BenchRow, Comparison, Missing, Slower, Tolerance, can_bench, hold_against,
    read_rows, write_rows,
};
#[cfg(feature = "llama-cpp")]
pub use bench::{BenchJob, bench};
pub use benchmark::BenchmarkError;
pub use bundle::{BundleJob, bundle};
pub use dataset::{export, verify};
pub use doctor::{Check, Health, doctor};
pub use error::{DsgError, ErrorKind};
#[cfg(feature = "train")]
pub use evaluation::{
    AxisComparison, AxisSummary, CompareJob, CompareSummary, ComparisonJudge, ConstrainedReplies,
    EvalConstraint, EvalData, EvalEngine, EvalError, EvalGate, EvalJob, EvalModel, EvalQuestions,
    EvalSummary, Evaluated, InvalidGate, Metric, MetricComparison, MetricSummary, Scores,
    UnknownMetric, WinRate, compare, evaluate,
};
pub use evidence::Evidence;
pub use html_report::{ReportJob, ReportSummary, report};
#[cfg(feature = "models")]
pub use label::{LabelJob, label};
pub use pipeline::Pipeline;
pub use report::{GateResult, RunReport, StepReport};
pub use summary::{CorpusSummary, FormatSummary, WarningSummary};
#[cfg(feature = "models")]
pub use teacher::TeacherConfig;
pub use train::can_train;
#[cfg(feature = "train")]
pub use train::{
    GgufCheck, GgufJob, GgufSummary, MergeJob, TrainJob, TrainSummary, export_gguf, merge, train,
};

pub use dsg_core as core;
pub use dsg_export::{
    BundleConfig, BundleReport, DatasetFormat, ExportError, Finding, Manifest, ModelFile, Plan,
    SectionCoverage, Target, VerifyReport,
};
pub use dsg_generate::LabelConfig;
pub use dsg_gguf as gguf;
pub use dsg_index as index;
#[cfg(feature = "models")]
pub use dsg_llm as llm;
#[cfg(feature = "train")]
pub use dsg_train as training;
