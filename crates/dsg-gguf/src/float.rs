//! Floats of 16 bits, converted with ggml's arithmetic, so that every bit agrees, those of NaNs too.

/// 2^112, 2^-110 and 2^-112.
const UP: f32 = f32::from_bits(0x7780_0000);
const DOWN: f32 = f32::from_bits(0x0880_0000);
const SCALE: f32 = f32::from_bits(0x0780_0000);

/// The nearest half-precision number, ties to even; too large ones become infinite, every NaN the quiet one of its sign.
#[inline]
pub(crate) fn f16_from(value: f32) -> u16 {
    let base = (value.abs() * UP) * DOWN;
    let bits = value.to_bits();
    let doubled = bits << 1;
    let exponent = (doubled & 0xff00_0000).max(0x7100_0000);
    let rounded = (f32::from_bits((exponent >> 1) + 0x0780_0000) + base).to_bits();
    let unsigned = ((rounded >> 13) & 0x7c00) + (rounded & 0x0fff);
    let unsigned = if doubled > 0xff00_0000 {
        0x7e00
    } else {
        unsigned
    };
    low16((bits >> 16) & 0x8000 | unsigned)
}

/// The number that half-precision bits stand for.
#[inline]
pub(crate) fn f16_to(bits: u16) -> f32 {
    let word = u32::from(bits) << 16;
    let doubled = word << 1;
    let normal = f32::from_bits((doubled >> 4) + (0xe0 << 23)) * SCALE;
    let subnormal = f32::from_bits((doubled >> 17) | (126 << 23)) - 0.5;
    let unsigned = if doubled < 1 << 27 { subnormal } else { normal };
    f32::from_bits((word & 0x8000_0000) | unsigned.to_bits())
}

/// The nearest bfloat16, ties to even; a NaN keeps its upper bits and becomes quiet.
#[inline]
pub(crate) fn bf16_from(value: f32) -> u16 {
    let bits = value.to_bits();
    if value.is_nan() {
        low16((bits >> 16) | 64)
    } else {
        low16((bits + (0x7fff + ((bits >> 16) & 1))) >> 16)
    }
}

/// The number that bfloat16 bits stand for.
#[inline]
pub(crate) fn bf16_to(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// Whether half-precision bits are finite.
#[inline]
pub(crate) const fn f16_is_finite(bits: u16) -> bool {
    bits & 0x7c00 != 0x7c00
}

#[inline]
#[allow(
    clippy::cast_possible_truncation,
    reason = "the upper half is what is left away"
)]
const fn low16(bits: u32) -> u16 {
    bits as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_comes_back() {
        for bits in 0..=u16::MAX {
            let value = f16_to(bits);
            let back = f16_from(value);
            if value.is_nan() {
                assert_eq!(back, bits & 0x8000 | 0x7e00);
            } else {
                assert_eq!(back, bits, "{value}");
                assert_eq!(
                    bf16_to(bf16_from(bf16_to(bits))).to_bits(),
                    bf16_to(bits).to_bits() | u32::from(bf16_to(bits).is_nan()) << 22
                );
            }
        }
    }

    #[test]
    fn halves_round_to_even_and_overflow_to_infinity() {
        assert_eq!(f16_from(1.0), 0x3c00);
        assert_eq!(f16_from(1.0 + 1.0 / 2048.0), 0x3c00);
        assert_eq!(f16_from(1.0 + 3.0 / 2048.0), 0x3c02);
        assert_eq!(f16_from(65519.9), 0x7bff);
        assert_eq!(f16_from(65520.0), 0x7c00);
        assert_eq!(f16_from(-1e-8), 0x8000);
        assert_eq!(f16_from(6e-8), 1);
        assert_eq!(bf16_from(f32::from_bits(0x3f80_8000)), 0x3f80);
        assert_eq!(bf16_from(f32::from_bits(0x3f81_8000)), 0x3f82);
        assert_eq!(bf16_from(f32::NAN), 0x7fc0);
        assert_eq!(bf16_from(f32::MAX), 0x7f80);
    }
}
