//! Grouped attention with rotary positions.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::softmax;

use super::cache::LayerCache;
use super::frame::{Frame, View};
use super::norm::RmsNorm;
use super::projection::Projection;

/// Attention of several heads, of which groups share keys and values (Ainslie et al. 2023).
#[derive(Module, Debug)]
pub struct Attention {
    /// `[heads · head_width, width]`.
    pub query: Projection,
    /// `[kv_heads · head_width, width]`.
    pub key: Projection,
    /// As `key`.
    pub value: Projection,
    /// `[width, heads · head_width]`.
    pub output: Projection,
    pub(super) query_norm: Option<RmsNorm>,
    pub(super) key_norm: Option<RmsNorm>,
    pub(super) heads: usize,
    pub(super) kv_heads: usize,
    pub(super) head_width: usize,
    pub(super) scale: f64,
}

impl Attention {
    /// `[rows, width]` for inputs of `[rows, width]`.
    pub(super) fn forward(
        &self,
        rows: Tensor<2>,
        frame: &Frame,
        view: &View,
        cache: Option<&mut LayerCache>,
    ) -> Tensor<2> {
        let (batch, length) = (frame.batch, frame.length);
        let query = self.query.forward(rows.clone());
        let key = self.key.forward(rows.clone());
        let value = self.value.forward(rows);

        let query = self.turned(query, self.heads, self.query_norm.as_ref(), frame, view);
        let key = self.turned(key, self.kv_heads, self.key_norm.as_ref(), frame, view);
        let value = value.reshape([batch, length, self.kv_heads, self.head_width]);
        let (key, value) = match cache {
            Some(cache) => cache.append(key, value),
            None => (key, value),
        };

        // The heads of a group as rows of one matrix, so that keys and values are not repeated.
        let group = self.heads / self.kv_heads;
        let query = query.mul_scalar(self.scale).swap_dims(1, 2).reshape([
            batch,
            self.kv_heads,
            group * length,
            self.head_width,
        ]);
        let mut products = query.matmul(key.permute([0, 2, 3, 1]));
        if let Some(mask) = &view.mask {
            products = products + mask.clone();
        }
        let seen = softmax(products, 3).matmul(value.swap_dims(1, 2));
        let seen = seen
            .reshape([batch, self.heads, length, self.head_width])
            .swap_dims(1, 2)
            .reshape([batch * length, self.heads * self.head_width]);
        self.output.forward(seen)
    }

    fn turned(
        &self,
        rows: Tensor<2>,
        heads: usize,
        norm: Option<&RmsNorm>,
        frame: &Frame,
        view: &View,
    ) -> Tensor<4> {
        let (batch, length, width) = (frame.batch, frame.length, self.head_width);
        let rows = match norm {
            Some(norm) => norm
                .forward(rows.reshape([batch * length * heads, width]))
                .reshape([batch, length, heads, width]),
            None => rows.reshape([batch, length, heads, width]),
        };
        view.angles.turn(rows)
    }
}
