//! `datasetgen.yaml`: what it may say, its defaults, its layers.

mod error;
mod layers;
mod located;
mod models;

use dsg_chunk::ChunkConfig;
use dsg_dedupe::{DedupeConfig, SplitConfig};
use dsg_export::ExportConfig;
use dsg_generate::{DifficultyMix, GenerateConfig, ModelWriterConfig, QuestionTypeMix, Topic};
use dsg_index::{HybridConfig, IndexConfig, VectorConfig};
use dsg_ingest::IngestConfig;
use dsg_judge::{JudgeConfig, RubricConfig, Rules};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use crate::copies::{DocumentsConfig, Keep};
pub use error::{ConfigError, Origin};
pub use layers::{ConfigLayers, ENV_PREFIX, Resolved};
pub use located::Position;
pub use models::{
    EmbedderModel, EmbedderProvider, GeneratorModel, GeneratorProvider, JudgeModel, JudgeProvider,
    Models, Provider, RerankerModel, RerankerProvider, RoleModel,
};

/// The commented configuration that `dsg init` writes.
pub const TEMPLATE: &str = include_str!("template.yaml");

/// Everything that shapes a dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DatasetConfig {
    /// Version of this format. Default and only value: 1.
    pub version: u32,
    /// What the dataset should make true for its users, in a sentence; copied into the dataset card. Default: empty.
    pub hypothesis: String,
    /// Seed of every choice. Default: 42.
    pub seed: u64,
    /// The product or site the documents are about; questions name it where a section title alone says too little. Default: none.
    pub subject: Option<String>,
    /// What to ask about, with quotas. Default: none, which means one topic `general` over everything.
    pub topics: Vec<Topic>,
    /// Target shares of the difficulties.
    pub difficulty: DifficultyMix,
    /// Target shares of the question types.
    pub question_types: QuestionTypeMix,
    /// What items must and must not contain.
    pub rules: Rules,
    /// Who writes and judges.
    pub models: Models,
    /// Whether hosts other than this machine may be contacted. Default: false.
    pub allow_remote: bool,
    /// Reading files.
    pub ingest: IngestConfig,
    /// Documents that say the same: versions of one page, and copies.
    pub documents: DocumentsConfig,
    /// Cutting chunks.
    pub chunk: ChunkConfig,
    /// Searching by words.
    pub index: IndexConfig,
    /// Searching by vectors, where `models.embedder` names a model.
    pub vectors: VectorConfig,
    /// Putting both together.
    pub retrieval: HybridConfig,
    /// Writing candidates.
    pub generate: GenerateConfig,
    /// How a model writes, where `models.generator` names one.
    pub writer: ModelWriterConfig,
    /// Checking candidates.
    pub judge: JudgeConfig,
    /// How a model judges, where `models.judge` names one.
    pub rubric: RubricConfig,
    /// Removing copies.
    pub dedupe: DedupeConfig,
    /// Holding out an evaluation set.
    pub split: SplitConfig,
    /// Writing the dataset.
    pub export: ExportConfig,
    /// What must hold for the run to count as a success.
    pub gates: Gates,
}

impl Default for DatasetConfig {
    fn default() -> Self {
        Self {
            version: 1,
            hypothesis: String::new(),
            seed: 42,
            subject: None,
            topics: Vec::new(),
            difficulty: DifficultyMix::default(),
            question_types: QuestionTypeMix::default(),
            rules: Rules::default(),
            models: Models::default(),
            allow_remote: false,
            ingest: IngestConfig::default(),
            documents: DocumentsConfig::default(),
            chunk: ChunkConfig::default(),
            index: IndexConfig::default(),
            vectors: VectorConfig::default(),
            retrieval: HybridConfig::default(),
            generate: GenerateConfig::default(),
            writer: ModelWriterConfig::default(),
            judge: JudgeConfig::default(),
            rubric: RubricConfig::default(),
            dedupe: DedupeConfig::default(),
            split: SplitConfig::default(),
            export: ExportConfig::default(),
            gates: Gates::default(),
        }
    }
}

/// What must hold for a run to count as a success. A missed gate writes every file all the same and ends with exit
/// code 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Gates {
    /// Fewest training items. Default: 1.
    pub min_train: usize,
    /// Fewest evaluation items. Default: 1.
    pub min_eval: usize,
    /// Least share of its quota that every topic must reach, in `[0, 1]`. Default: 0, so that a topic the documents say little
    /// about is reported and not punished.
    pub min_topic_fill: f64,
}

impl Default for Gates {
    fn default() -> Self {
        Self {
            min_train: 1,
            min_eval: 1,
            min_topic_fill: 0.0,
        }
    }
}

/// A value that is well-formed and still impossible.
#[derive(Debug)]
pub(crate) struct Issue {
    pub(crate) path: String,
    pub(crate) message: String,
}

impl Issue {
    /// As an error, where nobody knows any more which layer the value came from.
    pub(crate) fn unlocated(self) -> ConfigError {
        ConfigError::Invalid {
            origin: Origin::Default,
            message: format!("`{}`: {}", self.path, self.message),
        }
    }
}

impl DatasetConfig {
    /// Checks what types alone cannot: by building every stage once.
    pub(crate) fn validate(&self) -> Result<(), Issue> {
        if self.version != 1 {
            let message = format!("this dsg reads version 1, not {}", self.version);
            return Err(Issue {
                path: "version".into(),
                message,
            });
        }
        if !(0.0..=1.0).contains(&self.gates.min_topic_fill) {
            let message = format!("{} is not between 0 and 1", self.gates.min_topic_fill);
            return Err(Issue {
                path: "gates.min_topic_fill".into(),
                message,
            });
        }
        if let Some((field, message)) = self.documents.problem() {
            return Err(Issue {
                path: join("documents", field),
                message,
            });
        }
        self.models.validate()?;
        crate::stages::Stages::new(self).map(drop)
    }

    pub(crate) fn to_value(&self) -> Value {
        // Plain data with string keys: cannot fail.
        serde_json::to_value(self).unwrap_or_default()
    }

    pub(crate) fn from_value(value: &Value) -> Result<Self, serde_json::Error> {
        Self::deserialize(value)
    }

    /// The JSON Schema of `datasetgen.yaml`, for editors.
    pub fn json_schema() -> Value {
        schemars::schema_for!(Self).to_value()
    }
}

/// `a` and `b` as a path.
fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}
