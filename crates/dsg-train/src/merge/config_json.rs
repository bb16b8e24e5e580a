//! The JSON files of a folder for a model that comes from a GGUF file.

use serde_json::{Map, Value, json};

use crate::architecture::{Architecture, ModelConfig, RopeScaling};
use crate::error::TrainError;
use crate::template::SpecialTexts;
use crate::tokenizer::Tokenizer;

/// `config.json`.
pub(super) fn model(
    config: &ModelConfig,
    tokenizer: &Tokenizer,
) -> Result<Map<String, Value>, TrainError> {
    let class = match config.architecture {
        Architecture::Llama => "LlamaForCausalLM",
        Architecture::Qwen2 => "Qwen2ForCausalLM",
        Architecture::Qwen3 => "Qwen3ForCausalLM",
        Architecture::Gemma3 => "Gemma3ForCausalLM",
    };
    let mut object = Map::new();
    let mut set = |key: &str, value: Value| object.insert(key.to_owned(), value);
    set("architectures", json!([class]));
    set("model_type", json!(config.architecture.hf_name()));
    set("vocab_size", json!(config.vocabulary));
    set("hidden_size", json!(config.width));
    set("intermediate_size", json!(config.inner));
    set("num_hidden_layers", json!(config.layers));
    set("num_attention_heads", json!(config.heads));
    set("num_key_value_heads", json!(config.kv_heads));
    set("head_dim", json!(config.head_width));
    set("max_position_embeddings", json!(config.context));
    set("rms_norm_eps", json!(config.norm_epsilon));
    set("rope_theta", json!(config.rope_base));
    set("tie_word_embeddings", json!(config.tied));
    set("torch_dtype", json!("float32"));
    let ends = match tokenizer.ends() {
        [] => None,
        [end] => Some(json!(end)),
        several => Some(json!(several)),
    };
    if let Some(ends) = ends {
        set("eos_token_id", ends);
    }
    match &config.rope_scaling {
        RopeScaling::None => {}
        RopeScaling::Linear(factor) => {
            set(
                "rope_scaling",
                json!({"rope_type": "linear", "factor": factor}),
            );
        }
        RopeScaling::Factors(_) => {
            return Err(TrainError::Unsupported {
                problem: "`config.json` has no place for the rotary factors of this GGUF file; use the model's original folder as base",
            });
        }
    }
    if config.architecture == Architecture::Gemma3 {
        let scale = config.attention_scale;
        set("hidden_activation", json!("gelu_pytorch_tanh"));
        // An integer by its class, and 256.0 is none to transformers.
        let whole = format!("{:.0}", 1.0 / (scale * scale));
        set("query_pre_attn_scalar", json!(whole.parse::<u64>().ok()));
        if let Some(local) = &config.local {
            let kind = |is_local: &bool| {
                if *is_local {
                    "sliding_attention"
                } else {
                    "full_attention"
                }
            };
            let kinds: Vec<&str> = local.layers.iter().map(kind).collect();
            set("layer_types", json!(kinds));
            set("sliding_window", json!(local.window));
            set("rope_local_base_freq", json!(local.rope_base));
        }
    } else {
        set("hidden_act", json!("silu"));
        set("attention_bias", json!(config.architecture.has_biases()));
    }
    Ok(object)
}

/// `tokenizer_config.json`.
pub(super) fn tokenizer(texts: &SpecialTexts, template: Option<&str>) -> Value {
    let mut object = Map::new();
    object.insert(
        "tokenizer_class".to_owned(),
        json!("PreTrainedTokenizerFast"),
    );
    object.insert("clean_up_tokenization_spaces".to_owned(), json!(false));
    let named = [
        ("bos_token", &texts.bos),
        ("eos_token", &texts.eos),
        ("pad_token", &texts.pad),
        ("unk_token", &texts.unk),
    ];
    for (key, text) in named {
        if let Some(text) = text {
            object.insert(key.to_owned(), json!(text));
        }
    }
    if let Some(template) = template {
        object.insert("chat_template".to_owned(), json!(template));
    }
    Value::Object(object)
}
