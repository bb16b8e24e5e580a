//! What a model is: an [`Architecture`] says which parts a block has, a [`ModelConfig`] how large they are.

mod config;
mod field;
mod gguf;
mod hf;
mod rotary;
mod to_gguf;
mod weight;

pub use config::{Local, ModelConfig, RopeScaling};
pub use rotary::{halves_from_pairs, pairs_from_halves};
pub use weight::{LayerWeight, PROJECTIONS, Weight};

pub(crate) use gguf::{ROPE_FACTORS, from_gguf};
pub(crate) use hf::from_hf;
pub(crate) use to_gguf::gguf_keys;

/// A family of decoders, all of them pre-norm transformers with rotary positions, grouped heads and a gated feed-forward part.
/// What differs is said here and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Architecture {
    /// Llama 2 and 3, SmolLM2, TinyLlama and others of this form.
    Llama,
    /// Qwen2 and Qwen2.5: biases on query, key and value.
    Qwen2,
    /// Qwen3: norms on the heads of query and key.
    Qwen3,
    /// Gemma 3, text only: norms also behind attention and feed-forward part, sliding windows, scaled embeddings.
    Gemma3,
}

/// What the feed-forward part does to its gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `x · sigmoid(x)`.
    Silu,
    /// GELU by its approximation with tanh.
    GeluTanh,
}

impl Architecture {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Llama, Self::Qwen2, Self::Qwen3, Self::Gemma3];

    /// Its name in `general.architecture` of GGUF files, which is also the prefix of its keys there.
    pub const fn gguf_name(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
            Self::Gemma3 => "gemma3",
        }
    }

    /// Its name in `model_type` of `config.json`.
    pub const fn hf_name(self) -> &'static str {
        match self {
            Self::Gemma3 => "gemma3_text",
            other => other.gguf_name(),
        }
    }

    /// What the feed-forward part does to its gate.
    pub const fn activation(self) -> Activation {
        match self {
            Self::Gemma3 => Activation::GeluTanh,
            _ => Activation::Silu,
        }
    }

    /// Whether query, key and value have biases.
    pub const fn has_biases(self) -> bool {
        matches!(self, Self::Qwen2)
    }

    /// Whether each head of query and key is normed before it is rotated.
    pub const fn has_head_norms(self) -> bool {
        matches!(self, Self::Qwen3 | Self::Gemma3)
    }

    /// Whether what attention and feed-forward part return is normed before it is added.
    pub const fn has_norms_behind(self) -> bool {
        matches!(self, Self::Gemma3)
    }

    /// Whether Hugging Face's files store norms less one. GGUF files store them whole.
    pub const fn stores_norms_less_one(self) -> bool {
        matches!(self, Self::Gemma3)
    }

    /// Whether embeddings are multiplied by the square root of their width.
    pub const fn scales_embeddings(self) -> bool {
        matches!(self, Self::Gemma3)
    }

    /// Whether GGUF files store the rows of query and key in pairs ([`halves_from_pairs`]).
    pub const fn pairs_in_gguf(self) -> bool {
        matches!(self, Self::Llama)
    }

    /// The names of all, for errors.
    pub(crate) fn names(name: fn(Self) -> &'static str) -> String {
        Self::ALL.map(name).join(", ")
    }
}
