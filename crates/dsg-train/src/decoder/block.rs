//! A layer.

use burn::module::Module;
use burn::tensor::Tensor;

use super::attention::Attention;
use super::cache::LayerCache;
use super::feed_forward::FeedForward;
use super::frame::Frame;
use super::norm::RmsNorm;
use super::projection::Projection;
use crate::architecture::LayerWeight;

/// Attention and feed-forward part, each behind a norm and added to what came in.
#[derive(Module, Debug)]
pub struct Block {
    /// Its attention.
    pub attention: Attention,
    /// Its feed-forward part.
    pub feed_forward: FeedForward,
    pub(super) attention_norm: RmsNorm,
    pub(super) behind_attention: Option<RmsNorm>,
    pub(super) feed_forward_norm: RmsNorm,
    pub(super) behind_feed_forward: Option<RmsNorm>,
    pub(super) local: bool,
}

impl Block {
    /// `[rows, width]` for inputs of `[rows, width]`.
    pub fn forward(&self, rows: Tensor<2>, frame: &Frame) -> Tensor<2> {
        self.forward_with(rows, frame, None)
    }

    pub(super) fn forward_with(
        &self,
        rows: Tensor<2>,
        frame: &Frame,
        cache: Option<&mut LayerCache>,
    ) -> Tensor<2> {
        let behind = |norm: &Option<RmsNorm>, rows: Tensor<2>| match norm {
            Some(norm) => norm.forward(rows),
            None => rows,
        };
        let view = frame.view(self.local);
        let normed = self.attention_norm.forward(rows.clone());
        let attended = self.attention.forward(normed, frame, view, cache);
        let rows = rows + behind(&self.behind_attention, attended);
        let normed = self.feed_forward_norm.forward(rows.clone());
        let fed = self.feed_forward.forward(normed);
        rows + behind(&self.behind_feed_forward, fed)
    }

    /// Whether an adapter is attached to any of its projections.
    pub(crate) fn has_adapter(&self) -> bool {
        let projections = self.projections();
        projections
            .iter()
            .any(|(_, projection)| projection.adapter().is_some())
    }

    /// Its projections, in the order of their use.
    pub const fn projections(&self) -> [(LayerWeight, &Projection); 7] {
        [
            (LayerWeight::Query, &self.attention.query),
            (LayerWeight::Key, &self.attention.key),
            (LayerWeight::Value, &self.attention.value),
            (LayerWeight::Output, &self.attention.output),
            (LayerWeight::Gate, &self.feed_forward.gate),
            (LayerWeight::Up, &self.feed_forward.up),
            (LayerWeight::Down, &self.feed_forward.down),
        ]
    }

    /// The same, to attach adapters.
    pub const fn projections_mut(&mut self) -> [(LayerWeight, &mut Projection); 7] {
        [
            (LayerWeight::Query, &mut self.attention.query),
            (LayerWeight::Key, &mut self.attention.key),
            (LayerWeight::Value, &mut self.attention.value),
            (LayerWeight::Output, &mut self.attention.output),
            (LayerWeight::Gate, &mut self.feed_forward.gate),
            (LayerWeight::Up, &mut self.feed_forward.up),
            (LayerWeight::Down, &mut self.feed_forward.down),
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use burn::tensor::{Device, Tensor, TensorData};
    use dsg_core::Seed;

    use super::super::frame::Layout;
    use super::super::rotary::Rotary;
    use super::*;
    use crate::architecture::{Activation, RopeScaling};
    use crate::kernel::COMPOSED;

    const WIDTH: usize = 24;
    const HEAD: usize = 10;
    const HEADS: usize = 4;
    const KV_HEADS: usize = 2;

    fn random<const D: usize>(name: &str, shape: [usize; D], scale: f32) -> Tensor<D> {
        let seed = Seed(3).derive("random", name);
        let values: Vec<f32> = (0..shape.iter().product())
            .map(|n: usize| {
                let unit = seed.derive("value", &n.to_string()).unit();
                #[allow(clippy::cast_possible_truncation, reason = "any number does")]
                let unit = unit as f32;
                (unit - 0.5) * 2.0 * scale
            })
            .collect();
        Tensor::from_data(TensorData::new(values, shape), &Device::flex().autodiff())
    }

    fn block(activation: Activation, local: bool) -> Block {
        let projection = |name: &str, outputs: usize, inputs: usize| {
            Projection::new(random(name, [outputs, inputs], 0.5), None)
        };
        let norm = |name: &str, width: usize| {
            RmsNorm::new(random(name, [width], 0.3).add_scalar(1.0), 1e-6)
        };
        Block {
            attention: Attention {
                query: projection("q", HEADS * HEAD, WIDTH),
                key: projection("k", KV_HEADS * HEAD, WIDTH),
                value: projection("v", KV_HEADS * HEAD, WIDTH),
                output: projection("o", WIDTH, HEADS * HEAD),
                query_norm: local.then(|| norm("qn", HEAD)),
                key_norm: local.then(|| norm("kn", HEAD)),
                heads: HEADS,
                kv_heads: KV_HEADS,
                head_width: HEAD,
            },
            feed_forward: FeedForward {
                gate: projection("g", 37, WIDTH),
                up: projection("u", 37, WIDTH),
                down: projection("d", WIDTH, 37),
                activation,
            },
            attention_norm: norm("an", WIDTH),
            behind_attention: local.then(|| norm("ba", WIDTH)),
            feed_forward_norm: norm("fn", WIDTH),
            behind_feed_forward: local.then(|| norm("bf", WIDTH)),
            local,
        }
    }

    /// Where the samples of two sequences of 21 tokens begin.
    fn borders() -> Arc<[usize]> {
        let begin = |token| match token {
            8..11 => 8,
            11..21 => 11,
            _ => 0,
        };
        (0..42_usize).map(begin).collect()
    }

    /// What a block returns for a batch of two sequences of 21 tokens, and the gradient of its input.
    fn pass(
        activation: Activation,
        local: bool,
        borders: Option<&Arc<[usize]>>,
        composed: bool,
    ) -> [Vec<f32>; 2] {
        COMPOSED.set(composed);
        let device = Device::flex().autodiff();
        let rotary = |base| Rotary::new(base, &RopeScaling::None, HEAD, 64, &device);
        let (global, near) = (rotary(1e4), rotary(1e2));
        let layout = Layout {
            global: &global,
            local: Some((&near, 6)),
            group: HEADS / KV_HEADS,
            scale: 0.3,
            masks: composed.then(|| device.clone()),
        };
        let frame = Frame::new(&layout, 2, 21, 0, borders);
        let input = random("x", [42, WIDTH], 1.0).require_grad();
        let out = block(activation, local).forward(input.clone(), &frame);
        let gradients = (out.clone() * random("w", [42, WIDTH], 1.0))
            .sum()
            .backward();
        COMPOSED.set(false);
        let gradient = input.grad(&gradients).unwrap();
        [out, gradient].map(|t| t.into_data().try_into_vec::<f32>().unwrap())
    }

    #[test]
    fn fused_and_composed_operations_compute_the_same() {
        let borders = borders();
        let cases = [Activation::Silu, Activation::GeluTanh].map(|activation| {
            [false, true]
                .map(|local| [None, Some(&borders)].map(|borders| (activation, local, borders)))
        });
        for (activation, local, borders) in cases.into_iter().flatten().flatten() {
            let fused = pass(activation, local, borders, false);
            let composed = pass(activation, local, borders, true);
            for (what, (fused, composed)) in ["value", "gradient"]
                .iter()
                .zip(fused.iter().zip(&composed))
            {
                let largest = composed.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
                let apart = fused
                    .iter()
                    .zip(composed)
                    .map(|(a, b)| (a - b).abs())
                    .fold(0.0, f32::max);
                assert!(
                    largest > 0.5 && apart < 2e-5 * largest,
                    "{what} of {activation:?}, local {local}, {borders:?}: {apart} of {largest}"
                );
            }
        }
    }

    #[test]
    fn samples_of_a_sequence_do_not_see_each_other() {
        let borders = borders();
        for local in [false, true] {
            let [alone, _] = pass(Activation::Silu, local, None, false);
            let [packed, _] = pass(Activation::Silu, local, Some(&borders), false);
            let apart = |tokens: std::ops::Range<usize>| {
                let values = tokens.start * WIDTH..tokens.end * WIDTH;
                let pairs = alone[values.clone()].iter().zip(&packed[values]);
                pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
            };
            // What has nothing before it sees what it saw; the first token of a second sample does not.
            assert!(apart(0..8) < 1e-5 && apart(21..42) < 1e-5);
            assert!(apart(8..9) > 1e-2 && apart(11..12) > 1e-2);
        }
    }
}
