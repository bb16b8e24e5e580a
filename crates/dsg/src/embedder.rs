//! The embedding model that a configuration names.

use std::sync::Arc;

use dsg_core::Embedder;

use crate::config::DatasetConfig;
use crate::error::DsgError;

/// The model, loaded; `None` where the configuration names none.
pub(crate) fn open(config: &DatasetConfig) -> Result<Option<Arc<dyn Embedder>>, DsgError> {
    if !config.models.embedder.is_model() {
        return Ok(None);
    }
    #[cfg(feature = "fastembed")]
    return onnx::open(config).map(Some);
    #[cfg(not(feature = "fastembed"))]
    Err(DsgError::FeatureMissing {
        feature: "fastembed",
    })
}

#[cfg(feature = "fastembed")]
pub(crate) mod onnx {
    use std::path::Path;

    use dsg_index::{OnnxEmbedder, OnnxFiles};

    use super::{Arc, DatasetConfig, DsgError, Embedder};

    pub(super) fn open(config: &DatasetConfig) -> Result<Arc<dyn Embedder>, DsgError> {
        let embedder = &config.models.embedder;
        let model = embedder.model.as_deref().unwrap_or_default();
        let files = match model.strip_prefix("hf://") {
            Some(name) => fetched(name, config)?,
            None => OnnxFiles::in_folder(Path::new(model))?,
        };
        Ok(Arc::new(OnnxEmbedder::open(&files, &embedder.onnx)?))
    }

    /// `owner/repo/path.onnx` with the files that lie at the top of the repository, from the hub's cache or the hub.
    #[cfg(feature = "models")]
    fn fetched(name: &str, config: &DatasetConfig) -> Result<OnnxFiles, DsgError> {
        use dsg_llm::{HttpConfig, fetch_file};

        let http = HttpConfig {
            allow_remote: config.allow_remote,
            ..HttpConfig::default()
        };
        let mut parts = name.splitn(3, '/');
        let mut part = || parts.next().unwrap_or_default();
        let repo = format!("{}/{}", part(), part());
        let file = part();
        let mut folder = None;
        for beside in OnnxFiles::BESIDE {
            let path = fetch_file(&repo, beside, &http)?;
            folder = path.parent().map(Path::to_path_buf);
        }
        // Guessed when it cannot be had, it would make other vectors on another day.
        if config.models.embedder.onnx.pooling.is_none() {
            fetch_file(&repo, OnnxFiles::POOLING, &http)?;
        }
        let model = fetch_file(&repo, file, &http)?;
        Ok(OnnxFiles::new(model, folder.unwrap_or_default()))
    }

    #[cfg(not(feature = "models"))]
    fn fetched(_name: &str, _config: &DatasetConfig) -> Result<OnnxFiles, DsgError> {
        Err(DsgError::FeatureMissing { feature: "hub" })
    }
}
