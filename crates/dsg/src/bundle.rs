//! From a trained model to a folder that a small machine starts from.

use std::path::PathBuf;

use dsg_export::{BundleConfig, BundleReport, Tool, read_manifest, write_bundle};

use crate::error::DsgError;

/// Which model is bundled for which machine, and where to.
#[derive(Debug, Clone)]
pub struct BundleJob {
    /// Model, machine and wishes.
    pub config: BundleConfig,
    /// The folder of the bundle.
    pub out: PathBuf,
    /// The output folder of the run that made the model's dataset, for the card. Default: none.
    pub dataset: Option<PathBuf>,
}

/// Writes a bundle: the model, scripts for llama.cpp, files for Ollama and systemd, a model card, checksums.
///
/// # Errors
/// [`DsgError::Export`]: see [`write_bundle`]; also for a dataset without a manifest.
pub fn bundle(job: &BundleJob) -> Result<BundleReport, DsgError> {
    let manifest = job.dataset.as_deref().map(read_manifest).transpose()?;
    let tool = Tool {
        name: "dsg".into(),
        version: env!("CARGO_PKG_VERSION").into(),
    };
    Ok(write_bundle(
        &job.out,
        &job.config,
        &tool,
        manifest.as_ref(),
    )?)
}
