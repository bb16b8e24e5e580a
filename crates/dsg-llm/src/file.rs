//! A model file, in builds with the engine and the hub and without.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dsg_core::ChatModel;

use crate::error::LlmError;
use crate::http::HttpConfig;
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

/// The path of a file of `repo` (`owner/name`) on the Hugging Face hub, as the environment names hub and cache: from the cache, or
/// fetched into it where `http` allows. Blocks; must not be called from within async code.
///
/// # Errors
/// Those of `HubConfig::from_env` and `HubConfig::fetch`; [`LlmError::FeatureMissing`] in a build without `hub`.
#[cfg(feature = "hub")]
pub fn fetch_file(repo: &str, file: &str, http: &HttpConfig) -> Result<PathBuf, LlmError> {
    crate::hub::HubConfig::from_env(http.clone())?.fetch(repo, file)
}

/// The path of a file of `repo` (`owner/name`) on the Hugging Face hub, as the environment names hub and cache: from the cache, or
/// fetched into it where `http` allows.
///
/// # Errors
/// [`LlmError::FeatureMissing`]: this build is one without `hub`.
#[cfg(not(feature = "hub"))]
pub fn fetch_file(repo: &str, file: &str, _http: &HttpConfig) -> Result<PathBuf, LlmError> {
    Err(LlmError::FeatureMissing {
        what: format!("`hf://{repo}/{file}` (the path of a file that you fetched does not)"),
        feature: "hub",
    })
}
