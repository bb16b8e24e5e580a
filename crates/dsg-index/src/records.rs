//! The chunks of an index: in memory when just built, on disk when opened.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use dsg_core::Chunk;
use dsg_core::hash::xxh3_64;

use crate::error::IndexError;
use crate::postings::Postings;

/// Where chunks are read from.
#[derive(Debug)]
pub(crate) enum Records {
    /// As they were added.
    Memory(Vec<Chunk>),
    /// A line of `chunks.jsonl` each, parsed when asked for.
    File { path: PathBuf, file: Mutex<File> },
}

impl Records {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self::File {
            path: path.to_path_buf(),
            file: Mutex::new(File::open(path)?),
        })
    }

    /// The chunk at `position`; `None` past the end.
    pub(crate) fn get(
        &self,
        postings: &Postings,
        position: usize,
    ) -> Result<Option<Chunk>, IndexError> {
        let (path, file) = match self {
            Self::Memory(chunks) => return Ok(chunks.get(position).cloned()),
            Self::File { path, file } => (path, file),
        };
        let (Some(start), Some(end), Some(hash)) = (
            postings.record_start(position),
            postings.record_start(position + 1),
            postings.record_hash(position),
        ) else {
            return Ok(None);
        };
        let line = read_line(file, start, end).map_err(|source| IndexError::Read {
            path: path.clone(),
            source,
        })?;
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        if xxh3_64(line, 0) != hash {
            return Err(IndexError::Damaged {
                path: path.clone(),
                what: format!("record {position} is not the one that was indexed"),
            });
        }
        serde_json::from_slice(line)
            .map(Some)
            .map_err(|source| IndexError::Record {
                path: path.clone(),
                position,
                source,
            })
    }
}

fn read_line(file: &Mutex<File>, start: u64, end: u64) -> io::Result<Vec<u8>> {
    let mut file = file
        .lock()
        .map_err(|_| io::Error::other("another reader failed"))?;
    file.seek(SeekFrom::Start(start))?;
    let mut line = Vec::new();
    // `take` rather than a buffer of `end - start`: a damaged table must not make us ask for that much memory.
    (&mut *file)
        .take(end.saturating_sub(start))
        .read_to_end(&mut line)?;
    Ok(line)
}
