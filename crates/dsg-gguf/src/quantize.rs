//! Single precision to stored values, with the operations and their order of ggml's `quantize_row_*_ref`, which is what
//! `llama-quantize` uses for these types without an importance matrix.

use crate::dequantize::check_lengths;
use crate::error::QuantError;
use crate::float::{bf16_from, f16_from, f16_is_finite};
use crate::tensor_type::TensorType;

/// The largest float below a half: added and cut, it rounds halves away from zero as C's `roundf` does.
const BELOW_HALF: f32 = f32::from_bits(0x3eff_ffff);

/// Encodes `values` as whole blocks of `kind` into `bytes`, the same bytes as llama.cpp's.
///
/// `F32`, `F16` and `BF16` keep what is infinite or no number; blocks cannot, and llama.cpp refuses a file with one afterwards.
///
/// # Errors
/// [`QuantError::Quantize`] for other types than `F32`, `F16`, `BF16`, `Q4_0`, `Q4_1`, `Q5_0`, `Q5_1` and `Q8_0`;
/// [`QuantError::Length`] where `values` and `bytes` are not as many blocks; [`QuantError::NotFinite`] and [`QuantError::Scale`] for
/// blocks with values that are not finite or too large. `bytes` are then unspecified.
pub fn quantize(kind: TensorType, values: &[f32], bytes: &mut [u8]) -> Result<(), QuantError> {
    check_lengths(kind, values.len(), bytes.len())?;
    match kind {
        TensorType::F32 => plain(values, bytes, f32::to_le_bytes),
        TensorType::F16 => plain(values, bytes, |value| f16_from(value).to_le_bytes()),
        TensorType::Bf16 => plain(values, bytes, |value| bf16_from(value).to_le_bytes()),
        TensorType::Q4_0 => return blocks(kind, values, bytes, q4_0),
        TensorType::Q4_1 => return blocks(kind, values, bytes, q4_1),
        TensorType::Q5_0 => return blocks(kind, values, bytes, q5_0),
        TensorType::Q5_1 => return blocks(kind, values, bytes, q5_1),
        TensorType::Q8_0 => return blocks(kind, values, bytes, q8_0),
        _ => return Err(QuantError::Quantize(kind)),
    }
    Ok(())
}

/// Whether [`quantize`] can write this type.
pub const fn can_quantize(kind: TensorType) -> bool {
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
    )
}

fn plain<const BYTES: usize>(
    values: &[f32],
    bytes: &mut [u8],
    encode: impl Fn(f32) -> [u8; BYTES],
) {
    for (place, value) in bytes.as_chunks_mut().0.iter_mut().zip(values) {
        *place = encode(*value);
    }
}

/// A block's scale or minimum as half precision overflows.
struct TooLarge;

fn blocks<const BYTES: usize>(
    kind: TensorType,
    values: &[f32],
    bytes: &mut [u8],
    encode: impl Fn(&[f32; 32], &mut [u8; BYTES]) -> Result<(), TooLarge>,
) -> Result<(), QuantError> {
    let numbered = values.as_chunks().0.iter().zip((0..).step_by(32));
    for ((values, index), bytes) in numbered.zip(bytes.as_chunks_mut().0) {
        if largest_bits(values).cast_unsigned() >= f32::INFINITY.to_bits() {
            return Err(QuantError::NotFinite { kind, index });
        }
        encode(values, bytes).map_err(|TooLarge| QuantError::Scale { kind, index })?;
    }
    Ok(())
}

/// The largest magnitude, as bits: without the sign, the order of the bits is that of the floats, with NaNs on top. Signed integers,
/// since every processor has their maximum.
#[inline]
fn largest_bits(values: &[f32; 32]) -> i32 {
    let magnitudes = values
        .iter()
        .map(|value| value.abs().to_bits().cast_signed());
    magnitudes.fold(0, i32::max)
}

/// The first value of the largest magnitude, with its sign.
#[inline]
fn peak(values: &[f32; 32]) -> f32 {
    let bits = largest_bits(values).cast_unsigned();
    if bits == 0 {
        return 0.0;
    }
    let has = |bits| {
        values
            .iter()
            .fold(false, |has, value| has | (value.to_bits() == bits))
    };
    let peak = f32::from_bits(bits);
    // Without an order, all values can be looked at at once; it only matters when both signs are there.
    match (has(bits), has((-peak).to_bits())) {
        (true, true) => {
            let first = values.iter().find(|value| value.abs().to_bits() == bits);
            first.copied().unwrap_or_default()
        }
        (_, true) => -peak,
        (_, false) => peak,
    }
}

/// The least and the greatest value; of zeros of both signs, the first is the least.
#[inline]
fn range(values: &[f32; 32]) -> (f32, f32) {
    // The order of floats as one of integers, of which all values can be looked at at once; it puts -0 below 0.
    let key = |value: &f32| {
        let bits = value.to_bits().cast_signed();
        bits ^ ((bits >> 31) & i32::MAX)
    };
    let float = |key: i32| f32::from_bits((key ^ ((key >> 31) & i32::MAX)).cast_unsigned());
    let min = float(values.iter().map(key).fold(i32::MAX, i32::min));
    let max = float(values.iter().map(key).fold(i32::MIN, i32::max));
    if min == 0.0 {
        let first = values.iter().find(|value| **value == 0.0);
        return (first.copied().unwrap_or(min), max);
    }
    (min, max)
}

#[inline]
fn half(value: f32) -> Result<[u8; 2], TooLarge> {
    let bits = f16_from(value);
    if f16_is_finite(bits) {
        Ok(bits.to_le_bytes())
    } else {
        Err(TooLarge)
    }
}

/// One by the scale. Subnormal scales have an infinite one, with which every quant is zero, as in C on x86-64: a float that no integer
/// can hold becomes the least one, whose low byte is zero.
#[inline]
fn inverse(scale: f32) -> f32 {
    if scale == 0.0 {
        return 0.0;
    }
    1.0 / scale
}

/// Cut towards zero; what comes here is in range.
#[inline]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "cutting is what is wanted"
)]
const fn cut(value: f32) -> u8 {
    value as u8
}

/// Cut towards zero, with a sign.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "cutting is what is wanted")]
const fn cut_signed(value: f32) -> u8 {
    (value as i8).cast_unsigned()
}

/// Packs quants: the first 16 into the lower halves of bytes, the others into the upper ones. Returns the fifth bits.
#[inline]
fn pack(quants: &[u8; 32], bytes: &mut [u8]) -> u32 {
    let (low, high) = quants.split_at(16);
    for ((byte, low), high) in bytes.iter_mut().zip(low).zip(high) {
        *byte = low & 15 | high << 4;
    }
    let fifth = quants.iter().zip(0..);
    fifth.fold(0, |bits, (quant, at)| {
        bits | u32::from(quant >> 4 & 1) << at
    })
}

#[inline]
fn quants(values: &[f32; 32], inverse: f32, encode: impl Fn(f32) -> u8) -> [u8; 32] {
    let mut quants = [0; 32];
    if inverse.is_finite() {
        // Four at a time, which compilers make one.
        for (quants, values) in quants
            .as_chunks_mut::<4>()
            .0
            .iter_mut()
            .zip(values.as_chunks().0)
        {
            *quants = values.map(&encode);
        }
    }
    quants
}

fn q4_0(values: &[f32; 32], bytes: &mut [u8; 18]) -> Result<(), TooLarge> {
    let d = peak(values) / -8.0;
    let id = inverse(d);
    let quants = quants(values, id, |value| cut(value * id + 8.5).min(15));
    let (scale, packed) = bytes.split_at_mut(2);
    scale.copy_from_slice(&half(d)?);
    pack(&quants, packed);
    Ok(())
}

fn q4_1(values: &[f32; 32], bytes: &mut [u8; 20]) -> Result<(), TooLarge> {
    let (min, max) = range(values);
    let d = (max - min) / 15.0;
    let id = inverse(d);
    let quants = quants(values, id, |value| cut((value - min) * id + 0.5).min(15));
    let [d0, d1, m0, m1, packed @ ..] = bytes;
    [*d0, *d1] = half(d)?;
    [*m0, *m1] = half(min)?;
    pack(&quants, packed);
    Ok(())
}

fn q5_0(values: &[f32; 32], bytes: &mut [u8; 22]) -> Result<(), TooLarge> {
    let d = peak(values) / -16.0;
    let id = inverse(d);
    let quants = quants(values, id, |value| cut(value * id + 16.5).min(31));
    let [d0, d1, h0, h1, h2, h3, packed @ ..] = bytes;
    [*d0, *d1] = half(d)?;
    [*h0, *h1, *h2, *h3] = pack(&quants, packed).to_le_bytes();
    Ok(())
}

fn q5_1(values: &[f32; 32], bytes: &mut [u8; 24]) -> Result<(), TooLarge> {
    let (min, max) = range(values);
    let d = (max - min) / 31.0;
    let id = inverse(d);
    let quants = quants(values, id, |value| cut((value - min) * id + 0.5));
    let [d0, d1, m0, m1, h0, h1, h2, h3, packed @ ..] = bytes;
    [*d0, *d1] = half(d)?;
    [*m0, *m1] = half(min)?;
    [*h0, *h1, *h2, *h3] = pack(&quants, packed).to_le_bytes();
    Ok(())
}

fn q8_0(values: &[f32; 32], bytes: &mut [u8; 34]) -> Result<(), TooLarge> {
    let d = f32::from_bits(largest_bits(values).cast_unsigned()) / 127.0;
    let id = inverse(d);
    let quants = quants(values, id, |value| {
        let scaled = value * id;
        cut_signed(scaled + BELOW_HALF.copysign(scaled))
    });
    let (scale, packed) = bytes.split_at_mut(2);
    scale.copy_from_slice(&half(d)?);
    packed.copy_from_slice(&quants);
    Ok(())
}
