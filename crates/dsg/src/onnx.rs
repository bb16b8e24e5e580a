//! The ONNX models that a configuration names: what embeds, what reranks.

use std::sync::Arc;

use dsg_core::{Embedder, Reranker};

use crate::config::DatasetConfig;
use crate::error::DsgError;

/// The embedding model, loaded; `None` where the configuration names none.
pub(crate) fn embedder(config: &DatasetConfig) -> Result<Option<Arc<dyn Embedder>>, DsgError> {
    if !config.models.embedder.is_model() {
        return Ok(None);
    }
    #[cfg(feature = "fastembed")]
    return models::embedder(config).map(Some);
    #[cfg(not(feature = "fastembed"))]
    Err(DsgError::FeatureMissing {
        feature: "fastembed",
    })
}

/// The cross-encoder, loaded; `None` where the configuration names none.
pub(crate) fn reranker(config: &DatasetConfig) -> Result<Option<Arc<dyn Reranker>>, DsgError> {
    if !config.models.reranker.is_model() {
        return Ok(None);
    }
    #[cfg(feature = "fastembed")]
    return models::reranker(config).map(Some);
    #[cfg(not(feature = "fastembed"))]
    Err(DsgError::FeatureMissing {
        feature: "fastembed",
    })
}

#[cfg(feature = "fastembed")]
mod models {
    use std::path::Path;

    use dsg_index::{OnnxEmbedder, OnnxFiles, OnnxReranker};

    use super::{Arc, DatasetConfig, DsgError, Embedder, Reranker};

    pub(super) fn embedder(config: &DatasetConfig) -> Result<Arc<dyn Embedder>, DsgError> {
        let embedder = &config.models.embedder;
        // Guessed when it cannot be had, pooling would make other vectors on another day.
        let also: &[&str] = match embedder.onnx.pooling {
            None => &[OnnxFiles::POOLING],
            Some(_) => &[],
        };
        let files = files(embedder.model.as_deref(), also, config)?;
        Ok(Arc::new(OnnxEmbedder::open(&files, &embedder.onnx)?))
    }

    pub(super) fn reranker(config: &DatasetConfig) -> Result<Arc<dyn Reranker>, DsgError> {
        let reranker = &config.models.reranker;
        let files = files(reranker.model.as_deref(), &[], config)?;
        Ok(Arc::new(OnnxReranker::open(&files, &reranker.onnx)?))
    }

    fn files(
        model: Option<&str>,
        also: &[&str],
        config: &DatasetConfig,
    ) -> Result<OnnxFiles, DsgError> {
        let model = model.unwrap_or_default();
        match model.strip_prefix("hf://") {
            Some(name) => fetched(name, also, config),
            None => Ok(OnnxFiles::in_folder(Path::new(model))?),
        }
    }

    /// `owner/repo/path.onnx` with the files that lie at the top of the repository, from the hub's cache or the hub.
    #[cfg(feature = "models")]
    fn fetched(name: &str, also: &[&str], config: &DatasetConfig) -> Result<OnnxFiles, DsgError> {
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
        for also in also {
            fetch_file(&repo, also, &http)?;
        }
        let model = fetch_file(&repo, file, &http)?;
        Ok(OnnxFiles::new(model, folder.unwrap_or_default()))
    }

    #[cfg(not(feature = "models"))]
    fn fetched(_: &str, _: &[&str], _: &DatasetConfig) -> Result<OnnxFiles, DsgError> {
        Err(DsgError::FeatureMissing { feature: "hub" })
    }
}
