//! The operations on memory, in parallel over rows. What a row becomes depends on the row alone, so that threads change no bit.
#![allow(
    clippy::inline_always,
    reason = "only inlined they are compiled for the processor that was found"
)]

use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata as _};
use burn::tensor::TensorData;
use pulp::Arch;
use rayon::iter::{IndexedParallelIterator as _, ParallelIterator as _};
use rayon::slice::{ParallelSlice as _, ParallelSliceMut as _};

use super::elementary::{activated, exp};
use super::{Kernels, Sight};
use crate::architecture::Activation;

/// A tensor in memory, of singles.
pub(super) type Flat = FloatTensor<Flex>;

/// Values of a piece of work: enough that handing it to a thread costs little beside it.
const PIECE: usize = 1 << 14;

impl Kernels for Flex {
    fn rms_norm(rows: Flat, weight: Flat, epsilon: f64) -> Flat {
        norm(&rows, &weight, epsilon)
    }

    fn gated(gate: Flat, up: Flat, activation: Activation) -> Flat {
        let (gate, up) = (gate.to_contiguous(), up.to_contiguous());
        let (gates, ups) = (values(&gate), values(&up));
        let mut result = vec![0.0; gates.len()];
        result
            .par_chunks_mut(PIECE)
            .zip(gates.par_chunks(PIECE).zip(ups.par_chunks(PIECE)))
            .for_each(|(result, (gates, ups))| {
                Arch::new().dispatch(
                    #[inline(always)]
                    || match activation {
                        // The match is outside of the loops, so that these have no branch.
                        Activation::Silu => multiply(Activation::Silu, result, gates, ups),
                        Activation::GeluTanh => multiply(Activation::GeluTanh, result, gates, ups),
                    },
                );
            });
        tensor(result, &gate)
    }

    fn turn(heads: Flat, cosines: Flat, sines: Flat) -> Flat {
        turned(&heads, &cosines, &sines, 1.0)
    }

    fn attend(products: Flat, sight: Sight) -> Flat {
        let products = products.to_contiguous();
        let shape = products.shape();
        let dims = shape.as_slice();
        let &[_, heads, rows, keys] = dims else {
            return products;
        };
        let source = values(&products);
        let mut result = vec![0.0; source.len()];
        let piece = rows_of_piece(keys);
        result
            .par_chunks_mut(piece * keys)
            .zip(source.par_chunks(piece * keys))
            .enumerate()
            .for_each(|(number, (result, source))| {
                let pairs = result.chunks_exact_mut(keys).zip(source.chunks_exact(keys));
                for (row, (result, source)) in (number * piece..).zip(pairs) {
                    let seen = sight.of(row / (heads * rows), row % rows);
                    if let (Some(result), Some(source)) =
                        (result.get_mut(seen.clone()), source.get(seen))
                    {
                        Arch::new().dispatch(
                            #[inline(always)]
                            || softmax(result, source),
                        );
                    }
                }
            });
        tensor(result, &products)
    }
}

/// The values of a contiguous tensor.
pub(super) fn values(tensor: &Flat) -> &[f32] {
    tensor.as_slice::<f32>().unwrap_or_default()
}

/// A tensor of the shape of another.
pub(super) fn tensor(values: Vec<f32>, like: &Flat) -> Flat {
    Flat::from_data(TensorData::new(values, like.shape()))
}

/// Rows of a piece of work.
pub(super) const fn rows_of_piece(width: usize) -> usize {
    let rows = PIECE / if width == 0 { 1 } else { width };
    if rows == 0 { 1 } else { rows }
}

/// Sums in this many parts, which is what makes a vector of them.
const LANES: usize = 16;

/// `Σ f(a, b)`, in an order that does not depend on the processor.
#[inline(always)]
pub(super) fn sum(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut parts = [0.0_f32; LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for (part, (a, b)) in parts.iter_mut().zip(a.iter().zip(b)) {
            *part += f(*a, *b);
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| f(*a, *b)).sum();
    parts.iter().sum::<f32>() + rest
}

/// One over the root of the mean square.
#[inline(always)]
pub(super) fn inverse_root(row: &[f32], epsilon: f32) -> f32 {
    let mean = sum(row, row, |a, b| a * b) / row.len() as f32;
    1.0 / (mean + epsilon).sqrt()
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "the nearest single is meant"
)]
pub(super) const fn single(value: f64) -> f32 {
    value as f32
}

fn norm(rows: &Flat, weight: &Flat, epsilon: f64) -> Flat {
    let (rows, weight) = (rows.to_contiguous(), weight.to_contiguous());
    let (source, weights) = (values(&rows), values(&weight));
    let width = weights.len().max(1);
    let epsilon = single(epsilon);
    let mut result = vec![0.0; source.len()];
    let piece = rows_of_piece(width) * width;
    result
        .par_chunks_mut(piece)
        .zip(source.par_chunks(piece))
        .for_each(|(result, source)| {
            Arch::new().dispatch(
                #[inline(always)]
                || {
                    let pairs = result
                        .chunks_exact_mut(width)
                        .zip(source.chunks_exact(width));
                    for (result, row) in pairs {
                        let factor = inverse_root(row, epsilon);
                        for (result, (value, weight)) in
                            result.iter_mut().zip(row.iter().zip(weights))
                        {
                            *result = value * factor * weight;
                        }
                    }
                },
            );
        });
    tensor(result, &rows)
}

/// With a sign of -1 it turns back.
pub(super) fn turned(heads: &Flat, cosines: &Flat, sines: &Flat, sign: f32) -> Flat {
    let heads = heads.to_contiguous();
    let (cosines, sines) = (cosines.to_contiguous(), sines.to_contiguous());
    let shape = heads.shape();
    let &[_, _, count, width] = shape.as_slice() else {
        return heads;
    };
    let (source, cosines, sines) = (values(&heads), values(&cosines), values(&sines));
    let half = width / 2;
    let mut result = vec![0.0; source.len()];
    // A token's heads turn alike.
    let token = (count * width).max(1);
    let piece = rows_of_piece(token);
    result
        .par_chunks_mut(piece * token)
        .zip(source.par_chunks(piece * token))
        .enumerate()
        .for_each(|(number, (result, source))| {
            let tokens = result
                .chunks_exact_mut(token)
                .zip(source.chunks_exact(token));
            for (at, (result, source)) in (number * piece..).zip(tokens) {
                // Sequences share a table, or it has one for each.
                let place = at * width % cosines.len().max(1);
                // The second half of the sines has the sign of the pair's second value.
                let tables = (
                    cosines.get(place..place + half),
                    sines.get(place + half..place + width),
                );
                let (Some(cosines), Some(sines)) = tables else {
                    continue;
                };
                Arch::new().dispatch(
                    #[inline(always)]
                    || {
                        let heads = result
                            .chunks_exact_mut(width)
                            .zip(source.chunks_exact(width));
                        for (result, source) in heads {
                            turn_one(result, source, cosines, sines, sign);
                        }
                    },
                );
            }
        });
    tensor(result, &heads)
}

#[inline(always)]
fn turn_one(result: &mut [f32], source: &[f32], cosines: &[f32], sines: &[f32], sign: f32) {
    let half = cosines.len();
    let (Some((first, second)), Some((a, b))) = (
        result.split_at_mut_checked(half),
        source.split_at_checked(half),
    ) else {
        return;
    };
    let sources = a.iter().zip(b).zip(cosines.iter().zip(sines));
    for ((first, second), ((a, b), (cosine, sine))) in
        first.iter_mut().zip(second.iter_mut()).zip(sources)
    {
        let sine = sine * sign;
        *first = a * cosine - b * sine;
        *second = b * cosine + a * sine;
    }
}

#[inline(always)]
fn multiply(activation: Activation, result: &mut [f32], gates: &[f32], ups: &[f32]) {
    for (result, (gate, up)) in result.iter_mut().zip(gates.iter().zip(ups)) {
        let (value, _) = activated(activation, *gate);
        *result = value * up;
    }
}

#[inline(always)]
fn softmax(result: &mut [f32], source: &[f32]) {
    let mut most = [f32::NEG_INFINITY; LANES];
    let (chunks, rest) = source.as_chunks::<LANES>();
    for chunk in chunks {
        for (most, value) in most.iter_mut().zip(chunk) {
            *most = if *value > *most { *value } else { *most };
        }
    }
    let most = most
        .iter()
        .chain(rest)
        .copied()
        .fold(f32::NEG_INFINITY, f32::max);
    for (result, value) in result.iter_mut().zip(source) {
        *result = exp(value - most);
    }
    let total = sum(result, result, |a, _| a);
    let factor = 1.0 / total;
    for value in result {
        *value *= factor;
    }
}
