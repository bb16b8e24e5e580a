//! Exact token counts, with the tokenizer of a model.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use dsg_core::TokenCounter;
use dsg_core::hash::sha256_hex;

use crate::error::ChunkError;

/// What a GGUF file begins with.
const GGUF: &[u8] = b"GGUF";
/// The vocabulary stands before the weights; no model needs more than this for it.
const HEAD_BYTES: u64 = 64 << 20;

/// Counts what a model's own tokenizer counts, special tokens apart.
///
/// Read from Hugging Face's `tokenizer.json`, or from the vocabulary (`tokenizer.ggml.*`) in a GGUF file, whose weights are
/// not read. A text that the tokenizer cannot take, which no known one does, is counted a token a byte.
pub struct ModelTokens {
    engine: Engine,
    digest: String,
}

enum Engine {
    Json(Box<tokenizers::Tokenizer>),
    Gguf(Box<shimmytok::Tokenizer>),
}

impl ModelTokens {
    /// The tokenizer in the file at `path`; what it is, its content says.
    ///
    /// # Errors
    /// [`ChunkError::Tokenizer`] when the file cannot be read or holds no tokenizer.
    pub fn open(path: &Path) -> Result<Self, ChunkError> {
        let fail = |problem: String| ChunkError::Tokenizer {
            path: path.display().to_string(),
            problem,
        };
        let head = head(path).map_err(|error| fail(error.to_string()))?;
        let engine = if head.starts_with(GGUF) {
            let tokenizer = shimmytok::Tokenizer::from_reader(head.as_slice())
                .map_err(|error| fail(error.to_string()))?;
            Engine::Gguf(Box::new(tokenizer))
        } else {
            let mut tokenizer = tokenizers::Tokenizer::from_bytes(&head)
                .map_err(|error| fail(error.to_string()))?;
            // Settings of training: they would cut or fill up what is counted.
            tokenizer.with_padding(None);
            tokenizer
                .with_truncation(None)
                .map_err(|error| fail(error.to_string()))?;
            Engine::Json(Box::new(tokenizer))
        };
        Ok(Self {
            engine,
            digest: sha256_hex(&head),
        })
    }

    /// SHA-256 of the file's first 64 MiB, in which the vocabulary is.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD_BYTES).read_to_end(&mut head)?;
    Ok(head)
}

impl TokenCounter for ModelTokens {
    fn count(&self, text: &str) -> usize {
        let tokens = match &self.engine {
            Engine::Json(tokenizer) => tokenizer
                .encode_fast(text, false)
                .ok()
                .map(|encoding| encoding.len()),
            Engine::Gguf(tokenizer) => tokenizer.encode(text, false).ok().map(|ids| ids.len()),
        };
        tokens.unwrap_or(text.len())
    }
}
