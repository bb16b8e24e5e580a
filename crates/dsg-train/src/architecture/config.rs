//! Sizes and constants of a model.

use super::{Architecture, LayerWeight, Weight};

/// The sizes and constants of a model, from its `config.json` or the keys of its GGUF file.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ModelConfig {
    /// The family.
    pub architecture: Architecture,
    /// Rows of the embedding. May be more than the tokenizer has tokens.
    pub vocabulary: usize,
    /// Length of a hidden state.
    pub width: usize,
    /// Number of blocks.
    pub layers: usize,
    /// Heads of the query.
    pub heads: usize,
    /// Heads of key and value, of which each serves `heads / kv_heads` of the query.
    pub kv_heads: usize,
    /// Length of a head; `heads · head_width` need not be the width.
    pub head_width: usize,
    /// Length of what the feed-forward part computes between its matrices.
    pub inner: usize,
    /// Most tokens of a sequence.
    pub context: usize,
    /// What is added to the mean square in a norm.
    pub norm_epsilon: f64,
    /// What the products of query and key are multiplied by.
    pub attention_scale: f64,
    /// Base of the rotary frequencies.
    pub rope_base: f64,
    /// How these are changed for longer contexts.
    pub rope_scaling: RopeScaling,
    /// Layers that see a window only.
    pub local: Option<Local>,
    /// Whether the head is the embedding.
    pub tied: bool,
}

/// Layers whose tokens see themselves and the `window - 1` before them.
#[derive(Debug, Clone, PartialEq)]
pub struct Local {
    /// Tokens that a token sees.
    pub window: usize,
    /// Base of the rotary frequencies in these layers; never scaled.
    pub rope_base: f64,
    /// Which layers they are, one entry a layer.
    pub layers: Vec<bool>,
}

/// How rotary frequencies are changed for contexts longer than those of pre-training.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum RopeScaling {
    /// Not at all.
    None,
    /// All are divided by a factor.
    Linear(f64),
    /// Each is divided by a factor of its own, `head_width / 2` of them.
    Factors(Vec<f64>),
}

impl ModelConfig {
    /// What is wrong with it: a field and what it would have to be.
    pub(crate) fn problem(&self) -> Option<(&'static str, String)> {
        let sizes = [
            ("vocabulary", self.vocabulary),
            ("width", self.width),
            ("layers", self.layers),
            ("heads", self.heads),
            ("kv_heads", self.kv_heads),
            ("head_width", self.head_width),
            ("inner", self.inner),
            ("context", self.context),
        ];
        if let Some((field, _)) = sizes.iter().find(|(_, size)| *size == 0) {
            return Some((field, "must not be 0".to_owned()));
        }
        if let Some((field, size)) = sizes.iter().find(|(_, size)| *size > MOST) {
            return Some((field, format!("is {size}, more than {MOST}")));
        }
        if !self.heads.is_multiple_of(self.kv_heads) {
            let problem = format!("must divide the number of heads, {}", self.heads);
            return Some(("kv_heads", problem));
        }
        if !self.head_width.is_multiple_of(2) {
            return Some(("head_width", "must be even".to_owned()));
        }
        let positive = [
            ("norm_epsilon", self.norm_epsilon),
            ("attention_scale", self.attention_scale),
            ("rope_base", self.rope_base),
            (
                "local rope_base",
                self.local.as_ref().map_or(1.0, |local| local.rope_base),
            ),
        ];
        if let Some((field, value)) = positive
            .iter()
            .find(|(_, value)| !(value.is_finite() && *value > 0.0))
        {
            return Some((field, format!("is {value}, but must be more than 0")));
        }
        if self.local.as_ref().is_some_and(|local| local.window == 0) {
            return Some(("window", "must not be 0".to_owned()));
        }
        None
    }

    /// Length of a query, over all heads.
    pub const fn query_width(&self) -> usize {
        self.heads * self.head_width
    }

    /// Length of a key or value, over all heads.
    pub const fn kv_width(&self) -> usize {
        self.kv_heads * self.head_width
    }

    /// What embeddings are multiplied by. In single precision, as llama.cpp does; transformers rounds it to the type of the weights.
    pub fn embedding_scale(&self) -> Option<f64> {
        self.architecture
            .scales_embeddings()
            .then(|| (self.width as f64).sqrt())
    }

    /// The window of a layer; `None` where it sees everything before it.
    pub fn window(&self, layer: usize) -> Option<usize> {
        let local = self.local.as_ref()?;
        local
            .layers
            .get(layer)
            .is_some_and(|is_local| *is_local)
            .then_some(local.window)
    }

    /// The weights that such a model has, in the order of their use.
    pub fn weights(&self) -> Vec<Weight> {
        let mut weights = vec![Weight::Embedding];
        for layer in 0..self.layers {
            let parts = LayerWeight::ALL.iter();
            weights.extend(
                parts
                    .filter(|part| part.is_in(self.architecture))
                    .map(|part| Weight::Layer(layer, *part)),
            );
        }
        weights.push(Weight::OutputNorm);
        if !self.tied {
            weights.push(Weight::Head);
        }
        weights
    }

    /// The shape of a weight: rows and columns of a matrix, or the length of a vector.
    pub fn shape(&self, weight: Weight) -> Vec<usize> {
        match weight {
            Weight::Embedding | Weight::Head => vec![self.vocabulary, self.width],
            Weight::OutputNorm => vec![self.width],
            Weight::Layer(_, part) => match part {
                LayerWeight::Query => vec![self.query_width(), self.width],
                LayerWeight::Key | LayerWeight::Value => vec![self.kv_width(), self.width],
                LayerWeight::QueryBias => vec![self.query_width()],
                LayerWeight::KeyBias | LayerWeight::ValueBias => vec![self.kv_width()],
                LayerWeight::Output => vec![self.width, self.query_width()],
                LayerWeight::Gate | LayerWeight::Up => vec![self.inner, self.width],
                LayerWeight::Down => vec![self.width, self.inner],
                LayerWeight::QueryNorm | LayerWeight::KeyNorm => vec![self.head_width],
                LayerWeight::AttentionNorm
                | LayerWeight::BehindAttentionNorm
                | LayerWeight::FeedForwardNorm
                | LayerWeight::BehindFeedForwardNorm => vec![self.width],
            },
        }
    }

    /// Number of values of all weights.
    pub fn parameters(&self) -> u64 {
        let values = |weight| {
            self.shape(weight)
                .iter()
                .map(|n| *n as u64)
                .product::<u64>()
        };
        self.weights().into_iter().map(values).sum()
    }
}

/// Larger sizes are damage; their products stay within 64 bits.
const MOST: usize = 1 << 30;
