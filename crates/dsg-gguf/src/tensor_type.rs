//! The types of tensors.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

macro_rules! tensor_types {
    ($($name:ident = $id:literal, $text:literal, $values:literal in $bytes:literal, $doc:literal;)*) => {
        /// How a tensor's values are stored: in blocks of some values in some bytes. Names and numbers are ggml's.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum TensorType {
            $(#[doc = $doc] $name = $id,)*
        }

        impl TensorType {
            /// Every type, by its number.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The type of this number in a file; `None` for numbers that are not (or no longer) in use.
            pub const fn from_id(id: u32) -> Option<Self> {
                match id {
                    $($id => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// ggml's name, as in `Q4_K`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Values of a block; a row is a whole number of blocks.
            pub const fn block_values(self) -> usize {
                match self { $(Self::$name => $values,)* }
            }

            /// Bytes of a block.
            pub const fn block_bytes(self) -> usize {
                match self { $(Self::$name => $bytes,)* }
            }
        }
    };
}

tensor_types! {
    F32 = 0, "F32", 1 in 4, "IEEE 754 single precision.";
    F16 = 1, "F16", 1 in 2, "IEEE 754 half precision.";
    Q4_0 = 2, "Q4_0", 32 in 18, "4 bits and a scale.";
    Q4_1 = 3, "Q4_1", 32 in 20, "4 bits, a scale and a minimum.";
    Q5_0 = 6, "Q5_0", 32 in 22, "5 bits and a scale.";
    Q5_1 = 7, "Q5_1", 32 in 24, "5 bits, a scale and a minimum.";
    Q8_0 = 8, "Q8_0", 32 in 34, "8 bits and a scale.";
    Q8_1 = 9, "Q8_1", 32 in 36, "8 bits, a scale and a sum; not in files.";
    Q2K = 10, "Q2_K", 256 in 84, "2 bits, scales and minima of 4 bits.";
    Q3K = 11, "Q3_K", 256 in 110, "3 bits, scales of 6 bits.";
    Q4K = 12, "Q4_K", 256 in 144, "4 bits, scales and minima of 6 bits.";
    Q5K = 13, "Q5_K", 256 in 176, "5 bits, scales and minima of 6 bits.";
    Q6K = 14, "Q6_K", 256 in 210, "6 bits, scales of 8 bits.";
    Q8K = 15, "Q8_K", 256 in 292, "8 bits, a scale and sums; an intermediate of products.";
    Iq2Xxs = 16, "IQ2_XXS", 256 in 66, "2.06 bits, from a grid.";
    Iq2Xs = 17, "IQ2_XS", 256 in 74, "2.31 bits, from a grid.";
    Iq3Xxs = 18, "IQ3_XXS", 256 in 98, "3.06 bits, from a grid.";
    Iq1S = 19, "IQ1_S", 256 in 50, "1.56 bits, from a grid.";
    Iq4Nl = 20, "IQ4_NL", 32 in 18, "4 bits of a table and a scale.";
    Iq3S = 21, "IQ3_S", 256 in 110, "3.44 bits, from a grid.";
    Iq2S = 22, "IQ2_S", 256 in 82, "2.56 bits, from a grid.";
    Iq4Xs = 23, "IQ4_XS", 256 in 136, "4 bits of a table, scales of 6 bits.";
    I8 = 24, "I8", 1 in 1, "Integers of 8 bits.";
    I16 = 25, "I16", 1 in 2, "Integers of 16 bits.";
    I32 = 26, "I32", 1 in 4, "Integers of 32 bits.";
    I64 = 27, "I64", 1 in 8, "Integers of 64 bits.";
    F64 = 28, "F64", 1 in 8, "IEEE 754 double precision.";
    Iq1M = 29, "IQ1_M", 256 in 56, "1.75 bits, from a grid.";
    Bf16 = 30, "BF16", 1 in 2, "The upper half of single precision.";
    Tq1_0 = 34, "TQ1_0", 256 in 54, "Ternary, 1.69 bits.";
    Tq2_0 = 35, "TQ2_0", 256 in 66, "Ternary, 2.06 bits.";
    Mxfp4 = 39, "MXFP4", 32 in 17, "4-bit floats and a power of two.";
    Nvfp4 = 40, "NVFP4", 64 in 36, "4-bit floats and 8-bit scales.";
    Q1_0 = 41, "Q1_0", 128 in 18, "1 bit and a scale.";
    Q2_0 = 42, "Q2_0", 64 in 18, "2 bits and a scale.";
}

impl TensorType {
    /// The number in files.
    pub const fn id(self) -> u32 {
        self as u32
    }

    /// Bits for a value, scales included: 4.5 for `Q4_0`.
    pub const fn bits_per_weight(self) -> f64 {
        (self.block_bytes() * 8) as f64 / self.block_values() as f64
    }

    /// Bytes of `values` values; `None` when that is no whole number of blocks or overflows.
    pub const fn bytes_of(self, values: u64) -> Option<u64> {
        if values.is_multiple_of(self.block_values() as u64) {
            (values / self.block_values() as u64).checked_mul(self.block_bytes() as u64)
        } else {
            None
        }
    }
}

impl fmt::Display for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// No type has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no tensor type; types are named as in F16 or Q4_K")]
pub struct UnknownType(String);

impl FromStr for TensorType {
    type Err = UnknownType;

    /// Reads ggml's name, in capitals or not.
    fn from_str(text: &str) -> Result<Self, UnknownType> {
        let found = Self::ALL
            .iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(text));
        found.copied().ok_or_else(|| UnknownType(text.to_owned()))
    }
}

impl Serialize for TensorType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_lead_back_to_their_type() {
        for kind in TensorType::ALL {
            assert_eq!(TensorType::from_id(kind.id()), Some(*kind));
            assert_eq!(kind.name().to_lowercase().parse(), Ok(*kind));
        }
        for gone in [4, 5, 31, 32, 33, 36, 37, 38, 43, u32::MAX] {
            assert_eq!(TensorType::from_id(gone), None);
        }
        assert!("Q4_K_M".parse::<TensorType>().is_err());
    }

    #[test]
    fn sizes_are_whole_blocks() {
        assert_eq!(TensorType::Q4_0.bytes_of(64), Some(36));
        assert_eq!(TensorType::Q4K.bytes_of(576), None);
        assert_eq!(TensorType::F64.bytes_of(u64::MAX), None);
        assert!((TensorType::Q4_0.bits_per_weight() - 4.5).abs() < 1e-9);
    }
}
