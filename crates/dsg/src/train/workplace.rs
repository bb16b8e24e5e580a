//! A folder in which a file is made before it gets its name.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::error::DsgError;
use crate::lock::lock;

/// The folder `.dsg-<file>` beside a new file. Its name is always the same, so that the next run removes what a killed one left there; a lock
/// keeps two runs apart. When the run ends, whatever way, the folder is removed, unless it is kept.
#[derive(Debug)]
pub(super) struct Workplace {
    folder: PathBuf,
    keep: bool,
    _lock: File,
}

impl Workplace {
    /// An empty one for the file `out`. Missing parent folders are created.
    ///
    /// # Errors
    /// [`DsgError::Locked`] while another run has it, [`DsgError::File`] for what the file system says.
    pub(super) fn beside(out: &Path, keep: bool) -> Result<Self, DsgError> {
        let mut name = OsString::from(".dsg-");
        name.push(out.file_name().unwrap_or_default());
        let folder = out.with_file_name(name);
        fs::create_dir_all(&folder).map_err(DsgError::file("create", &folder))?;
        let lock = lock(&folder, out)?;
        let workplace = Self {
            folder,
            keep,
            _lock: lock,
        };
        for path in workplace.left()? {
            fs::remove_file(&path).map_err(DsgError::file("remove", &path))?;
        }
        Ok(workplace)
    }

    /// The path of a file in it.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The folder, where it is kept and has something in it; otherwise it is gone.
    pub(super) fn close(mut self) -> Option<PathBuf> {
        self.keep &= self.left().is_ok_and(|left| !left.is_empty());
        self.keep.then(|| self.folder.clone())
    }

    /// What is in it, but for the lock.
    fn left(&self) -> Result<Vec<PathBuf>, DsgError> {
        let fail = |source| DsgError::file("list", &self.folder)(source);
        let mut left = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            if entry.file_name() != ".lock" {
                left.push(entry.path());
            }
        }
        Ok(left)
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        if !self.keep {
            // What cannot be removed goes with the next run for the same file.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}
