//! The evidence of one item as a model reads it.

use dsg_core::Candidate;
use serde_json::{Map, Value, json};

use crate::citation::Sources;
use crate::rubric::config::EvidenceScope;

/// The same for every call on one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Passages {
    documents: Vec<String>,
    quotes: Vec<String>,
}

impl Passages {
    pub(crate) fn new(candidate: &Candidate, sources: &Sources, scope: EvidenceScope) -> Self {
        let headed = |headings: &[String], text: &str| {
            if headings.is_empty() {
                text.to_owned()
            } else {
                format!("{}\n\n{text}", headings.join(" > "))
            }
        };
        let mut quotes: Vec<String> = Vec::new();
        for citation in &candidate.citations {
            let quote = match (scope, sources.find(&citation.chunk_id)) {
                (EvidenceScope::Quotes, Some(chunk)) => {
                    headed(&chunk.heading_path, &citation.quote)
                }
                _ => citation.quote.clone(),
            };
            if !quotes.contains(&quote) {
                quotes.push(quote);
            }
        }
        let documents = match scope {
            EvidenceScope::Quotes => Vec::new(),
            EvidenceScope::Chunks => sources
                .chunks
                .iter()
                .map(|chunk| headed(&chunk.heading_path, &chunk.text))
                .collect(),
        };
        Self { documents, quotes }
    }

    /// What a prompt is filled in with: the evidence and `fields`.
    pub(crate) fn with<const N: usize>(&self, fields: [(&str, &str); N]) -> Value {
        let mut context = Map::new();
        context.insert("documents".to_owned(), json!(self.documents));
        context.insert("quotes".to_owned(), json!(self.quotes));
        for (name, text) in fields {
            context.insert(name.to_owned(), json!(text));
        }
        Value::Object(context)
    }
}
