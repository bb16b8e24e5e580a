//! Question–answer candidates, their receipts and verdicts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::{CandidateId, ChunkId, DocId};
use crate::schema::schema_tag;
use crate::seed::Seed;
use crate::span::Span;

schema_tag!(
    /// The tag of [`Candidate`].
    CandidateSchema = "dsg.candidate/1"
);

/// A question and its answer with receipts. One line of `candidates.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Always `dsg.candidate/1`.
    #[serde(default)]
    pub schema: CandidateSchema,
    /// Task and content hash.
    pub id: CandidateId,
    /// The kind of task; `qa` for question answering.
    pub task: String,
    /// The topic's id in the configuration.
    pub topic: String,
    /// How much a reader must already know.
    pub difficulty: Difficulty,
    /// What the question asks for.
    pub question_type: QuestionType,
    /// The question.
    pub question: String,
    /// The answer.
    pub answer: String,
    /// Receipts: the spans that support the answer.
    pub citations: Vec<Citation>,
    /// The chunks that the writer was shown.
    pub evidence: Vec<ChunkId>,
    /// Who wrote it.
    pub generator: Generator,
    /// What curation decided; absent before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Fields written by newer versions, kept on rewrite.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Candidate {
    /// The id of an item that asks, says and cites this: whatever changes one of them changes the id.
    pub fn content_id(
        task: &str,
        question: &str,
        answer: &str,
        citations: &[Citation],
    ) -> CandidateId {
        let places: Vec<String> = citations
            .iter()
            .map(|citation| {
                let Citation { doc_id, span, .. } = citation;
                format!("{doc_id}:{}-{}", span.start(), span.end())
            })
            .collect();
        let texts = [question, answer].into_iter();
        CandidateId::new(task, texts.chain(places.iter().map(String::as_str)))
    }
}

/// A receipt: these bytes of this document say so. `quote` is a byte-exact copy of `document.text[start..end]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Citation {
    /// The document.
    pub doc_id: DocId,
    /// The chunk that the writer saw it in.
    pub chunk_id: ChunkId,
    /// The bytes in the document's text.
    #[serde(flatten)]
    pub span: Span,
    /// The bytes themselves.
    pub quote: String,
}

/// How much a reader must already know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Difficulty {
    /// One fact, stated in one place.
    Basic,
    /// Several conditions, or an option used in context.
    Intermediate,
    /// Interactions, exceptions, administration.
    Advanced,
}

impl Difficulty {
    /// All, easiest first.
    pub const ALL: [Self; 3] = [Self::Basic, Self::Intermediate, Self::Advanced];

    /// The name, as in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Intermediate => "intermediate",
            Self::Advanced => "advanced",
        }
    }
}

/// What a question asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionType {
    /// What something is, does, defaults to.
    Factual,
    /// How to do something.
    Procedural,
    /// Why, when, or how things compare.
    Analytical,
    /// What went wrong and what to do.
    Troubleshooting,
}

impl QuestionType {
    /// All, in the order of the configuration.
    pub const ALL: [Self; 4] = [
        Self::Factual,
        Self::Procedural,
        Self::Analytical,
        Self::Troubleshooting,
    ];

    /// The name, as in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Factual => "factual",
            Self::Procedural => "procedural",
            Self::Analytical => "analytical",
            Self::Troubleshooting => "troubleshooting",
        }
    }
}

/// Who wrote a candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generator {
    /// `extractive`, `ollama`, …
    pub provider: String,
    /// The model's name; absent where none was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The prompt or template, with its version: `option/purpose@1`.
    pub prompt: String,
    /// The seed of this record.
    pub seed: Seed,
}

/// What curation decided.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Accept or reject.
    pub decision: Decision,
    /// Scores in `[0, 1]`, by name.
    pub scores: BTreeMap<String, f64>,
    /// Every check that ran, in order.
    pub checks: Vec<Check>,
    /// What was changed, in order; the item was checked again from scratch afterwards.
    pub repairs: Vec<Repair>,
}

/// Accept or reject.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Goes into the dataset.
    Accept,
    /// Does not.
    #[default]
    Reject,
}

/// One validator's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The validator: `citation.quote_at_span`.
    pub name: String,
    /// Its result.
    pub passed: bool,
    /// What failed, or what a model gave as its reason, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// One change that curation made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// The fixer: `placeholder`, `redact.email`.
    pub name: String,
    /// What changed, without repeating a secret.
    pub detail: String,
}
