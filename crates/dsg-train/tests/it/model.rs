//! Tiny models of random weights, as a folder and as a GGUF file.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use dsg_core::Seed;
use dsg_gguf::{GgufWriter, RawValue, TensorType};
use dsg_train::Source;
use dsg_train::architecture::{Architecture, LayerWeight, ModelConfig, Weight, pairs_from_halves};
use safetensors::tensor::{Dtype, TensorView, serialize_to_file};
use serde_json::{Value, json};

/// Rows of the embeddings; some more than the tokenizers have tokens.
pub(crate) const VOCABULARY: usize = 300;
/// Tokens that local layers see.
pub(crate) const WINDOW: usize = 5;
pub(crate) const CONTEXT: usize = 40;

/// A model on disk and its values as [`Source::values`] has them.
pub(crate) struct Tiny {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) config: ModelConfig,
    pub(crate) values: BTreeMap<Weight, Vec<f32>>,
}

pub(crate) fn config_json(architecture: Architecture) -> Value {
    let gemma = architecture == Architecture::Gemma3;
    let mut config = json!({
        "model_type": architecture.hf_name(),
        "vocab_size": VOCABULARY,
        "hidden_size": 24,
        "intermediate_size": 40,
        // With Gemma's pattern the sixth layer sees all.
        "num_hidden_layers": if gemma { 7 } else { 2 },
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": CONTEXT,
        "rms_norm_eps": 1e-6,
        "rope_theta": 10_000.0,
        "head_dim": 8,
        "tie_word_embeddings": architecture != Architecture::Qwen3,
    });
    if gemma {
        config["rope_local_base_freq"] = json!(1000.0);
        config["sliding_window"] = json!(WINDOW);
        config["query_pre_attn_scalar"] = json!(8);
        config["hidden_activation"] = json!("gelu_pytorch_tanh");
    } else {
        config["hidden_act"] = json!("silu");
    }
    if architecture == Architecture::Llama {
        // Hugging Face's default is that of the others here.
        config.as_object_mut().unwrap().remove("head_dim");
        config["hidden_size"] = json!(32);
    }
    config
}

impl Tiny {
    pub(crate) fn new(architecture: Architecture) -> Self {
        Self::with(architecture, |_| {})
    }

    /// Of a size whose rows are whole blocks of quantized types.
    pub(crate) fn of_blocks(architecture: Architecture) -> Self {
        Self::with(architecture, |config| {
            config["hidden_size"] = json!(64);
            config["intermediate_size"] = json!(96);
            config["head_dim"] = json!(16);
        })
    }

    /// With its `config.json` changed.
    fn with(architecture: Architecture, change: impl FnOnce(&mut Value)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut json = config_json(architecture);
        change(&mut json);
        fs::write(folder.path().join("config.json"), json.to_string()).unwrap();
        // To learn the shapes.
        write_safetensors(&folder.path().join("model.safetensors"), &BTreeMap::new());
        let config = Source::open(folder.path()).unwrap().config().clone();
        let values = config
            .weights()
            .into_iter()
            .map(|weight| (weight, random(&config, weight)))
            .collect();
        let tiny = Self {
            folder,
            config,
            values,
        };
        write_safetensors(
            &tiny.folder.path().join("model.safetensors"),
            &tiny.hf_tensors(),
        );
        tiny
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn source(&self) -> Source {
        Source::open(self.path()).unwrap()
    }

    /// Tensors by name: shape and values, as Hugging Face stores them.
    pub(crate) fn hf_tensors(&self) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
        let architecture = self.config.architecture;
        let tensors = self.values.iter().map(|(weight, values)| {
            let mut values = values.clone();
            if weight.is_norm() && architecture.stores_norms_less_one() {
                for value in &mut values {
                    *value -= 1.0;
                }
            }
            (
                weight.hf_name(architecture),
                (self.config.shape(*weight), values),
            )
        });
        tensors.collect()
    }

    /// The model as a GGUF file beside, with tensors of one type where their rows allow it.
    pub(crate) fn gguf(&self, kind: TensorType, more: impl FnOnce(&mut GgufWriter)) -> PathBuf {
        let config = &self.config;
        let name = config.architecture.gguf_name();
        let mut writer = GgufWriter::new();
        writer.key("general.architecture", name).unwrap();
        let number = |n: usize| u32::try_from(n).unwrap();
        for (key, value) in [
            ("embedding_length", config.width),
            ("block_count", config.layers),
            ("feed_forward_length", config.inner),
            ("context_length", config.context),
            ("attention.head_count", config.heads),
            ("attention.head_count_kv", config.kv_heads),
            ("attention.key_length", config.head_width),
            ("attention.value_length", config.head_width),
        ] {
            writer.key(format!("{name}.{key}"), number(value)).unwrap();
        }
        let single = |value: f64| value as f32;
        let epsilon = format!("{name}.attention.layer_norm_rms_epsilon");
        writer.key(epsilon, single(config.norm_epsilon)).unwrap();
        let base = format!("{name}.rope.freq_base");
        writer.key(base, single(config.rope_base)).unwrap();
        if let Some(local) = &config.local {
            let key = format!("{name}.attention.sliding_window");
            writer.key(key, number(local.window)).unwrap();
            let key = format!("{name}.rope.freq_base_swa");
            writer.key(key, single(local.rope_base)).unwrap();
        }
        more(&mut writer);
        let mut tensors = BTreeMap::new();
        for (weight, values) in &self.values {
            let mut shape: Vec<u64> = config.shape(*weight).iter().map(|n| *n as u64).collect();
            shape.reverse();
            let kind = if shape.len() == 2 && shape[0].is_multiple_of(kind.block_values() as u64) {
                kind
            } else {
                TensorType::F32
            };
            let values = if weight.is_rotated() && config.architecture.pairs_in_gguf() {
                let columns = if shape.len() == 2 { config.width } else { 1 };
                pairs_from_halves(values, columns, config.head_width)
            } else {
                values.clone()
            };
            writer.tensor(weight.gguf_name(), kind, &shape).unwrap();
            tensors.insert(weight.gguf_name(), values);
        }
        let path = self.path().join("model.gguf");
        writer
            .write(&path, |tensor, out| {
                let mut bytes = vec![0; usize::try_from(tensor.bytes()).unwrap()];
                dsg_gguf::quantize(tensor.kind(), &tensors[tensor.name()], &mut bytes).unwrap();
                out.write_all(&bytes)
            })
            .unwrap();
        path
    }
}

/// Norms about 1, biases and matrices about 0, so that hidden states stay of the order of 1.
fn random(config: &ModelConfig, weight: Weight) -> Vec<f32> {
    let shape = config.shape(weight);
    let seed = Seed(7).derive("weights", &weight.gguf_name());
    let scale = match weight {
        _ if weight.is_norm() => 0.3,
        Weight::Layer(
            _,
            LayerWeight::QueryBias | LayerWeight::KeyBias | LayerWeight::ValueBias,
        ) => 0.5,
        Weight::Embedding | Weight::Head => 1.0,
        _ => 2.0 / (shape[1] as f64).sqrt(),
    };
    (0..shape.iter().product())
        .map(|n: usize| {
            let unit = seed.derive("value", &n.to_string()).unit() * 2.0 - 1.0;
            let middle = if weight.is_norm() { 1.0 } else { 0.0 };
            (unit * scale + middle) as f32
        })
        .collect()
}

pub(crate) fn write_safetensors(path: &Path, tensors: &BTreeMap<String, (Vec<usize>, Vec<f32>)>) {
    let bytes: BTreeMap<&String, Vec<u8>> = tensors
        .iter()
        .map(|(name, (_, values))| {
            (
                name,
                values
                    .iter()
                    .flat_map(|value| value.to_le_bytes())
                    .collect(),
            )
        })
        .collect();
    let views = tensors.iter().map(|(name, (shape, _))| {
        let view = TensorView::new(Dtype::F32, shape.clone(), &bytes[name]).unwrap();
        (name.clone(), view)
    });
    serialize_to_file(views.collect::<Vec<_>>(), None, path).unwrap();
}

/// A list of texts as a GGUF value.
pub(crate) fn texts<'a>(items: impl IntoIterator<Item = &'a str>) -> RawValue<'static> {
    RawValue::array(items)
}
