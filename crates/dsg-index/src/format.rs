//! An index on disk: `chunks.jsonl`, `postings.bin`, and `index.json`, which comes last and vouches for the others.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use dsg_core::artifact::{read_json, write_atomic, write_json};
use dsg_core::hash::xxh3_64;
use dsg_core::{ArtifactError, Chunk};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3Default;

use crate::config::IndexConfig;
use crate::error::IndexError;
use crate::postings::{Postings, Shape};

pub(crate) const CHUNKS: &str = "chunks.jsonl";
pub(crate) const POSTINGS: &str = "postings.bin";
pub(crate) const MANIFEST: &str = "index.json";

/// Raised with every change of the files' meaning.
pub(crate) const VERSION: u32 = 1;

const MAGIC: &[u8; 8] = b"dsg-bm25";
/// Magic, version, and the four numbers of the shape.
const HEADER: usize = 8 + 4 + 4 * 8;
/// Words are read and written in blocks of this many bytes.
const BLOCK: usize = 1 << 16;

/// `index.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) schema: String,
    pub(crate) format: u32,
    pub(crate) fingerprint: String,
    pub(crate) chunks: usize,
    pub(crate) terms: usize,
    pub(crate) postings: usize,
    pub(crate) config: IndexConfig,
    pub(crate) chunks_file: FileMark,
    pub(crate) postings_file: FileMark,
}

/// A file that the manifest vouches for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileMark {
    pub(crate) bytes: u64,
    /// XXH3-128.
    pub(crate) xxh3: String,
}

pub(crate) const SCHEMA: &str = "dsg.index/1";

/// Counts and hashes what passes through.
pub(crate) struct Marking<'a> {
    out: &'a mut dyn Write,
    hash: Xxh3Default,
    bytes: u64,
}

impl<'a> Marking<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self {
            out,
            hash: Xxh3Default::new(),
            bytes: 0,
        }
    }

    pub(crate) fn mark(&self) -> FileMark {
        FileMark {
            bytes: self.bytes,
            xxh3: format!("{:032x}", self.hash.digest128()),
        }
    }
}

impl Write for Marking<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let written = self.out.write(buf)?;
        self.hash.update(buf.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes the index into `folder`. `each` yields the chunks in order.
pub(crate) fn save(
    folder: &Path,
    postings: &mut Postings,
    config: &IndexConfig,
    fingerprint: &str,
    mut chunk_at: impl FnMut(usize) -> Result<Option<Chunk>, IndexError>,
) -> Result<(), IndexError> {
    let mut chunks_file = None;
    let mut failed = None;
    let written = write_atomic(&folder.join(CHUNKS), |out| {
        let mut out = Marking::new(out);
        let mut line = Vec::new();
        for position in 0..postings.shape.chunks {
            let chunk = match chunk_at(position) {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(error) => {
                    failed = Some(error);
                    return Err(io::ErrorKind::Other.into());
                }
            };
            line.clear();
            serde_json::to_writer(&mut line, &chunk)?;
            postings.set_record(position, out.bytes, xxh3_64(&line, 0));
            line.push(b'\n');
            out.write_all(&line)?;
        }
        postings.set_records_end(out.bytes);
        chunks_file = Some(out.mark());
        Ok(())
    });
    if let Some(error) = failed {
        return Err(error);
    }
    written?;
    let mut postings_file = None;
    write_atomic(&folder.join(POSTINGS), |out| {
        let mut out = Marking::new(out);
        write_postings(&mut out, postings)?;
        postings_file = Some(out.mark());
        Ok(())
    })?;
    let (Some(chunks_file), Some(postings_file)) = (chunks_file, postings_file) else {
        return Ok(());
    };
    write_json(
        &folder.join(MANIFEST),
        &Manifest {
            schema: SCHEMA.to_owned(),
            format: VERSION,
            fingerprint: fingerprint.to_owned(),
            chunks: postings.shape.chunks,
            terms: postings.shape.terms,
            postings: postings.shape.postings,
            config: config.clone(),
            chunks_file,
            postings_file,
        },
    )?;
    Ok(())
}

fn write_postings(out: &mut impl Write, postings: &Postings) -> io::Result<()> {
    let shape = postings.shape;
    out.write_all(MAGIC)?;
    out.write_all(&VERSION.to_le_bytes())?;
    for number in [shape.chunks, shape.terms, shape.postings, shape.term_bytes] {
        out.write_all(&(number as u64).to_le_bytes())?;
    }
    write_words(out, &mut postings.words.iter().copied())?;
    out.write_all(&postings.term_bytes)
}

/// Writes words, little end first, a block at a time.
pub(crate) fn write_words(
    out: &mut impl Write,
    words: &mut dyn Iterator<Item = u32>,
) -> io::Result<()> {
    let mut block = Vec::with_capacity(BLOCK);
    loop {
        block.clear();
        block.extend(words.take(BLOCK / 4).flat_map(u32::to_le_bytes));
        if block.is_empty() {
            return Ok(());
        }
        out.write_all(&block)?;
    }
}

/// Reads and checks `index.json`.
pub(crate) fn open_manifest(folder: &Path) -> Result<Manifest, IndexError> {
    read_manifest(
        &folder.join(MANIFEST),
        SCHEMA,
        VERSION,
        |manifest: &Manifest| &manifest.schema,
    )
}

/// Reads a manifest of this schema and format version.
pub(crate) fn read_manifest<T: DeserializeOwned>(
    path: &Path,
    schema: &str,
    expected: u32,
    schema_of: impl Fn(&T) -> &str,
) -> Result<T, IndexError> {
    let value: serde_json::Value = read_json(path)?;
    let path = path.to_path_buf();
    // The version first: another version's manifest need not have our fields.
    let found = value.get("format").and_then(serde_json::Value::as_u64);
    match found {
        Some(found) if found == u64::from(expected) => {}
        Some(found) => {
            return Err(IndexError::Version {
                path,
                found: u32::try_from(found).unwrap_or(u32::MAX),
                expected,
            });
        }
        None => {
            return Err(IndexError::Damaged {
                path,
                what: "it names no format".to_owned(),
            });
        }
    }
    let manifest: T = serde_json::from_value(value).map_err(|source| ArtifactError::Record {
        path: path.clone(),
        line: 1,
        source,
    })?;
    let found = schema_of(&manifest);
    if found != schema {
        return Err(IndexError::Damaged {
            path,
            what: format!("its schema is `{found}`, not `{schema}`"),
        });
    }
    Ok(manifest)
}

/// Reads `postings.bin` and checks it against the manifest.
pub(crate) fn open_postings(folder: &Path, manifest: &Manifest) -> Result<Postings, IndexError> {
    let path = folder.join(POSTINGS);
    let read_error = |source| IndexError::Read {
        path: path.clone(),
        source,
    };
    let damaged = |what: &str| IndexError::Damaged {
        path: path.clone(),
        what: what.to_owned(),
    };
    let file = File::open(&path).map_err(read_error)?;
    let bytes = file.metadata().map_err(read_error)?.len();
    if bytes != manifest.postings_file.bytes {
        return Err(damaged(&format!(
            "it has {bytes} bytes instead of {}",
            manifest.postings_file.bytes
        )));
    }
    let mut input = Checked::new(file);
    let mut header = [0_u8; HEADER];
    input.fill(&mut header).map_err(read_error)?;
    let (magic, rest) = header.split_at(MAGIC.len());
    if magic != MAGIC {
        return Err(damaged("it is not a postings file"));
    }
    let (version, numbers) = rest.split_at(4);
    let version = word(version);
    if version != VERSION {
        return Err(IndexError::Version {
            path,
            found: version,
            expected: VERSION,
        });
    }
    let mut numbers = numbers.chunks_exact(8).map(|bytes| {
        let mut number = [0_u8; 8];
        number.copy_from_slice(bytes);
        usize::try_from(u64::from_le_bytes(number)).ok()
    });
    let mut number = || {
        numbers
            .next()
            .flatten()
            .ok_or_else(|| damaged("its header is impossible"))
    };
    let shape = Shape {
        chunks: number()?,
        terms: number()?,
        postings: number()?,
        term_bytes: number()?,
    };
    // Nothing is allocated before the announced sizes add up to the file's.
    let layout = shape
        .layout()
        .ok_or_else(|| damaged("its header is impossible"))?;
    let expected = layout
        .postings
        .end
        .checked_mul(4)
        .and_then(|words| words.checked_add(HEADER)?.checked_add(shape.term_bytes));
    if expected.map(|expected| expected as u64) != Some(bytes) {
        return Err(damaged("its header does not fit its size"));
    }
    if (shape.chunks, shape.terms, shape.postings)
        != (manifest.chunks, manifest.terms, manifest.postings)
    {
        return Err(damaged("it belongs to another index"));
    }
    let words = input.words(layout.postings.end).map_err(read_error)?;
    let mut term_bytes = vec![0_u8; shape.term_bytes];
    input.fill(&mut term_bytes).map_err(read_error)?;
    if input.xxh3() != manifest.postings_file.xxh3 {
        return Err(damaged("its checksum is wrong"));
    }
    let postings = Postings {
        shape,
        layout,
        words,
        term_bytes,
    };
    if !postings.is_consistent() {
        return Err(damaged("its tables contradict each other"));
    }
    if postings.record_start(shape.chunks) != Some(manifest.chunks_file.bytes) {
        return Err(damaged("it belongs to other chunks"));
    }
    Ok(postings)
}

fn word(bytes: &[u8]) -> u32 {
    match bytes {
        [a, b, c, d] => u32::from_le_bytes([*a, *b, *c, *d]),
        _ => 0,
    }
}

/// Reads a file and hashes what it reads.
pub(crate) struct Checked {
    file: File,
    hash: Xxh3Default,
}

impl Checked {
    pub(crate) fn new(file: File) -> Self {
        Self {
            file,
            hash: Xxh3Default::new(),
        }
    }

    pub(crate) fn fill(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_exact(buffer)?;
        self.hash.update(buffer);
        Ok(())
    }

    /// So many words, little end first.
    pub(crate) fn words(&mut self, count: usize) -> io::Result<Vec<u32>> {
        let mut words: Vec<u32> = Vec::with_capacity(count);
        let mut block = vec![0_u8; BLOCK];
        let mut left = count * 4;
        while left > 0 {
            let part = block.get_mut(..left.min(BLOCK)).unwrap_or_default();
            left -= part.len();
            self.fill(part)?;
            words.extend(part.chunks_exact(4).map(word));
        }
        Ok(words)
    }

    /// XXH3-128 of what was read.
    pub(crate) fn xxh3(&self) -> String {
        format!("{:032x}", self.hash.digest128())
    }
}
