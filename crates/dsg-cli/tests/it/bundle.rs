//! `dsg bundle`.

use std::io::Write as _;

use dsg::gguf::{GgufWriter, RawValue, TensorType};
use predicates::prelude::*;
use serde_json::Value;

use crate::scene::{Scene, failure};

/// A model of few bytes with the keys that a bundle is reckoned from.
fn model(scene: &Scene, embedding: u32) {
    let keys: [(&str, RawValue<'static>); 9] = [
        ("general.architecture", "llama".into()),
        ("llama.block_count", 2_u32.into()),
        ("llama.context_length", 4096_u32.into()),
        ("llama.embedding_length", embedding.into()),
        ("llama.feed_forward_length", 256_u32.into()),
        ("llama.attention.head_count", 2_u32.into()),
        ("tokenizer.ggml.model", "gpt2".into()),
        ("tokenizer.ggml.tokens", RawValue::array(["a", "b"])),
        ("tokenizer.chat_template", "{{ messages }}".into()),
    ];
    let mut writer = GgufWriter::new();
    for (key, value) in keys {
        writer.key(key, value).unwrap();
    }
    writer
        .tensor("token_embd.weight", TensorType::F32, &[8, 2])
        .unwrap()
        .write(&scene.path("student.gguf"), |_, out| {
            out.write_all(&[0; 64])
        })
        .unwrap();
}

const CALL: [&str; 7] = [
    "bundle",
    "--target",
    "rpi5",
    "--gguf",
    "student.gguf",
    "--out",
    "bundle",
];

#[test]
fn a_model_becomes_a_folder() {
    let scene = Scene::new();
    model(&scene, 128);
    let output = scene.dsg(&CALL).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!(scene.text(&output.stdout), @r"
      context   4096 tokens
      batch     256 tokens
      KV cache  f16, 4 MiB
      weights   1 MiB
      together  646 of 6144 MiB
      chats     no known format
    note: The model's chat template is of no family that dsg knows, so the Modelfile has no template. Ollama looks for one by itself; compare what it takes (`ollama show --template`) with the model's own before you trust its answers. The scripts of this folder use the model's own.
    Wrote 10 files to bundle
    Next: copy bundle to the machine and run ./setup --dry-run there
    ");
    let output = scene.dsg(&CALL).arg("--json").output().unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["target"], "rpi5");
    assert_eq!(json["plan"]["context"], 4096);
    assert_eq!(json["plan"]["kv_type"], "f16");
    assert_eq!(json["files"].as_array().unwrap().len(), 9);
    assert!(scene.path("bundle/SHA256SUMS").exists());
}

#[test]
fn what_does_not_fit_is_refused_with_a_way_out() {
    let scene = Scene::new();
    // Keys and values of 8 MiB for each token.
    model(&scene, 1 << 20);
    let mut small = CALL.to_vec();
    small.extend(["--memory", "1"]);
    let output = scene.dsg(&small).output().unwrap();
    let (code, text) = failure(&scene, &output);
    assert_eq!(code, 2, "{text}");
    insta::assert_snapshot!(text, @r"
    error: `student.gguf` needs 2.8 GiB at the least (its weights are 1 MiB), and of the 1.0 GiB of a Raspberry Pi 5 it may take 768 MiB
      hint: --memory says what the machine really has; a smaller --context takes less, and so does a type with fewer bits for a weight; --force bundles it as it is
    ");
    scene.dsg(&small).arg("--force").assert().success();
    for tokens in ["5000", "511"] {
        let refused = predicate::str::contains("512 to 4096");
        let wish = ["--context", tokens];
        scene.dsg(&CALL).args(wish).assert().code(2).stderr(refused);
    }
}

#[test]
fn a_folder_with_other_files_is_left_alone() {
    let scene = Scene::new();
    model(&scene, 128);
    scene.write("bundle/thesis.gguf", "mine");
    scene.write("bundle/SHA256SUMS", "0815  thesis.gguf\n");
    let says = predicate::str::contains("is not empty and no bundle");
    scene.dsg(&CALL).assert().code(2).stderr(says);
    assert_eq!(scene.read("bundle/thesis.gguf"), "mine");
}

#[test]
fn what_is_no_model_or_no_dataset_is_named() {
    let scene = Scene::new();
    scene.write("student.gguf", "no model");
    let says = predicate::str::contains("student.gguf").and(predicate::str::contains("GGUF"));
    scene.dsg(&CALL).assert().code(3).stderr(says);
    model(&scene, 128);
    let call = scene
        .dsg(&CALL)
        .args(["--dataset", "nowhere"])
        .output()
        .unwrap();
    let (code, text) = failure(&scene, &call);
    assert!(code == 3 && text.contains("nowhere"), "{text}");
    assert!(!scene.path("bundle").exists());
}
