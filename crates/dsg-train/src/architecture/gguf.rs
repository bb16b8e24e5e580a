//! The keys of a GGUF file, as llama.cpp's converter writes and llama.cpp reads them.

use dsg_gguf::{Gguf, Value};

use super::hf::pattern_of;
use super::{Architecture, Local, ModelConfig, RopeScaling, Weight};
use crate::error::TrainError;

/// Factors of rotary frequencies, which files of Llama 3.1 and later carry as a tensor.
pub(crate) const ROPE_FACTORS: &str = "rope_freqs.weight";

/// The configuration of the model in `file`.
pub(crate) fn from_gguf(file: &Gguf) -> Result<ModelConfig, TrainError> {
    let key = "general.architecture";
    let name = file
        .text(key)
        .ok_or_else(|| error(file, key, "is missing or no text"))?;
    let architecture = Architecture::ALL
        .into_iter()
        .find(|architecture| architecture.gguf_name() == name)
        .ok_or_else(|| TrainError::Architecture {
            path: file.path().to_path_buf(),
            architecture: name.to_owned(),
            supported: Architecture::names(Architecture::gguf_name),
        })?;
    let keys = Keys { file, architecture };
    let gemma = architecture == Architecture::Gemma3;

    let width = keys.required("embedding_length")?;
    let heads = keys.required("attention.head_count")?;
    let layers = keys.required("block_count")?;
    let head_width = match keys.size("attention.key_length")? {
        Some(width) => width,
        None => width.checked_div(heads).unwrap_or_default(),
    };
    if keys
        .size("attention.value_length")?
        .is_some_and(|width| width != head_width)
    {
        return Err(keys.error("attention.value_length", "is not that of keys"));
    }
    let embedding = Weight::Embedding.gguf_name();
    let vocabulary = file
        .tensor(&embedding)
        .ok_or_else(|| TrainError::MissingTensor {
            path: file.path().to_path_buf(),
            tensor: embedding,
        })?
        .shape()
        .get(1)
        .and_then(|rows| usize::try_from(*rows).ok())
        .unwrap_or_default();
    for key in ["attn_logit_softcapping", "final_logit_softcapping"] {
        if keys.number(key)?.is_some_and(|cap| cap != 0.0) {
            return Err(keys.error(key, "is set, which is not supported"));
        }
    }
    let config = ModelConfig {
        architecture,
        vocabulary,
        width,
        layers,
        heads,
        kv_heads: keys.size("attention.head_count_kv")?.unwrap_or(heads),
        head_width,
        inner: keys.required("feed_forward_length")?,
        context: keys.required("context_length")?,
        norm_epsilon: keys
            .number("attention.layer_norm_rms_epsilon")?
            .ok_or_else(|| keys.error("attention.layer_norm_rms_epsilon", "is missing"))?,
        attention_scale: match keys.number("attention.scale")? {
            Some(scale) if scale != 0.0 => scale,
            _ => default_scale(architecture, layers, width, heads, head_width),
        },
        rope_base: keys
            .number("rope.freq_base")?
            .unwrap_or(if gemma { 1e6 } else { 1e4 }),
        rope_scaling: keys.scaling(head_width)?,
        local: if gemma { keys.local(layers)? } else { None },
        tied: file.tensor(&Weight::Head.gguf_name()).is_none(),
    };
    match config.problem() {
        None => Ok(config),
        Some((field, problem)) => Err(keys.error(gguf_key(field), problem)),
    }
}

/// What llama.cpp multiplies the products of query and key with where a file does not say: it knows Gemma 3 27B by its layers, which scales by
/// the width over the heads.
pub(super) fn default_scale(
    architecture: Architecture,
    layers: usize,
    width: usize,
    heads: usize,
    head_width: usize,
) -> f64 {
    let of_27b = width
        .checked_div(heads)
        .filter(|_| architecture == Architecture::Gemma3 && layers == 62);
    (of_27b.unwrap_or(head_width) as f64).powf(-0.5)
}

fn error(file: &Gguf, key: impl Into<String>, problem: impl Into<String>) -> TrainError {
    TrainError::Field {
        path: file.path().to_path_buf(),
        field: key.into(),
        problem: problem.into(),
    }
}

/// The keys of an architecture.
struct Keys<'a> {
    file: &'a Gguf,
    architecture: Architecture,
}

impl Keys<'_> {
    fn full(&self, key: &str) -> String {
        format!("{}.{key}", self.architecture.gguf_name())
    }

    fn error(&self, key: &str, problem: impl Into<String>) -> TrainError {
        error(self.file, self.full(key), problem)
    }

    fn size(&self, key: &str) -> Result<Option<usize>, TrainError> {
        let Some(value) = self.file.value(&self.full(key)) else {
            return Ok(None);
        };
        let size = value.as_u64().and_then(|size| usize::try_from(size).ok());
        match size {
            Some(size) => Ok(Some(size)),
            None => Err(self.error(key, "is no size")),
        }
    }

    fn required(&self, key: &str) -> Result<usize, TrainError> {
        self.size(key)?.ok_or_else(|| self.error(key, "is missing"))
    }

    fn number(&self, key: &str) -> Result<Option<f64>, TrainError> {
        match self.file.value(&self.full(key)) {
            None => Ok(None),
            Some(Value::F32(number)) => Ok(Some(shortest(number))),
            Some(Value::F64(number)) => Ok(Some(number)),
            Some(_) => Err(self.error(key, "is no floating-point number")),
        }
    }

    fn scaling(&self, head_width: usize) -> Result<RopeScaling, TrainError> {
        if let Some(tensor) = self.file.tensor(ROPE_FACTORS) {
            let factors = self.file.values(tensor)?;
            let factors: Vec<f64> = factors.into_iter().map(f64::from).collect();
            return if factors.len() == head_width / 2 {
                Ok(RopeScaling::Factors(factors))
            } else {
                Err(TrainError::TensorShape {
                    path: self.file.path().to_path_buf(),
                    tensor: ROPE_FACTORS.to_owned(),
                    expected: vec![head_width / 2],
                    actual: vec![factors.len()],
                })
            };
        }
        match self.file.text(&self.full("rope.scaling.type")) {
            None | Some("none") => Ok(RopeScaling::None),
            Some("linear") => match self.number("rope.scaling.factor")? {
                Some(factor) if factor.is_finite() && factor > 0.0 => {
                    Ok(RopeScaling::Linear(factor))
                }
                _ => Err(self.error("rope.scaling.factor", "must be more than 0")),
            },
            Some(other) => {
                let problem = format!("is `{other}`, which is not supported");
                Err(self.error("rope.scaling.type", problem))
            }
        }
    }

    fn local(&self, layers: usize) -> Result<Option<Local>, TrainError> {
        let window = match self.size("attention.sliding_window")? {
            Some(window) if window > 0 => window,
            _ => return Ok(None),
        };
        let pattern = self.size("attention.sliding_window_pattern")?.unwrap_or(6);
        Ok(Some(Local {
            window,
            rope_base: self.number("rope.freq_base_swa")?.unwrap_or(1e4),
            layers: pattern_of(pattern, layers),
        }))
    }
}

/// The number that was meant: 1e-6 is stored as its nearest single, whose decimals go on otherwise as a double.
fn shortest(number: f32) -> f64 {
    number
        .to_string()
        .parse()
        .unwrap_or_else(|_| f64::from(number))
}

/// The key of a field of [`ModelConfig`], for reading, writing and errors.
pub(super) fn gguf_key(field: &'static str) -> &'static str {
    match field {
        "vocabulary" => "vocab_size",
        "width" => "embedding_length",
        "layers" => "block_count",
        "heads" => "attention.head_count",
        "kv_heads" => "attention.head_count_kv",
        "head_width" => "attention.key_length",
        "inner" => "feed_forward_length",
        "context" => "context_length",
        "norm_epsilon" => "attention.layer_norm_rms_epsilon",
        "attention_scale" => "attention.scale",
        "rope_base" => "rope.freq_base",
        "local rope_base" => "rope.freq_base_swa",
        "window" => "attention.sliding_window",
        other => other,
    }
}
