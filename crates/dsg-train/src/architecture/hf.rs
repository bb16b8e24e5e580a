//! `config.json`, as transformers writes it: version 4 with `rope_theta` and `rope_scaling`, version 5 with `rope_parameters`.

use std::path::Path;

use serde_json::{Map, Value};

use super::field::Fields;
use super::{Architecture, Local, ModelConfig, RopeScaling};
use crate::error::TrainError;

/// The configuration in `map`, which is the content of the file at `path`.
pub(crate) fn from_hf(path: &Path, map: &Map<String, Value>) -> Result<ModelConfig, TrainError> {
    let fields = Fields {
        path,
        prefix: "",
        map,
    };
    let name = fields
        .text("model_type")?
        .ok_or_else(|| fields.error("model_type", "is missing"))?;
    let architecture = Architecture::ALL
        .into_iter()
        .find(|architecture| architecture.hf_name() == name)
        .ok_or_else(|| TrainError::Architecture {
            path: path.to_path_buf(),
            architecture: name.to_owned(),
            supported: Architecture::names(Architecture::hf_name),
        })?;
    let gemma = architecture == Architecture::Gemma3;
    refuse_unsupported(&fields, architecture)?;

    let width = fields.required_size("hidden_size")?;
    let heads = fields.required_size("num_attention_heads")?;
    let layers = fields.required_size("num_hidden_layers")?;
    // Defaults are those of the classes in transformers, which leave out what is equal to them.
    let head_width = match (fields.size("head_dim")?, architecture) {
        (Some(width), _) => width,
        (None, Architecture::Gemma3) => 256,
        (None, Architecture::Qwen3) => 128,
        (None, _) => width.checked_div(heads).unwrap_or_default(),
    };
    let rope = Rope::read(&fields, architecture, head_width)?;
    let scale_of = if gemma {
        fields.number("query_pre_attn_scalar")?.unwrap_or(256.0)
    } else {
        head_width as f64
    };
    let config = ModelConfig {
        architecture,
        vocabulary: fields.required_size("vocab_size")?,
        width,
        layers,
        heads,
        kv_heads: fields.size("num_key_value_heads")?.unwrap_or(heads),
        head_width,
        inner: fields.required_size("intermediate_size")?,
        context: fields.required_size("max_position_embeddings")?,
        norm_epsilon: fields.number("rms_norm_eps")?.unwrap_or(1e-6),
        attention_scale: scale_of.powf(-0.5),
        rope_base: rope.base,
        rope_scaling: rope.scaling,
        local: if gemma {
            Some(local(&fields, layers, rope.local_base)?)
        } else {
            None
        },
        tied: fields.flag("tie_word_embeddings")?.unwrap_or(gemma),
    };
    match config.problem() {
        None => Ok(config),
        Some((field, problem)) => Err(fields.error(hf_field(field), problem)),
    }
}

fn refuse_unsupported(fields: &Fields<'_>, architecture: Architecture) -> Result<(), TrainError> {
    let off = |value: &Value| *value == Value::Bool(false);
    fields.refuse("mlp_bias", off)?;
    fields.refuse("use_sliding_window", off)?;
    fields.refuse("attn_logit_softcapping", |_| false)?;
    fields.refuse("final_logit_softcapping", |_| false)?;
    fields.refuse("use_bidirectional_attention", off)?;
    fields.refuse("quantization_config", |_| false)?;
    fields.refuse("attention_bias", |value| {
        value.as_bool() == Some(architecture.has_biases()) || off(value)
    })?;
    if architecture == Architecture::Gemma3 {
        fields.refuse("hidden_activation", |value| value == "gelu_pytorch_tanh")
    } else {
        fields.refuse("hidden_act", |value| value == "silu")?;
        // Written by transformers 5 for all; other than full attention is Gemma's here.
        fields.refuse("layer_types", |value| {
            let kinds = value.as_array().map(Vec::as_slice).unwrap_or_default();
            kinds.iter().all(|kind| kind == "full_attention")
        })
    }
}

fn local(fields: &Fields<'_>, layers: usize, rope_base: f64) -> Result<Local, TrainError> {
    let is_local = match fields.list("layer_types")? {
        Some(kinds) if kinds.len() == layers => kinds
            .iter()
            .map(|kind| match kind.as_str() {
                Some("sliding_attention") => Ok(true),
                Some("full_attention") => Ok(false),
                _ => Err(fields.error("layer_types", format!("has the unknown kind {kind}"))),
            })
            .collect::<Result<_, _>>()?,
        Some(kinds) => {
            let problem = format!("has {} entries for {layers} layers", kinds.len());
            return Err(fields.error("layer_types", problem));
        }
        None => {
            let pattern = match fields.size("sliding_window_pattern")? {
                Some(pattern) => pattern,
                None => fields.size("_sliding_window_pattern")?.unwrap_or(6),
            };
            pattern_of(pattern, layers)
        }
    };
    Ok(Local {
        window: fields.size("sliding_window")?.unwrap_or(4096),
        rope_base,
        layers: is_local,
    })
}

/// Every `pattern`-th layer sees everything, the others a window; with a pattern of 0, all see everything.
pub(super) fn pattern_of(pattern: usize, layers: usize) -> Vec<bool> {
    (1..=layers)
        .map(|layer| pattern > 0 && !layer.is_multiple_of(pattern))
        .collect()
}

struct Rope {
    base: f64,
    local_base: f64,
    scaling: RopeScaling,
}

impl Rope {
    fn read(
        fields: &Fields<'_>,
        architecture: Architecture,
        head_width: usize,
    ) -> Result<Self, TrainError> {
        let default = if architecture == Architecture::Gemma3 {
            1e6
        } else {
            1e4
        };
        let parameters = fields.object("rope_parameters", "rope_parameters.")?;
        let (global, local) = match parameters {
            Some(all) => match all.object("full_attention", "rope_parameters.full_attention.")? {
                Some(global) => {
                    let local =
                        all.object("sliding_attention", "rope_parameters.sliding_attention.")?;
                    (Some(global), local)
                }
                None => (Some(all), None),
            },
            None => (fields.object("rope_scaling", "rope_scaling.")?, None),
        };
        let base = match global.map(|rope| rope.number("rope_theta")).transpose()? {
            Some(Some(base)) => base,
            _ => fields.number("rope_theta")?.unwrap_or(default),
        };
        let local_base = match local.map(|rope| rope.number("rope_theta")).transpose()? {
            Some(Some(base)) => base,
            _ => fields.number("rope_local_base_freq")?.unwrap_or(1e4),
        };
        if let Some(local) = local {
            local.refuse("rope_type", |kind| kind == "default")?;
        }
        let scaling = match global {
            Some(rope) => scaling(&rope, base, head_width)?,
            None => RopeScaling::None,
        };
        Ok(Self {
            base,
            local_base,
            scaling,
        })
    }
}

fn scaling(rope: &Fields<'_>, base: f64, head_width: usize) -> Result<RopeScaling, TrainError> {
    let kind = match rope.text("rope_type")? {
        Some(kind) => kind,
        None => rope.text("type")?.unwrap_or("default"),
    };
    let need = |field: &str| {
        rope.number(field)?
            .ok_or_else(|| rope.error(field, "is missing"))
    };
    match kind {
        "default" => Ok(RopeScaling::None),
        "linear" => Ok(RopeScaling::Linear(need("factor")?)),
        "llama3" => Ok(RopeScaling::Factors(llama3(
            base,
            head_width,
            need("factor")?,
            need("low_freq_factor")?,
            need("high_freq_factor")?,
            need("original_max_position_embeddings")?,
        ))),
        other => Err(rope.error("rope_type", format!("is `{other}`, which is not supported"))),
    }
}

/// Llama 3's factors: long waves are stretched by `factor`, short ones not, those between by a mix.
fn llama3(
    base: f64,
    head_width: usize,
    factor: f64,
    low: f64,
    high: f64,
    original: f64,
) -> Vec<f64> {
    (0..head_width / 2)
        .map(|pair| {
            let frequency = base.powf(-2.0 * pair as f64 / head_width as f64);
            let waves = original * frequency / std::f64::consts::TAU;
            if waves > high {
                1.0
            } else if waves < low {
                factor
            } else {
                let smooth = (waves - low) / (high - low);
                1.0 / ((1.0 - smooth) / factor + smooth)
            }
        })
        .collect()
}

/// The name in `config.json` of a field of [`ModelConfig`].
fn hf_field(field: &'static str) -> &'static str {
    match field {
        "vocabulary" => "vocab_size",
        "width" => "hidden_size",
        "layers" => "num_hidden_layers",
        "heads" => "num_attention_heads",
        "kv_heads" => "num_key_value_heads",
        "head_width" => "head_dim",
        "inner" => "intermediate_size",
        "context" => "max_position_embeddings",
        "norm_epsilon" => "rms_norm_eps",
        "attention_scale" => "query_pre_attn_scalar",
        "rope_base" => "rope_theta",
        "local rope_base" => "rope_local_base_freq",
        "window" => "sliding_window",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<ModelConfig, String> {
        let map = serde_json::from_str(json).unwrap();
        from_hf(Path::new("m/config.json"), &map).map_err(|error| error.to_string())
    }

    const LLAMA: &str = r#"{"model_type": "llama", "hidden_size": 576, "intermediate_size": 1536, "num_attention_heads": 9,
        "num_hidden_layers": 30, "num_key_value_heads": 3, "max_position_embeddings": 8192, "rms_norm_eps": 1e-05, "rope_theta": 100000,
        "tie_word_embeddings": true, "vocab_size": 49152, "rope_scaling": null, "attention_bias": false}"#;

    #[test]
    fn a_llama_is_read() {
        let config = read(LLAMA).unwrap();
        assert_eq!((config.head_width, config.kv_width()), (64, 192));
        assert!(config.tied && (config.rope_base - 1e5).abs() < 1e-9);
        assert!((config.attention_scale - 0.125).abs() < 1e-12);
        assert_eq!(config.parameters(), 134_515_008);
    }

    #[test]
    fn both_ways_of_rotary_parameters_are_read() {
        let five = LLAMA.replace(
            r#""rope_theta": 100000"#,
            r#""rope_parameters": {"rope_theta": 100000, "rope_type": "default"}"#,
        );
        assert_eq!(read(&five), read(LLAMA));
        let gemma = |rope: &str| {
            read(&format!(
                r#"{{"model_type": "gemma3_text", "hidden_size": 640, "intermediate_size": 2048, "num_attention_heads": 4,
                "num_hidden_layers": 18, "num_key_value_heads": 1, "max_position_embeddings": 32768, "vocab_size": 262144,
                "sliding_window": 512, "hidden_activation": "gelu_pytorch_tanh", {rope}}}"#
            ))
            .unwrap()
        };
        let four = gemma(r#""rope_theta": 1000000, "rope_local_base_freq": 10000"#);
        let five = gemma(
            r#""rope_parameters": {"full_attention": {"rope_theta": 1000000, "rope_type": "default"},
            "sliding_attention": {"rope_theta": 10000, "rope_type": "default"}}"#,
        );
        assert_eq!(four, five);
        assert_eq!(four.window(4), Some(512));
        assert_eq!(four.window(5), None);
        assert_eq!(four.parameters(), 268_098_176);
    }

    #[test]
    fn what_changes_the_model_and_is_not_supported_is_refused() {
        for (field, value) in [
            ("hidden_act", r#""gelu""#),
            ("mlp_bias", "true"),
            ("attention_bias", "true"),
            ("use_sliding_window", "true"),
            ("rope_scaling", r#"{"rope_type": "yarn", "factor": 2}"#),
            ("quantization_config", "{}"),
        ] {
            let json = LLAMA
                .replace(
                    r#""rope_scaling": null, "attention_bias": false"#,
                    "\"_\": 0",
                )
                .replace("\"_\": 0", &format!("\"{field}\": {value}"));
            let error = read(&json).unwrap_err();
            assert!(error.contains("m/config.json"), "{error}");
            assert!(error.contains("not supported"), "{error}");
        }
    }

    #[test]
    fn errors_name_the_field() {
        let error = |from: &str, to: &str| read(&LLAMA.replace(from, to)).unwrap_err();
        assert_eq!(
            error(r#""llama""#, r#""mamba""#),
            "`m/config.json` is a model of architecture `mamba`; supported are llama, qwen2, qwen3, gemma3_text"
        );
        assert_eq!(
            error(r#""hidden_size": 576,"#, ""),
            "`m/config.json`: `hidden_size` is missing"
        );
        assert_eq!(
            error("576", "\"wide\""),
            "`m/config.json`: `hidden_size` is \"wide\" and no size"
        );
        assert_eq!(
            error(r#""num_key_value_heads": 3"#, r#""num_key_value_heads": 2"#),
            "`m/config.json`: `num_key_value_heads` must divide the number of heads, 9"
        );
        assert_eq!(
            error(r#""num_attention_heads": 9"#, r#""num_attention_heads": 0"#),
            "`m/config.json`: `num_attention_heads` must not be 0"
        );
    }

    #[test]
    fn llama_3_stretches_long_waves_only() {
        let factors = llama3(5e5, 128, 8.0, 1.0, 4.0, 8192.0);
        assert!((factors[0] - 1.0).abs() < 1e-12 && (factors[63] - 8.0).abs() < 1e-12);
        assert!(factors.windows(2).all(|pair| pair[0] <= pair[1]));
    }
}
