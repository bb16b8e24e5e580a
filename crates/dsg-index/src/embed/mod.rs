//! Embedders, vectors that are kept so that no text is embedded twice, and the reranker.

mod cache;
mod hashed;
#[cfg(feature = "fastembed")]
mod onnx;
#[cfg(feature = "fastembed")]
mod reranker;
#[cfg(feature = "fastembed")]
mod runtime;
mod settings;
#[cfg(feature = "fastembed")]
mod worker;

use dsg_core::Chunk;

pub use cache::{Cached, VectorCache};
pub use hashed::HashedEmbedder;
#[cfg(feature = "fastembed")]
pub use onnx::{OnnxEmbedder, OnnxFiles};
#[cfg(feature = "fastembed")]
pub use reranker::OnnxReranker;
#[cfg(feature = "fastembed")]
pub use runtime::{find_runtime, load_runtime};
pub use settings::{OnnxConfig, PoolingMode, RerankerConfig};

/// What is embedded of a chunk: the headings it stands under, then its text.
pub fn embedded_text(chunk: &Chunk) -> String {
    if chunk.heading_path.is_empty() {
        return chunk.text.clone();
    }
    format!("{}\n{}", chunk.heading_path.join(" > "), chunk.text)
}
