//! A folder as `save_pretrained` writes it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::safetensor::Safetensors;
use crate::architecture::{ModelConfig, from_hf};
use crate::error::TrainError;
use crate::template::SpecialTexts;
use crate::tokenizer::special_texts;

const CONFIG: &str = "config.json";
const WEIGHTS: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";
const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
const TEMPLATE: &str = "chat_template.jinja";
const TEMPLATE_JSON: &str = "chat_template.json";
/// What a model is read from beside its weights, by its tokenizer too.
const BESIDE: [&str; 6] = [
    CONFIG,
    "generation_config.json",
    "tokenizer.json",
    TOKENIZER_CONFIG,
    TEMPLATE,
    TEMPLATE_JSON,
];

/// The folder with its files of weights opened.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    files: Vec<Safetensors>,
    /// Numbers of `files` by tensor.
    tensors: BTreeMap<String, usize>,
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, TrainError> {
        let mut folder = Self {
            path: path.to_path_buf(),
            files: Vec::new(),
            tensors: BTreeMap::new(),
        };
        let single = path.join(WEIGHTS);
        let index = path.join(INDEX);
        if single.is_file() || !index.is_file() {
            let file = Safetensors::open(&single)?;
            folder.tensors = file.names().into_iter().map(|name| (name, 0)).collect();
            folder.files.push(file);
            return Ok(folder);
        }
        folder.open_shards(&index)?;
        Ok(folder)
    }

    fn open_shards(&mut self, index: &Path) -> Result<(), TrainError> {
        let damaged = |problem: String| TrainError::Format {
            path: index.to_path_buf(),
            what: "index of weights",
            problem,
        };
        let map = read_object(index, "index of weights")?;
        let map = map
            .get("weight_map")
            .and_then(Value::as_object)
            .ok_or_else(|| damaged("`weight_map` is no object".to_owned()))?;
        let mut numbers = BTreeMap::new();
        for (tensor, shard) in map {
            let shard = shard
                .as_str()
                // A name of a file beside it and of nothing else.
                .filter(|name| !name.contains(['/', '\\']) && !name.starts_with('.'))
                .ok_or_else(|| damaged(format!("`{tensor}` is in no file but {shard}")))?;
            let number = if let Some(number) = numbers.get(shard) {
                *number
            } else {
                self.files.push(Safetensors::open(&self.path.join(shard))?);
                let number = self.files.len() - 1;
                numbers.insert(shard, number);
                number
            };
            self.tensors.insert(tensor.clone(), number);
        }
        Ok(())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Every file that the model may be read from, in the same order every time; those beside the weights may be missing.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let weights = self.files.iter().map(|file| file.path().to_path_buf());
        let beside = BESIDE.iter().map(|name| self.path.join(name));
        weights.chain(beside).collect()
    }

    pub(super) fn config(&self) -> Result<ModelConfig, TrainError> {
        let path = self.path.join(CONFIG);
        from_hf(&path, &read_object(&path, "configuration")?)
    }

    /// The file that has a tensor, the folder if none has.
    pub(super) fn file_of(&self, tensor: &str) -> &Path {
        let file = self.tensors.get(tensor);
        file.and_then(|number| self.files.get(*number))
            .map_or(&self.path, Safetensors::path)
    }

    pub(super) fn values(&self, name: &str, expected: &[usize]) -> Result<Vec<f32>, TrainError> {
        let file = self.tensors.get(name);
        match file.and_then(|number| self.files.get(*number)) {
            Some(file) => file.values(name, expected),
            None => Err(TrainError::MissingTensor {
                path: self.path.clone(),
                tensor: name.to_owned(),
            }),
        }
    }

    /// The chat template and the texts of special tokens that it may name.
    pub(super) fn template(&self) -> Result<(Option<String>, SpecialTexts), TrainError> {
        let path = self.path.join(TOKENIZER_CONFIG);
        let texts = special_texts(&self.path)?;
        let own = self.path.join(TEMPLATE);
        if own.is_file() {
            let template = fs::read_to_string(&own).map_err(TrainError::io(&own, "read"))?;
            return Ok((Some(template), texts));
        }
        let own = self.path.join(TEMPLATE_JSON);
        if own.is_file() {
            let object = read_object(&own, "chat template")?;
            return Ok((object.get("chat_template").and_then(chosen), texts));
        }
        if !path.is_file() {
            return Ok((None, texts));
        }
        let config = read_object(&path, "configuration of a tokenizer")?;
        Ok((config.get("chat_template").and_then(chosen), texts))
    }
}

/// A template, or the default one of several.
fn chosen(value: &Value) -> Option<String> {
    match value {
        Value::String(template) => Some(template.clone()),
        Value::Array(several) => {
            let named = |name: &str| {
                let found = several
                    .iter()
                    .find(|entry| entry.get("name") == Some(&name.into()))?;
                found.get("template")?.as_str()
            };
            named("default").map(str::to_owned)
        }
        _ => None,
    }
}

/// The object in a JSON file.
pub(crate) fn read_object(
    path: &Path,
    what: &'static str,
) -> Result<Map<String, Value>, TrainError> {
    let text = fs::read_to_string(path).map_err(TrainError::io(path, "read"))?;
    serde_json::from_str(&text).map_err(|error| TrainError::Format {
        path: path.to_path_buf(),
        what,
        problem: error.to_string(),
    })
}
