//! Embedding models in the ONNX format, run by onnxruntime through `fastembed`.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use dsg_core::hash::sha256_hex;
use dsg_core::{Embedder, SeamError};
use fastembed::{
    InitOptionsUserDefined, Pooling, QuantizationMode, TextEmbedding, TokenizerFiles,
    UserDefinedEmbeddingModel,
};
use serde_json::Value;

use super::runtime::{find_runtime, load_runtime};
use super::settings::{MAX_TOKENS, OnnxConfig, PoolingMode};
use super::worker::Worker;
use crate::error::IndexError;
use crate::vectors::check_vector;

/// What a node is called that fits its scale to what it is given.
const DYNAMIC: &[u8] = b"DynamicQuantizeLinear";
/// The files of a model as sentence-transformers lays them out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnnxFiles {
    folder: PathBuf,
    model: PathBuf,
}

impl OnnxFiles {
    /// What has to lie in the folder beside the model.
    pub const BESIDE: [&str; 3] = ["tokenizer.json", "config.json", "tokenizer_config.json"];
    /// Says how the model pools; read where it is there.
    pub const POOLING: &str = "1_Pooling/config.json";

    /// The file `model`, with the others in `folder`.
    pub const fn new(model: PathBuf, folder: PathBuf) -> Self {
        Self { folder, model }
    }

    /// The files in `folder`: `model.onnx` or `onnx/model.onnx`, and [`Self::BESIDE`].
    ///
    /// # Errors
    /// [`IndexError::Model`] naming what is not there.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Result<Self, IndexError> {
        let folder = folder.into();
        let missing = |what: &str| IndexError::Model {
            path: folder.clone(),
            what: format!("there is no {what}"),
        };
        let model = ["model.onnx", "onnx/model.onnx"]
            .into_iter()
            .map(|name| folder.join(name))
            .find(|path| path.is_file())
            .ok_or_else(|| missing("model.onnx"))?;
        for name in Self::BESIDE {
            if !folder.join(name).is_file() {
                return Err(missing(name));
            }
        }
        Ok(Self { folder, model })
    }

    fn beside(&self, name: &str) -> Result<Vec<u8>, IndexError> {
        read(&self.folder.join(name))
    }

    /// A file that need not be there, as JSON; null where it is not.
    fn settings(&self, name: &str) -> Result<Value, IndexError> {
        let path = self.folder.join(name);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Value::Null),
            Err(source) => return Err(IndexError::Read { path, source }),
        };
        serde_json::from_slice(&bytes).map_err(|error| IndexError::Model {
            path,
            what: format!("it is not JSON: {error}"),
        })
    }

    /// The ONNX file.
    pub(super) fn model(&self) -> &Path {
        &self.model
    }

    /// What the tokenizer is made of.
    pub(super) fn tokenizer(&self) -> Result<TokenizerFiles, IndexError> {
        let [tokenizer, model_config, tokenizer_config] = Self::BESIDE;
        let special = self.settings("special_tokens_map.json")?;
        Ok(TokenizerFiles {
            tokenizer_file: self.beside(tokenizer)?,
            config_file: self.beside(model_config)?,
            special_tokens_map_file: if special.is_null() {
                b"{}".to_vec()
            } else {
                special.to_string().into_bytes()
            },
            tokenizer_config_file: self.beside(tokenizer_config)?,
        })
    }

    /// Tokens of a text that are read: as `asked`, else as the model's files say.
    pub(super) fn max_tokens(&self, asked: Option<usize>) -> Result<usize, IndexError> {
        let said = self.settings("sentence_bert_config.json")?;
        let said = said.get("max_seq_length").and_then(Value::as_u64);
        let said = said.and_then(|tokens| usize::try_from(tokens).ok());
        Ok(asked.or(said).unwrap_or(MAX_TOKENS))
    }

    /// How token vectors become one: as `asked`, else as the model's files say; the mean where they say nothing.
    fn pooling(&self, asked: Option<PoolingMode>) -> Result<Pooling, IndexError> {
        match asked {
            Some(PoolingMode::Mean) => return Ok(Pooling::Mean),
            Some(PoolingMode::Cls) => return Ok(Pooling::Cls),
            None => {}
        }
        let settings = self.settings(Self::POOLING)?;
        let is_set = |mode: &str| {
            let mode = format!("pooling_mode_{mode}");
            settings.get(mode).and_then(Value::as_bool) == Some(true)
        };
        if settings.is_null() || is_set("mean_tokens") {
            Ok(Pooling::Mean)
        } else if is_set("cls_token") {
            Ok(Pooling::Cls)
        } else {
            Err(IndexError::Model {
                path: self.folder.join(Self::POOLING),
                what: "it pools neither by mean nor by the first token".to_owned(),
            })
        }
    }
}

/// A sentence-transformers model. Its calls run one after the other, from whatever thread it is asked.
pub struct OnnxEmbedder {
    id: String,
    dimension: usize,
    batch_size: usize,
    text_prefix: String,
    query_prefix: String,
    worker: Worker<TextEmbedding>,
}

impl fmt::Debug for OnnxEmbedder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnnxEmbedder")
            .field("id", &self.id)
            .field("dimension", &self.dimension)
            .field("batch_size", &self.batch_size)
            .finish_non_exhaustive()
    }
}

impl OnnxEmbedder {
    /// Loads onnxruntime, if it was not yet, and the model.
    ///
    /// # Errors
    /// [`IndexError::Runtime`] without an onnxruntime library, which says how to get one; [`IndexError::Model`] when the files are no
    /// model that gives one vector per text; [`IndexError::Config`] for an impossible configuration.
    pub fn open(files: &OnnxFiles, config: &OnnxConfig) -> Result<Self, IndexError> {
        config.validate()?;
        load_runtime(&find_runtime(config.runtime.as_deref())?)?;
        let onnx = read(&files.model)?;
        let is_dynamic = is_dynamic(&onnx);
        let pooling = files.pooling(config.pooling)?;
        let max_tokens = files.max_tokens(config.max_tokens)?;
        let tokenizer_files = files.tokenizer()?;
        let id = format!(
            "onnx/1/{}/{}/{pooling:?}/{max_tokens}/{}/{}",
            short_digest(&onnx),
            short_digest(&tokenizer_files.tokenizer_file),
            config.text_prefix,
            config.query_prefix
        );
        let model = UserDefinedEmbeddingModel::new(onnx, tokenizer_files)
            .with_pooling(pooling)
            // Batches are cut here.
            .with_quantization(QuantizationMode::None);
        let mut options = InitOptionsUserDefined::new().with_max_length(max_tokens);
        if config.threads > 0 {
            options = options.with_intra_threads(config.threads);
        }
        let unusable = |what: String| IndexError::Model {
            path: files.model.clone(),
            what,
        };
        let model = TextEmbedding::try_new_from_user_defined(model, options)
            .map_err(|error| unusable(error.to_string()))?;
        let mut embedder = Self {
            id,
            dimension: 0,
            batch_size: if is_dynamic { 1 } else { config.batch_size },
            text_prefix: config.text_prefix.clone(),
            query_prefix: config.query_prefix.clone(),
            worker: Worker::new("embedder", model)
                .map_err(|error| unusable(format!("its thread cannot start: {error}")))?,
        };
        let probe = embedder
            .run(vec!["probe".to_owned()])
            .map_err(|error| unusable(error.source.to_string()))?;
        embedder.dimension = probe.first().map(Vec::len).unwrap_or_default();
        if embedder.dimension == 0 {
            return Err(unusable("it gives no vector".to_owned()));
        }
        Ok(embedder)
    }

    /// Texts in one call of the model.
    pub const fn batch_size(&self) -> usize {
        self.batch_size
    }

    fn run(&self, mut texts: Vec<String>) -> Result<Vec<Vec<f32>>, SeamError> {
        let (count, batch_size) = (texts.len(), self.batch_size);
        let what = format!("cannot embed {count} texts");
        let vectors = self
            .worker
            .call(&what, move |model| by_length(model, &mut texts, batch_size))?;
        if vectors.len() != count {
            let source = "the model left texts out".into();
            return Err(SeamError { what, source });
        }
        Ok(vectors)
    }

    fn checked(&self, prefix: &str, texts: &[&str]) -> Result<Vec<Vec<f32>>, SeamError> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let texts = texts.iter().map(|text| format!("{prefix}{text}")).collect();
        let vectors = self.run(texts)?;
        for (at, vector) in vectors.iter().enumerate() {
            check_vector(vector, self.dimension, at).map_err(IndexError::in_seam)?;
        }
        Ok(vectors)
    }
}

/// Whether the model fits its scale to what it is given, so that a text's numbers depend on its neighbours in a batch.
pub(super) fn is_dynamic(onnx: &[u8]) -> bool {
    memchr::memmem::find(onnx, DYNAMIC).is_some()
}

pub(super) fn short_digest(bytes: &[u8]) -> String {
    sha256_hex(bytes).chars().take(16).collect()
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, IndexError> {
    fs::read(path).map_err(|source| IndexError::Read {
        path: path.to_path_buf(),
        source,
    })
}

/// Embeds texts of like length together, so that little of a batch is padding; the vectors come in the order of the texts.
fn by_length(
    model: &mut TextEmbedding,
    texts: &mut [String],
    batch_size: usize,
) -> fastembed::Result<Vec<Vec<f32>>> {
    let mut order: Vec<usize> = (0..texts.len()).collect();
    if batch_size > 1 {
        order.sort_by_key(|at| texts.get(*at).map_or(0, String::len));
    }
    let sorted: Vec<String> = order
        .iter()
        .map(|at| texts.get_mut(*at).map(std::mem::take).unwrap_or_default())
        .collect();
    let mut vectors = model.embed(&sorted, Some(batch_size))?.into_iter();
    let mut placed = vec![Vec::new(); order.len()];
    for at in order {
        if let (Some(place), Some(vector)) = (placed.get_mut(at), vectors.next()) {
            *place = vector;
        }
    }
    Ok(placed)
}

impl Embedder for OnnxEmbedder {
    fn id(&self) -> &str {
        &self.id
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, SeamError> {
        self.checked(&self.text_prefix, texts)
    }

    fn embed_query(&self, query: &str) -> Result<Vec<f32>, SeamError> {
        let vectors = self.checked(&self.query_prefix, &[query])?;
        Ok(vectors.into_iter().next().unwrap_or_default())
    }
}
