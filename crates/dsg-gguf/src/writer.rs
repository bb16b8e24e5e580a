//! New files.

use std::io::{self, Write};
use std::path::Path;

use dsg_core::artifact::write_atomic;

use crate::error::{GgufError, Place, Problem};
use crate::file::Gguf;
use crate::header::{ALIGNMENT, ALIGNMENT_KEY, DIMENSIONS, Header, MAGIC, TensorInfo, VERSION};
use crate::limits::Limits;
use crate::tensor_type::TensorType;
use crate::value::{RawValue, Value};

const ZEROS: [u8; 4096] = [0; 4096];

/// Plans a file of version 3, keys and tensors in the order of the calls, then [writes](Self::write) it with one tensor in hand at a
/// time. Alignment is that of the key `general.alignment`, 32 bytes where it is not set.
///
/// ```
/// use std::io::Write as _;
///
/// use dsg_gguf::{Gguf, GgufWriter, TensorType, quantize};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("small.gguf");
/// let values = vec![0.5_f32; 64];
/// let mut writer = GgufWriter::new();
/// writer.key("general.architecture", "llama")?;
/// writer.tensor("output_norm.weight", TensorType::F32, &[64])?;
/// writer.tensor("token_embd.weight", TensorType::Q8_0, &[32, 2])?;
/// writer.write(&path, |tensor, out| {
///     let mut bytes = vec![0; tensor.bytes() as usize];
///     quantize(tensor.kind(), &values, &mut bytes).map_err(std::io::Error::other)?;
///     out.write_all(&bytes)
/// })?;
/// let file = Gguf::open(&path)?;
/// assert_eq!(file.text("general.architecture"), Some("llama"));
/// assert_eq!(file.tensors().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct GgufWriter {
    keys: Vec<(String, RawValue<'static>)>,
    tensors: Vec<TensorInfo>,
}

impl GgufWriter {
    /// A file with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key.
    ///
    /// # Errors
    /// [`GgufError::Plan`] for a name that is empty, too long or there already.
    pub fn key(
        &mut self,
        key: impl Into<String>,
        value: impl Into<RawValue<'static>>,
    ) -> Result<&mut Self, GgufError> {
        let key = key.into();
        check_name(&key, || Place::Key(key.clone()))?;
        if self.keys.iter().any(|(have, _)| *have == key) {
            return Err(GgufError::Plan(Problem::DuplicateKey(key)));
        }
        self.keys.push((key, value.into()));
        Ok(self)
    }

    /// Adds the keys of `file` that `wanted` takes, byte for byte and in its order.
    ///
    /// # Errors
    /// As [`key`](Self::key).
    pub fn copy_keys(
        &mut self,
        file: &Gguf,
        mut wanted: impl FnMut(&str) -> bool,
    ) -> Result<&mut Self, GgufError> {
        for (key, value) in file.keys() {
            if wanted(key) {
                self.key(key, value.into_owned())?;
            }
        }
        Ok(self)
    }

    /// Adds a tensor; the length of a row comes first in `shape`.
    ///
    /// # Errors
    /// [`GgufError::Plan`] for a name that is empty, too long or there already, and for a shape that the type cannot have.
    pub fn tensor(
        &mut self,
        name: impl Into<String>,
        kind: TensorType,
        shape: &[u64],
    ) -> Result<&mut Self, GgufError> {
        let name = name.into();
        check_name(&name, || Place::Tensor(name.clone()))?;
        match u32::try_from(shape.len()) {
            Ok(0..=DIMENSIONS) => {}
            count => {
                return Err(GgufError::Plan(Problem::Dimensions {
                    tensor: name,
                    count: count.unwrap_or(u32::MAX),
                }));
            }
        }
        // Offsets follow from the alignment, which may be set later.
        let tensor = TensorInfo::new(name, kind, shape.to_vec(), 0).map_err(GgufError::Plan)?;
        self.tensors.push(tensor);
        Ok(self)
    }

    /// Writes the file: keys and descriptions, then the tensors in their order, each as `fill` writes it, which must be exactly
    /// [`TensorInfo::bytes`]. The file is written beside, synced and renamed: on any error an old one is as it was.
    ///
    /// # Errors
    /// [`GgufError::Plan`] for tensors of one name, an alignment that cannot be, or sizes that overflow; [`GgufError::Write`] for what
    /// the file system or `fill` says, with the tensor's name.
    pub fn write(
        &self,
        path: &Path,
        mut fill: impl FnMut(&TensorInfo, &mut TensorSink<'_>) -> io::Result<()>,
    ) -> Result<(), GgufError> {
        let (header, tensors, alignment) = self.layout().map_err(GgufError::Plan)?;
        write_atomic(path, |out| {
            out.write_all(&header)?;
            for tensor in &tensors {
                let mut sink = TensorSink {
                    out,
                    left: tensor.bytes,
                };
                let filled = fill(tensor, &mut sink).and_then(|()| match sink.left {
                    0 => Ok(()),
                    left => Err(io::Error::other(format!("{left} bytes of it are missing"))),
                });
                filled.map_err(|error| {
                    io::Error::new(error.kind(), InTensor(tensor.name.clone(), error))
                })?;
                pad(out, tensor.bytes, alignment)?;
            }
            Ok(())
        })?;
        Ok(())
    }

    /// The bytes before the data, the tensors with their places, and the alignment.
    fn layout(&self) -> Result<(Vec<u8>, Vec<TensorInfo>, u64), Problem> {
        let limits = Limits::default();
        let alignment = match self.keys.iter().find(|(key, _)| key == ALIGNMENT_KEY) {
            None => ALIGNMENT,
            Some((_, value)) => match value.decode() {
                Value::U32(alignment)
                    if alignment.is_power_of_two() && alignment <= limits.alignment =>
                {
                    alignment
                }
                _ => {
                    return Err(Problem::Alignment {
                        most: limits.alignment,
                    });
                }
            },
        };
        let alignment = u64::from(alignment);
        let mut tensors = self.tensors.clone();
        let mut offset = 0_u64;
        for tensor in &mut tensors {
            tensor.offset = offset;
            let end = offset.checked_add(tensor.bytes);
            offset = end
                .and_then(|end| end.checked_next_multiple_of(alignment))
                .ok_or_else(|| Problem::OutOfBounds {
                    tensor: tensor.name.clone(),
                    end: u64::MAX,
                    available: u64::MAX,
                })?;
        }
        Header::check_names(&tensors)?;

        let mut bytes = Vec::new();
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend((tensors.len() as u64).to_le_bytes());
        bytes.extend((self.keys.len() as u64).to_le_bytes());
        for (key, value) in &self.keys {
            text(key, &mut bytes);
            bytes.extend(value.kind().id().to_le_bytes());
            bytes.extend(value.bytes());
        }
        for tensor in &tensors {
            text(&tensor.name, &mut bytes);
            // At most four.
            bytes.extend((tensor.shape.len() as u64).to_le_bytes().iter().take(4));
            for dimension in &tensor.shape {
                bytes.extend(dimension.to_le_bytes());
            }
            bytes.extend(tensor.kind.id().to_le_bytes());
            bytes.extend(tensor.offset.to_le_bytes());
        }
        let padding = padding(bytes.len() as u64, alignment);
        bytes.extend(std::iter::repeat_n(0, padding));
        Ok((bytes, tensors, alignment))
    }
}

/// Takes the bytes of one tensor, and no more.
pub struct TensorSink<'a> {
    out: &'a mut dyn Write,
    left: u64,
}

impl Write for TensorSink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() as u64 > self.left {
            let more = bytes.len() as u64 - self.left;
            return Err(io::Error::other(format!("{more} bytes too many for it")));
        }
        let written = self.out.write(bytes)?;
        self.left -= written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// What went wrong with which tensor.
#[derive(Debug, thiserror::Error)]
#[error("tensor `{0}`")]
struct InTensor(String, #[source] io::Error);

fn check_name(name: &str, place: impl FnOnce() -> Place) -> Result<(), GgufError> {
    let most = Limits::default().name_bytes;
    let claimed = name.len() as u64;
    if name.is_empty() {
        Err(GgufError::Plan(Problem::Name(place())))
    } else if claimed > most {
        Err(GgufError::Plan(Problem::TooMany {
            what: "the length of the name",
            place: place(),
            claimed,
            most,
        }))
    } else {
        Ok(())
    }
}

fn text(text: &str, bytes: &mut Vec<u8>) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text.as_bytes());
}

fn padding(bytes: u64, alignment: u64) -> usize {
    // Below the alignment, which has 32 bits.
    usize::try_from(bytes.next_multiple_of(alignment) - bytes).unwrap_or_default()
}

fn pad(out: &mut dyn Write, bytes: u64, alignment: u64) -> io::Result<()> {
    let mut left = padding(bytes, alignment);
    while left > 0 {
        let zeros = ZEROS.get(..left.min(ZEROS.len())).unwrap_or_default();
        out.write_all(zeros)?;
        left -= zeros.len();
    }
    Ok(())
}
