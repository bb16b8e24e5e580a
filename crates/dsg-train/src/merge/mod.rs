//! A base model with an adapter in it, as a model of its own.

mod config_json;

use std::fs;
use std::io;
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use dsg_core::artifact::{write_atomic, write_json};
use serde_json::{Map, Value, json};

use crate::adapter::{LoraWeights, Site};
use crate::architecture::{ModelConfig, Weight};
use crate::error::TrainError;
use crate::source::Source;
use crate::template::ChatTemplate;

/// What a folder has besides weights and configuration, where it is copied from one.
const BESIDE: [&str; 11] = [
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "generation_config.json",
    "chat_template.jinja",
    "chat_template.json",
    "LICENSE",
];

/// Writes the model of `source` with `adapter` merged into it as a Hugging Face folder: weights in single precision, `config.json`, the files of
/// the tokenizer and the chat template. Without an adapter it is the base model in that form. Computed in single precision, one matrix at a time.
///
/// # Errors
/// Those of reading the model; [`TrainError::TensorShape`] and [`TrainError::Format`] for an adapter of another model;
/// [`TrainError::Unsupported`] for a GGUF file whose rotary factors a `config.json` cannot say; [`TrainError::Artifact`] when a file cannot be
/// written.
pub fn merge(source: &Source, adapter: Option<&LoraWeights>, out: &Path) -> Result<(), TrainError> {
    let config = source.config();
    if let Some(adapter) = adapter {
        check(config, adapter)?;
    }
    write_weights(source, adapter, &out.join("model.safetensors"))?;
    if source.gguf().is_some() {
        beside_of_gguf(source, out)
    } else {
        beside_of_folder(source, out)
    }
}

/// Copies the tokenizer's files and what else a folder has beside its weights, but for `config.json`; a GGUF file has none.
///
/// # Errors
/// [`TrainError::Io`] and [`TrainError::Artifact`] for files that cannot be read or written.
pub fn copy_beside(source: &Source, out: &Path) -> Result<(), TrainError> {
    if source.gguf().is_some() {
        return Ok(());
    }
    for name in BESIDE {
        let from = source.path().join(name);
        if from.is_file() {
            let bytes = fs::read(&from).map_err(TrainError::io(&from, "read"))?;
            write_atomic(&out.join(name), |file| file.write_all(&bytes))?;
        }
    }
    Ok(())
}

/// The files beside a folder's weights, as they are, but for the weights' type in `config.json`.
fn beside_of_folder(source: &Source, out: &Path) -> Result<(), TrainError> {
    copy_beside(source, out)?;
    let from = source.path().join("config.json");
    let text = fs::read(&from).map_err(TrainError::io(&from, "read"))?;
    let mut object: Map<String, Value> =
        serde_json::from_slice(&text).map_err(|error| TrainError::Format {
            path: from,
            what: "configuration",
            problem: error.to_string(),
        })?;
    // The name that it has had, and the one that it has now.
    let name = if object.contains_key("dtype") {
        "dtype"
    } else {
        "torch_dtype"
    };
    object.insert(name.to_owned(), json!("float32"));
    object.remove("quantization_config");
    Ok(write_json(&out.join("config.json"), &object)?)
}

/// The files that a folder has beside its weights, out of a GGUF file's metadata.
fn beside_of_gguf(source: &Source, out: &Path) -> Result<(), TrainError> {
    let tokenizer = source.tokenizer()?;
    let template = source.template()?;
    let text = tokenizer.to_json()?;
    write_atomic(&out.join("tokenizer.json"), |file| {
        file.write_all(text.as_bytes())
    })?;
    let about = config_json::tokenizer(
        &tokenizer.special_texts(),
        template.as_ref().map(ChatTemplate::source),
    );
    write_json(&out.join("tokenizer_config.json"), &about)?;
    let mut object = config_json::model(source.config(), &tokenizer)?;
    let name = source.gguf().and_then(|file| file.text("general.name"));
    if let Some(name) = name {
        object.insert("_name_or_path".to_owned(), json!(name));
    }
    Ok(write_json(&out.join("config.json"), &object)?)
}

/// Whether the adapter fits, before anything is written.
pub(crate) fn check(config: &ModelConfig, adapter: &LoraWeights) -> Result<(), TrainError> {
    for (site, weights) in adapter.sites() {
        let wrong =
            |name: &str, expected: [usize; 2], actual: [usize; 2]| TrainError::TensorShape {
                path: adapter.origin().to_path_buf(),
                tensor: format!("{site}.{name}"),
                expected: expected.to_vec(),
                actual: actual.to_vec(),
            };
        if site.layer >= config.layers {
            return Err(TrainError::Format {
                path: adapter.origin().to_path_buf(),
                what: "adapter of this model",
                problem: format!("the model has no `{site}`"),
            });
        }
        let rank = adapter.config().rank;
        let shape = config.shape(Weight::Layer(site.layer, site.target.weight()));
        let (&[outputs, inputs] | &[outputs, inputs, ..]) = shape.as_slice() else {
            continue;
        };
        if weights.a.dims() != [rank, inputs] {
            return Err(wrong("lora_A", [rank, inputs], weights.a.dims()));
        }
        if weights.b.dims() != [outputs, rank] {
            return Err(wrong("lora_B", [outputs, rank], weights.b.dims()));
        }
    }
    Ok(())
}

/// The file of weights, with one of them in memory at a time.
fn write_weights(
    source: &Source,
    adapter: Option<&LoraWeights>,
    path: &Path,
) -> Result<(), TrainError> {
    let config = source.config();
    let weights = config.weights();
    let mut header = Map::new();
    header.insert("__metadata__".to_owned(), json!({"format": "pt"}));
    let mut end = 0_u64;
    for weight in &weights {
        let shape = config.shape(*weight);
        let start = end;
        end += shape.iter().map(|n| *n as u64).product::<u64>() * size_of::<f32>() as u64;
        header.insert(
            weight.hf_name(config.architecture),
            json!({"dtype": "F32", "shape": shape, "data_offsets": [start, end]}),
        );
    }
    let mut header = serde_json::to_vec(&header)
        .map_err(|error| TrainError::compute("write the header of a file of weights", &error))?;
    // Data begin at a multiple of 8.
    header.resize(header.len().next_multiple_of(8), b' ');
    write_atomic(path, |out| {
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(&header)?;
        for weight in &weights {
            let values = values(source, adapter, *weight).map_err(io::Error::other)?;
            for values in values.chunks(1 << 16) {
                let bytes: Vec<u8> = values
                    .iter()
                    .flat_map(|value| value.to_le_bytes())
                    .collect();
                out.write_all(&bytes)?;
            }
        }
        Ok(())
    })?;
    Ok(())
}

/// A weight as Hugging Face's files have it, with the adapter's part.
fn values(
    source: &Source,
    adapter: Option<&LoraWeights>,
    weight: Weight,
) -> Result<Vec<f32>, TrainError> {
    let mut values = merged(source, adapter, weight)?;
    if weight.is_norm() && source.config().architecture.stores_norms_less_one() {
        for value in &mut values {
            *value -= 1.0;
        }
    }
    Ok(values)
}

/// The site of `adapter` that changes a weight.
pub(crate) fn site_of(adapter: Option<&LoraWeights>, weight: Weight) -> Option<Site> {
    let Weight::Layer(layer, part) = weight else {
        return None;
    };
    let site = Site::of(layer, part)?;
    adapter?.sites().contains_key(&site).then_some(site)
}

/// A weight as [`Source::values`] has it, with the adapter's part; finite.
pub(crate) fn merged(
    source: &Source,
    adapter: Option<&LoraWeights>,
    weight: Weight,
) -> Result<Vec<f32>, TrainError> {
    let values = source.values(weight)?;
    let Some((adapter, site)) = adapter.zip(site_of(adapter, weight)) else {
        return Ok(values);
    };
    let matrix = Tensor::from_data(
        TensorData::new(values, source.config().shape(weight)),
        &Device::flex(),
    );
    let values: Vec<f32> = adapter
        .merged(site, matrix)
        .into_data()
        .try_into_vec()
        .map_err(|error| TrainError::compute("read a merged matrix", &error))?;
    match values.iter().find(|value| !value.is_finite()) {
        None => Ok(values),
        Some(value) => Err(TrainError::Format {
            path: adapter.origin().to_path_buf(),
            what: "adapter of this model",
            problem: format!("with it, `{}` has {value}", weight.gguf_name()),
        }),
    }
}
