//! What running a model takes, as far as its file's header says.

use dsg_gguf::{Gguf, TensorInfo, Value};

use crate::error::ExportError;

/// The sizes of a model that its use of memory follows from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) layers: u64,
    /// Tokens that it was made for.
    pub(crate) context: u64,
    pub(crate) vocabulary: u64,
    pub(crate) embedding: u64,
    pub(crate) feed_forward: u64,
    /// Values of all layers' keys and values of one token.
    pub(crate) kv_values: u64,
    /// Whether keys and values are whole blocks of 32, so that a cache of blocks can hold them.
    pub(crate) kv_in_blocks: bool,
    /// Whether the head is the embedding.
    pub(crate) is_tied: bool,
    /// Bytes of the weights; those of an embedding that is the head, too, twice: llama.cpp has two tensors of it.
    pub(crate) weights: u64,
}

impl Shape {
    /// Reads the header.
    ///
    /// # Errors
    /// [`ExportError::Model`] for a file that is no model of text, or that does not say its sizes.
    pub(crate) fn of(file: &Gguf) -> Result<Self, ExportError> {
        let summary = file.summary();
        if summary.kind != "model" {
            let problem = format!("it is no model but of the kind `{}`", summary.kind);
            return Err(unfit(file, problem));
        }
        let Some(architecture) = summary.architecture else {
            return Err(missing(file, "general.architecture"));
        };
        let Some(tokenizer) = summary.tokenizer else {
            return Err(missing(file, "tokenizer.ggml.model"));
        };
        let key = |name: &str| format!("{architecture}.{name}");
        let number = |name: &str| {
            let key = key(name);
            file.number(&key).filter(|n| *n > 0).ok_or(key)
        };
        let required = |name: &str| number(name).map_err(|key| missing(file, &key));
        let layers = required("block_count")?;
        let context = required("context_length")?;
        let embedding = required("embedding_length")?;
        let heads_key = key("attention.head_count");
        let heads = per_layer(file, &heads_key, layers)
            .filter(|heads| heads.most > 0)
            .ok_or_else(|| missing(file, &heads_key))?;
        let kv_heads = per_layer(file, &key("attention.head_count_kv"), layers).unwrap_or(heads);
        let head = embedding / heads.most;
        let keys = number("attention.key_length").unwrap_or(head);
        let values = number("attention.value_length").unwrap_or(head);
        let head_again = file
            .tensor("token_embd.weight")
            .filter(|_| file.tensor("output.weight").is_none())
            .map(TensorInfo::bytes);
        let feed_forward = per_layer(file, &key("feed_forward_length"), layers);
        Ok(Self {
            layers,
            context,
            vocabulary: tokenizer.tokens,
            embedding,
            feed_forward: feed_forward.map_or(embedding.saturating_mul(4), |lengths| lengths.most),
            kv_values: kv_heads.sum.saturating_mul(keys.saturating_add(values)),
            kv_in_blocks: keys.is_multiple_of(32) && values.is_multiple_of(32),
            is_tied: head_again.is_some(),
            weights: summary
                .tensor_bytes
                .saturating_add(head_again.unwrap_or_default()),
        })
    }
}

/// What the layers have of something.
#[derive(Clone, Copy)]
struct PerLayer {
    sum: u64,
    most: u64,
}

/// A number that all layers share, or a list of one for each.
fn per_layer(file: &Gguf, key: &str, layers: u64) -> Option<PerLayer> {
    match file.value(key)? {
        Value::Array(list) if list.len() == layers => {
            let none = PerLayer { sum: 0, most: 0 };
            list.iter().try_fold(none, |all, item| {
                let number = item.as_u64()?;
                Some(PerLayer {
                    sum: all.sum.saturating_add(number),
                    most: all.most.max(number),
                })
            })
        }
        value => value.as_u64().map(|number| PerLayer {
            sum: number.saturating_mul(layers),
            most: number,
        }),
    }
}

fn missing(file: &Gguf, key: &str) -> ExportError {
    unfit(
        file,
        format!("its key `{key}` is missing or makes no sense"),
    )
}

fn unfit(file: &Gguf, problem: String) -> ExportError {
    ExportError::Model {
        path: file.path().to_path_buf(),
        problem,
    }
}
