//! One run at a time in a folder.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::error::DsgError;

/// Keeps a second run out of `folder` for as long as the file lives, by an advisory lock on `.lock` in `inside`, a folder that exists. It
/// dies with its process.
///
/// # Errors
/// [`DsgError::Locked`] while another run has `folder`.
pub(crate) fn lock(inside: &Path, folder: &Path) -> Result<File, DsgError> {
    let path = inside.join(".lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(DsgError::file("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DsgError::Locked {
            outdir: folder.to_path_buf(),
        }),
        Err(TryLockError::Error(source)) => Err(DsgError::file("lock", &path)(source)),
    }
}
