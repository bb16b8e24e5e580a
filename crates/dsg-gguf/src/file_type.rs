//! What files call their mixture of types.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::quantize::can_quantize;
use crate::tensor_type::TensorType;

macro_rules! file_types {
    ($($name:ident = $id:literal, $text:literal, $doc:literal;)*) => {
        /// What `general.file_type` says of a file: one type for all matrices, or a recipe of llama.cpp's quantizer that mixes some. Names and
        /// numbers are llama.cpp's.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum FileType {
            $(#[doc = $doc] $name = $id,)*
        }

        impl FileType {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// llama.cpp's name, as in `Q4_K_M`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

file_types! {
    F32 = 0, "F32", "Single precision.";
    F16 = 1, "F16", "Half precision.";
    Q4_0 = 2, "Q4_0", "4 bits and a scale.";
    Q4_1 = 3, "Q4_1", "4 bits, a scale and a minimum.";
    Q8_0 = 7, "Q8_0", "8 bits and a scale.";
    Q5_0 = 8, "Q5_0", "5 bits and a scale.";
    Q5_1 = 9, "Q5_1", "5 bits, a scale and a minimum.";
    Q2K = 10, "Q2_K", "2-bit K-quants, some tensors in more.";
    Q3KS = 11, "Q3_K_S", "3-bit K-quants.";
    Q3KM = 12, "Q3_K_M", "3-bit K-quants, some tensors in more.";
    Q3KL = 13, "Q3_K_L", "3-bit K-quants, more tensors in more.";
    Q4KS = 14, "Q4_K_S", "4-bit K-quants.";
    Q4KM = 15, "Q4_K_M", "4-bit K-quants, half of some tensors in 6 bits.";
    Q5KS = 16, "Q5_K_S", "5-bit K-quants.";
    Q5KM = 17, "Q5_K_M", "5-bit K-quants, half of some tensors in 6 bits.";
    Q6K = 18, "Q6_K", "6-bit K-quants.";
    Bf16 = 32, "BF16", "The upper half of single precision.";
}

impl FileType {
    /// The number in files.
    pub const fn id(self) -> u32 {
        self as u32
    }

    /// The type of this number; `None` for numbers without a name here.
    pub fn from_id(id: u64) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|file_type| u64::from(file_type.id()) == id)
            .copied()
    }

    /// The type of its matrices where [`quantize`](crate::quantize) writes it; `None` for recipes, which llama.cpp's quantizer makes.
    pub fn tensor_type(self) -> Option<TensorType> {
        let kind: TensorType = self.name().parse().ok()?;
        can_quantize(kind).then_some(kind)
    }
}

impl fmt::Display for FileType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// No file type has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no type of model files; there are {}", .0, names())]
pub struct UnknownFileType(String);

fn names() -> String {
    let names: Vec<String> = FileType::ALL
        .iter()
        .map(|file_type| file_type.name().to_lowercase())
        .collect();
    names.join(", ")
}

impl FromStr for FileType {
    type Err = UnknownFileType;

    /// Reads llama.cpp's name, in capitals or not.
    fn from_str(text: &str) -> Result<Self, UnknownFileType> {
        let mut all = Self::ALL.iter();
        let found = all.find(|file_type| file_type.name().eq_ignore_ascii_case(text));
        found
            .copied()
            .ok_or_else(|| UnknownFileType(text.to_owned()))
    }
}

impl Serialize for FileType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_lead_back_to_their_type() {
        for file_type in FileType::ALL {
            assert_eq!(FileType::from_id(file_type.id().into()), Some(*file_type));
            assert_eq!(file_type.name().to_lowercase().parse(), Ok(*file_type));
        }
        assert_eq!(FileType::from_id(4), None);
        assert!("Q9_K".parse::<FileType>().is_err());
    }

    #[test]
    fn recipes_are_no_single_type() {
        assert_eq!(FileType::Q8_0.tensor_type(), Some(TensorType::Q8_0));
        assert_eq!(FileType::Bf16.tensor_type(), Some(TensorType::Bf16));
        // A type of tensors, too, but one that is not written here.
        for recipe in [FileType::Q4KM, FileType::Q6K, FileType::Q2K] {
            assert_eq!(recipe.tensor_type(), None);
        }
    }
}
