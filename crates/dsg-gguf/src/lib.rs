//! GGUF model files, as llama.cpp, Ollama and LM Studio run them: read, written, compared and checked, without llama.cpp.
//!
//! # Vocabulary
//! - A *key* has a typed *value*: a number, a text, a truth value, or a list of them. What a model is stands in `general.*`, its
//!   sizes in `<architecture>.*`, its tokenizer in `tokenizer.*`.
//! - A *tensor* has a name, a shape with the length of a row first, and a *type*.
//! - A *type* stores values in *blocks*: `Q8_0` keeps 32 values as bytes under one 16-bit scale, the *K-quants* 256 values under
//!   scales that are quantized themselves. *Bits per weight* counts the scales.
//! - A *file type* names what a file's matrices are stored as: one type, or a recipe that mixes some, as `Q4_K_M`.
//! - *Alignment* is what the places of tensors are multiples of; *padding* fills what that leaves.
//!
//! # Reading and writing
//! [`Gguf`] maps a file and checks its header as a whole: whatever the bytes, the answer is a file whose tensors lie within it, or a
//! [`Problem`] that names key or tensor. [`GgufWriter`] writes files with one tensor in hand at a time and copies keys byte for byte.
//! [`dequantize`] and [`quantize`] agree with llama.cpp bit for bit.
//!
//! ```
//! use dsg_gguf::{Gguf, GgufWriter, TensorType, diff, quantize, verify};
//!
//! # let folder = tempfile::tempdir()?;
//! # let (full, small) = (folder.path().join("f16.gguf"), folder.path().join("q8_0.gguf"));
//! # let values: Vec<f32> = (0..256).map(|n| (n as f32).sin()).collect();
//! # let mut writer = GgufWriter::new();
//! # writer.key("general.architecture", "llama")?.tensor("token_embd.weight", TensorType::F16, &[64, 4])?;
//! # writer.write(&full, |tensor, out| {
//! #     let mut bytes = vec![0; tensor.bytes() as usize];
//! #     quantize(tensor.kind(), &values, &mut bytes).map_err(std::io::Error::other)?;
//! #     std::io::Write::write_all(out, &bytes)
//! # })?;
//! // A copy of which every tensor is Q8_0.
//! let source = Gguf::open(&full)?;
//! let mut copy = GgufWriter::new();
//! copy.copy_keys(&source, |_| true)?;
//! for tensor in source.tensors() {
//!     copy.tensor(tensor.name(), TensorType::Q8_0, tensor.shape())?;
//! }
//! copy.write(&small, |tensor, out| {
//!     let Some(old) = source.tensor(tensor.name()) else { return Ok(()) };
//!     let mut bytes = Vec::new();
//!     let mut result = Ok(());
//!     source.each_chunk(old, |values| {
//!         bytes.resize(values.len() / 32 * 34, 0);
//!         let written = quantize(tensor.kind(), values, &mut bytes).map_err(std::io::Error::other);
//!         result = std::mem::replace(&mut result, Ok(())).and(written).and_then(|()| std::io::Write::write_all(out, &bytes));
//!     }).map_err(std::io::Error::other)?;
//!     result
//! })?;
//!
//! let copy = Gguf::open(&small)?;
//! assert_eq!(copy.summary().bits_per_weight, 8.5);
//! assert!(verify(&copy).is_ok());
//! let changes = diff(&source, &copy);
//! assert_eq!((changes.keys.len(), changes.tensors.len()), (0, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod dequantize;
mod diff;
mod error;
mod file;
mod file_type;
mod float;
mod header;
mod imatrix;
mod limits;
mod quantize;
mod summary;
mod tensor_type;
mod value;
mod verify;
mod writer;

pub use dequantize::{can_dequantize, dequantize};
pub use diff::{Diff, Distance, KeyChange, KeyDiff, TensorChange, TensorDiff, diff};
pub use error::{GgufError, Place, Problem, QuantError};
pub use file::Gguf;
pub use file_type::{FileType, UnknownFileType};
pub use header::{TensorInfo, block_of};
pub use imatrix::ImportanceMatrix;
pub use limits::Limits;
pub use quantize::{can_quantize, quantize};
pub use summary::{Summary, Tokenizer, TypeShare};
pub use tensor_type::{TensorType, UnknownType};
pub use value::{Array, Items, RawValue, Scalar, Value, ValueType};
pub use verify::{Finding, Note, VerifyReport, verify, verify_file};
pub use writer::{GgufWriter, TensorSink};
