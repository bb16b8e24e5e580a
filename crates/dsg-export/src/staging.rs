//! A folder that changes in one go: everything is written beside its place first and renamed when the last file is complete.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use dsg_core::{ArtifactError, artifact, hash};

use crate::error::ExportError;
use crate::manifest::OutputFile;

/// Where files wait until all of them are written.
pub(crate) const STAGING_FOLDER: &str = ".dsg-staging";

/// A folder beside the final files; removed when dropped.
pub(crate) struct Staging<'a> {
    outdir: &'a Path,
    folder: PathBuf,
}

impl<'a> Staging<'a> {
    pub(crate) fn create(outdir: &'a Path) -> Result<Self, ExportError> {
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

    pub(crate) fn file(
        &self,
        name: &str,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<OutputFile, ExportError> {
        let path = self.folder.join(name);
        artifact::write_atomic(&path, content).map_err(|error| self.fault(error))?;
        self.describe(name)
    }

    pub(crate) fn jsonl<T: serde::Serialize>(
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

    /// A file that is there already, under a second name where the file system can do that, else copied.
    pub(crate) fn link(&self, source: &Path, name: &str) -> Result<OutputFile, ExportError> {
        let place = self.folder.join(name);
        // A link to a symbolic link would be one.
        let source = fs::canonicalize(source).map_err(|error| self.io("find", source, error))?;
        if fs::hard_link(&source, &place).is_ok() {
            return self.describe(name);
        }
        let mut from = fs::File::open(&source).map_err(|error| self.io("read", &source, error))?;
        self.file(name, |out| io::copy(&mut from, out).map(|_| ()))
    }

    /// Lets everyone run a file who may read it.
    pub(crate) fn make_executable(&self, name: &str) -> Result<(), ExportError> {
        let path = self.folder.join(name);
        executable(&path).map_err(|error| self.io("make executable", &path, error))
    }

    /// Moves files to their places and removes `stale` ones. The `seal` comes last and is gone meanwhile: a folder without it
    /// is unfinished.
    pub(crate) fn publish<'n>(
        &self,
        names: impl Iterator<Item = &'n str> + Clone,
        seal: &'n str,
        stale: &[String],
    ) -> Result<(), ExportError> {
        for name in names.clone().chain([seal]) {
            let target = self.outdir.join(name);
            if target.is_dir() {
                return Err(self.io("replace", &target, ErrorKind::IsADirectory.into()));
            }
            if let Some(folder) = target.parent() {
                fs::create_dir_all(folder).map_err(|error| self.io("create", folder, error))?;
            }
        }
        self.remove(seal)?;
        for name in stale {
            self.remove(name)?;
        }
        for name in names.filter(|name| *name != seal).chain([seal]) {
            let target = self.outdir.join(name);
            fs::rename(self.folder.join(name), &target)
                .map_err(|error| self.io("rename into place", &target, error))?;
        }
        Ok(())
    }

    fn describe(&self, name: &str) -> Result<OutputFile, ExportError> {
        let path = self.folder.join(name);
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

#[cfg(unix)]
fn executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = fs::metadata(path)?.permissions().mode();
    fs::set_permissions(
        path,
        fs::Permissions::from_mode(mode | ((mode & 0o444) >> 2)),
    )
}

#[cfg(not(unix))]
fn executable(_path: &Path) -> io::Result<()> {
    Ok(())
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
        _ => "the folder could not be written: see the cause, then run the same command again",
    }
}
