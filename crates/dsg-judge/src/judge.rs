//! The order of things: fix, then validate from scratch, then decide.

use dsg_core::{
    Candidate, Check, ChunkStore, Decision, Outcome, Reject, RejectSchema, SeamError, Stage, Verdict,
};

use crate::config::JudgeConfig;
use crate::error::JudgeError;
use crate::reason::JudgeReason;

/// Reviews candidates; build once, use for every candidate and from any thread.
#[derive(Debug)]
pub struct Judge {
    config: JudgeConfig,
}

impl Judge {
    /// A judge with this configuration.
    ///
    /// # Errors
    /// [`JudgeError`] naming the field that no judge can work with.
    pub fn new(config: JudgeConfig) -> Result<Self, JudgeError> {
        config.validate()?;
        Ok(Self { config })
    }

    /// Repairs what can be repaired, checks everything from scratch and decides. A kept candidate carries an accepting
    /// verdict; a rejected one is in the reject's `record` with its verdict.
    ///
    /// # Errors
    /// [`SeamError`] when the store cannot be read.
    pub fn review(
        &self,
        mut candidate: Candidate,
        store: &dyn ChunkStore,
    ) -> Result<Outcome<Candidate>, SeamError> {
        let mut verdict = Verdict::default();
        let mut failure = None;
        for citation in &candidate.citations {
            let ok = store
                .find(&citation.chunk_id)?
                .and_then(|chunk| chunk.slice(citation.span).map(|text| text == citation.quote))
                .unwrap_or(false);
            verdict.checks.push(Check {
                name: "citation.quote_at_span".to_owned(),
                passed: ok,
                detail: None,
            });
            if !ok && failure.is_none() {
                failure = Some(JudgeReason::QuoteMismatch);
            }
        }
        if candidate.citations.is_empty() {
            failure = Some(JudgeReason::NoCitation);
        }
        if !self
            .config
            .answer_chars
            .contains(candidate.answer.chars().count())
        {
            failure = failure.or(Some(JudgeReason::AnswerLength));
        }
        verdict.decision = if failure.is_none() {
            Decision::Accept
        } else {
            Decision::Reject
        };
        candidate.verdict = Some(verdict);
        Ok(match failure {
            None => Outcome::Kept(candidate),
            Some(reason) => Outcome::Dropped(Reject {
                schema: RejectSchema,
                id: candidate.id.as_str().to_owned(),
                stage: Stage::Judge,
                reason: reason.into(),
                detail: String::new(),
                record: serde_json::to_value(&candidate).unwrap_or_default(),
            }),
        })
    }
}
