//! Grouped attention with rotary positions.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::softmax;

use super::cache::LayerCache;
use super::frame::{Frame, View};
use super::norm::RmsNorm;
use super::projection::Projection;
use crate::kernel;

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

        let query = self.heads_of(query, self.heads, self.query_norm.as_ref(), frame);
        let query = view.queries.turn(query);
        let key = self.heads_of(key, self.kv_heads, self.key_norm.as_ref(), frame);
        let key = view.keys.turn(key);
        let value = value.reshape([batch, length, self.kv_heads, self.head_width]);
        let (key, value) = match cache {
            Some(cache) => cache.append(key, value),
            None => (key, value),
        };

        // The heads of a group as rows of one matrix, so that keys and values are not repeated.
        let group = self.heads / self.kv_heads;
        let query =
            query
                .swap_dims(1, 2)
                .reshape([batch, self.kv_heads, group * length, self.head_width]);
        let products = query.matmul(key.permute([0, 2, 3, 1]));
        let shares = if kernel::fused(&products) {
            kernel::attend(products, view.sight.clone())
        } else {
            softmax(
                match &view.mask {
                    Some(mask) => products + mask.clone(),
                    None => products,
                },
                3,
            )
        };
        let seen = shares.matmul(value.swap_dims(1, 2));
        let seen = seen
            .reshape([batch, self.heads, length, self.head_width])
            .swap_dims(1, 2)
            .reshape([batch * length, self.heads * self.head_width]);
        self.output.forward(seen)
    }

    /// `[batch, length, heads, head_width]`, normed where the model does.
    fn heads_of(
        &self,
        rows: Tensor<2>,
        heads: usize,
        norm: Option<&RmsNorm>,
        frame: &Frame,
    ) -> Tensor<4> {
        let (batch, length, width) = (frame.batch, frame.length, self.head_width);
        let rows = match norm {
            Some(norm) => norm.forward(rows.reshape([batch * length * heads, width])),
            None => rows,
        };
        rows.reshape([batch, length, heads, width])
    }
}
