//! Cross-encoders in the ONNX format, run by onnxruntime through `fastembed`.

use std::fmt;

use dsg_core::{Reranker, SeamError};
use fastembed::{RerankInitOptionsUserDefined, TextRerank, UserDefinedRerankingModel};

use super::onnx::{OnnxFiles, is_dynamic, read, short_digest};
use super::runtime::{find_runtime, load_runtime};
use super::settings::RerankerConfig;
use super::worker::Worker;
use crate::error::IndexError;

/// A cross-encoder that gives one logit (or takes the first of several) for a query and a text. Its calls run one after the other, from
/// whatever thread it is asked.
pub struct OnnxReranker {
    id: String,
    batch_size: usize,
    worker: Worker<TextRerank>,
}

impl fmt::Debug for OnnxReranker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnnxReranker")
            .field("id", &self.id)
            .field("batch_size", &self.batch_size)
            .finish_non_exhaustive()
    }
}

impl OnnxReranker {
    /// Loads onnxruntime, if it was not yet, and the model.
    ///
    /// # Errors
    /// [`IndexError::Runtime`] without an onnxruntime library, which says how to get one; [`IndexError::Model`] when the files are no
    /// model that reads pairs of texts; [`IndexError::Config`] for an impossible configuration.
    pub fn open(files: &OnnxFiles, config: &RerankerConfig) -> Result<Self, IndexError> {
        config.validate()?;
        load_runtime(&find_runtime(config.runtime.as_deref())?)?;
        let onnx = read(files.model())?;
        let batch_size = if is_dynamic(&onnx) {
            1
        } else {
            config.batch_size
        };
        let tokenizer = files.tokenizer()?;
        let max_tokens = files.max_tokens(config.max_tokens)?;
        let id = format!(
            "onnx-reranker/1/{}/{}/{max_tokens}",
            short_digest(&onnx),
            short_digest(&tokenizer.tokenizer_file),
        );
        let mut options = RerankInitOptionsUserDefined::new().with_max_length(max_tokens);
        if config.threads > 0 {
            options = options.with_intra_threads(config.threads);
        }
        let unusable = |what: String| IndexError::Model {
            path: files.model().to_path_buf(),
            what,
        };
        let model = UserDefinedRerankingModel::new(onnx, tokenizer);
        let model = TextRerank::try_new_from_user_defined(model, options)
            .map_err(|error| unusable(error.to_string()))?;
        let worker = Worker::new("reranker", model)
            .map_err(|error| unusable(format!("its thread cannot start: {error}")))?;
        let reranker = Self {
            id,
            batch_size,
            worker,
        };
        reranker
            .scores("probe", &["probe"])
            .map_err(|error| unusable(error.source.to_string()))?;
        Ok(reranker)
    }
}

impl Reranker for OnnxReranker {
    fn id(&self) -> &str {
        &self.id
    }

    fn scores(&self, query: &str, texts: &[&str]) -> Result<Vec<f32>, SeamError> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let what = format!("cannot rerank {} texts", texts.len());
        let (count, batch_size, query) = (texts.len(), self.batch_size, query.to_owned());
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let ranked = self.worker.call(&what, move |model| {
            model.rerank(query, texts, false, Some(batch_size))
        })?;
        let mut scores = vec![f32::NAN; count];
        for result in ranked {
            if let Some(score) = scores.get_mut(result.index) {
                *score = result.score;
            }
        }
        if scores.iter().any(|score| !score.is_finite()) {
            let source = "the model gave a score that is no number, or none".into();
            return Err(SeamError { what, source });
        }
        Ok(scores)
    }
}
