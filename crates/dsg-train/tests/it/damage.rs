//! Files that are not what they should be, with errors that name file and tensor.

use std::fs;

use burn::tensor::Device;
use dsg_gguf::TensorType;
use dsg_train::architecture::{Architecture, LayerWeight, Weight};
use dsg_train::{Source, TrainError};

use crate::model::{Tiny, write_safetensors};

const QUERY: &str = "model.layers.1.self_attn.q_proj.weight";

fn load(tiny: &Tiny) -> TrainError {
    match Source::open(tiny.path()) {
        Ok(source) => source.decoder(&Device::flex()).unwrap_err(),
        Err(error) => error,
    }
}

#[test]
fn a_missing_tensor_is_named() {
    let tiny = Tiny::new(Architecture::Llama);
    let mut tensors = tiny.hf_tensors();
    tensors.remove(QUERY);
    write_safetensors(&tiny.path().join("model.safetensors"), &tensors);
    let error = load(&tiny);
    assert!(matches!(&error, TrainError::MissingTensor { tensor, .. } if tensor == QUERY));
    assert!(error.to_string().contains(&*tiny.path().to_string_lossy()));
}

#[test]
fn a_wrong_shape_is_told_with_the_right_one() {
    let tiny = Tiny::new(Architecture::Qwen2);
    let mut tensors = tiny.hf_tensors();
    tensors.get_mut(QUERY).unwrap().0 = vec![24, 32];
    write_safetensors(&tiny.path().join("model.safetensors"), &tensors);
    let error = load(&tiny).to_string();
    assert!(error.contains(QUERY), "{error}");
    assert!(
        error.ends_with("has the shape [24, 32] instead of [32, 24]"),
        "{error}"
    );
}

#[test]
fn weights_that_are_no_numbers_are_found() {
    for value in [f32::NAN, f32::INFINITY] {
        let tiny = Tiny::new(Architecture::Llama);
        let mut tensors = tiny.hf_tensors();
        tensors.get_mut(QUERY).unwrap().1[37] = value;
        write_safetensors(&tiny.path().join("model.safetensors"), &tensors);
        let error = load(&tiny);
        assert!(
            matches!(&error, TrainError::NotFinite { tensor, index: 37, path, .. }
                if tensor == QUERY && path.ends_with("model.safetensors")),
            "{error}"
        );
    }
}

#[test]
fn cut_and_damaged_safetensors_are_refused() {
    let tiny = Tiny::new(Architecture::Llama);
    let path = tiny.path().join("model.safetensors");
    let good = fs::read(&path).unwrap();
    let mut cases: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "it has 0 bytes"),
        (good[..good.len() - 5].to_vec(), "cut or damaged"),
        (good[..100].to_vec(), "its header claims"),
    ];
    let mut long = good.clone();
    long[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    cases.push((long, "its header claims"));
    let mut broken = good.clone();
    broken[8..12].copy_from_slice(b"{{{{");
    cases.push((broken, "its header:"));
    // A tensor that claims bytes of the next.
    let text = String::from_utf8_lossy(&good[8..]).replacen("[0,", "[4,", 1);
    let mut shifted = good[..8].to_vec();
    shifted.extend(text.bytes().take(200));
    shifted.extend(&good[208..]);
    cases.push((shifted, "its header:"));
    for (bytes, problem) in cases {
        fs::write(&path, bytes).unwrap();
        let error = load(&tiny).to_string();
        assert!(error.contains("model.safetensors` is no sound"), "{error}");
        assert!(error.contains(problem), "{error}, not {problem}");
    }
    fs::remove_file(&path).unwrap();
    let error = load(&tiny);
    assert!(matches!(&error, TrainError::Io { path, .. } if path.ends_with("model.safetensors")));
}

#[test]
fn a_cut_gguf_file_is_refused() {
    let tiny = Tiny::new(Architecture::Llama);
    let path = tiny.gguf(TensorType::F32, |_| {});
    let good = fs::read(&path).unwrap();
    fs::write(&path, &good[..good.len() / 2]).unwrap();
    let error = Source::open(&path).unwrap_err();
    assert!(matches!(error, TrainError::Gguf(_)), "{error}");
    fs::write(&path, b"PK\x03\x04 something else").unwrap();
    let error = Source::open(&path).unwrap_err().to_string();
    assert!(
        error.contains("neither a folder nor a GGUF file"),
        "{error}"
    );
}

#[test]
fn gguf_tensors_are_checked_as_those_of_folders() {
    let mut tiny = Tiny::new(Architecture::Llama);
    let query = Weight::Layer(1, LayerWeight::Query);
    tiny.values.get_mut(&query).unwrap()[5] = f32::NAN;
    let error = Source::open(tiny.gguf(TensorType::F32, |_| {}))
        .unwrap()
        .decoder(&Device::flex())
        .unwrap_err();
    assert!(
        matches!(&error, TrainError::NotFinite { tensor, path, .. }
            if tensor == "blk.1.attn_q.weight" && path.ends_with("model.gguf")),
        "{error}"
    );
    tiny.values.remove(&query);
    let error = Source::open(tiny.gguf(TensorType::F32, |_| {}))
        .unwrap()
        .decoder(&Device::flex())
        .unwrap_err();
    assert!(
        matches!(&error, TrainError::MissingTensor { tensor, .. } if tensor == "blk.1.attn_q.weight")
    );
}

#[test]
fn an_unknown_architecture_is_told_with_the_known_ones() {
    let tiny = Tiny::new(Architecture::Llama);
    let path = tiny.path().join("config.json");
    let config = fs::read_to_string(&path).unwrap();
    fs::write(&path, config.replace("\"llama\"", "\"rwkv\"")).unwrap();
    let error = load(&tiny);
    assert!(
        matches!(&error, TrainError::Architecture { architecture, .. } if architecture == "rwkv")
    );
    assert!(error.to_string().contains("gemma3_text"), "{error}");
    fs::write(&path, "{\"model_type\": ").unwrap();
    let error = load(&tiny).to_string();
    assert!(
        error.contains("config.json` is no sound configuration"),
        "{error}"
    );

    let file = tiny.path().join("other.gguf");
    let mut writer = dsg_gguf::GgufWriter::new();
    writer.key("general.architecture", "mamba").unwrap();
    writer.write(&file, |_, _| Ok(())).unwrap();
    let error = Source::open(&file).unwrap_err().to_string();
    assert!(error.contains("`mamba`; supported are llama"), "{error}");
}
