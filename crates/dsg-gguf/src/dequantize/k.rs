//! K-quants: 256 values in sub-blocks, whose scales are quantized themselves.

use super::half;
use super::line::{Line, NOTHING, float};

/// Where in a byte the quants of 2 bits begin, 128 values being in 32 bytes.
const SHIFTS: [u32; 4] = [0, 2, 4, 6];

pub(super) fn q2(block: &[u8; 84], values: &mut [f32; 256]) {
    let [rest @ .., d0, d1, m0, m1] = block;
    let (d, min) = (half([*d0, *d1]), half([*m0, *m1]));
    let (scales, quants) = rest.split_at(16);
    let halves = quants
        .as_chunks::<32>()
        .0
        .iter()
        .zip(scales.as_chunks::<8>().0);
    for ((quants, scales), values) in halves.zip(values.as_chunks_mut::<128>().0) {
        let groups = scales
            .as_chunks::<2>()
            .0
            .iter()
            .zip(values.as_chunks_mut::<32>().0);
        for ((scales, values), shift) in groups.zip(SHIFTS) {
            let sixteens = quants
                .as_chunks::<16>()
                .0
                .iter()
                .zip(values.as_chunks_mut::<16>().0);
            for ((quants, values), scale) in sixteens.zip(scales) {
                let line = Line {
                    shift,
                    mask: 3,
                    offset: 0,
                    d: d * f32::from(scale & 15),
                    m: -(min * f32::from(scale >> 4)),
                };
                line.decode(quants, values);
            }
        }
    }
}

pub(super) fn q3(block: &[u8; 110], values: &mut [f32; 256]) {
    let [rest @ .., d0, d1] = block;
    let d = half([*d0, *d1]);
    let (thirds, rest) = rest.split_at(32);
    let (quants, scales) = rest.split_at(64);
    let scales = scales.first_chunk().map(q3_scales).unwrap_or_default();
    let halves = quants
        .as_chunks::<32>()
        .0
        .iter()
        .zip(scales.as_chunks::<8>().0);
    let mut bit = 1_u8;
    for ((quants, scales), values) in halves.zip(values.as_chunks_mut::<128>().0) {
        let groups = scales
            .as_chunks::<2>()
            .0
            .iter()
            .zip(values.as_chunks_mut::<32>().0);
        for ((scales, values), shift) in groups.zip(SHIFTS) {
            let bits = quants
                .as_chunks::<16>()
                .0
                .iter()
                .zip(thirds.as_chunks::<16>().0);
            let sixteens = bits.zip(values.as_chunks_mut::<16>().0);
            for (((quants, thirds), values), scale) in sixteens.zip(scales) {
                let line = Line {
                    shift,
                    mask: 3,
                    offset: -4,
                    d: d * f32::from(scale - 32),
                    m: NOTHING,
                };
                line.decode_with(quants, (thirds, bit, 4), values);
            }
            bit = bit.rotate_left(1);
        }
    }
}

/// Sixteen scales of 6 bits: four bits each in the first eight bytes, two in the last four.
fn q3_scales(bytes: &[u8; 12]) -> [i8; 16] {
    let mut scales = [0; 16];
    let (low, high) = bytes.split_at(8);
    for (scales, (low_shift, high_shift)) in scales
        .as_chunks_mut::<8>()
        .0
        .iter_mut()
        .zip([(0, 0), (4, 4)])
    {
        for (((scale, low), high), at) in
            scales.iter_mut().zip(low).zip(high.iter().cycle()).zip(0..)
        {
            let high_shift = high_shift + 2 * (at / 4);
            *scale = (low >> low_shift & 15 | (high >> high_shift & 3) << 4).cast_signed();
        }
    }
    scales
}

pub(super) fn q4(block: &[u8; 144], values: &mut [f32; 256]) {
    let [d0, d1, m0, m1, rest @ ..] = block;
    let (d, min) = (half([*d0, *d1]), half([*m0, *m1]));
    let (scales, quants) = rest.split_at(12);
    let scales = scales
        .first_chunk()
        .map(scales_and_minima)
        .unwrap_or_default();
    let groups = quants
        .as_chunks::<32>()
        .0
        .iter()
        .zip(values.as_chunks_mut::<64>().0);
    for ((quants, values), scales) in groups.zip(scales.as_chunks::<2>().0) {
        let lines = values.as_chunks_mut::<32>().0.iter_mut().zip(scales);
        for ((values, scales), shift) in lines.zip([0, 4]) {
            nibbles(d, min, *scales, shift).decode(quants, values);
        }
    }
}

pub(super) fn q5(block: &[u8; 176], values: &mut [f32; 256]) {
    let [d0, d1, m0, m1, rest @ ..] = block;
    let (d, min) = (half([*d0, *d1]), half([*m0, *m1]));
    let (scales, rest) = rest.split_at(12);
    let (fifths, quants) = rest.split_at(32);
    let scales = scales
        .first_chunk()
        .map(scales_and_minima)
        .unwrap_or_default();
    let groups = quants
        .as_chunks::<32>()
        .0
        .iter()
        .zip(values.as_chunks_mut::<64>().0);
    let mut bit = 1_u8;
    for ((quants, values), scales) in groups.zip(scales.as_chunks::<2>().0) {
        let lines = values.as_chunks_mut::<32>().0.iter_mut().zip(scales);
        for ((values, scales), shift) in lines.zip([0, 4]) {
            nibbles(d, min, *scales, shift).decode_with(quants, (fifths, bit, 16), values);
            bit = bit.rotate_left(1);
        }
    }
}

/// 32 quants in the lower or the upper halves of bytes.
#[inline]
fn nibbles(d: f32, min: f32, (scale, minimum): (u8, u8), shift: u32) -> Line {
    Line {
        shift,
        mask: 15,
        offset: 0,
        d: d * f32::from(scale),
        m: -(min * f32::from(minimum)),
    }
}

/// Eight scales and minima of 6 bits in twelve bytes.
fn scales_and_minima(bytes: &[u8; 12]) -> [(u8, u8); 8] {
    let mut pairs = [(0, 0); 8];
    let (first, rest) = bytes.split_at(4);
    let (second, third) = rest.split_at(4);
    let (low, high) = pairs.split_at_mut(4);
    let bytes = first.iter().zip(second).zip(third);
    for (((a, b), c), (low, high)) in bytes.zip(low.iter_mut().zip(high)) {
        *low = (a & 63, b & 63);
        *high = (c & 15 | a >> 6 << 4, c >> 4 | b >> 6 << 4);
    }
    pairs
}

pub(super) fn q6(block: &[u8; 210], values: &mut [f32; 256]) {
    let [rest @ .., d0, d1] = block;
    let d = half([*d0, *d1]);
    let (low, rest) = rest.split_at(128);
    let (high, scales) = rest.split_at(64);
    let quants = low.as_chunks::<64>().0.iter().zip(high.as_chunks::<32>().0);
    let halves = quants.zip(scales.as_chunks::<8>().0);
    for (((low, high), scales), values) in halves.zip(values.as_chunks_mut::<128>().0) {
        // Four runs of 32: the lower nibbles of both halves of `low`, then the upper ones; two scales each.
        let runs = values
            .as_chunks_mut::<32>()
            .0
            .iter_mut()
            .zip(scales.as_chunks::<2>().0);
        for ((values, scales), run) in runs.zip(0..) {
            let (low_shift, high_shift) = (run / 2 * 4, run * 2);
            let low = low.as_chunks::<16>().0.iter().skip(run % 2 * 2);
            let sixteens = low.zip(high.as_chunks::<16>().0).zip(scales);
            for (((low, high), scale), values) in sixteens.zip(values.as_chunks_mut::<16>().0) {
                let dl = d * f32::from(scale.cast_signed());
                for ((value, low), high) in values.iter_mut().zip(low).zip(high) {
                    let low = i32::from(*low) >> low_shift & 15;
                    let high = i32::from(*high) >> high_shift & 3;
                    *value = dl * float((low | high << 4) - 32);
                }
            }
        }
    }
}

pub(super) fn q8(block: &[u8; 292], values: &mut [f32; 256]) {
    let [d0, d1, d2, d3, quants @ ..] = block;
    let d = f32::from_le_bytes([*d0, *d1, *d2, *d3]);
    // Sums of the quants follow; they only help products.
    for (value, quant) in values.iter_mut().zip(quants) {
        *value = d * f32::from(quant.cast_signed());
    }
}
