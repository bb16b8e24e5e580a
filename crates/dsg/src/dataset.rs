//! What can be done with a finished dataset folder.

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use dsg_core::artifact::read_jsonl;
use dsg_core::{Event, Example, Observer, Outcome, Reject, Stage, StageCounts};
use dsg_export::{DatasetFormat, Manifest, Verifier, VerifyReport, read_manifest, write_dataset};
use dsg_ingest::Ingester;

use crate::config::{ConfigError, DatasetConfig, Origin};
use crate::error::DsgError;

/// Recomputes every receipt and hash of the dataset in `outdir` from the raw documents in `inputs`, read under the
/// configuration that the manifest records.
///
/// # Errors
/// [`DsgError`] when there is no usable manifest or an input is missing. What does not hold is a finding in the report.
pub fn verify(
    outdir: &Path,
    inputs: &[PathBuf],
    observer: &dyn Observer,
) -> Result<VerifyReport, DsgError> {
    let mut verifier = Verifier::open(outdir)?;
    let ingester = Ingester::new(recorded_config(outdir, verifier.manifest())?.ingest)?;
    let entries = ingester.walk(inputs)?;
    observer.on_event(&Event::StageStarted {
        stage: Stage::Verify,
        total: Some(entries.len() as u64),
    });
    let mut counts = StageCounts::default();
    let done = ingester.for_each(&entries, |outcome| {
        counts.record(&outcome);
        if let Outcome::Kept(document) = outcome {
            verifier.feed(&document);
        }
        observer.on_event(&Event::Progress {
            stage: Stage::Verify,
            done: counts.entered,
        });
        Ok::<(), Infallible>(())
    });
    let Ok(()) = done;
    observer.on_event(&Event::StageFinished {
        stage: Stage::Verify,
        counts,
    });
    Ok(verifier.finish())
}

/// Writes the dataset in `outdir` anew, with its card and in `formats` besides `messages`; `None` keeps the formats it has.
///
/// # Errors
/// [`DsgError`] when the folder holds no finished dataset or cannot be written.
pub fn export(outdir: &Path, formats: Option<Vec<DatasetFormat>>) -> Result<Manifest, DsgError> {
    let recorded = read_manifest(outdir)?;
    let mut config = recorded_config(outdir, &recorded)?;
    if let Some(formats) = formats {
        config.export.formats = formats;
    }
    let train: Vec<Example> = records(&outdir.join("train.jsonl"))?;
    let eval: Vec<Example> = records(&outdir.join("eval.jsonl"))?;
    let rejects: Vec<Reject> = records(&outdir.join("rejects.jsonl"))?;
    let mut manifest = Manifest {
        inputs: recorded.inputs,
        models: recorded.models,
        stages: recorded.stages,
        coverage: recorded.coverage,
        sections: recorded.sections,
        ..Manifest::new(recorded.tool, config.to_value(), recorded.seed)
    };
    manifest.outputs = write_dataset(outdir, &config.export, &manifest, &train, &eval, &rejects)?;
    Ok(manifest)
}

/// The configuration that a manifest records.
fn recorded_config(outdir: &Path, manifest: &Manifest) -> Result<DatasetConfig, DsgError> {
    DatasetConfig::from_value(&manifest.config).map_err(|error| {
        let path = outdir.join(dsg_export::MANIFEST_FILE);
        ConfigError::Invalid {
            origin: Origin::File {
                path,
                position: None,
            },
            message: format!("the recorded configuration is not one of this version: {error}"),
        }
        .into()
    })
}

/// All records of a file; the first line that is none is the error.
pub(crate) fn records<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<T>, DsgError> {
    Ok(read_jsonl(path)?.collect::<Result<_, _>>()?)
}
