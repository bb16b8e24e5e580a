//! `manifest.json`: everything a dataset was made of and everything it consists of.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path;

use dsg_core::{
    ArtifactError, Difficulty, DocId, Document, Format, Reason, Section, Seed, Stage, StageCounts,
    artifact, hash,
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::error::ExportError;
use crate::writer::MANIFEST_FILE;

/// The tag of [`Manifest`].
pub const MANIFEST_SCHEMA: &str = "dsg.manifest/1";

/// What a dataset was made of and what it consists of. Holds no clock, host name or absolute path: two runs on the same input
/// give the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always `dsg.manifest/1`.
    #[serde(deserialize_with = "known_schema")]
    pub schema: String,
    /// What wrote it.
    pub tool: Tool,
    /// The resolved configuration.
    pub config: Value,
    /// SHA-256 of `config` as compact JSON.
    pub config_sha256: String,
    /// The run's seed.
    pub seed: Seed,
    /// Every document that was read, by path.
    pub inputs: Vec<InputFile>,
    /// Every model or provider that had a part, in the order of its role.
    pub models: Vec<ModelUse>,
    /// The funnel, in the order of the stages.
    pub stages: BTreeMap<Stage, StageCounts>,
    /// What was asked for and what was found, by topic and difficulty, in the configuration's order.
    pub coverage: Vec<CoverageRow>,
    /// How many parts of the documents have items; nothing where they were not counted.
    #[serde(default, skip_serializing_if = "SectionCoverage::is_empty")]
    pub sections: SectionCoverage,
    /// Every file of the dataset except the manifest itself, by path.
    pub outputs: Vec<OutputFile>,
}

impl Manifest {
    /// A manifest of nothing yet: inputs, models, stages and coverage are for the caller to fill, `outputs` for
    /// [`write_dataset`](crate::write_dataset).
    pub fn new(tool: Tool, config: Value, seed: Seed) -> Self {
        Self {
            schema: MANIFEST_SCHEMA.to_owned(),
            tool,
            config_sha256: hash::sha256_hex(config.to_string().as_bytes()),
            config,
            seed,
            inputs: Vec::new(),
            models: Vec::new(),
            stages: BTreeMap::new(),
            coverage: Vec::new(),
            sections: SectionCoverage::default(),
            outputs: Vec::new(),
        }
    }

    /// Records of one of the files; 0 where there is none of this path.
    pub(crate) fn records(&self, path: &str) -> u64 {
        let file = self.outputs.iter().find(|file| file.path == path);
        file.and_then(|file| file.records).unwrap_or_default()
    }

    /// The languages of the documents, without `und`.
    pub fn languages(&self) -> BTreeSet<&str> {
        self.inputs
            .iter()
            .map(|input| input.language.as_str())
            .filter(|language| *language != "und")
            .collect()
    }
}

/// The program that wrote a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A raw file that the dataset was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// Path relative to the input root, `/` separators.
    pub path: String,
    /// The document made of it.
    pub doc_id: DocId,
    /// Its format.
    pub format: Format,
    /// SHA-256 of the raw file.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// The language of its text, ISO 639-1, or `und`.
    pub language: String,
    /// The licence that it states in its front matter, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
}

impl From<&Document> for InputFile {
    fn from(document: &Document) -> Self {
        let license = ["license", "licence"]
            .into_iter()
            .find_map(|key| document.metadata.get(key)?.as_str())
            .map(str::to_owned);
        Self {
            path: document.source.path.clone(),
            doc_id: document.doc_id.clone(),
            format: document.source.format,
            sha256: document.source.sha256.clone(),
            bytes: document.source.bytes,
            language: document.language.clone(),
            license,
        }
    }
}

/// A model or provider that had a part in the dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelUse {
    /// `generator`, `judge`, `embedder`.
    pub role: String,
    /// `extractive`, `none`, `ollama`, …
    pub provider: String,
    /// The model's name; absent where none was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// What was asked for and what was found for one topic and difficulty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageRow {
    /// The topic's id.
    pub topic: String,
    /// The difficulty.
    pub difficulty: Difficulty,
    /// Items asked for, train and eval together.
    pub quota: u64,
    /// Items in train.
    pub train: u64,
    /// Items in eval.
    pub eval: u64,
    /// Items missing from the quota.
    pub shortfall: u64,
    /// Why they are missing; absent when none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How many sections (parts of a document under one heading) have items, and why the others have none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectionCoverage {
    /// Sections with text.
    pub total: u64,
    /// Those that an item of train cites.
    pub train: u64,
    /// Those that an item of eval cites.
    pub eval: u64,
    /// Those that no item cites, by the reason.
    pub without: BTreeMap<Reason, u64>,
}

impl SectionCoverage {
    /// Counts `sections`.
    pub fn of(sections: &[Section]) -> Self {
        let mut coverage = Self::default();
        for section in sections {
            coverage.total += 1;
            coverage.train += u64::from(section.train > 0);
            coverage.eval += u64::from(section.eval > 0);
            if let Some(why) = &section.why {
                *coverage.without.entry(why.clone()).or_default() += 1;
            }
        }
        coverage
    }

    /// Sections that some item cites.
    pub fn covered(&self) -> u64 {
        self.total
            .saturating_sub(self.without.values().sum::<u64>())
    }

    /// Whether none was counted.
    pub const fn is_empty(&self) -> bool {
        self.total == 0
    }
}

/// A file of the dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputFile {
    /// Path relative to the dataset's folder, `/` separators.
    pub path: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Its records; absent where the file is not JSON Lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
}

/// The manifest of the dataset in `outdir`.
///
/// # Errors
/// [`ExportError::Unfinished`] when there is none, [`ExportError::Manifest`] when it cannot be read.
pub fn read_manifest(outdir: &Path) -> Result<Manifest, ExportError> {
    artifact::read_json(&outdir.join(MANIFEST_FILE)).map_err(|source| match source {
        ArtifactError::Io { source, .. } if source.kind() == ErrorKind::NotFound => {
            ExportError::Unfinished {
                outdir: outdir.to_path_buf(),
            }
        }
        source => ExportError::Manifest {
            outdir: outdir.to_path_buf(),
            source,
        },
    })
}

fn known_schema<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let found = String::deserialize(deserializer)?;
    if found == MANIFEST_SCHEMA {
        Ok(found)
    } else {
        Err(serde::de::Error::custom(format_args!(
            "expected schema `{MANIFEST_SCHEMA}`, found `{found}`"
        )))
    }
}
