//! The derivatives, for burn's autodiff.
#![allow(
    clippy::inline_always,
    reason = "only inlined they are compiled for the processor that was found"
)]

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex, TensorMetadata as _};
use pulp::Arch;
use rayon::iter::{IndexedParallelIterator as _, ParallelIterator as _};
use rayon::slice::{ParallelSlice as _, ParallelSliceMut as _};

use super::elementary::activated;
use super::flex::{Flat, inverse_root, rows_of_piece, single, sum, tensor, turned, values};
use super::{Kernels, Sight};
use crate::architecture::Activation;

impl<C: CheckpointStrategy> Kernels for Autodiff<Flex, C> {
    fn rms_norm(
        rows: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        let weight = weight.into_primitive();
        match Norm.prepare::<C>([rows.node()]).compute_bound().stateful() {
            OpsKind::Tracked(ready) => {
                let rows = rows.into_primitive();
                let out = Flex::rms_norm(rows.clone(), weight.clone(), epsilon);
                ready.finish((rows, weight, epsilon), out)
            }
            OpsKind::UnTracked(ready) => {
                ready.finish(Flex::rms_norm(rows.into_primitive(), weight, epsilon))
            }
        }
    }

    fn gated(
        gate: FloatTensor<Self>,
        up: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        let nodes = [gate.node(), up.node()];
        let ready = Gated.prepare::<C>(nodes).compute_bound().stateful();
        let (gate, up) = (gate.into_primitive(), up.into_primitive());
        match ready {
            OpsKind::Tracked(ready) => {
                let out = Flex::gated(gate.clone(), up.clone(), activation);
                ready.finish((gate, up, activation), out)
            }
            OpsKind::UnTracked(ready) => ready.finish(Flex::gated(gate, up, activation)),
        }
    }

    fn turn(
        heads: FloatTensor<Self>,
        cosines: FloatTensor<Self>,
        sines: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let (cosines, sines) = (cosines.into_primitive(), sines.into_primitive());
        match Turn.prepare::<C>([heads.node()]).compute_bound().stateful() {
            OpsKind::Tracked(ready) => {
                let out = Flex::turn(heads.into_primitive(), cosines.clone(), sines.clone());
                ready.finish((cosines, sines), out)
            }
            OpsKind::UnTracked(ready) => {
                ready.finish(Flex::turn(heads.into_primitive(), cosines, sines))
            }
        }
    }

    fn attend(products: FloatTensor<Self>, sight: Sight) -> FloatTensor<Self> {
        let node = products.node();
        match Attend.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(ready) => {
                let out = Flex::attend(products.into_primitive(), sight.clone());
                ready.finish((out.clone(), sight), out)
            }
            OpsKind::UnTracked(ready) => {
                ready.finish(Flex::attend(products.into_primitive(), sight))
            }
        }
    }
}

#[derive(Debug)]
struct Norm;

impl Backward<Flex, 1> for Norm {
    /// Input, weight, epsilon.
    type State = (Flat, Flat, f64);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (rows, weight, epsilon) = ops.state;
        unary::<Flex, _>(ops.parents, ops.node, grads, |grad| {
            norm_backward(&rows, &weight, epsilon, &grad)
        });
    }
}

/// With f = 1 / √(mean(x²) + ε) and g = dy · weight: dx = f · g - x · f³ · mean(g · x).
fn norm_backward(rows: &Flat, weight: &Flat, epsilon: f64, grad: &Flat) -> Flat {
    let (rows, weight, grad) = (
        rows.to_contiguous(),
        weight.to_contiguous(),
        grad.to_contiguous(),
    );
    let (source, weights, grads) = (values(&rows), values(&weight), values(&grad));
    let width = weights.len().max(1);
    let epsilon = single(epsilon);
    let mut result = vec![0.0; source.len()];
    let piece = rows_of_piece(width) * width;
    result
        .par_chunks_mut(piece)
        .zip(source.par_chunks(piece).zip(grads.par_chunks(piece)))
        .for_each(|(result, (source, grads))| {
            Arch::new().dispatch(
                #[inline(always)]
                || {
                    let rows = source.chunks_exact(width).zip(grads.chunks_exact(width));
                    for (result, (row, grad)) in result.chunks_exact_mut(width).zip(rows) {
                        let factor = inverse_root(row, epsilon);
                        for (result, (grad, weight)) in
                            result.iter_mut().zip(grad.iter().zip(weights))
                        {
                            *result = grad * weight;
                        }
                        let mean = sum(result, row, |a, b| a * b) / width as f32;
                        let back = factor * factor * factor * mean;
                        for (result, value) in result.iter_mut().zip(row) {
                            *result = *result * factor - value * back;
                        }
                    }
                },
            );
        });
    tensor(result, &rows)
}

#[derive(Debug)]
struct Gated;

impl Backward<Flex, 2> for Gated {
    /// Gate, up, activation.
    type State = (Flat, Flat, Activation);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<Flex>(&ops.node);
        let (gate, up, activation) = ops.state;
        let (of_gate, of_up) = gated_backward(&gate, &up, activation, &grad);
        for (parent, grad) in ops.parents.into_iter().zip([of_gate, of_up]) {
            if let Some(parent) = parent {
                grads.register::<Flex>(parent.id, grad);
            }
        }
    }
}

fn gated_backward(gate: &Flat, up: &Flat, activation: Activation, grad: &Flat) -> (Flat, Flat) {
    let (gate, up, grad) = (
        gate.to_contiguous(),
        up.to_contiguous(),
        grad.to_contiguous(),
    );
    let (gates, ups, grads) = (values(&gate), values(&up), values(&grad));
    let mut of_gate = vec![0.0; gates.len()];
    let mut of_up = vec![0.0; gates.len()];
    let piece = rows_of_piece(1);
    let sources = gates
        .par_chunks(piece)
        .zip(ups.par_chunks(piece))
        .zip(grads.par_chunks(piece));
    of_gate
        .par_chunks_mut(piece)
        .zip(of_up.par_chunks_mut(piece))
        .zip(sources)
        .for_each(|((of_gate, of_up), ((gates, ups), grads))| {
            let source = Slices { gates, ups, grads };
            Arch::new().dispatch(
                #[inline(always)]
                || match activation {
                    Activation::Silu => source.derive(Activation::Silu, of_gate, of_up),
                    Activation::GeluTanh => source.derive(Activation::GeluTanh, of_gate, of_up),
                },
            );
        });
    (tensor(of_gate, &gate), tensor(of_up, &gate))
}

struct Slices<'a> {
    gates: &'a [f32],
    ups: &'a [f32],
    grads: &'a [f32],
}

impl Slices<'_> {
    #[inline(always)]
    fn derive(&self, activation: Activation, of_gate: &mut [f32], of_up: &mut [f32]) {
        let sources = self.gates.iter().zip(self.ups).zip(self.grads);
        let results = of_gate.iter_mut().zip(of_up);
        for ((of_gate, of_up), ((gate, up), grad)) in results.zip(sources) {
            let (value, slope) = activated(activation, *gate);
            *of_gate = grad * up * slope;
            *of_up = grad * value;
        }
    }
}

#[derive(Debug)]
struct Turn;

impl Backward<Flex, 1> for Turn {
    /// Cosines and sines.
    type State = (Flat, Flat);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (cosines, sines) = ops.state;
        unary::<Flex, _>(ops.parents, ops.node, grads, |grad| {
            turned(&grad, &cosines, &sines, -1.0)
        });
    }
}

#[derive(Debug)]
struct Attend;

impl Backward<Flex, 1> for Attend {
    /// What came out, and what rows see.
    type State = (Flat, Sight);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (out, sight) = ops.state;
        unary::<Flex, _>(ops.parents, ops.node, grads, |grad| {
            attend_backward(&out, &sight, &grad)
        });
    }
}

/// ds = p · (dp - Σ p · dp), where anything is seen.
fn attend_backward(out: &Flat, sight: &Sight, grad: &Flat) -> Flat {
    let (out, grad) = (out.to_contiguous(), grad.to_contiguous());
    let shape = out.shape();
    let &[_, heads, rows, keys] = shape.as_slice() else {
        return grad;
    };
    let (source, grads) = (values(&out), values(&grad));
    let mut result = vec![0.0; source.len()];
    let piece = rows_of_piece(keys);
    result
        .par_chunks_mut(piece * keys)
        .zip(
            source
                .par_chunks(piece * keys)
                .zip(grads.par_chunks(piece * keys)),
        )
        .enumerate()
        .for_each(|(number, (result, (source, grads)))| {
            let lines = source.chunks_exact(keys).zip(grads.chunks_exact(keys));
            let lines = result.chunks_exact_mut(keys).zip(lines);
            for (row, (result, (source, grads))) in (number * piece..).zip(lines) {
                let seen = sight.of(row / (heads * rows), row % rows);
                if let (Some(result), Some(source), Some(grads)) = (
                    result.get_mut(seen.clone()),
                    source.get(seen.clone()),
                    grads.get(seen),
                ) {
                    Arch::new().dispatch(
                        #[inline(always)]
                        || {
                            let mean = sum(source, grads, |a, b| a * b);
                            for (result, (value, grad)) in
                                result.iter_mut().zip(source.iter().zip(grads))
                            {
                                *result = value * (grad - mean);
                            }
                        },
                    );
                }
            }
        });
    tensor(result, &out)
}
