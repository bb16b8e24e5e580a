//! Frozen matrices in 8 or 4 bits, turned back into floats whenever they are used.

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::ops::FloatTensorOps as _;
use burn::backend::{Autodiff, Flex};
use burn::tensor::{Device, Tensor, TensorData};
use dsg_gguf::{QuantError, TensorType, dequantize, quantize};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::TrainError;

/// Values that one thread turns into floats at a time.
const PIECE: usize = 1 << 16;

/// How many bits a frozen weight is kept in. The formats are GGUF's, so that what is trained on is what a GGUF file of that type holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Bits {
    /// `Q4_0`: 4.5 bits with scales.
    Four,
    /// `Q8_0`: 8.5 bits with scales.
    Eight,
}

impl Bits {
    /// The format in GGUF files.
    pub const fn tensor_type(self) -> TensorType {
        match self {
            Self::Four => TensorType::Q4_0,
            Self::Eight => TensorType::Q8_0,
        }
    }
}

impl From<Bits> for u8 {
    fn from(bits: Bits) -> Self {
        match bits {
            Bits::Four => 4,
            Bits::Eight => 8,
        }
    }
}

impl TryFrom<u8> for Bits {
    type Error = TrainError;

    fn try_from(bits: u8) -> Result<Self, TrainError> {
        match bits {
            4 => Ok(Self::Four),
            8 => Ok(Self::Eight),
            other => Err(TrainError::Config {
                field: "quantize",
                problem: format!("{other} bits are not supported; 8 and 4 are"),
            }),
        }
    }
}

/// A matrix `[out, in]` in blocks, in the memory of the host. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Blocks(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kind: TensorType,
    shape: [usize; 2],
    bytes: Vec<u8>,
}

impl Blocks {
    /// The values of a `matrix` in blocks.
    pub(super) fn new(matrix: &Tensor<2>, bits: Bits) -> Result<Self, TrainError> {
        let kind = bits.tensor_type();
        let shape @ [out, width] = matrix.dims();
        let refuse = |problem| TrainError::Config {
            field: "quantize",
            problem,
        };
        if !width.is_multiple_of(kind.block_values()) {
            return Err(refuse(format!(
                "a matrix has rows of {width} values, which are no whole number of {kind} blocks"
            )));
        }
        let data = matrix.to_data();
        let values = data
            .as_slice::<f32>()
            .map_err(|error| TrainError::compute("quantize a matrix", &error))?;
        let row_bytes = width / kind.block_values() * kind.block_bytes();
        let mut bytes = vec![0; out * row_bytes];
        bytes
            .par_chunks_mut(row_bytes.max(1))
            .zip(values.par_chunks(width.max(1)))
            .try_for_each(|(bytes, values)| quantize(kind, values, bytes))
            .map_err(|error: QuantError| refuse(error.to_string()))?;
        Ok(Self(Arc::new(Inner { kind, shape, bytes })))
    }

    pub(super) fn dims(&self) -> [usize; 2] {
        self.0.shape
    }

    /// Bytes of memory.
    pub(super) fn bytes(&self) -> usize {
        self.0.bytes.len()
    }

    /// The matrix as floats.
    pub(super) fn matrix(&self, device: &Device) -> Tensor<2> {
        let Inner { kind, shape, bytes } = &*self.0;
        let mut values = vec![0.0_f32; shape.iter().product()];
        values
            .par_chunks_mut(PIECE)
            .zip(bytes.par_chunks(PIECE / kind.block_values() * kind.block_bytes()))
            .for_each(|(values, bytes)| {
                // Both are whole blocks of a type that `new` wrote, so that nothing can go wrong.
                let _ = dequantize(*kind, bytes, values);
            });
        Tensor::from_data(TensorData::new(values, *shape), device)
    }

    /// `[rows, out]` for rows of `[rows, in]`. Under autodiff on the CPU the floats are made again in the backward pass; other devices
    /// keep them until then.
    pub(super) fn product(&self, rows: Tensor<2>) -> Tensor<2> {
        let device = rows.device();
        if rows.is_tracked()
            && device == Device::flex()
            && let Ok(rows) = rows.clone().try_into_primitive::<Autodiff<Flex>>()
        {
            let (rows, node) = rows.into_parts();
            let out = Flex::float_matmul(rows, self.primitive(true));
            let out = match Product
                .prepare::<NoCheckpointing>([node])
                .compute_bound()
                .stateful()
            {
                OpsKind::Tracked(prep) => prep.finish(self.clone(), out),
                OpsKind::UnTracked(prep) => prep.finish(out),
            };
            return Tensor::from_primitive::<Autodiff<Flex>>(out);
        }
        rows.matmul(self.matrix(&device.inner()).transpose())
    }

    /// The matrix, or its transpose, as the CPU backend has it.
    fn primitive(&self, transposed: bool) -> burn::backend::flex::FlexTensor {
        let matrix = self.matrix(&Device::flex());
        let matrix = if transposed {
            matrix.transpose()
        } else {
            matrix
        };
        let [rows, columns] = matrix.dims();
        // A tensor that was just made on this device is one of its tensors.
        matrix.try_into_primitive::<Flex>().unwrap_or_else(|_| {
            burn::backend::flex::FlexTensor::zeros([rows, columns].into(), burn::tensor::DType::F32)
        })
    }
}

/// The derivative of a product with a matrix in blocks: that with the matrix made anew.
#[derive(Debug)]
struct Product;

impl Backward<Flex, 1> for Product {
    type State = Blocks;

    fn backward(
        self,
        ops: Ops<Blocks, 1>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let blocks = ops.state;
        unary::<Flex, _>(ops.parents, ops.node, gradients, |gradient| {
            Flex::float_matmul(gradient, blocks.primitive(false))
        });
    }
}
