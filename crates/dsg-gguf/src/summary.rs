//! What a file is, in a few lines.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::file::Gguf;
use crate::file_type::FileType;
use crate::tensor_type::TensorType;
use crate::value::Value;

/// What a file is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// Version of the format.
    pub version: u32,
    /// Size of the file, in bytes.
    pub size: u64,
    /// Alignment of the data, in bytes.
    pub alignment: u32,
    /// Number of metadata keys.
    pub keys: usize,
    /// Number of tensors.
    pub tensors: usize,
    /// `general.architecture`, as in `llama`.
    pub architecture: Option<String>,
    /// `general.name`.
    pub name: Option<String>,
    /// `general.type`: `model` where it is not said.
    pub kind: String,
    /// What `general.file_type` calls the mixture of types, as in `Q4_K_M`; its number where that has no name here.
    pub file_type: Option<String>,
    /// Tokens that the model was made for.
    pub context_length: Option<u64>,
    /// Values of all tensors together.
    pub parameters: u64,
    /// Bytes of all tensors together, without padding.
    pub tensor_bytes: u64,
    /// Bits for a value, over all tensors: what a mixture of types really comes to, as llama.cpp counts it. 0 without tensors.
    pub bits_per_weight: f64,
    /// What each type has, most bytes first.
    pub types: Vec<TypeShare>,
    /// The tokenizer, where there is one.
    pub tokenizer: Option<Tokenizer>,
    /// Whether there is a chat template.
    pub chat_template: bool,
    /// Whether the head is the embedding, which is stored once; `None` where there is no embedding.
    pub tied_embeddings: Option<bool>,
}

/// What one type has of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TypeShare {
    /// The type.
    #[serde(rename = "type")]
    pub kind: TensorType,
    /// Tensors of it.
    pub tensors: usize,
    /// Their values.
    pub values: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// The tokenizer in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Tokenizer {
    /// `tokenizer.ggml.model`: `llama` for SentencePiece, `gpt2` for byte-level BPE, `bert` for WordPiece.
    pub model: String,
    /// `tokenizer.ggml.pre`: how text is cut before BPE.
    pub pre: Option<String>,
    /// Size of the vocabulary.
    pub tokens: u64,
}

impl Gguf {
    /// What the file is, from its header.
    pub fn summary(&self) -> Summary {
        let owned = |key: &str| self.text(key).map(str::to_owned);
        let architecture = owned("general.architecture");
        let of_architecture =
            |key: &str| self.number(&format!("{}.{key}", architecture.as_deref()?));
        let mut shares: BTreeMap<TensorType, TypeShare> = BTreeMap::new();
        let (mut parameters, mut tensor_bytes) = (0_u64, 0_u64);
        for tensor in self.tensors() {
            parameters = parameters.saturating_add(tensor.values());
            tensor_bytes = tensor_bytes.saturating_add(tensor.bytes());
            let share = shares.entry(tensor.kind()).or_insert(TypeShare {
                kind: tensor.kind(),
                tensors: 0,
                values: 0,
                bytes: 0,
            });
            share.tensors += 1;
            share.values = share.values.saturating_add(tensor.values());
            share.bytes = share.bytes.saturating_add(tensor.bytes());
        }
        let mut types: Vec<_> = shares.into_values().collect();
        types.sort_by_key(|share| std::cmp::Reverse(share.bytes));
        Summary {
            version: self.version(),
            size: self.size(),
            alignment: self.alignment(),
            keys: self.keys().len(),
            tensors: self.tensors().len(),
            name: owned("general.name"),
            kind: owned("general.type").unwrap_or_else(|| "model".to_owned()),
            file_type: self.number("general.file_type").map(file_type),
            context_length: of_architecture("context_length"),
            parameters,
            tensor_bytes,
            bits_per_weight: if parameters == 0 {
                0.0
            } else {
                tensor_bytes as f64 * 8.0 / parameters as f64
            },
            types,
            tokenizer: owned("tokenizer.ggml.model").map(|model| Tokenizer {
                model,
                pre: owned("tokenizer.ggml.pre"),
                tokens: self
                    .value("tokenizer.ggml.tokens")
                    .and_then(|value| value.as_array())
                    .map_or(0, |tokens| tokens.len()),
            }),
            chat_template: matches!(self.value("tokenizer.chat_template"), Some(Value::String(text)) if !text.is_empty()),
            tied_embeddings: self
                .tensor("token_embd.weight")
                .map(|_| self.tensor("output.weight").is_none()),
            architecture,
        }
    }
}

/// llama.cpp's name of a mixture, or its number.
fn file_type(number: u64) -> String {
    FileType::from_id(number).map_or_else(|| number.to_string(), |known| known.to_string())
}
