//! What a corpus holds, for people: formats, languages, how much of it is content, what to look at.

use std::collections::BTreeMap;

use dsg_core::{BlockKind, Document, Format};
use serde::Serialize;

/// The documents that an ingest step wrote.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CorpusSummary {
    /// Per format, by its name.
    pub formats: BTreeMap<String, FormatSummary>,
    /// Documents per language.
    pub languages: BTreeMap<String, u64>,
    /// Documents that state their licence.
    pub with_license: u64,
    /// Documents that state their address.
    pub with_source_url: u64,
    /// Per name of a warning.
    pub warnings: BTreeMap<String, WarningSummary>,
}

/// The documents of one format.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FormatSummary {
    /// How many.
    pub documents: u64,
    /// Bytes of the files.
    pub file_bytes: u64,
    /// Bytes of their texts.
    pub text_bytes: u64,
    /// Bytes of their texts that are navigation, licences and the like, and never chunked.
    pub boilerplate_bytes: u64,
}

/// The documents with one warning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WarningSummary {
    /// How many.
    pub documents: u64,
    /// The first of them.
    pub example: String,
}

/// What is remembered of a document until it is known whether it stays.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) path: String,
    format: Format,
    language: String,
    file_bytes: u64,
    text_bytes: u64,
    boilerplate_bytes: u64,
    license: bool,
    source_url: bool,
    warnings: Vec<String>,
}

impl Facts {
    pub(crate) fn of(document: &Document) -> Self {
        let boilerplate = document
            .blocks
            .iter()
            .filter(|block| block.kind == BlockKind::Boilerplate)
            .map(|block| block.span.len() as u64);
        let states = |name: &str| document.metadata.contains_key(name);
        Self {
            path: document.source.path.clone(),
            format: document.source.format,
            language: document.language.clone(),
            file_bytes: document.source.bytes,
            text_bytes: document.text.len() as u64,
            boilerplate_bytes: boilerplate.sum(),
            license: states("license"),
            source_url: states("source_url"),
            warnings: dsg_ingest::warnings(document)
                .map(|(name, _)| name.to_owned())
                .collect(),
        }
    }
}

impl CorpusSummary {
    pub(crate) fn of(documents: &[Facts]) -> Self {
        let mut summary = Self::default();
        for facts in documents {
            let name = serde_json::to_value(facts.format).unwrap_or_default();
            let format = summary
                .formats
                .entry(name.as_str().unwrap_or_default().to_owned())
                .or_default();
            format.documents += 1;
            format.file_bytes += facts.file_bytes;
            format.text_bytes += facts.text_bytes;
            format.boilerplate_bytes += facts.boilerplate_bytes;
            *summary.languages.entry(facts.language.clone()).or_default() += 1;
            summary.with_license += u64::from(facts.license);
            summary.with_source_url += u64::from(facts.source_url);
            for name in &facts.warnings {
                let warning = summary.warnings.entry(name.clone()).or_default();
                warning.documents += 1;
                if warning.example.is_empty() {
                    warning.example.clone_from(&facts.path);
                }
            }
        }
        summary
    }
}
