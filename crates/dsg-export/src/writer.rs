//! Writes a dataset folder: everything beside its destination first, then renamed into place, the manifest last.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use dsg_core::{ArtifactError, Example, Reject, artifact, hash};
use serde_json::Value;

use crate::card::dataset_card;
use crate::columns::Columns;
use crate::config::ExportConfig;
use crate::error::ExportError;
use crate::format::{DatasetFormat, render};
use crate::manifest::{Manifest, OutputFile};

/// The name of the manifest in a dataset folder.
pub const MANIFEST_FILE: &str = "manifest.json";
/// The name of the dataset card.
pub(crate) const CARD_FILE: &str = "README.md";
/// The folder of further formats.
pub(crate) const FORMATS_FOLDER: &str = "formats";
/// Where files wait until all of them are written.
const STAGING_FOLDER: &str = ".dsg-staging";

/// Writes `train.jsonl`, `eval.jsonl`, `rejects.jsonl`, the formats of `config`, the dataset card `README.md` and, last,
/// `manifest.json` to `outdir`, and returns the files as the manifest lists them. `manifest` comes with everything but its
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
    outputs.sort_by(|a, b| a.path.cmp(&b.path));
    manifest.outputs.clone_from(&outputs);
    staging.file(MANIFEST_FILE, |out| {
        serde_json::to_writer_pretty(&mut *out, &manifest)?;
        out.write_all(b"\n")
    })?;
    staging.publish(&outputs)?;
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
        .collect::<Result<_, _>>()?;
    Ok((columns, rows))
}

/// A folder beside the final files; removed when dropped.
struct Staging<'a> {
    outdir: &'a Path,
    folder: PathBuf,
}

impl<'a> Staging<'a> {
    fn create(outdir: &'a Path) -> Result<Self, ExportError> {
        let staging = Self {
            outdir,
            folder: outdir.join(STAGING_FOLDER),
        };
        // What a killed run left.
        match fs::remove_dir_all(&staging.folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(staging.io("clear", &staging.folder, error))
            }
            _ => fs::create_dir_all(&staging.folder)
                .map_err(|error| staging.io("create", &staging.folder, error)),
        }?;
        Ok(staging)
    }

    fn file(
        &self,
        name: &str,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<OutputFile, ExportError> {
        let path = self.folder.join(name);
        artifact::write_atomic(&path, content).map_err(|error| self.fault(error))?;
        let describe = || -> io::Result<OutputFile> {
            let file = fs::File::open(&path)?;
            Ok(OutputFile {
                path: name.to_owned(),
                bytes: file.metadata()?.len(),
                sha256: hash::sha256_reader(file)?,
                records: None,
            })
        };
        describe().map_err(|error| self.io("read back", &path, error))
    }

    fn jsonl<T: serde::Serialize>(
        &self,
        name: &str,
        records: impl IntoIterator<Item = T>,
    ) -> Result<OutputFile, ExportError> {
        let mut count = 0;
        let file = self.file(name, |out| {
            for record in records {
                serde_json::to_writer(&mut *out, &record)?;
                out.write_all(b"\n")?;
                count += 1;
            }
            Ok(())
        })?;
        Ok(OutputFile {
            records: Some(count),
            ..file
        })
    }

    /// Moves every file to its place, the manifest last, and removes files of formats that are no longer asked for.
    fn publish(&self, outputs: &[OutputFile]) -> Result<(), ExportError> {
        for name in outputs.iter().map(|file| file.path.as_str()) {
            let target = self.outdir.join(name);
            if target.is_dir() {
                return Err(self.io("replace", &target, ErrorKind::IsADirectory.into()));
            }
            if let Some(folder) = target.parent() {
                fs::create_dir_all(folder).map_err(|error| self.io("create", folder, error))?;
            }
        }
        self.remove(MANIFEST_FILE)?;
        for format in DatasetFormat::ALL {
            for split in ["train", "eval"] {
                let name = split_path(format, split);
                if !outputs.iter().any(|file| file.path == name) {
                    self.remove(&name)?;
                }
            }
        }
        let names = outputs.iter().map(|file| file.path.as_str());
        for name in names.chain([MANIFEST_FILE]) {
            let target = self.outdir.join(name);
            fs::rename(self.folder.join(name), &target)
                .map_err(|error| self.io("rename into place", &target, error))?;
        }
        // Removing a folder succeeds only when nothing is left in it, which is the point.
        let formats = self.outdir.join(FORMATS_FOLDER);
        for format in DatasetFormat::ALL {
            let _ = fs::remove_dir(formats.join(format.as_str()));
        }
        let _ = fs::remove_dir(formats);
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<(), ExportError> {
        let path = self.outdir.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(self.io("remove", &path, error))
            }
            _ => Ok(()),
        }
    }

    fn io(&self, action: &'static str, path: &Path, source: io::Error) -> ExportError {
        self.fault(ArtifactError::Io {
            action,
            path: path.to_path_buf(),
            source,
        })
    }

    fn fault(&self, source: ArtifactError) -> ExportError {
        let kind = match &source {
            ArtifactError::Io { source, .. } => source.kind(),
            _ => ErrorKind::Other,
        };
        ExportError::Write {
            outdir: self.outdir.to_path_buf(),
            hint: hint(kind),
            source,
        }
    }
}

impl Drop for Staging<'_> {
    fn drop(&mut self) {
        // Nothing to do when it fails: the next export clears it.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

const fn hint(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "the disk or quota is full: free some space and run the same command again"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "the output folder cannot be written: choose another one or change its permissions"
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "a file stands where the output folder should be: move it or choose another folder"
        }
        ErrorKind::IsADirectory => {
            "a folder stands where a file should be: move it or choose another output folder"
        }
        _ => "the dataset could not be written: see the cause, then run the same command again",
    }
}
