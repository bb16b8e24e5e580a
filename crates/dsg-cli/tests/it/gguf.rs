//! `dsg gguf` on a model of a few bytes.

use std::fs;
use std::io::{self, Write as _};

use dsg::gguf::{GgufWriter, RawValue, TensorType, quantize};
use predicates::prelude::*;

use crate::scene::{Scene, failure};

/// Writes a model with matrices of `kind`.
fn model(scene: &Scene, name: &str, kind: TensorType, tokens: &[&'static str]) {
    let mut writer = GgufWriter::new();
    let keys: [(&str, RawValue<'static>); 8] = [
        ("general.architecture", "llama".into()),
        ("general.name", name.into()),
        ("llama.context_length", 2048_u32.into()),
        ("llama.embedding_length", 32_u32.into()),
        ("tokenizer.ggml.model", "llama".into()),
        (
            "tokenizer.ggml.tokens",
            RawValue::array(tokens.iter().copied()),
        ),
        (
            "tokenizer.ggml.scores",
            RawValue::array(tokens.iter().map(|_| 0.0_f32)),
        ),
        ("tokenizer.chat_template", "{{ a }}\n{{ b }}".into()),
    ];
    for (key, value) in keys {
        writer.key(key, value).unwrap();
    }
    writer.tensor("token_embd.weight", kind, &[32, 3]).unwrap();
    writer
        .tensor("output_norm.weight", TensorType::F32, &[32])
        .unwrap();
    writer
        .write(&scene.path(name), |tensor, out| {
            let values: Vec<f32> = (0_u8..)
                .take(tensor.values().try_into().unwrap())
                .map(f32::from)
                .collect();
            let mut bytes = vec![0; tensor.bytes().try_into().unwrap()];
            quantize(tensor.kind(), &values, &mut bytes).map_err(io::Error::other)?;
            out.write_all(&bytes)
        })
        .unwrap();
}

#[test]
fn a_model_is_shown() {
    let scene = Scene::new();
    model(&scene, "tiny.gguf", TensorType::F16, &["a", "b", "c"]);
    let output = scene
        .dsg(&["gguf", "show", "tiny.gguf", "--tensors"])
        .output()
        .unwrap();
    assert!(output.status.success());
    insta::assert_snapshot!(scene.text(&output.stdout));
    scene
        .dsg(&[
            "gguf",
            "show",
            "tiny.gguf",
            "--key",
            "tokenizer.chat_template",
        ])
        .assert()
        .success()
        .stdout("{{ a }}\n{{ b }}\n");
    scene
        .dsg(&[
            "gguf",
            "show",
            "tiny.gguf",
            "--key",
            "tokenizer.ggml.tokens",
            "--json",
        ])
        .assert()
        .success()
        .stdout(predicate::str::contains("\"c\""));
    scene
        .dsg(&["gguf", "show", "tiny.gguf", "--key", "none"])
        .assert()
        .code(3)
        .stderr(predicate::str::contains("hint:"));
    let output = scene
        .dsg(&["gguf", "show", "tiny.gguf", "--json"])
        .output()
        .unwrap();
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["summary"]["types"][0]["type"], "F16");
    assert_eq!(json["keys"][2]["value"], 2048);
}

#[test]
fn models_are_compared() {
    let scene = Scene::new();
    model(&scene, "a.gguf", TensorType::F16, &["a", "b", "c"]);
    model(&scene, "b.gguf", TensorType::Q8_0, &["a", "b", "d"]);
    scene
        .dsg(&["gguf", "diff", "a.gguf", "a.gguf"])
        .assert()
        .success();
    let output = scene
        .dsg(&["gguf", "diff", "a.gguf", "b.gguf"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(scene.text(&output.stdout));
}

#[test]
fn what_does_not_hold_is_said() {
    let scene = Scene::new();
    model(&scene, "good.gguf", TensorType::F16, &["a", "b", "c"]);
    scene
        .dsg(&["gguf", "verify", "good.gguf"])
        .assert()
        .success()
        .stdout(predicate::str::contains(
            "everything holds (2 tensors, 128 values)",
        ));
    model(&scene, "bad.gguf", TensorType::F16, &["a", "a"]);
    let output = scene
        .dsg(&["gguf", "verify", "bad.gguf", "--quiet"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(scene.text(&output.stdout));

    let whole = fs::read(scene.path("good.gguf")).unwrap();
    fs::write(scene.path("cut.gguf"), &whole[..200]).unwrap();
    scene
        .dsg(&["gguf", "verify", "cut.gguf", "--json"])
        .assert()
        .code(1)
        .stdout(predicate::str::contains("\"finding\": \"structure\""));
    let output = scene.dsg(&["gguf", "show", "cut.gguf"]).output().unwrap();
    let (code, text) = failure(&scene, &output);
    assert_eq!(code, 3);
    insta::assert_snapshot!(text);
    scene.dsg(&["gguf", "verify", "none.gguf"]).assert().code(3);
}
