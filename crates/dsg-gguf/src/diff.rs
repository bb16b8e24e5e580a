//! Two files, compared.

use rayon::prelude::*;
use serde::Serialize;

use crate::error::GgufError;
use crate::file::Gguf;
use crate::header::TensorInfo;
use crate::tensor_type::TensorType;

/// What differs between two files, the order of keys and places of tensors apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Diff {
    /// Keys with the same value.
    pub same_keys: usize,
    /// Tensors with the same type, shape and bytes.
    pub same_tensors: usize,
    /// The other keys: in the left file's order, then those of the right one alone.
    pub keys: Vec<KeyDiff>,
    /// The other tensors, likewise.
    pub tensors: Vec<TensorDiff>,
}

impl Diff {
    /// Whether nothing differs.
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.tensors.is_empty()
    }
}

/// A key that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KeyDiff {
    /// The key.
    pub key: String,
    /// How.
    pub change: KeyChange,
}

/// How a key differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyChange {
    /// The right file does not have it.
    OnlyLeft,
    /// The left file does not have it.
    OnlyRight,
    /// The values differ, or their types.
    Value,
}

/// A tensor that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TensorDiff {
    /// Its name.
    pub name: String,
    /// How.
    #[serde(flatten)]
    pub change: TensorChange,
}

/// How a tensor differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
#[non_exhaustive]
pub enum TensorChange {
    /// The right file does not have it.
    OnlyLeft,
    /// The left file does not have it.
    OnlyRight,
    /// The shapes differ.
    Shape {
        /// The left file's.
        left: Vec<u64>,
        /// The right file's.
        right: Vec<u64>,
    },
    /// Types or bytes differ; the values by so much.
    Values {
        /// The left file's type.
        left: TensorType,
        /// The right file's type.
        right: TensorType,
        /// By how much.
        distance: Distance,
    },
    /// Types or bytes differ, and the values of one of them cannot be read.
    Unreadable {
        /// The left file's type.
        left: TensorType,
        /// The right file's type.
        right: TensorType,
    },
}

/// How far apart the values of two tensors are, after dequantization.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct Distance {
    /// The largest difference of two values.
    pub max_abs: f64,
    /// The root of the mean squared difference.
    pub rmse: f64,
    /// The same, by the root mean square of the left file's values; 0 where that is 0.
    pub relative: f64,
    /// Pairs of which one value is infinite or no number and the other is another; they are left out of the rest.
    pub not_finite: u64,
}

/// Compares two files. Tensors are read in parallel, in the current rayon pool.
pub fn diff(left: &Gguf, right: &Gguf) -> Diff {
    let mut keys = Vec::new();
    let mut push = |key: &str, change| {
        keys.push(KeyDiff {
            key: key.to_owned(),
            change,
        });
    };
    let mut same_keys = 0;
    for (key, value) in left.keys() {
        match right.raw(key) {
            None => push(key, KeyChange::OnlyLeft),
            Some(other) if other != value => push(key, KeyChange::Value),
            Some(_) => same_keys += 1,
        }
    }
    for (key, _) in right.keys() {
        if left.raw(key).is_none() {
            push(key, KeyChange::OnlyRight);
        }
    }

    let compared: Vec<_> = left
        .tensors()
        .par_iter()
        .map(|tensor| tensor_change(left, tensor, right))
        .collect();
    let mut same_tensors = 0;
    let mut tensors = Vec::new();
    for (tensor, change) in left.tensors().iter().zip(compared) {
        match change {
            None => same_tensors += 1,
            Some(change) => tensors.push(TensorDiff {
                name: tensor.name().to_owned(),
                change,
            }),
        }
    }
    for tensor in right.tensors() {
        if left.tensor(tensor.name()).is_none() {
            tensors.push(TensorDiff {
                name: tensor.name().to_owned(),
                change: TensorChange::OnlyRight,
            });
        }
    }
    Diff {
        same_keys,
        same_tensors,
        keys,
        tensors,
    }
}

fn tensor_change(left: &Gguf, tensor: &TensorInfo, right: &Gguf) -> Option<TensorChange> {
    let Some(other) = right.tensor(tensor.name()) else {
        return Some(TensorChange::OnlyLeft);
    };
    if tensor.shape() != other.shape() {
        return Some(TensorChange::Shape {
            left: tensor.shape().to_vec(),
            right: other.shape().to_vec(),
        });
    }
    let (a, b) = (tensor.kind(), other.kind());
    if a == b && left.data(tensor) == right.data(other) {
        return None;
    }
    Some(match distance(left, tensor, right, other) {
        Ok(distance) => TensorChange::Values {
            left: a,
            right: b,
            distance,
        },
        Err(_) => TensorChange::Unreadable { left: a, right: b },
    })
}

/// How far apart the values of two tensors of one number of values are.
fn distance(
    left: &Gguf,
    tensor: &TensorInfo,
    right: &Gguf,
    other: &TensorInfo,
) -> Result<Distance, GgufError> {
    let mut distance = Distance::default();
    let (mut squares, mut left_squares, mut count) = (0.0, 0.0, 0_u64);
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for number in 0.. {
        let a = left.chunk(tensor, number, &mut a)?;
        let b = right.chunk(other, number, &mut b)?;
        if a.is_empty() {
            break;
        }
        for (a, b) in a.iter().zip(b) {
            let difference = f64::from(*a) - f64::from(*b);
            if !difference.is_finite() {
                distance.not_finite +=
                    u64::from(!(a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()));
                continue;
            }
            count += 1;
            distance.max_abs = distance.max_abs.max(difference.abs());
            squares += difference * difference;
            left_squares += f64::from(*a) * f64::from(*a);
        }
    }
    if count > 0 {
        distance.rmse = (squares / count as f64).sqrt();
    }
    if left_squares > 0.0 {
        distance.relative = (squares / left_squares).sqrt();
    }
    Ok(distance)
}
