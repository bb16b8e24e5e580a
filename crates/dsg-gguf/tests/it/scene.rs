//! A small model of our own.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use dsg_gguf::{Gguf, GgufWriter, Limits, RawValue, TensorType, quantize};
use tempfile::TempDir;

pub(crate) const TOKENS: [&str; 4] = ["<unk>", "<s>", "</s>", "a"];

/// Keys of a model of one block with a vocabulary of four.
pub(crate) fn keys(writer: &mut GgufWriter) {
    let add = |writer: &mut GgufWriter, key: &str, value: RawValue<'static>| {
        writer.key(key, value).unwrap();
    };
    add(writer, "general.architecture", "llama".into());
    add(writer, "general.name", "tiny".into());
    add(writer, "llama.block_count", 1_u32.into());
    add(writer, "llama.embedding_length", 64_u32.into());
    add(writer, "llama.vocab_size", 4_u32.into());
    add(writer, "tokenizer.ggml.model", "llama".into());
    add(writer, "tokenizer.ggml.tokens", RawValue::array(TOKENS));
    add(
        writer,
        "tokenizer.ggml.scores",
        RawValue::array([0.0_f32; 4]),
    );
    add(
        writer,
        "tokenizer.ggml.token_type",
        RawValue::array([2, 3, 3, 1]),
    );
    add(writer, "tokenizer.ggml.bos_token_id", 1_u32.into());
    add(writer, "tokenizer.ggml.eos_token_id", 2_u32.into());
    add(writer, "tokenizer.chat_template", "{{ messages }}".into());
}

/// The model: embeddings of `kind`, one norm, one matrix of a block.
pub(crate) fn model(kind: TensorType) -> GgufWriter {
    let mut writer = GgufWriter::new();
    keys(&mut writer);
    writer
        .tensor("token_embd.weight", kind, &[64, 4])
        .unwrap()
        .tensor("output_norm.weight", TensorType::F32, &[64])
        .unwrap()
        .tensor("blk.0.attn_q.weight", kind, &[64, 64])
        .unwrap();
    writer
}

/// Values that are neither all alike nor all of one sign.
pub(crate) fn values(count: usize) -> Vec<f32> {
    (0..count)
        .map(|n| (n as f32 * 0.7).sin() * (1.0 + n as f32 / 100.0))
        .collect()
}

/// Writes a plan with [`values`] in every tensor.
pub(crate) fn write(writer: &GgufWriter, path: &Path) {
    writer
        .write(path, |tensor, out| {
            let mut bytes = vec![0; tensor.bytes() as usize];
            quantize(tensor.kind(), &values(tensor.values() as usize), &mut bytes)
                .map_err(io::Error::other)?;
            out.write_all(&bytes)
        })
        .unwrap();
}

pub(crate) fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    (folder, path)
}

/// The bytes of the model in half precision.
pub(crate) fn bytes() -> Vec<u8> {
    let (_folder, path) = folder();
    write(&model(TensorType::F16), &path);
    std::fs::read(path).unwrap()
}

pub(crate) fn open(bytes: &[u8]) -> Result<Gguf, dsg_gguf::GgufError> {
    Gguf::from_bytes("tiny.gguf", bytes.to_vec(), &Limits::default())
}
