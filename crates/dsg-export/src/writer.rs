//! Writes a dataset folder: everything beside its destination first, then renamed into place, the manifest last.

use std::fs;
use std::path::Path;

use dsg_core::{Example, Reject};
use serde_json::Value;

use crate::card::dataset_card;
use crate::columns::Columns;
use crate::config::ExportConfig;
use crate::error::ExportError;
use crate::format::{DatasetFormat, render};
use crate::manifest::{Manifest, OutputFile};
use crate::report::{DatasetReport, Report, html_report};
use crate::staging::Staging;

/// The name of the manifest in a dataset folder.
pub const MANIFEST_FILE: &str = "manifest.json";
/// The name of the dataset card.
pub(crate) const CARD_FILE: &str = "README.md";
/// The name of the report.
pub(crate) const REPORT_FILE: &str = "report.html";
/// The folder of further formats.
pub(crate) const FORMATS_FOLDER: &str = "formats";

/// Writes `train.jsonl`, `eval.jsonl`, `rejects.jsonl`, the formats of `config`, the dataset card `README.md`, the report `report.html`
/// and, last, `manifest.json` to `outdir`, and returns the files as the manifest lists them. `manifest` comes with everything but its
/// `outputs`, which are filled in here.
///
/// All files are first written to a folder inside `outdir` and renamed when the last one is complete: when the disk fills
/// up half-way, what was in `outdir` before is untouched. While files are being renamed there is no `manifest.json`,
/// so a killed export looks unfinished rather than inconsistent.
///
/// # Errors
/// [`ExportError::Config`], [`ExportError::Columns`] when rows disagree about a column's type, [`ExportError::Write`] naming
/// the file and what to do.
pub fn write_dataset(
    outdir: &Path,
    config: &ExportConfig,
    manifest: &Manifest,
    train: &[Example],
    eval: &[Example],
    rejects: &[Reject],
) -> Result<Vec<OutputFile>, ExportError> {
    config.validate()?;
    let staging = Staging::create(outdir)?;
    let mut outputs = Vec::new();
    let formats = std::iter::once(DatasetFormat::Messages).chain(config.formats.iter().copied());
    for format in formats {
        let (columns, rows) = table(format, train, eval)?;
        let (train_rows, eval_rows) = rows.split_at_checked(train.len()).unwrap_or_default();
        for (split, rows) in [("train", train_rows), ("eval", eval_rows)] {
            let records = rows.iter().map(|row| columns.conform(row.clone()));
            outputs.push(staging.jsonl(&split_path(format, split), records)?);
        }
    }
    outputs.push(staging.jsonl("rejects.jsonl", rejects)?);

    let mut manifest = manifest.clone();
    manifest.outputs.clone_from(&outputs);
    let card = dataset_card(&manifest, train, eval, config)?;
    outputs.push(staging.file(CARD_FILE, |out| out.write_all(card.as_bytes()))?);
    let dataset = DatasetReport {
        name: config.pretty_name.clone(),
        manifest: manifest.clone(),
    };
    let report = Report {
        datasets: vec![dataset],
        ..Report::default()
    };
    let page = html_report(&report, 0)?;
    outputs.push(staging.file(REPORT_FILE, |out| out.write_all(page.as_bytes()))?);
    outputs.sort_by(|a, b| a.path.cmp(&b.path));
    manifest.outputs.clone_from(&outputs);
    staging.file(MANIFEST_FILE, |out| {
        serde_json::to_writer_pretty(&mut *out, &manifest)?;
        out.write_all(b"\n")
    })?;
    let names = || outputs.iter().map(|file| file.path.as_str());
    let mut stale = Vec::new();
    for format in DatasetFormat::ALL {
        let files = ["train", "eval"].map(|split| split_path(format, split));
        stale.extend(
            files
                .into_iter()
                .filter(|name| names().all(|new| new != name)),
        );
    }
    staging.publish(names(), MANIFEST_FILE, &stale)?;
    // Removing a folder succeeds only when nothing is left in it, which is the point.
    let formats = outdir.join(FORMATS_FOLDER);
    for format in DatasetFormat::ALL {
        let _ = fs::remove_dir(formats.join(format.as_str()));
    }
    let _ = fs::remove_dir(formats);
    Ok(outputs)
}

/// The path of a split in a dataset folder, `/` separators.
pub(crate) fn split_path(format: DatasetFormat, split: &str) -> String {
    match format {
        DatasetFormat::Messages => format!("{split}.jsonl"),
        other => format!("{FORMATS_FOLDER}/{other}/{split}.jsonl"),
    }
}

/// All items in one format, train first, and the columns that they share.
pub(crate) fn table(
    format: DatasetFormat,
    train: &[Example],
    eval: &[Example],
) -> Result<(Columns, Vec<Value>), ExportError> {
    let mut columns = Columns::default();
    let rows = train
        .iter()
        .chain(eval)
        .map(|example| {
            let row = render(example, format);
            columns.widen(&row).map_err(|source| ExportError::Columns {
                id: example.id.to_string(),
                format: format.as_str(),
                source,
            })?;
            Ok(row)
        })
        .collect::<Result<_, ExportError>>()?;
    Ok((columns, rows))
}
