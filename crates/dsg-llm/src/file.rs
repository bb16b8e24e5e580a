//! A model file, in builds with the engine and without.

use std::path::Path;
use std::sync::Arc;

use dsg_core::ChatModel;

use crate::error::LlmError;
use crate::store::Settings;

/// The model in a GGUF file, loaded into this process, and its settings for [`stack`](crate::stack()). `context_tokens` is what
/// prompt and reply may have together; `None` takes the default.
///
/// # Errors
/// [`LlmError::Model`] for a file that is no model or has no chat template, [`LlmError::FeatureMissing`] in a build without
/// `llama-cpp`.
#[cfg(feature = "llama-cpp")]
pub fn open_file(
    path: &Path,
    context_tokens: Option<usize>,
) -> Result<(Arc<dyn ChatModel>, Settings), LlmError> {
    use crate::llama_cpp::{LlamaCpp, LlamaCppConfig};

    let mut config = LlamaCppConfig::new(path);
    if let Some(tokens) = context_tokens {
        config.context_tokens = tokens;
    }
    let settings = config.settings();
    Ok((Arc::new(LlamaCpp::open(&config)?), settings))
}

/// The model in a GGUF file, loaded into this process, and its settings for [`stack`](crate::stack()). `context_tokens` is what
/// prompt and reply may have together; `None` takes the default.
///
/// # Errors
/// [`LlmError::FeatureMissing`]: this build is one without `llama-cpp`.
#[cfg(not(feature = "llama-cpp"))]
pub fn open_file(
    path: &Path,
    _context_tokens: Option<usize>,
) -> Result<(Arc<dyn ChatModel>, Settings), LlmError> {
    let file = path.display();
    Err(LlmError::FeatureMissing {
        what: format!("`{file}` without a server (as with `llama-server -m {file}`)"),
        feature: "llama-cpp",
    })
}
