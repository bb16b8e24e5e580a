//! Vectors by the content of their text, in a file that only grows.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use dsg_core::{Embedder, SeamError};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::error::IndexError;
use crate::vectors::check_vector;

const MAGIC: &[u8; 8] = b"dsg-vec1";
/// Of a record, beside the vector: what it is the vector of, and XXH3-64 of the rest.
const KEY: usize = 16;
const SUM: usize = 8;

/// Vectors of one embedder in one file: a head with the embedder's id, then records of equal size. A record that a kill cut short is
/// dropped when the file is opened; what is damaged is embedded again.
#[derive(Debug)]
pub struct VectorCache {
    path: PathBuf,
    file: File,
    dimension: usize,
    head: u64,
    records: u64,
    /// Where a text's vector is, by the text's hash.
    known: HashMap<u128, u64>,
}

impl VectorCache {
    /// Opens or makes the cache in `folder` for vectors of `embedder`; no other process can until it is dropped.
    ///
    /// # Errors
    /// [`IndexError::CacheInUse`] when another process has it open, [`IndexError::Damaged`] when the file is not such a cache,
    /// [`IndexError::Read`] when it cannot be read or made.
    pub fn open(folder: &Path, embedder: &dyn Embedder) -> Result<Self, IndexError> {
        let id = embedder.id();
        let dimension = embedder.dimension();
        let path = folder.join(format!("{:032x}.vectors", xxh3_128(id.as_bytes())));
        let failed = |source| IndexError::Read {
            path: path.clone(),
            source,
        };
        fs::create_dir_all(folder).map_err(failed)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(IndexError::CacheInUse { path }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let head = head(id, dimension);
        let bytes = file.metadata().map_err(failed)?.len();
        if bytes < head.len() as u64 {
            // New, or killed before the head was whole.
            file.set_len(0).map_err(failed)?;
            file.write_all(&head).map_err(failed)?;
        } else {
            let mut found = vec![0; head.len()];
            file.read_exact(&mut found).map_err(failed)?;
            if found != head {
                return Err(IndexError::Damaged {
                    path,
                    what: format!("it is not a cache of vectors by `{id}`; remove it"),
                });
            }
        }
        let mut cache = Self {
            path: path.clone(),
            file,
            dimension,
            head: head.len() as u64,
            records: 0,
            known: HashMap::new(),
        };
        cache.read_all().map_err(failed)?;
        Ok(cache)
    }

    /// How many texts are known.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The vector of `text`, if it was kept.
    ///
    /// # Errors
    /// [`IndexError::Read`] when the file cannot be read.
    pub fn get(&mut self, text: &str) -> Result<Option<Vec<f32>>, IndexError> {
        let key = key(text);
        let Some(record) = self.known.get(&key).copied() else {
            return Ok(None);
        };
        let mut bytes = vec![0; self.record()];
        let at = self.head + record * self.record() as u64;
        self.file
            .seek(SeekFrom::Start(at))
            .and_then(|_| self.file.read_exact(&mut bytes))
            .map_err(|source| self.failed(source))?;
        Ok(parse(&bytes)
            .filter(|(found, _)| *found == key)
            .map(|(_, vector)| vector))
    }

    /// Keeps vectors of texts.
    ///
    /// # Errors
    /// [`IndexError::Read`] when the file cannot be written.
    pub fn put<'t>(
        &mut self,
        pairs: impl IntoIterator<Item = (&'t str, &'t [f32])>,
    ) -> Result<(), IndexError> {
        let mut block = Vec::new();
        let mut added = Vec::new();
        for (text, vector) in pairs {
            if vector.len() != self.dimension {
                return Err(IndexError::Dimension {
                    found: vector.len(),
                    expected: self.dimension,
                });
            }
            let (key, start) = (key(text), block.len());
            block.extend(key.to_le_bytes());
            block.extend(vector.iter().flat_map(|value| value.to_le_bytes()));
            let sum = xxh3_64(block.get(start..).unwrap_or_default());
            block.extend(sum.to_le_bytes());
            added.push(key);
        }
        let end = self.head + self.records * self.record() as u64;
        self.file
            .seek(SeekFrom::Start(end))
            .and_then(|_| self.file.write_all(&block))
            .map_err(|source| self.failed(source))?;
        for key in added {
            self.known.insert(key, self.records);
            self.records += 1;
        }
        Ok(())
    }

    fn record(&self) -> usize {
        KEY + self.dimension * 4 + SUM
    }

    fn failed(&self, source: io::Error) -> IndexError {
        IndexError::Read {
            path: self.path.clone(),
            source,
        }
    }

    /// Learns which texts are known; a record that is not whole ends the file.
    fn read_all(&mut self) -> io::Result<()> {
        let mut record = vec![0; self.record()];
        let mut input = BufReader::new(&self.file);
        loop {
            match input.read_exact(&mut record) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
                Err(error) => return Err(error),
            }
            if let Some((key, _)) = parse(&record) {
                self.known.insert(key, self.records);
            }
            self.records += 1;
        }
        Ok(())
    }
}

fn head(id: &str, dimension: usize) -> Vec<u8> {
    let mut head = MAGIC.to_vec();
    head.extend((dimension as u64).to_le_bytes());
    head.extend((id.len() as u64).to_le_bytes());
    head.extend(id.as_bytes());
    head
}

fn key(text: &str) -> u128 {
    // Of another kind than the file's checksums: texts come from anywhere, and two that collide would share a vector.
    let hex = dsg_core::hash::sha256_hex(text.as_bytes());
    hex.get(..32)
        .and_then(|half| u128::from_str_radix(half, 16).ok())
        .unwrap_or_default()
}

/// A record's key and vector, if its checksum holds.
fn parse(record: &[u8]) -> Option<(u128, Vec<f32>)> {
    let (rest, sum) = record.split_at_checked(record.len().checked_sub(SUM)?)?;
    if xxh3_64(rest).to_le_bytes() != *sum {
        return None;
    }
    let (key, numbers) = rest.split_first_chunk::<KEY>()?;
    let vector = numbers.as_chunks::<4>().0.iter();
    Some((
        u128::from_le_bytes(*key),
        vector.map(|bytes| f32::from_le_bytes(*bytes)).collect(),
    ))
}

/// An embedder that asks another one only for what its cache does not know.
#[derive(Debug)]
pub struct Cached<E> {
    inner: E,
    cache: Mutex<VectorCache>,
}

impl<E: Embedder> Cached<E> {
    /// `inner` with a cache in `folder`.
    ///
    /// # Errors
    /// Those of [`VectorCache::open`].
    pub fn open(inner: E, folder: &Path) -> Result<Self, IndexError> {
        let cache = Mutex::new(VectorCache::open(folder, &inner)?);
        Ok(Self { inner, cache })
    }

    /// The embedder that is asked for what is not known.
    pub const fn inner(&self) -> &E {
        &self.inner
    }
}

impl<E: Embedder> Embedder for Cached<E> {
    fn id(&self) -> &str {
        self.inner.id()
    }

    fn dimension(&self) -> usize {
        self.inner.dimension()
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, SeamError> {
        let mut vectors: Vec<Option<Vec<f32>>> = Vec::with_capacity(texts.len());
        {
            let mut cache = self.lock()?;
            for text in texts {
                vectors.push(cache.get(text).map_err(IndexError::in_seam)?);
            }
        }
        let missing: Vec<&str> = texts
            .iter()
            .zip(&vectors)
            .filter(|(_, vector)| vector.is_none())
            .map(|(text, _)| *text)
            .collect();
        // Unlocked: others may look up while the model works.
        let fresh = if missing.is_empty() {
            Vec::new()
        } else {
            self.inner.embed(&missing)?
        };
        for vector in &fresh {
            check_vector(vector, self.dimension(), 0).map_err(IndexError::in_seam)?;
        }
        let pairs = missing.iter().zip(&fresh);
        self.lock()?
            .put(pairs.map(|(text, vector)| (*text, vector.as_slice())))
            .map_err(IndexError::in_seam)?;
        let mut fresh = fresh.into_iter();
        Ok(vectors
            .into_iter()
            .map(|vector| vector.or_else(|| fresh.next()).unwrap_or_default())
            .collect())
    }

    fn embed_query(&self, query: &str) -> Result<Vec<f32>, SeamError> {
        self.inner.embed_query(query)
    }
}

impl<E> Cached<E> {
    fn lock(&self) -> Result<std::sync::MutexGuard<'_, VectorCache>, SeamError> {
        self.cache.lock().map_err(|_| SeamError {
            what: "cannot use the cache of vectors".to_owned(),
            source: "another thread failed while it did".into(),
        })
    }
}
