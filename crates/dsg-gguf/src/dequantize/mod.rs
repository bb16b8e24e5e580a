//! Stored values to single precision, with the operations and their order of ggml's `dequantize_row_*`, so that every bit agrees
//! with a build of ggml whose compiler fuses no multiplication with an addition (as on x86-64).

mod k;
mod legacy;
mod line;

use crate::error::QuantError;
use crate::float::{bf16_to, f16_to};
use crate::tensor_type::TensorType;

/// Decodes whole blocks of `kind` into `values`.
///
/// # Errors
/// [`QuantError::Dequantize`] for integers, doubles and the types from grids and tables (`IQ…`, `TQ…`, `MXFP4` and the like);
/// [`QuantError::Length`] where `bytes` and `values` are not as many blocks.
pub fn dequantize(kind: TensorType, bytes: &[u8], values: &mut [f32]) -> Result<(), QuantError> {
    check_lengths(kind, values.len(), bytes.len())?;
    match kind {
        TensorType::F32 => each(bytes, values, |block, [value]| {
            *value = f32::from_le_bytes(*block);
        }),
        TensorType::F16 => each(bytes, values, |block, [value]| *value = half(*block)),
        TensorType::Bf16 => each(bytes, values, |block, [value]| {
            *value = bf16_to(u16::from_le_bytes(*block));
        }),
        TensorType::Q4_0 => each(bytes, values, legacy::q4_0),
        TensorType::Q4_1 => each(bytes, values, legacy::q4_1),
        TensorType::Q5_0 => each(bytes, values, legacy::q5_0),
        TensorType::Q5_1 => each(bytes, values, legacy::q5_1),
        TensorType::Q8_0 => each(bytes, values, legacy::q8_0),
        TensorType::Q2K => each(bytes, values, k::q2),
        TensorType::Q3K => each(bytes, values, k::q3),
        TensorType::Q4K => each(bytes, values, k::q4),
        TensorType::Q5K => each(bytes, values, k::q5),
        TensorType::Q6K => each(bytes, values, k::q6),
        TensorType::Q8K => each(bytes, values, k::q8),
        _ => return Err(QuantError::Dequantize(kind)),
    }
    Ok(())
}

/// Whether [`dequantize`] can read this type.
pub const fn can_dequantize(kind: TensorType) -> bool {
    matches!(
        kind,
        TensorType::F32
            | TensorType::F16
            | TensorType::Bf16
            | TensorType::Q4_0
            | TensorType::Q4_1
            | TensorType::Q5_0
            | TensorType::Q5_1
            | TensorType::Q8_0
            | TensorType::Q2K
            | TensorType::Q3K
            | TensorType::Q4K
            | TensorType::Q5K
            | TensorType::Q6K
            | TensorType::Q8K
    )
}

pub(crate) fn check_lengths(
    kind: TensorType,
    values: usize,
    bytes: usize,
) -> Result<(), QuantError> {
    if kind.bytes_of(values as u64) == Some(bytes as u64) {
        Ok(())
    } else {
        Err(QuantError::Length {
            kind,
            values,
            bytes,
        })
    }
}

fn each<const BYTES: usize, const VALUES: usize>(
    bytes: &[u8],
    values: &mut [f32],
    decode: impl Fn(&[u8; BYTES], &mut [f32; VALUES]),
) {
    let blocks = bytes.as_chunks().0.iter();
    for (block, values) in blocks.zip(values.as_chunks_mut().0) {
        decode(block, values);
    }
}

#[inline]
fn half(bytes: [u8; 2]) -> f32 {
    f16_to(u16::from_le_bytes(bytes))
}
