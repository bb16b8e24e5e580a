//! Adapters in files and in models.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use burn::tensor::Device;
use dsg_gguf::Gguf;
use dsg_train::adapter::{LoraWeights, Site, Target};
use dsg_train::architecture::{Architecture, pairs_from_halves};
use dsg_train::{Source, TrainError, Trainer, merge};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize_to_file};

use crate::decoder::{all_logits, distance};
use crate::model::Tiny;
use crate::rows::eight;
use crate::training::{config, values};

const TOKENS: [u32; 9] = [94, 60, 117, 111, 110, 101, 63, 62, 60];
const B: &str = "base_model.model.model.layers.1.mlp.up_proj.lora_B.weight";

/// A few steps, so that no matrix is zero.
pub(crate) fn trained(tiny: &Tiny, dora: bool, rslora: bool) -> LoraWeights {
    let mut config = config(2);
    config.adapter.dora = dora;
    config.adapter.rslora = rslora;
    let mut decoder = tiny.source().decoder(&Device::flex()).unwrap();
    let trainer = Trainer::new(config).unwrap();
    trainer.train(&mut decoder, &eight(), None).unwrap().weights
}

#[test]
fn a_merged_model_says_what_base_and_adapter_say() {
    for architecture in Architecture::ALL {
        for (dora, rslora) in [(false, false), (true, false), (true, true)] {
            let tiny = Tiny::new(architecture);
            let weights = trained(&tiny, dora, rslora);
            let mut decoder = tiny.source().decoder(&Device::flex()).unwrap();
            let base = all_logits(&decoder, &TOKENS);
            weights.attach(&mut decoder).unwrap();
            let adapted = all_logits(&decoder, &TOKENS);
            assert!(distance(&base, &adapted) > 0.1);

            let folder = tempfile::tempdir().unwrap();
            merge(&tiny.source(), Some(&weights), folder.path()).unwrap();
            let merged = Source::open(folder.path()).unwrap();
            let merged = merged.decoder(&Device::flex()).unwrap();
            let far = distance(&adapted, &all_logits(&merged, &TOKENS));
            assert!(far < 2e-4, "{architecture:?} {dora} {rslora}: {far}");
        }
    }
}

#[test]
fn an_adapter_comes_back_from_its_files_as_it_was() {
    for (dora, rslora) in [(false, false), (true, true)] {
        let tiny = Tiny::new(Architecture::Qwen3);
        let weights = trained(&tiny, dora, rslora);
        let folder = tempfile::tempdir().unwrap();
        weights.write(folder.path(), Some("models/tiny")).unwrap();
        let config: serde_json::Value =
            serde_json::from_slice(&fs::read(folder.path().join("adapter_config.json")).unwrap())
                .unwrap();
        assert_eq!(config["peft_type"], "LORA");
        assert_eq!(config["lora_alpha"], 16);
        assert_eq!(config["use_dora"], dora);
        assert_eq!(config["base_model_name_or_path"], "models/tiny");
        assert_eq!(config["target_modules"].as_array().unwrap().len(), 7);

        let bytes = fs::read(folder.path().join("adapter_model.safetensors")).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(file.tensor(B).unwrap().shape(), [40, 8]);
        let magnitude = B.replace("lora_B.weight", "lora_magnitude_vector");
        assert_eq!(file.tensor(&magnitude).is_ok(), dora);

        let read = LoraWeights::read(folder.path(), &Device::flex()).unwrap();
        assert_eq!(values(&read), values(&weights));
        assert_eq!(read.config(), weights.config());
    }
}

type Tensors = HashMap<String, (Vec<usize>, Vec<f32>)>;

/// An adapter on disk after a change; what reading or attaching it says.
fn damaged(change_config: fn(&mut serde_json::Value), change: fn(&mut Tensors)) -> TrainError {
    let tiny = Tiny::new(Architecture::Llama);
    let folder = tempfile::tempdir().unwrap();
    trained(&tiny, false, false)
        .write(folder.path(), None)
        .unwrap();
    let path = folder.path().join("adapter_config.json");
    let mut config = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change_config(&mut config);
    fs::write(&path, config.to_string()).unwrap();
    let path = folder.path().join("adapter_model.safetensors");
    let bytes = fs::read(&path).unwrap();
    let mut tensors: Tensors = SafeTensors::deserialize(&bytes)
        .unwrap()
        .tensors()
        .into_iter()
        .map(|(name, view)| {
            let values = view.data().as_chunks::<4>().0.iter();
            let values = values.map(|bytes| f32::from_le_bytes(*bytes)).collect();
            (name, (view.shape().to_vec(), values))
        })
        .collect();
    change(&mut tensors);
    write(&path, &tensors);
    let read = LoraWeights::read(folder.path(), &Device::flex());
    let mut decoder = tiny.source().decoder(&Device::flex()).unwrap();
    read.and_then(|weights| weights.attach(&mut decoder))
        .unwrap_err()
}

fn write(path: &Path, tensors: &Tensors) {
    let bytes: HashMap<&String, Vec<u8>> = tensors
        .iter()
        .map(|(name, (_, values))| (name, values.iter().flat_map(|v| v.to_le_bytes()).collect()))
        .collect();
    let views = tensors.iter().map(|(name, (shape, _))| {
        let view = TensorView::new(Dtype::F32, shape.clone(), &bytes[name]).unwrap();
        (name.clone(), view)
    });
    serialize_to_file(views.collect::<Vec<_>>(), None, path).unwrap();
}

#[test]
fn damaged_adapters_are_refused_with_file_and_tensor() {
    type Case = (fn(&mut serde_json::Value), fn(&mut Tensors), &'static str);
    let cases: [Case; 7] = [
        (|config| config["r"] = 4.into(), |_| {}, "instead of [4, "),
        (|_| {}, |tensors| drop(tensors.remove(B)), "has no tensor"),
        (
            |_| {},
            |tensors| tensors.get_mut(B).unwrap().1[7] = f32::NAN,
            "has NaN at position 7",
        ),
        (
            |_| {},
            |tensors| {
                let tensor = tensors.get_mut(B).unwrap();
                tensor.0 = vec![32, 8];
                tensor.1.truncate(32 * 8);
            },
            "instead of [40, 8]",
        ),
        (
            |_| {},
            |tensors| {
                tensors.insert(
                    "base_model.model.lm_head.lora_A.weight".to_owned(),
                    (vec![1], vec![0.0]),
                );
            },
            "`base_model.model.lm_head.lora_A.weight` belongs to none",
        ),
        (
            |config| config["peft_type"] = "IA3".into(),
            |_| {},
            "`peft_type` is `IA3`",
        ),
        (
            |config| config["use_dora"] = true.into(),
            |_| {},
            "lora_magnitude_vector`",
        ),
    ];
    for (config, tensors, says) in cases {
        let error = damaged(config, tensors).to_string();
        assert!(error.contains("adapter_"), "{error}");
        assert!(error.contains(says), "{error}, not {says}");
    }
}

#[test]
fn an_adapter_of_a_larger_model_is_refused() {
    let weights = trained(&Tiny::new(Architecture::Gemma3), false, false);
    let tiny = Tiny::new(Architecture::Qwen3);
    let mut decoder = tiny.source().decoder(&Device::flex()).unwrap();
    let error = weights.attach(&mut decoder).unwrap_err().to_string();
    assert!(
        error.contains("the model has no `model.layers.2."),
        "{error}"
    );
    let folder = tempfile::tempdir().unwrap();
    let error = merge(&tiny.source(), Some(&weights), folder.path()).unwrap_err();
    assert!(error.to_string().contains("the model has no"), "{error}");
}

#[test]
fn llama_cpp_gets_its_scale_and_its_order_of_rows() {
    let tiny = Tiny::new(Architecture::Llama);
    let weights = trained(&tiny, false, true);
    let path = tiny.path().join("adapter.gguf");
    weights.write_gguf(&tiny.config, &path).unwrap();
    let file = Gguf::open(&path).unwrap();
    let text = |key: &str| file.text(key).map(str::to_owned);
    assert_eq!(text("general.type").as_deref(), Some("adapter"));
    assert_eq!(text("general.architecture").as_deref(), Some("llama"));
    assert_eq!(text("adapter.type").as_deref(), Some("lora"));
    let alpha = file
        .keys()
        .find(|(key, _)| *key == "adapter.lora.alpha")
        .and_then(|(_, value)| match value.decode() {
            dsg_gguf::Value::F32(alpha) => Some(alpha),
            _ => None,
        });
    // llama.cpp divides by the rank, rsLoRA by its root.
    let alpha = alpha.unwrap();
    assert!(
        (f64::from(alpha) - 16.0 * 8_f64.sqrt()).abs() < 1e-4,
        "{alpha}"
    );

    let query = file.tensor("blk.1.attn_q.weight.lora_b").unwrap();
    assert_eq!(query.shape(), [8, 32]);
    assert_eq!(
        file.tensor("blk.1.attn_q.weight.lora_a").unwrap().shape(),
        [32, 8]
    );
    let site = Site {
        layer: 1,
        target: Target::QProj,
    };
    let ours = weights.sites()[&site]
        .b
        .to_data()
        .try_into_vec::<f32>()
        .unwrap();
    let pairs = pairs_from_halves(&ours, 8, tiny.config.head_width);
    assert_ne!(pairs, ours);
    assert_eq!(file.values(query).unwrap(), pairs);
    let site = Site {
        target: Target::DownProj,
        ..site
    };
    let down = weights.sites()[&site]
        .b
        .to_data()
        .try_into_vec::<f32>()
        .unwrap();
    let there = file.tensor("blk.1.ffn_down.weight.lora_b").unwrap();
    assert_eq!(file.values(there).unwrap(), down);

    let dora = trained(&tiny, true, false);
    let error = dora
        .write_gguf(&tiny.config, &path)
        .unwrap_err()
        .to_string();
    assert!(error.contains("merge"), "{error}");
}
