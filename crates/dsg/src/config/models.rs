//! Who writes, who judges, and what that may take.

use std::path::{Path, PathBuf};

use dsg_index::{IndexError, OnnxConfig, RerankerConfig};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Issue;

/// Which provider does what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Models {
    /// Writes questions and answers.
    pub generator: GeneratorModel,
    /// Judges beyond the deterministic validators, which always run.
    pub judge: JudgeModel,
    /// Turns text into vectors.
    pub embedder: EmbedderModel,
    /// Orders the best hits of a search anew, by reading each together with the query.
    pub reranker: RerankerModel,
    /// Files that stand in for the built-in prompts which they name in their first line; `dsg prompts show` prints those. Default: none.
    pub prompts: Vec<PathBuf>,
    /// What a run may spend on models, all of them together. A run that has spent it ends cleanly, and the same command goes on.
    #[cfg(feature = "models")]
    pub budget: dsg_llm::BudgetConfig,
    /// How models are asked: retries, calls at once, deadlines.
    #[cfg(feature = "models")]
    pub calls: dsg_llm::StackConfig,
}

/// The generator's provider.
pub type GeneratorModel = RoleModel<GeneratorProvider>;

/// The judge's provider.
pub type JudgeModel = RoleModel<JudgeProvider>;

/// A provider and, where that is a model, which one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RoleModel<P: Default> {
    /// Who does it. Default: nobody that needs a model.
    pub provider: P,
    /// Where the model is, for the provider `model`: the address of an OpenAI-compatible server
    /// (`http://127.0.0.1:8080/v1`), `ollama:NAME`, a GGUF file, or one on the Hugging Face hub (`hf://owner/repo/file.gguf`). Default: none.
    pub model: Option<String>,
    /// Its name at an OpenAI-compatible server; llama-server takes any. Default: `default`.
    pub name: String,
    /// Tokens of prompt and reply together that the model holds. Default: what the provider says or assumes.
    pub context_tokens: Option<usize>,
    /// The environment variable that holds the server's key, where it wants one. Default: `DSG_API_KEY`.
    pub key_variable: String,
}

impl<P: Default> Default for RoleModel<P> {
    fn default() -> Self {
        Self {
            provider: P::default(),
            model: None,
            name: "default".to_owned(),
            context_tokens: None,
            key_variable: "DSG_API_KEY".to_owned(),
        }
    }
}

/// What a role can be given to.
pub trait Provider: Copy {
    /// Whether it is a model, which `model` has to name.
    fn is_model(self) -> bool;

    /// Its name in the configuration.
    fn as_str(self) -> &'static str;
}

/// Who can write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GeneratorProvider {
    /// From document structure, without a model.
    #[default]
    Extractive,
    /// The language model that `model` names.
    Model,
}

impl Provider for GeneratorProvider {
    fn is_model(self) -> bool {
        self == Self::Model
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Extractive => "extractive",
            Self::Model => "model",
        }
    }
}

/// Who can judge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum JudgeProvider {
    /// The deterministic validators alone.
    #[default]
    None,
    /// After these, the language model that `model` names.
    Model,
}

impl Provider for JudgeProvider {
    fn is_model(self) -> bool {
        self == Self::Model
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Model => "model",
        }
    }
}

/// Who makes vectors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EmbedderModel {
    /// Default: `hashed`.
    pub provider: EmbedderProvider,
    /// Where the model is, for the provider `fastembed`: a folder with `model.onnx`, `tokenizer.json`, `config.json` and
    /// `tokenizer_config.json`, or an ONNX file on the Hugging Face hub with those beside it or above
    /// (`hf://owner/repo/onnx/model.onnx`). Default: none.
    pub model: Option<String>,
    /// How that model is run.
    pub onnx: OnnxConfig,
}

/// Who can embed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EmbedderProvider {
    /// No model: similarity is lexical (BM25 for retrieval, MinHash for duplicates).
    #[default]
    Hashed,
    /// The embedding model that `model` names, run in this process. Retrieval is hybrid then.
    Fastembed,
}

impl EmbedderModel {
    /// Whether there is a model to make vectors with.
    pub(crate) fn is_model(&self) -> bool {
        self.provider == EmbedderProvider::Fastembed
    }

    /// The provider and the model's name, as records have them.
    pub(crate) fn who(&self) -> (String, Option<String>) {
        match self.provider {
            EmbedderProvider::Hashed => ("hashed".to_owned(), None),
            EmbedderProvider::Fastembed => {
                ("fastembed".to_owned(), onnx_name(self.model.as_deref()))
            }
        }
    }

    fn validate(&self) -> Result<(), Issue> {
        let onnx = self.onnx.validate();
        onnx_issue(self.is_model(), self.model.as_deref(), onnx)
            .map_err(|(field, message)| issue("embedder", field, message))
    }
}

/// The reranker's provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RerankerModel {
    /// Default: `none`.
    pub provider: RerankerProvider,
    /// Where the cross-encoder is, for the provider `fastembed`: a folder or a file on the hub, laid out as an embedder's is. Default: none.
    pub model: Option<String>,
    /// How that model is run.
    pub onnx: RerankerConfig,
}

/// Who can rerank.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RerankerProvider {
    /// Hits keep the order of their fused scores.
    #[default]
    None,
    /// The cross-encoder that `model` names, run in this process. It needs an embedder, whose hits it orders.
    Fastembed,
}

impl RerankerModel {
    /// Whether there is a model to rerank with.
    pub(crate) fn is_model(&self) -> bool {
        self.provider == RerankerProvider::Fastembed
    }

    /// The provider and the model's name, as records have them, where there is one.
    pub(crate) fn who(&self) -> Option<(String, Option<String>)> {
        let model = onnx_name(self.model.as_deref());
        self.is_model().then(|| ("fastembed".to_owned(), model))
    }

    fn validate(&self, embedder: &EmbedderModel) -> Result<(), Issue> {
        let onnx = self.onnx.validate();
        onnx_issue(self.is_model(), self.model.as_deref(), onnx)
            .map_err(|(field, message)| issue("reranker", field, message))?;
        if self.is_model() && !embedder.is_model() {
            let message = "needs `models.embedder`, whose hits it orders".to_owned();
            return Err(issue("reranker", "provider", message));
        }
        Ok(())
    }
}

fn issue(role: &str, field: &str, message: String) -> Issue {
    Issue {
        path: format!("models.{role}.{field}"),
        message,
    }
}

/// What records call an ONNX model: the folder's name, never its path.
fn onnx_name(model: Option<&str>) -> Option<String> {
    model.map(|name| match name.strip_prefix("hf://") {
        Some(name) => name.to_owned(),
        None => Path::new(name)
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
    })
}

/// The field that cannot be worked with, and why.
fn onnx_issue(
    is_model: bool,
    model: Option<&str>,
    onnx: Result<(), IndexError>,
) -> Result<(), (&'static str, String)> {
    onnx.map_err(|error| ("onnx", error.to_string()))?;
    match (is_model, model) {
        (false, None) => Ok(()),
        (false, Some(_)) => Err((
            "model",
            "names a model, but `provider` is not `fastembed`".to_owned(),
        )),
        (true, _) if !cfg!(feature = "fastembed") => Err((
            "provider",
            "this dsg was built without `fastembed`; build it with `--features fastembed`"
                .to_owned(),
        )),
        (true, None) => Err((
            "model",
            "is missing: give a folder with `model.onnx` and its tokenizer's files".to_owned(),
        )),
        (true, Some(model)) => match model.strip_prefix("hf://") {
            Some(name) if name.split('/').count() < 3 => Err((
                "model",
                format!("`{model}` must read `hf://owner/repo/file.onnx`"),
            )),
            _ => Ok(()),
        },
    }
}

impl Models {
    /// Whether one model writes and judges.
    pub(crate) fn is_one_for_both(&self) -> bool {
        let (generator, judge) = (&self.generator, &self.judge);
        generator.provider.is_model()
            && judge.provider.is_model()
            && (&generator.model, &generator.name) == (&judge.model, &judge.name)
            && (generator.context_tokens, &generator.key_variable)
                == (judge.context_tokens, &judge.key_variable)
    }

    /// The first role that cannot be filled.
    pub(crate) fn validate(&self) -> Result<(), Issue> {
        self.generator.validate("models.generator")?;
        self.judge.validate("models.judge")?;
        self.embedder.validate()?;
        self.reranker.validate(&self.embedder)
    }
}

impl<P: Default + Provider> RoleModel<P> {
    /// The provider and the model's name, as records have them.
    pub(crate) fn who(&self) -> (String, Option<String>) {
        #[cfg(feature = "models")]
        if self.provider.is_model()
            && let Some(Ok(model)) = self.model.as_deref().map(str::parse::<dsg_llm::ModelRef>)
        {
            let (provider, name) = match model {
                dsg_llm::ModelRef::Server(_) => ("openai", self.name.clone()),
                dsg_llm::ModelRef::Ollama(name) => ("ollama", name),
                // The file's name, never its path.
                dsg_llm::ModelRef::File(path) => {
                    let name = path.file_name().unwrap_or_default();
                    ("llama-cpp", name.to_string_lossy().into_owned())
                }
                dsg_llm::ModelRef::Hub { repo, file } => ("llama-cpp", format!("{repo}/{file}")),
            };
            return (provider.to_owned(), Some(name));
        }
        (self.provider.as_str().to_owned(), None)
    }

    fn validate(&self, path: &str) -> Result<(), Issue> {
        if !self.provider.is_model() {
            return match &self.model {
                None => Ok(()),
                Some(_) => Err(Issue {
                    path: format!("{path}.model"),
                    message: "names a model, but `provider` is not `model`".to_owned(),
                }),
            };
        }
        let issue = |message: String| Issue {
            path: format!("{path}.model"),
            message,
        };
        if !cfg!(feature = "models") {
            return Err(issue(
                "this dsg was built without `models`; build it with `--features models`".to_owned(),
            ));
        }
        let Some(model) = &self.model else {
            return Err(issue(
                "is missing: give a server's address such as `http://127.0.0.1:8080/v1`, or `ollama:NAME`"
                    .to_owned(),
            ));
        };
        #[cfg(feature = "models")]
        if let Err(error) = model.parse::<dsg_llm::ModelRef>() {
            return Err(issue(error.to_string()));
        }
        let _ = model;
        Ok(())
    }
}
