//! Files appear whole or not at all: written beside, synced, renamed.

use std::fs;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Marks temporary files, so that [`sweep_partial`] knows its own.
const PART_PREFIX: &str = ".dsg-";
const PART_SUFFIX: &str = ".part";

/// Reading or writing an artifact failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// The file system said no.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// `read`, `write`, `create the folder`, …
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A line or file is not what its schema says.
    #[error("`{}` line {line} is not a valid record", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

impl ArtifactError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

/// Writes `path` through `content`: into a temporary file in the same folder, flushed and synced, then renamed over `path`.
/// On any error the old file, if there was one, is untouched. Missing parent folders are created.
///
/// # Errors
/// [`ArtifactError::Io`] naming the file.
pub fn write_atomic(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), ArtifactError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).map_err(ArtifactError::io("create the folder of", path))?;
    let file = tempfile::Builder::new()
        .prefix(PART_PREFIX)
        .suffix(PART_SUFFIX)
        .permissions_like_umask()
        .tempfile_in(folder)
        .map_err(ArtifactError::io("write", path))?;
    let mut writer = BufWriter::new(file);
    content(&mut writer).map_err(ArtifactError::io("write", path))?;
    let file = writer
        .into_inner()
        .map_err(|e| ArtifactError::io("write", path)(e.into_error()))?;
    file.as_file()
        .sync_all()
        .map_err(ArtifactError::io("sync", path))?;
    file.persist(path)
        .map_err(|e| ArtifactError::io("rename into place", path)(e.error))?;
    Ok(())
}

/// Writes `records` as JSON Lines, atomically. Returns how many there were.
///
/// # Errors
/// [`ArtifactError::Io`] naming the file.
pub fn write_jsonl<T: Serialize>(
    path: &Path,
    records: impl IntoIterator<Item = T>,
) -> Result<u64, ArtifactError> {
    let mut count = 0;
    write_atomic(path, |out| {
        for record in records {
            serde_json::to_writer(&mut *out, &record)?;
            out.write_all(b"\n")?;
            count += 1;
        }
        Ok(())
    })?;
    Ok(count)
}

/// Writes one value as indented JSON with a final newline, atomically.
///
/// # Errors
/// [`ArtifactError::Io`] naming the file.
pub fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), ArtifactError> {
    write_atomic(path, |out| {
        serde_json::to_writer_pretty(&mut *out, value)?;
        out.write_all(b"\n")
    })
}

/// Reads one JSON value.
///
/// # Errors
/// [`ArtifactError`] naming the file, and the line where it is malformed.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, ArtifactError> {
    let bytes = fs::read(path).map_err(ArtifactError::io("read", path))?;
    serde_json::from_slice(&bytes).map_err(|source| ArtifactError::Record {
        path: path.to_path_buf(),
        line: source.line(),
        source,
    })
}

/// Reads JSON Lines one record at a time; blank lines are skipped. Memory is one line.
///
/// # Errors
/// [`ArtifactError::Io`] when the file cannot be opened; then, per item, the line that is malformed.
pub fn read_jsonl<T: DeserializeOwned>(
    path: &Path,
) -> Result<impl Iterator<Item = Result<T, ArtifactError>> + use<T>, ArtifactError> {
    let file = fs::File::open(path).map_err(ArtifactError::io("read", path))?;
    let path = path.to_path_buf();
    Ok(BufReader::new(file)
        .lines()
        .enumerate()
        .filter_map(move |(index, line)| match line {
            Err(source) => Some(Err(ArtifactError::io("read", &path)(source))),
            Ok(line) if line.trim().is_empty() => None,
            Ok(line) => Some(
                serde_json::from_str(&line).map_err(|source| ArtifactError::Record {
                    path: path.clone(),
                    line: index + 1,
                    source,
                }),
            ),
        }))
}

/// Removes the temporary files that a killed run left in `folder`; returns how many.
///
/// # Errors
/// [`ArtifactError::Io`] when the folder cannot be listed or a file not removed.
pub fn sweep_partial(folder: &Path) -> Result<usize, ArtifactError> {
    let mut swept = 0;
    for entry in fs::read_dir(folder).map_err(ArtifactError::io("list", folder))? {
        let path = entry.map_err(ArtifactError::io("list", folder))?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if name.starts_with(PART_PREFIX) && name.strip_suffix(PART_SUFFIX).is_some() {
            fs::remove_file(&path).map_err(ArtifactError::io("remove", &path))?;
            swept += 1;
        }
    }
    Ok(swept)
}

/// `tempfile` makes files readable by their owner only; a dataset should get what the umask gives.
trait UmaskPermissions {
    fn permissions_like_umask(&mut self) -> &mut Self;
}

impl UmaskPermissions for tempfile::Builder<'_, '_> {
    #[cfg(unix)]
    fn permissions_like_umask(&mut self) -> &mut Self {
        use std::os::unix::fs::PermissionsExt as _;
        self.permissions(fs::Permissions::from_mode(0o666))
    }

    #[cfg(not(unix))]
    fn permissions_like_umask(&mut self) -> &mut Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_litter() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        write_atomic(&path, |out| out.write_all(b"old")).unwrap();
        let error = write_atomic(&path, |out| {
            out.write_all(b"new")?;
            Err(io::Error::other("disk full"))
        })
        .unwrap_err();
        assert!(error.to_string().contains("a.json"));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_bad_line_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.jsonl");
        fs::write(&path, "1\n\n\"x\"\n").unwrap();
        let read: Vec<Result<u8, _>> = read_jsonl(&path).unwrap().collect();
        assert_eq!(read.len(), 2);
        assert!(read[1].as_ref().unwrap_err().to_string().contains("line 3"));
    }

    #[test]
    fn partial_files_of_a_killed_run_are_swept() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(".dsg-x.part"), "half").unwrap();
        fs::write(dir.path().join("keep"), "").unwrap();
        assert_eq!(sweep_partial(dir.path()).unwrap(), 1);
        assert!(dir.path().join("keep").exists());
    }
}
