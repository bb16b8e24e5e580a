//! One `.safetensors` file: its header, checked by the crate `safetensors`, and tensors read one at a time.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use half::slice::HalfFloatSliceExt as _;
use half::{bf16, f16};
use safetensors::Dtype;
use safetensors::tensor::Metadata;

use crate::error::TrainError;

/// Bytes of the number before the header.
const LENGTH_BYTES: u64 = size_of::<u64>() as u64;
/// Longer headers are damage; the format's own limit.
const MOST_HEADER_BYTES: u64 = 100_000_000;

/// A file whose header is sound and fits its length.
#[derive(Debug)]
pub(super) struct Safetensors {
    path: PathBuf,
    header: Metadata,
    data_start: u64,
}

impl Safetensors {
    pub(super) fn open(path: &Path) -> Result<Self, TrainError> {
        let damaged = |problem: String| TrainError::Format {
            path: path.to_path_buf(),
            what: "safetensors file",
            problem,
        };
        let mut file = File::open(path).map_err(TrainError::io(path, "open"))?;
        let size = file.metadata().map_err(TrainError::io(path, "read"))?.len();
        if size < LENGTH_BYTES {
            return Err(damaged(format!("it has {size} bytes")));
        }
        let mut length = [0; size_of::<u64>()];
        file.read_exact(&mut length)
            .map_err(TrainError::io(path, "read"))?;
        let length = u64::from_le_bytes(length);
        if length > (size - LENGTH_BYTES).min(MOST_HEADER_BYTES) {
            return Err(damaged(format!(
                "its header claims {length} bytes of {size}"
            )));
        }
        let mut header = Vec::new();
        file.take(length)
            .read_to_end(&mut header)
            .map_err(TrainError::io(path, "read"))?;
        let header: Metadata = serde_json::from_slice(&header)
            .map_err(|error| damaged(format!("its header: {error}")))?;
        let data_start = LENGTH_BYTES + length;
        let end = data_start.saturating_add(header.data_len() as u64);
        if end != size {
            return Err(damaged(format!(
                "its tensors end at byte {end} of {size}, so it is cut or damaged"
            )));
        }
        Ok(Self {
            path: path.to_path_buf(),
            header,
            data_start,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.header.offset_keys()
    }

    pub(super) fn values(&self, name: &str, expected: &[usize]) -> Result<Vec<f32>, TrainError> {
        let info = self
            .header
            .info(name)
            .ok_or_else(|| TrainError::MissingTensor {
                path: self.path.clone(),
                tensor: name.to_owned(),
            })?;
        if info.shape != expected {
            return Err(TrainError::TensorShape {
                path: self.path.clone(),
                tensor: name.to_owned(),
                expected: expected.to_vec(),
                actual: info.shape.clone(),
            });
        }
        let (start, end) = info.data_offsets;
        let mut bytes = vec![0; end.saturating_sub(start)];
        let mut file = File::open(&self.path).map_err(TrainError::io(&self.path, "open"))?;
        file.seek(SeekFrom::Start(self.data_start + start as u64))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(TrainError::io(&self.path, "read"))?;
        match info.dtype {
            Dtype::F32 => Ok(bytes
                .as_chunks()
                .0
                .iter()
                .map(|bytes| f32::from_le_bytes(*bytes))
                .collect()),
            Dtype::F16 => Ok(halves(&bytes, f16::from_le_bytes).as_slice().to_f32_vec()),
            Dtype::BF16 => Ok(halves(&bytes, bf16::from_le_bytes).as_slice().to_f32_vec()),
            other => Err(TrainError::TensorType {
                path: self.path.clone(),
                tensor: name.to_owned(),
                kind: format!("{other:?}"),
            }),
        }
    }
}

fn halves<T>(bytes: &[u8], read: fn([u8; 2]) -> T) -> Vec<T> {
    let chunks = bytes.as_chunks().0.iter();
    chunks.map(|bytes| read(*bytes)).collect()
}
