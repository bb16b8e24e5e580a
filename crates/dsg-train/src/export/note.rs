//! What is worth knowing of a file that was written, and no fault.

use std::collections::BTreeMap;
use std::fmt;

use dsg_gguf::{FileType, Gguf, TensorType};
use serde::Serialize;

use crate::source::Source;

/// Values of a K-quant's block.
const K_BLOCK: u64 = 256;

/// Something worth knowing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "note", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ExportNote {
    /// Rows that are no whole blocks of the type, so that the tensors are stored in another.
    Fallback {
        /// Values of a row.
        row: u64,
        /// The type that was asked for.
        wanted: FileType,
        /// The type that it is.
        kind: TensorType,
        /// How many tensors.
        tensors: usize,
    },
    /// The head, or the embedding that is the head, is stored in more bits than was asked for.
    Head {
        /// The type that it is.
        kind: TensorType,
    },
    /// Values that were quantized in the source, and lost once more.
    Requantized {
        /// How many tensors.
        tensors: usize,
    },
    /// The tokenizer's file composes characters (NFC) before it cuts texts; llama.cpp does not.
    Unnormalized,
    /// Rows of the embedding without a token, which got names such as `[PAD7]`.
    Padded {
        /// How many.
        rows: usize,
    },
    /// Matrices of which the importance matrix says nothing.
    Unweighted {
        /// How many.
        tensors: usize,
    },
    /// Tokens without a row of the embedding, which were left out.
    LeftOut {
        /// How many.
        tokens: usize,
    },
}

impl ExportNote {
    /// What is worth knowing of the types in a file that llama.cpp's quantizer made of `source`.
    pub fn of_quantized(source: &Source, file: &Gguf, file_type: FileType) -> Vec<Self> {
        let block = match file_type.tensor_type() {
            Some(kind) => kind.block_values() as u64,
            None => K_BLOCK,
        };
        let mut fallbacks: BTreeMap<(u64, TensorType), usize> = BTreeMap::new();
        let mut requantized = 0;
        for tensor in file.tensors() {
            let kind = tensor.kind();
            if let [row, _, ..] = tensor.shape()
                && kind != TensorType::F32
                && !row.is_multiple_of(block)
            {
                *fallbacks.entry((*row, kind)).or_default() += 1;
            }
            let old = source.gguf().and_then(|file| file.tensor(tensor.name()));
            let twice = old.is_some_and(|old| is_quantized(old.kind()) && is_quantized(kind));
            requantized += usize::from(twice);
        }
        let mut notes: Vec<Self> = fallbacks
            .into_iter()
            .map(|((row, kind), tensors)| Self::Fallback {
                row,
                wanted: file_type,
                kind,
                tensors,
            })
            .collect();
        if requantized > 0 {
            notes.push(Self::Requantized {
                tensors: requantized,
            });
        }
        notes
    }
}

/// Whether the type has blocks, and not one value after the other.
pub(super) fn is_quantized(kind: TensorType) -> bool {
    kind.block_values() > 1
}

impl fmt::Display for ExportNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fallback {
                row,
                wanted,
                kind,
                tensors,
            } => write!(
                f,
                "rows of {row} values are no whole blocks of {wanted}: {kind} in {tensors} tensors"
            ),
            Self::Head { kind } => write!(f, "what makes logits is kept in {kind}"),
            Self::Requantized { tensors } => write!(
                f,
                "{tensors} tensors were quantized before and lost once more; export from the original where there is one"
            ),
            Self::Unnormalized => f.write_str(
                "the tokenizer composes characters (NFC) first, which llama.cpp does not: decomposed text gets other tokens",
            ),
            Self::Padded { rows } => write!(
                f,
                "{rows} rows of the embedding have no token and are named [PAD…]"
            ),
            Self::Unweighted { tensors } => write!(
                f,
                "the importance matrix has nothing on {tensors} of the matrices, whose columns weigh the same"
            ),
            Self::LeftOut { tokens } => write!(
                f,
                "{tokens} tokens have no row in the embedding and are left out"
            ),
        }
    }
}
