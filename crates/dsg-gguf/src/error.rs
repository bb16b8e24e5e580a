//! What is wrong with a file, a value or a tensor.

use std::io;
use std::path::PathBuf;

use dsg_core::ArtifactError;

use crate::tensor_type::TensorType;

/// Why a GGUF file cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GgufError {
    /// The file system said no.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is no GGUF file, or a damaged one.
    #[error("`{}` is no sound GGUF file", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        problem: Problem,
    },
    /// A file is no importance matrix.
    #[error("`{}` is no importance matrix: {problem}", path.display())]
    Importance {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// What was planned for a new file makes no sound one.
    #[error("cannot write such a GGUF file")]
    Plan(#[source] Problem),
    /// The new file cannot be written; an old one under its name is as it was.
    #[error(transparent)]
    Write(#[from] ArtifactError),
    /// The values of a tensor cannot be had.
    #[error("cannot read the values of tensor `{tensor}` in `{}`", path.display())]
    Values {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// Why.
        #[source]
        source: QuantError,
    },
}

/// What is wrong in a GGUF file. Counts and sizes are as the file claims them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The first four bytes are not `GGUF`.
    #[error("it does not begin with `GGUF`")]
    Magic,
    /// A file of big-endian numbers.
    #[error("it is big-endian, which is not supported")]
    BigEndian,
    /// A version that is neither 2 nor 3.
    #[error("version {0} is not supported; 2 and 3 are")]
    Version(u32),
    /// The file ends too early.
    #[error("it is cut: it ends within {within}")]
    Cut {
        /// What is not whole.
        within: Place,
    },
    /// A count, length or depth is over its limit.
    #[error("{what} of {place} is {claimed}, more than {most}")]
    TooMany {
        /// What was counted.
        what: &'static str,
        /// Where.
        place: Place,
        /// What the file says.
        claimed: u64,
        /// What is possible.
        most: u64,
    },
    /// A key or a tensor's name is empty or no UTF-8.
    #[error("{0} has a name that is empty or no UTF-8")]
    Name(Place),
    /// Two entries of one key.
    #[error("key `{0}` is there twice")]
    DuplicateKey(String),
    /// Two tensors of one name.
    #[error("tensor `{0}` is there twice")]
    DuplicateTensor(String),
    /// A value of no known type.
    #[error("{place} has the unknown value type {id}")]
    ValueType {
        /// Where.
        place: Place,
        /// The number in the file.
        id: u32,
    },
    /// A truth value that is neither 0 nor 1.
    #[error("{place} has the byte {byte} for a truth value")]
    Bool {
        /// Where.
        place: Place,
        /// The byte in the file.
        byte: u8,
    },
    /// `general.alignment` is no power of two, too large, or no unsigned 32-bit number.
    #[error("key `general.alignment` is no power of two of 32 bits up to {most}")]
    Alignment {
        /// The largest possible.
        most: u32,
    },
    /// A tensor of a type that this crate does not know, so that its size is not known.
    #[error("tensor `{tensor}` has the unknown type {id}")]
    TensorType {
        /// The tensor.
        tensor: String,
        /// The number in the file.
        id: u32,
    },
    /// A tensor of more dimensions than four.
    #[error("tensor `{tensor}` has {count} dimensions, more than 4")]
    Dimensions {
        /// The tensor.
        tensor: String,
        /// The number in the file.
        count: u32,
    },
    /// A dimension of zero, a row that is no whole number of blocks, or a size that overflows.
    #[error("tensor `{tensor}` cannot have the shape {shape:?} as {kind}")]
    Shape {
        /// The tensor.
        tensor: String,
        /// Its dimensions, the row's length first.
        shape: Vec<u64>,
        /// Its type.
        kind: TensorType,
    },
    /// A tensor that does not begin at a multiple of the alignment.
    #[error("tensor `{tensor}` begins at {offset}, which {alignment} does not divide")]
    Misaligned {
        /// The tensor.
        tensor: String,
        /// Bytes from the beginning of the data.
        offset: u64,
        /// The file's alignment.
        alignment: u32,
    },
    /// A tensor that ends behind the end of the file.
    #[error(
        "tensor `{tensor}` ends at byte {end} of the data, which has {available}: the file is cut or damaged"
    )]
    OutOfBounds {
        /// The tensor.
        tensor: String,
        /// Where its data would end, in bytes from the beginning of the data.
        end: u64,
        /// Bytes that the file has there.
        available: u64,
    },
}

/// Where in a header.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// The first 24 bytes: magic, version, counts.
    Header,
    /// The key of this number, from 0, whose name is not known yet.
    KeyNumber(u64),
    /// The value of a key.
    Key(String),
    /// The tensor of this number, from 0, whose name is not known yet.
    TensorNumber(u64),
    /// The description of a tensor.
    Tensor(String),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Header => f.write_str("the header"),
            Self::KeyNumber(number) => write!(f, "key number {number}"),
            Self::Key(key) => write!(f, "key `{key}`"),
            Self::TensorNumber(number) => write!(f, "tensor number {number}"),
            Self::Tensor(name) => write!(f, "tensor `{name}`"),
        }
    }
}

/// Why values cannot be quantized or dequantized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuantError {
    /// Dequantizing this type is not supported.
    #[error("reading values of type {0} is not supported")]
    Dequantize(TensorType),
    /// Quantizing to this type is not supported.
    #[error("writing values as type {0} is not supported")]
    Quantize(TensorType),
    /// The numbers of values and bytes do not fit each other.
    #[error("{values} values of type {kind} do not fit {bytes} bytes")]
    Length {
        /// The type.
        kind: TensorType,
        /// Values.
        values: usize,
        /// Bytes.
        bytes: usize,
    },
    /// A value that is infinite or no number, which a block's scale cannot hold.
    #[error("value {index} is infinite or no number, which type {kind} cannot hold")]
    NotFinite {
        /// The type.
        kind: TensorType,
        /// The first value of the block that is meant.
        index: usize,
    },
    /// Values so large that the block's 16-bit scale overflows.
    #[error("the values from {index} on are too large for the 16-bit scale of type {kind}")]
    Scale {
        /// The type.
        kind: TensorType,
        /// The block's first value.
        index: usize,
    },
}
