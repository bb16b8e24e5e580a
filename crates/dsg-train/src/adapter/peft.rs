//! Adapters in the files of Hugging Face's PEFT: `adapter_config.json` and `adapter_model.safetensors`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use dsg_core::artifact::{read_json, write_atomic, write_json};
use half::{bf16, f16};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::config::{AdapterConfig, Site, Target};
use super::weights::{LoraWeights, SiteWeights};
use crate::error::TrainError;

const CONFIG: &str = "adapter_config.json";
const WEIGHTS: &str = "adapter_model.safetensors";
/// Before a module's name in the file.
const PREFIX: &str = "base_model.model.";
const A: &str = ".lora_A.weight";
const B: &str = ".lora_B.weight";
const MAGNITUDE: &str = ".lora_magnitude_vector";
const ZERO_PATTERNS: &str = "`rank_pattern` and `alpha_pattern` are not supported";

/// What dsg uses of PEFT's configuration; other fields are ignored when read.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default)]
struct PeftConfig {
    alpha_pattern: serde_json::Map<String, Value>,
    base_model_name_or_path: Option<String>,
    bias: String,
    fan_in_fan_out: bool,
    inference_mode: bool,
    init_lora_weights: Value,
    lora_alpha: Value,
    lora_dropout: f64,
    modules_to_save: Option<Vec<String>>,
    peft_type: String,
    r: usize,
    rank_pattern: serde_json::Map<String, Value>,
    target_modules: Value,
    task_type: Option<String>,
    use_dora: bool,
    use_rslora: bool,
}

impl Default for PeftConfig {
    fn default() -> Self {
        Self {
            alpha_pattern: serde_json::Map::new(),
            base_model_name_or_path: None,
            bias: "none".to_owned(),
            fan_in_fan_out: false,
            inference_mode: true,
            init_lora_weights: Value::Bool(true),
            lora_alpha: Value::from(8),
            lora_dropout: 0.0,
            modules_to_save: None,
            peft_type: String::new(),
            r: 8,
            rank_pattern: serde_json::Map::new(),
            target_modules: Value::Null,
            task_type: Some("CAUSAL_LM".to_owned()),
            use_dora: false,
            use_rslora: false,
        }
    }
}

impl LoraWeights {
    /// Reads an adapter from a `folder` in PEFT's layout onto a device.
    ///
    /// # Errors
    /// [`TrainError::Artifact`] and [`TrainError::Field`] for a configuration that is damaged or asks for what is not supported; for the weights,
    /// errors that name file and tensor: one that is missing, superfluous, of another shape than the configuration says, of a type that is not
    /// supported, or not finite.
    pub fn read(folder: &Path, device: &Device) -> Result<Self, TrainError> {
        let config = read_config(&folder.join(CONFIG))?;
        let path = folder.join(WEIGHTS);
        let bytes = fs::read(&path).map_err(TrainError::io(&path, "read"))?;
        let file = SafeTensors::deserialize(&bytes).map_err(|error| TrainError::Format {
            path: path.clone(),
            what: "safetensors file",
            problem: error.to_string(),
        })?;
        let mut names: BTreeSet<String> = file.names().into_iter().map(str::to_owned).collect();
        let modules: BTreeSet<String> = names
            .iter()
            .filter_map(|name| Some(name.strip_prefix(PREFIX)?.strip_suffix(A)?.to_owned()))
            .collect();
        let mut sites = BTreeMap::new();
        let mut targets = BTreeSet::new();
        for module in modules {
            let Some(site) = Site::from_module(&module) else {
                continue;
            };
            let mut take = |suffix: &str, shape: Shape| {
                let name = format!("{PREFIX}{module}{suffix}");
                names.remove(&name);
                let view = file.tensor(&name).map_err(|_| TrainError::MissingTensor {
                    path: path.clone(),
                    tensor: name.clone(),
                })?;
                matrix(&view, &path, &name, shape, device)
            };
            let a = take(A, Shape::Rows(config.rank))?;
            let b = take(B, Shape::Columns(config.rank))?;
            let [outputs, _] = b.dims();
            let magnitude = if config.dora {
                Some(take(MAGNITUDE, Shape::Vector(outputs))?)
            } else {
                None
            };
            targets.insert(site.target);
            sites.insert(site, SiteWeights::new(a, b, magnitude));
        }
        if let Some(name) = names.first() {
            return Err(TrainError::Format {
                path,
                what: "adapter of a model that dsg knows",
                problem: format!("tensor `{name}` belongs to none of its projections"),
            });
        }
        if sites.is_empty() {
            return Err(TrainError::Format {
                path,
                what: "adapter",
                problem: "it holds none".to_owned(),
            });
        }
        let targets = Target::ALL
            .into_iter()
            .filter(|target| targets.contains(target));
        let config = AdapterConfig {
            targets: targets.collect(),
            ..config
        };
        Self::from_sites(config, &path, sites)
    }

    /// Writes the adapter into `folder` in PEFT's layout: f32, and the configuration last. `base` is what PEFT loads as the base model where
    /// nobody names one.
    ///
    /// # Errors
    /// [`TrainError::Artifact`] naming the file.
    pub fn write(&self, folder: &Path, base: Option<&str>) -> Result<(), TrainError> {
        let mut tensors = Vec::new();
        for (site, weights) in self.sites() {
            let name = |suffix| format!("{PREFIX}{site}{suffix}");
            tensors.push((name(A), weights.a.dims().to_vec(), bytes(&weights.a)?));
            tensors.push((name(B), weights.b.dims().to_vec(), bytes(&weights.b)?));
            if let Some(magnitude) = &weights.magnitude {
                let [_, outputs] = magnitude.dims();
                tensors.push((name(MAGNITUDE), vec![outputs], bytes(magnitude)?));
            }
        }
        let path = folder.join(WEIGHTS);
        // One key: with more, their order would be that of a hash map.
        let about = HashMap::from([("format".to_owned(), "pt".to_owned())]);
        let file = serialize(&tensors, about)
            .map_err(|error| TrainError::compute("put an adapter into a file", &error))?;
        write_atomic(&path, |out| out.write_all(&file))?;
        let config = self.config();
        let peft = PeftConfig {
            base_model_name_or_path: base.map(str::to_owned),
            lora_alpha: whole(config.alpha),
            lora_dropout: config.dropout,
            peft_type: "LORA".to_owned(),
            r: config.rank,
            target_modules: config
                .targets
                .iter()
                .map(|target| target.as_str())
                .collect(),
            use_dora: config.dora,
            use_rslora: config.rslora,
            ..PeftConfig::default()
        };
        write_json(&folder.join(CONFIG), &peft)?;
        Ok(())
    }
}

fn read_config(path: &Path) -> Result<AdapterConfig, TrainError> {
    let peft: PeftConfig = read_json(path)?;
    let refuse = |field: &str, problem: &str| {
        Err(TrainError::Field {
            path: path.to_path_buf(),
            field: field.to_owned(),
            problem: problem.to_owned(),
        })
    };
    if peft.peft_type != "LORA" {
        return refuse(
            "peft_type",
            &format!("is `{}` instead of `LORA`", peft.peft_type),
        );
    }
    if peft.bias != "none" {
        return refuse("bias", "asks for trained biases, which are not supported");
    }
    if peft.fan_in_fan_out {
        return refuse("fan_in_fan_out", "is not supported");
    }
    if !peft.rank_pattern.is_empty() || !peft.alpha_pattern.is_empty() {
        return refuse("rank_pattern", ZERO_PATTERNS);
    }
    if peft
        .modules_to_save
        .is_some_and(|modules| !modules.is_empty())
    {
        return refuse("modules_to_save", "is not supported");
    }
    let config = AdapterConfig {
        rank: peft.r,
        alpha: peft.lora_alpha.as_f64().unwrap_or(f64::NAN),
        targets: Target::ALL.to_vec(),
        dropout: peft.lora_dropout,
        dora: peft.use_dora,
        rslora: peft.use_rslora,
    };
    match config.validate() {
        Ok(()) => Ok(config),
        Err(TrainError::Config { field, problem }) => {
            let field = match field {
                "adapter.rank" => "r",
                "adapter.alpha" => "lora_alpha",
                _ => "lora_dropout",
            };
            refuse(field, &problem)
        }
        Err(other) => Err(other),
    }
}

/// What is known of a tensor's shape before it is read.
#[derive(Clone, Copy)]
enum Shape {
    Rows(usize),
    Columns(usize),
    Vector(usize),
}

/// A number as JSON has it, without a point where it is whole.
fn whole(number: f64) -> Value {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and in range"
    )]
    if number.fract() == 0.0 && (0.0..1e9).contains(&number) {
        Value::from(number as u64)
    } else {
        Value::from(number)
    }
}

fn matrix(
    view: &TensorView<'_>,
    path: &Path,
    name: &str,
    shape: Shape,
    device: &Device,
) -> Result<Tensor<2>, TrainError> {
    let actual = view.shape();
    let expected = match (shape, actual) {
        (Shape::Rows(rows), &[_, columns]) | (Shape::Columns(columns), &[rows, _]) => {
            [rows, columns]
        }
        (Shape::Vector(length), _) => [1, length],
        (Shape::Rows(rows), _) => [rows, 0],
        (Shape::Columns(columns), _) => [0, columns],
    };
    let fits = match shape {
        Shape::Vector(length) => actual == [length],
        _ => actual == expected,
    };
    if !fits {
        return Err(TrainError::TensorShape {
            path: path.to_path_buf(),
            tensor: name.to_owned(),
            expected: match shape {
                Shape::Vector(length) => vec![length],
                _ => expected.to_vec(),
            },
            actual: actual.to_vec(),
        });
    }
    let values = floats(view).ok_or_else(|| TrainError::TensorType {
        path: path.to_path_buf(),
        tensor: name.to_owned(),
        kind: format!("{:?}", view.dtype()),
    })?;
    if let Some((index, value)) = values
        .iter()
        .enumerate()
        .find(|(_, value)| !value.is_finite())
    {
        return Err(TrainError::NotFinite {
            path: path.to_path_buf(),
            tensor: name.to_owned(),
            index,
            value: *value,
        });
    }
    Ok(Tensor::from_data(TensorData::new(values, expected), device))
}

fn floats(view: &TensorView<'_>) -> Option<Vec<f32>> {
    let bytes = view.data();
    let halves = bytes.as_chunks::<2>().0.iter().copied();
    Some(match view.dtype() {
        Dtype::F32 => bytes
            .as_chunks::<4>()
            .0
            .iter()
            .copied()
            .map(f32::from_le_bytes)
            .collect(),
        Dtype::F16 => halves
            .map(|bytes| f16::from_le_bytes(bytes).to_f32())
            .collect(),
        Dtype::BF16 => halves
            .map(|bytes| bf16::from_le_bytes(bytes).to_f32())
            .collect(),
        _ => return None,
    })
}

/// The values of a matrix as they stand in files.
pub(crate) fn bytes(matrix: &Tensor<2>) -> Result<Vec<u8>, TrainError> {
    let data = matrix
        .try_to_data()
        .map_err(|error| TrainError::compute("read a matrix", &error))?;
    Ok(data.iter::<f32>().flat_map(f32::to_le_bytes).collect())
}

/// A safetensors file of f32 tensors.
pub(crate) fn serialize(
    tensors: &[(String, Vec<usize>, Vec<u8>)],
    about: HashMap<String, String>,
) -> Result<Vec<u8>, safetensors::SafeTensorError> {
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| {
            TensorView::new(Dtype::F32, shape.clone(), bytes).map(|view| (name.as_str(), view))
        })
        .collect::<Result<Vec<_>, _>>()?;
    safetensors::serialize(views, Some(about))
}
