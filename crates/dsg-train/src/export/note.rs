//! What is worth knowing of a file that was written, and no fault.

use std::fmt;

use dsg_gguf::TensorType;
use serde::Serialize;

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
        wanted: TensorType,
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
    /// Tokens without a row of the embedding, which were left out.
    LeftOut {
        /// How many.
        tokens: usize,
    },
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
            Self::LeftOut { tokens } => write!(
                f,
                "{tokens} tokens have no row in the embedding and are left out"
            ),
        }
    }
}
