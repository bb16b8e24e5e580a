//! Blocks of 32 values under one scale.

use super::half;
use super::line::{Line, NOTHING, float};

pub(super) fn q4_0(block: &[u8; 18], values: &mut [f32; 32]) {
    let [d0, d1, quants @ ..] = block;
    halves(quants, values, -8, half([*d0, *d1]), NOTHING);
}

pub(super) fn q4_1(block: &[u8; 20], values: &mut [f32; 32]) {
    let [d0, d1, m0, m1, quants @ ..] = block;
    halves(quants, values, 0, half([*d0, *d1]), half([*m0, *m1]));
}

/// The lower halves of the bytes are the first 16 values, the upper halves the others.
#[inline]
fn halves(quants: &[u8; 16], values: &mut [f32; 32], offset: i32, d: f32, m: f32) {
    let (low, high) = values.split_at_mut(16);
    for (shift, values) in [(0, low), (4, high)] {
        let line = Line {
            shift,
            mask: 15,
            offset,
            d,
            m,
        };
        line.decode(quants, values);
    }
}

pub(super) fn q5_0(block: &[u8; 22], values: &mut [f32; 32]) {
    let [d0, d1, h0, h1, h2, h3, quants @ ..] = block;
    let d = half([*d0, *d1]);
    let high = u32::from_le_bytes([*h0, *h1, *h2, *h3]);
    nibbles(quants, values, |quant, at| {
        float(with_fifth(quant, high, at) - 16) * d
    });
}

pub(super) fn q5_1(block: &[u8; 24], values: &mut [f32; 32]) {
    let [d0, d1, m0, m1, h0, h1, h2, h3, quants @ ..] = block;
    let (d, m) = (half([*d0, *d1]), half([*m0, *m1]));
    let high = u32::from_le_bytes([*h0, *h1, *h2, *h3]);
    nibbles(quants, values, |quant, at| {
        float(with_fifth(quant, high, at)) * d + m
    });
}

pub(super) fn q8_0(block: &[u8; 34], values: &mut [f32; 32]) {
    let [d0, d1, quants @ ..] = block;
    let d = half([*d0, *d1]);
    for (value, quant) in values.iter_mut().zip(quants) {
        *value = f32::from(quant.cast_signed()) * d;
    }
}

/// The same with fifth bits: `decode` gets the lower four and the number of the value.
#[inline]
fn nibbles(quants: &[u8; 16], values: &mut [f32; 32], decode: impl Fn(i32, u32) -> f32) {
    let (low, high) = values.split_at_mut(16);
    for ((quant, value), at) in quants.iter().zip(low).zip(0..) {
        *value = decode(i32::from(quant & 15), at);
    }
    for ((quant, value), at) in quants.iter().zip(high).zip(16..) {
        *value = decode(i32::from(quant >> 4), at);
    }
}

#[inline]
const fn with_fifth(quant: i32, high: u32, at: u32) -> i32 {
    quant | ((high >> at & 1) << 4).cast_signed()
}
