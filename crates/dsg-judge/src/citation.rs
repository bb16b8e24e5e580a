//! Receipts: every citation resolves, byte for byte.

use dsg_core::{Candidate, Chunk, ChunkId, ChunkStore, SeamError};

use crate::finding::Finding;
use crate::reason::JudgeReason;

/// The chunks that an item cites and was shown, each once, in that order.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) chunks: Vec<Chunk>,
    missing: Vec<ChunkId>,
}

impl Sources {
    pub(crate) fn load(candidate: &Candidate, store: &dyn ChunkStore) -> Result<Self, SeamError> {
        let mut sources = Self::default();
        let cited = candidate
            .citations
            .iter()
            .map(|citation| &citation.chunk_id);
        for id in cited.chain(&candidate.evidence) {
            if sources.find(id).is_some() || sources.missing.contains(id) {
                continue;
            }
            match store.find(id)? {
                Some(chunk) => sources.chunks.push(chunk),
                None => sources.missing.push(id.clone()),
            }
        }
        Ok(sources)
    }

    pub(crate) fn find(&self, id: &ChunkId) -> Option<&Chunk> {
        self.chunks.iter().find(|chunk| chunk.chunk_id == *id)
    }
}

/// At least one citation; its chunk exists and belongs to the named document; the span lies in it; the quote is what
/// stands there; every evidence chunk exists.
pub(crate) fn check(candidate: &Candidate, sources: &Sources) -> Vec<Finding> {
    const PRESENT: &str = "citation.present";
    const CHUNK: &str = "citation.chunk_exists";
    const SPAN: &str = "citation.span_in_chunk";
    const QUOTE: &str = "citation.quote_at_span";
    const EVIDENCE: &str = "citation.evidence_exists";

    if candidate.citations.is_empty() {
        return vec![Finding::fail(
            PRESENT,
            JudgeReason::NoCitation,
            "no span of a document supports the answer",
        )];
    }
    let (mut chunk, mut span, mut quote) = (None, None, None);
    for citation in &candidate.citations {
        let id = &citation.chunk_id;
        match sources.find(id) {
            None => chunk = chunk.or(Some(format!("there is no chunk `{id}`"))),
            Some(found) if found.doc_id != citation.doc_id => {
                chunk = chunk.or(Some(format!(
                    "chunk `{id}` belongs to `{}`, not to `{}`",
                    found.doc_id, citation.doc_id
                )));
            }
            Some(found) => match found.slice(citation.span).filter(|text| !text.is_empty()) {
                None => {
                    span = span.or(Some(format!(
                        "bytes {}..{} are no text of chunk `{id}`",
                        citation.span.start(),
                        citation.span.end()
                    )));
                }
                Some(text) if text != citation.quote => {
                    quote = quote.or(Some(format!(
                        "bytes {}..{} of `{id}` say something else",
                        citation.span.start(),
                        citation.span.end()
                    )));
                }
                Some(_) => {}
            },
        }
    }
    let evidence = candidate
        .evidence
        .iter()
        .find(|id| sources.missing.contains(id))
        .map(|id| format!("there is no chunk `{id}`"));
    vec![
        Finding::pass(PRESENT),
        Finding::from_detail(CHUNK, JudgeReason::UnknownChunk, chunk),
        Finding::from_detail(SPAN, JudgeReason::SpanOutsideChunk, span),
        Finding::from_detail(QUOTE, JudgeReason::QuoteMismatch, quote),
        Finding::from_detail(EVIDENCE, JudgeReason::UnknownEvidence, evidence),
    ]
}
