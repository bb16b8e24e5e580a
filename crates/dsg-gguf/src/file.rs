//! A file, opened.

use std::fs::File;
use std::path::{Path, PathBuf};

use memmap2::Mmap;

use crate::dequantize::dequantize;
use crate::error::GgufError;
use crate::header::{Header, TensorInfo};
use crate::limits::Limits;
use crate::value::{RawValue, Value};

/// Values decoded at a time: whole blocks of every type, 64 KiB.
const CHUNK_VALUES: usize = 1 << 14;

/// A GGUF file whose header is sound and whose tensors lie within it.
///
/// The file is mapped into memory, so that opening reads the header alone and data is read as it is used. As with every mapping, a file
/// that another process makes shorter meanwhile ends this one when the missing part is read; dsg replaces files by renaming, which
/// leaves open ones alone.
#[derive(Debug)]
pub struct Gguf {
    path: PathBuf,
    bytes: Bytes,
    header: Header,
}

#[derive(Debug)]
enum Bytes {
    Map(Mmap),
    Memory(Vec<u8>),
}

impl Bytes {
    fn get(&self) -> &[u8] {
        match self {
            Self::Map(map) => map,
            Self::Memory(bytes) => bytes,
        }
    }
}

impl Gguf {
    /// Opens the file at `path` under the default [`Limits`].
    ///
    /// # Errors
    /// [`GgufError::Io`] when it cannot be read, [`GgufError::Format`] with the [`Problem`](crate::Problem) when it is no sound file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, GgufError> {
        Self::open_with(path, &Limits::default())
    }

    /// Opens the file at `path`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(path: impl AsRef<Path>, limits: &Limits) -> Result<Self, GgufError> {
        let path = path.as_ref();
        let file = File::open(path).map_err(io(path, "open"))?;
        #[allow(
            unsafe_code,
            reason = "no other way to map; the mapping is only read, and the type says what a file made shorter does"
        )]
        let map = unsafe { Mmap::map(&file) }.map_err(io(path, "map"))?;
        Self::new(path, Bytes::Map(map), limits)
    }

    /// A file that is in memory; `name` stands for its path in errors.
    ///
    /// # Errors
    /// [`GgufError::Format`] when it is no sound file.
    pub fn from_bytes(
        name: impl AsRef<Path>,
        bytes: Vec<u8>,
        limits: &Limits,
    ) -> Result<Self, GgufError> {
        Self::new(name.as_ref(), Bytes::Memory(bytes), limits)
    }

    fn new(path: &Path, bytes: Bytes, limits: &Limits) -> Result<Self, GgufError> {
        let path = path.to_path_buf();
        match Header::parse(bytes.get(), limits) {
            Ok(header) => Ok(Self {
                path,
                bytes,
                header,
            }),
            Err(problem) => Err(GgufError::Format { path, problem }),
        }
    }

    /// Where it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its version, 2 or 3.
    pub const fn version(&self) -> u32 {
        self.header.version
    }

    /// What every tensor's place is a multiple of, in bytes.
    pub const fn alignment(&self) -> u32 {
        self.header.alignment
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.bytes.get().len() as u64
    }

    /// Where the data of the tensors begins, in bytes from the beginning of the file.
    pub const fn data_start(&self) -> u64 {
        self.header.data_start
    }

    /// Keys and values, in the file's order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = (&str, RawValue<'_>)> {
        self.header.keys(self.bytes.get())
    }

    /// The value of a key, as bytes.
    pub fn raw(&self, key: &str) -> Option<RawValue<'_>> {
        self.header.value(key, self.bytes.get())
    }

    /// The value of a key.
    pub fn value(&self, key: &str) -> Option<Value<'_>> {
        self.header.decoded(key, self.bytes.get())
    }

    /// The text of a key; `None` also for one that is no text or no UTF-8.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.value(key)?.as_str()
    }

    /// The number of a key; `None` also for one that is no integer or negative.
    pub fn number(&self, key: &str) -> Option<u64> {
        self.value(key)?.as_u64()
    }

    /// The tensors, in the file's order.
    pub fn tensors(&self) -> &[TensorInfo] {
        &self.header.tensors
    }

    /// The tensor of this name.
    pub fn tensor(&self, name: &str) -> Option<&TensorInfo> {
        self.header.tensor(name)
    }

    /// The bytes of one of [`tensors`](Self::tensors).
    pub fn data(&self, tensor: &TensorInfo) -> &[u8] {
        let place = || {
            let start = self.header.data_start.checked_add(tensor.offset)?;
            let end = start.checked_add(tensor.bytes)?;
            let place = usize::try_from(start).ok()?..usize::try_from(end).ok()?;
            self.bytes.get().get(place)
        };
        // Bounds were checked when the file was opened.
        place().unwrap_or_default()
    }

    /// All values of a tensor, row after row.
    ///
    /// # Errors
    /// [`GgufError::Values`] for types that [`dequantize`] does not read.
    pub fn values(&self, tensor: &TensorInfo) -> Result<Vec<f32>, GgufError> {
        // No more than the file has, times the most values of a byte.
        let mut values = Vec::with_capacity(usize::try_from(tensor.values()).unwrap_or_default());
        self.each_chunk(tensor, |chunk| values.extend_from_slice(chunk))?;
        Ok(values)
    }

    /// Hands a tensor's values to `use_chunk`, row after row, 16,384 at a time and fewer at the end.
    ///
    /// # Errors
    /// As [`values`](Self::values).
    pub fn each_chunk(
        &self,
        tensor: &TensorInfo,
        mut use_chunk: impl FnMut(&[f32]),
    ) -> Result<(), GgufError> {
        let mut buffer = Vec::new();
        for number in 0.. {
            let chunk = self.chunk(tensor, number, &mut buffer)?;
            if chunk.is_empty() {
                break;
            }
            use_chunk(chunk);
        }
        Ok(())
    }

    /// The values of a chunk, of which all tensors have the same number of values and only the last fewer; none behind the end.
    pub(crate) fn chunk<'b>(
        &self,
        tensor: &TensorInfo,
        number: usize,
        buffer: &'b mut Vec<f32>,
    ) -> Result<&'b [f32], GgufError> {
        let kind = tensor.kind;
        let size = CHUNK_VALUES / kind.block_values() * kind.block_bytes();
        let start = number.saturating_mul(size);
        let rest = self.data(tensor).get(start..).unwrap_or_default();
        let bytes = rest.get(..size).unwrap_or(rest);
        buffer.resize(bytes.len() / kind.block_bytes() * kind.block_values(), 0.0);
        dequantize(kind, bytes, buffer).map_err(|source| GgufError::Values {
            path: self.path.clone(),
            tensor: tensor.name.clone(),
            source,
        })?;
        Ok(buffer)
    }
}

fn io(path: &Path, action: &'static str) -> impl FnOnce(std::io::Error) -> GgufError {
    let path = path.to_path_buf();
    move |source| GgufError::Io {
        action,
        path,
        source,
    }
}
