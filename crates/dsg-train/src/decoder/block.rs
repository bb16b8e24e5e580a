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
