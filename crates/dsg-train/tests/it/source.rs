//! The same model from every kind of file.

use std::collections::BTreeMap;
use std::fs;

use burn::tensor::Device;
use dsg_gguf::TensorType;
use dsg_train::Source;
use dsg_train::architecture::{Architecture, LayerWeight, Weight};
use half::{bf16, f16};
use safetensors::tensor::{Dtype, TensorView, serialize_to_file};

use crate::decoder::{all_logits, distance};
use crate::model::{Tiny, write_safetensors};

const TOKENS: [u32; 9] = [1, 17, 42, 42, 5, 299, 0, 8, 77];

#[test]
fn a_folder_and_a_gguf_file_are_one_model() {
    for architecture in Architecture::ALL {
        let tiny = Tiny::new(architecture);
        let gguf = Source::open(tiny.gguf(TensorType::F32, |_| {})).unwrap();
        assert_eq!(*gguf.config(), tiny.config, "{architecture:?}");
        for (weight, values) in &tiny.values {
            assert_eq!(&gguf.values(*weight).unwrap(), values, "{weight:?}");
            let from_folder = tiny.source().values(*weight).unwrap();
            // Gemma's norms lost and got back one.
            let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-6;
            assert!(from_folder.iter().zip(values).all(close), "{weight:?}");
        }
        let logits =
            |source: &Source| all_logits(&source.decoder(&Device::flex()).unwrap(), &TOKENS);
        let apart = distance(&logits(&tiny.source()), &logits(&gguf));
        assert!(apart < 1e-4, "{architecture:?}: {apart}");
    }
}

#[test]
fn another_norm_is_another_model() {
    let mut tiny = Tiny::new(Architecture::Llama);
    let before = tiny.source().fingerprint().unwrap();
    assert_eq!(tiny.source().fingerprint().unwrap(), before);
    let gguf = |tiny: &Tiny| {
        let source = Source::open(tiny.gguf(TensorType::F32, |_| {})).unwrap();
        source.fingerprint().unwrap()
    };
    let gguf_before = gguf(&tiny);
    let mut norms = tiny
        .values
        .iter_mut()
        .filter(|(weight, _)| weight.is_norm());
    norms.next().unwrap().1[0] += 0.5;
    write_safetensors(&tiny.path().join("model.safetensors"), &tiny.hf_tensors());
    assert_ne!(tiny.source().fingerprint().unwrap(), before);
    assert_ne!(gguf(&tiny), gguf_before);
}

#[test]
fn quantized_files_are_read_as_what_they_hold() {
    let tiny = Tiny::new(Architecture::Llama);
    for (kind, most) in [
        (TensorType::F16, 1e-3),
        (TensorType::Bf16, 8e-3),
        (TensorType::Q8_0, 1e-2),
    ] {
        let source = Source::open(tiny.gguf(kind, |_| {})).unwrap();
        for (weight, values) in &tiny.values {
            let read = source.values(*weight).unwrap();
            let apart = read.iter().zip(values).map(|(a, b)| (a - b).abs());
            let apart = apart.fold(0.0, f32::max);
            assert!(apart <= most, "{kind} {weight:?}: {apart}");
        }
        let file = source.gguf().unwrap();
        let query = Weight::Layer(0, LayerWeight::Query).gguf_name();
        assert_eq!(file.tensor(&query).unwrap().kind(), kind);
    }
}

#[test]
fn shards_are_one_model() {
    let tiny = Tiny::new(Architecture::Qwen2);
    let whole = tiny.source();
    let mut shards = [BTreeMap::new(), BTreeMap::new()];
    let mut map = serde_json::Map::new();
    for (number, (name, tensor)) in tiny.hf_tensors().into_iter().enumerate() {
        let file = format!("model-0000{}-of-00002.safetensors", number % 2 + 1);
        map.insert(name.clone(), file.into());
        shards[number % 2].insert(name, tensor);
    }
    for (number, shard) in shards.iter().enumerate() {
        let name = format!("model-0000{}-of-00002.safetensors", number + 1);
        write_safetensors(&tiny.path().join(name), shard);
    }
    fs::remove_file(tiny.path().join("model.safetensors")).unwrap();
    let index = serde_json::json!({"metadata": {"total_size": 1}, "weight_map": map});
    let path = tiny.path().join("model.safetensors.index.json");
    fs::write(&path, index.to_string()).unwrap();
    let sharded = tiny.source();
    for weight in tiny.values.keys() {
        assert_eq!(
            sharded.values(*weight).unwrap(),
            tiny.values[weight],
            "{weight:?}"
        );
    }
    drop(whole);

    // A shard outside of the folder is none.
    let index = index.to_string().replace("model-00001", "../model-00001");
    fs::write(&path, index).unwrap();
    let error = Source::open(tiny.path()).unwrap_err().to_string();
    assert!(error.contains("model.safetensors.index.json"), "{error}");
}

#[test]
fn half_precision_is_read() {
    let tiny = Tiny::new(Architecture::Llama);
    for kind in [Dtype::F16, Dtype::BF16] {
        let rounded = |value: f32| match kind {
            Dtype::F16 => f16::from_f32(value).to_f32(),
            _ => bf16::from_f32(value).to_f32(),
        };
        let tensors = tiny.hf_tensors();
        let bytes: Vec<(String, Vec<usize>, Vec<u8>)> = tensors
            .into_iter()
            .map(|(name, (shape, values))| {
                let bytes = values.iter().flat_map(|value| match kind {
                    Dtype::F16 => f16::from_f32(*value).to_le_bytes(),
                    _ => bf16::from_f32(*value).to_le_bytes(),
                });
                (name, shape, bytes.collect())
            })
            .collect();
        let views = bytes.iter().map(|(name, shape, bytes)| {
            (
                name.clone(),
                TensorView::new(kind, shape.clone(), bytes).unwrap(),
            )
        });
        let path = tiny.path().join("model.safetensors");
        serialize_to_file(views.collect::<Vec<_>>(), None, &path).unwrap();
        let source = tiny.source();
        for (weight, values) in &tiny.values {
            let expected: Vec<f32> = values.iter().map(|value| rounded(*value)).collect();
            assert_eq!(
                source.values(*weight).unwrap(),
                expected,
                "{kind:?} {weight:?}"
            );
        }
    }
}

#[test]
fn templates_come_from_all_their_places() {
    let tiny = Tiny::new(Architecture::Llama);
    assert!(tiny.source().template().unwrap().is_none());
    let write = |name: &str, text: &str| fs::write(tiny.path().join(name), text).unwrap();
    let source = || tiny.source().template().unwrap().unwrap();

    write(
        "tokenizer_config.json",
        r#"{"chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d{{ bos_token }}"}],
            "bos_token": {"content": "<s>", "lstrip": false}, "eos_token": null}"#,
    );
    assert_eq!(source().source(), "d{{ bos_token }}");
    let options = dsg_train::template::RenderOptions::whole();
    assert_eq!(source().render(&[], &options).unwrap(), "d<s>");
    write(
        "tokenizer_config.json",
        r#"{"chat_template": "one {{ eos_token }}"}"#,
    );
    assert_eq!(source().render(&[], &options).unwrap(), "one ");
    write("chat_template.jinja", "file");
    assert_eq!(source().source(), "file");
}
