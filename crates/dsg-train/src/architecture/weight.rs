//! The weights of a model and their names in files.

use super::Architecture;

/// A weight of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Weight {
    /// One row a token.
    Embedding,
    /// The norm before the head.
    OutputNorm,
    /// The head, of models whose head is not the embedding.
    Head,
    /// A part of a block, which are counted from 0.
    Layer(usize, LayerWeight),
}

/// A weight of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum LayerWeight {
    AttentionNorm,
    Query,
    QueryBias,
    QueryNorm,
    Key,
    KeyBias,
    KeyNorm,
    Value,
    ValueBias,
    Output,
    BehindAttentionNorm,
    FeedForwardNorm,
    Gate,
    Up,
    Down,
    BehindFeedForwardNorm,
}

/// The matrices that adapters may be attached to, in the order of their use.
pub const PROJECTIONS: [LayerWeight; 7] = [
    LayerWeight::Query,
    LayerWeight::Key,
    LayerWeight::Value,
    LayerWeight::Output,
    LayerWeight::Gate,
    LayerWeight::Up,
    LayerWeight::Down,
];

impl LayerWeight {
    /// All of them, in the order of their use.
    pub const ALL: [Self; 16] = [
        Self::AttentionNorm,
        Self::Query,
        Self::QueryBias,
        Self::QueryNorm,
        Self::Key,
        Self::KeyBias,
        Self::KeyNorm,
        Self::Value,
        Self::ValueBias,
        Self::Output,
        Self::BehindAttentionNorm,
        Self::FeedForwardNorm,
        Self::Gate,
        Self::Up,
        Self::Down,
        Self::BehindFeedForwardNorm,
    ];

    /// Whether blocks of this architecture have it.
    pub const fn is_in(self, architecture: Architecture) -> bool {
        match self {
            Self::QueryBias | Self::KeyBias | Self::ValueBias => architecture.has_biases(),
            Self::QueryNorm | Self::KeyNorm => architecture.has_head_norms(),
            Self::BehindAttentionNorm | Self::BehindFeedForwardNorm => {
                architecture.has_norms_behind()
            }
            _ => true,
        }
    }

    /// Whether it is a norm.
    pub const fn is_norm(self) -> bool {
        matches!(
            self,
            Self::AttentionNorm
                | Self::QueryNorm
                | Self::KeyNorm
                | Self::BehindAttentionNorm
                | Self::FeedForwardNorm
                | Self::BehindFeedForwardNorm
        )
    }

    /// Its name in a block of Hugging Face's files, as in `self_attn.q_proj`.
    pub const fn hf_module(self, architecture: Architecture) -> &'static str {
        match self {
            Self::AttentionNorm => "input_layernorm",
            Self::Query | Self::QueryBias => "self_attn.q_proj",
            Self::QueryNorm => "self_attn.q_norm",
            Self::Key | Self::KeyBias => "self_attn.k_proj",
            Self::KeyNorm => "self_attn.k_norm",
            Self::Value | Self::ValueBias => "self_attn.v_proj",
            Self::Output => "self_attn.o_proj",
            Self::BehindAttentionNorm => "post_attention_layernorm",
            Self::FeedForwardNorm => match architecture {
                Architecture::Gemma3 => "pre_feedforward_layernorm",
                _ => "post_attention_layernorm",
            },
            Self::Gate => "mlp.gate_proj",
            Self::Up => "mlp.up_proj",
            Self::Down => "mlp.down_proj",
            Self::BehindFeedForwardNorm => "post_feedforward_layernorm",
        }
    }

    /// Its name in a block of GGUF files, as in `attn_q`.
    pub const fn gguf_module(self) -> &'static str {
        match self {
            Self::AttentionNorm => "attn_norm",
            Self::Query | Self::QueryBias => "attn_q",
            Self::QueryNorm => "attn_q_norm",
            Self::Key | Self::KeyBias => "attn_k",
            Self::KeyNorm => "attn_k_norm",
            Self::Value | Self::ValueBias => "attn_v",
            Self::Output => "attn_output",
            Self::BehindAttentionNorm => "post_attention_norm",
            Self::FeedForwardNorm => "ffn_norm",
            Self::Gate => "ffn_gate",
            Self::Up => "ffn_up",
            Self::Down => "ffn_down",
            Self::BehindFeedForwardNorm => "post_ffw_norm",
        }
    }

    const fn suffix(self) -> &'static str {
        match self {
            Self::QueryBias | Self::KeyBias | Self::ValueBias => "bias",
            _ => "weight",
        }
    }
}

impl Weight {
    /// Its tensor in Hugging Face's files.
    pub fn hf_name(self, architecture: Architecture) -> String {
        match self {
            Self::Embedding => "model.embed_tokens.weight".to_owned(),
            Self::OutputNorm => "model.norm.weight".to_owned(),
            Self::Head => "lm_head.weight".to_owned(),
            Self::Layer(layer, part) => {
                let module = part.hf_module(architecture);
                format!("model.layers.{layer}.{module}.{}", part.suffix())
            }
        }
    }

    /// Its tensor in GGUF files.
    pub fn gguf_name(self) -> String {
        match self {
            Self::Embedding => "token_embd.weight".to_owned(),
            Self::OutputNorm => "output_norm.weight".to_owned(),
            Self::Head => "output.weight".to_owned(),
            Self::Layer(layer, part) => {
                format!("blk.{layer}.{}.{}", part.gguf_module(), part.suffix())
            }
        }
    }

    /// Whether it is a norm.
    pub const fn is_norm(self) -> bool {
        match self {
            Self::OutputNorm => true,
            Self::Layer(_, part) => part.is_norm(),
            Self::Embedding | Self::Head => false,
        }
    }

    /// Whether its rows are rotated, so that GGUF files of some architectures store them in pairs.
    pub const fn is_rotated(self) -> bool {
        matches!(
            self,
            Self::Layer(
                _,
                LayerWeight::Query
                    | LayerWeight::Key
                    | LayerWeight::QueryBias
                    | LayerWeight::KeyBias
            )
        )
    }
}
