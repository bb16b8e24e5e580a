//! A configuration as the keys of a GGUF file: what `from_gguf` reads, in the order of llama.cpp's converter.

use dsg_gguf::RawValue;

use super::gguf::{default_scale, gguf_key};
use super::hf::pattern_of;
use super::{Architecture, ModelConfig, RopeScaling};
use crate::error::TrainError;

/// The pattern of Gemma 3's local layers that llama.cpp takes where a file says none.
const GEMMA_PATTERN: usize = 6;

/// The keys under the architecture's name.
///
/// # Errors
/// [`TrainError::Unsupported`] for a model of which llama.cpp would compute something else.
pub(crate) fn gguf_keys(
    config: &ModelConfig,
) -> Result<Vec<(String, RawValue<'static>)>, TrainError> {
    let mut keys = Keys {
        prefix: config.architecture.gguf_name(),
        keys: Vec::new(),
    };
    for (field, size) in [
        ("layers", config.layers),
        ("context", config.context),
        ("width", config.width),
        ("inner", config.inner),
        ("heads", config.heads),
        ("kv_heads", config.kv_heads),
    ] {
        keys.size(gguf_key(field), size);
    }
    match &config.rope_scaling {
        RopeScaling::None => {}
        RopeScaling::Linear(factor) => {
            keys.add("rope.scaling.type", "linear");
            keys.number("rope.scaling.factor", *factor);
        }
        RopeScaling::Factors(_) if config.architecture == Architecture::Llama => {}
        RopeScaling::Factors(_) => {
            return Err(TrainError::Unsupported {
                problem: "llama.cpp reads rotary factors (the scaling `llama3`) in models of the architecture llama only",
            });
        }
    }
    keys.number(gguf_key("rope_base"), config.rope_base);
    keys.number(gguf_key("norm_epsilon"), config.norm_epsilon);
    keys.size(gguf_key("head_width"), config.head_width);
    keys.size("attention.value_length", config.head_width);
    if config.architecture == Architecture::Llama {
        keys.size(gguf_key("vocabulary"), config.vocabulary);
        keys.size("rope.dimension_count", config.head_width);
    }
    scale(config)?;
    local(config, &mut keys)?;
    Ok(keys.keys)
}

/// The scale of attention has no key in these architectures.
fn scale(config: &ModelConfig) -> Result<(), TrainError> {
    let expected = default_scale(
        config.architecture,
        config.layers,
        config.width,
        config.heads,
        config.head_width,
    );
    if (config.attention_scale - expected).abs() > 1e-6 * expected {
        return Err(TrainError::Unsupported {
            problem: "llama.cpp scales attention by the width of a head, and this model by something else (`query_pre_attn_scalar`)",
        });
    }
    Ok(())
}

/// The layers that see a window, where there are any.
fn local(config: &ModelConfig, keys: &mut Keys) -> Result<(), TrainError> {
    let Some(local) = &config.local else {
        return Ok(());
    };
    if !local.layers.contains(&true) {
        return Ok(());
    }
    let is_pattern = |pattern: &usize| pattern_of(*pattern, config.layers) == local.layers;
    let mut patterns = std::iter::once(GEMMA_PATTERN).chain(2..=config.layers + 1);
    let pattern = patterns
        .find(is_pattern)
        .ok_or(TrainError::Unsupported {
            problem: "its local layers (`layer_types`) follow no pattern such as five local ones before each that sees everything",
        })?;
    keys.number(gguf_key("local rope_base"), local.rope_base);
    keys.size(gguf_key("window"), local.window);
    if pattern != GEMMA_PATTERN {
        keys.size("attention.sliding_window_pattern", pattern);
    }
    Ok(())
}

/// Keys of one architecture.
struct Keys {
    prefix: &'static str,
    keys: Vec<(String, RawValue<'static>)>,
}

impl Keys {
    fn add(&mut self, key: &str, value: impl Into<RawValue<'static>>) {
        self.keys
            .push((format!("{}.{key}", self.prefix), value.into()));
    }

    fn size(&mut self, key: &str, size: usize) {
        // Sizes of a checked configuration are below 2^31.
        self.add(key, u32::try_from(size).unwrap_or(u32::MAX));
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "the format has 32 bits for it"
    )]
    fn number(&mut self, key: &str, number: f64) {
        self.add(key, number as f32);
    }
}
