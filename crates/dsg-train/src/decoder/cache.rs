//! Keys and values of tokens that were seen.

use burn::tensor::Tensor;

/// What a decoder keeps between passes, so that each token is computed once.
#[derive(Debug, Default)]
pub struct Cache {
    pub(super) layers: Vec<LayerCache>,
    pub(super) length: usize,
}

/// Keys and values of a layer, `[batch, length, kv_heads, head_width]`.
#[derive(Debug, Default)]
pub(super) struct LayerCache {
    kept: Option<(Tensor<4>, Tensor<4>)>,
}

impl Cache {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tokens in it.
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }
}

impl LayerCache {
    /// Adds what is new and returns all.
    pub(super) fn append(&mut self, key: Tensor<4>, value: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
        let all = match self.kept.take() {
            Some((keys, values)) => (
                Tensor::cat(vec![keys, key], 1),
                Tensor::cat(vec![values, value], 1),
            ),
            None => (key, value),
        };
        self.kept = Some(all.clone());
        all
    }
}
