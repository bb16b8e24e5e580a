//! Deterministic checks first, then a model's, then a rewrite, and all over again.

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use dsg_core::{
    Candidate, ChatModel, ChunkStore, Decision, Event, Interrupt, Observer, Outcome, Prompts,
    Stage, StageResult,
};

use crate::citation::Sources;
use crate::judge::{Judge, Repairs, dropped, failed};
use crate::reason::JudgeReason;
use crate::rubric::ask::{Asker, Trouble};
use crate::rubric::config::{EvidenceScope, RubricConfig};
use crate::rubric::error::ModelJudgeError;
use crate::rubric::order::in_order;
use crate::rubric::passages::Passages;
use crate::rubric::prompts::NAMES;
use crate::rubric::repair::{rewrite, scope};
use crate::rubric::review::{Item, Review};
use crate::trim::Trimmer;

/// Reviews candidates with a model after the deterministic [`Judge`]. Build once, use for every candidate.
///
/// A model never overrules a validator: it is asked only about what passed all of them, and a rewritten item passes all
/// of them again.
///
/// ```no_run
/// # use std::sync::Arc;
/// # use dsg_core::{Candidate, ChatModel, ChunkStore, Prompts, Silent};
/// # use dsg_judge::{Judge, JudgeConfig, ModelJudge, RubricConfig, prompts};
/// # async fn review(
/// #     candidates: Vec<Candidate>,
/// #     store: &dyn ChunkStore,
/// #     judge: Arc<dyn ChatModel>,
/// #     writer: Arc<dyn ChatModel>,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// let judge = ModelJudge::new(
///     Arc::new(Judge::new(JudgeConfig::default())?),
///     RubricConfig { votes: 3, ..RubricConfig::default() },
///     Arc::new(Prompts::new(prompts())?),
///     judge,
///     Some(writer),
/// )?;
/// let result = judge.review_all(candidates, store, &Silent).await?;
/// println!("kept {} of {}", result.counts.kept, result.counts.entered);
/// # Ok(())
/// # }
/// ```
pub struct ModelJudge {
    rules: Arc<Judge>,
    trimmer: Trimmer,
    config: RubricConfig,
    prompts: Arc<Prompts>,
    judge: Arc<dyn ChatModel>,
    writer: Option<Arc<dyn ChatModel>>,
    interrupt: Interrupt,
}

impl ModelJudge {
    /// A judge that asks `judge`, and has what fails rewritten by `writer` where there is one. They should be different
    /// models: one that judges its own words is lenient. `prompts` holds those of [`prompts`](crate::prompts), or
    /// what a configuration puts in their place.
    ///
    /// # Errors
    /// [`ModelJudgeError::Config`] naming the field that no judge can work with, [`ModelJudgeError::MissingPrompt`].
    pub fn new(
        rules: Arc<Judge>,
        config: RubricConfig,
        prompts: Arc<Prompts>,
        judge: Arc<dyn ChatModel>,
        writer: Option<Arc<dyn ChatModel>>,
    ) -> Result<Self, ModelJudgeError> {
        config.validate()?;
        if let Some(name) = NAMES.into_iter().find(|name| prompts.get(name).is_none()) {
            return Err(ModelJudgeError::MissingPrompt { name });
        }
        Ok(Self {
            rules,
            trimmer: Trimmer::new()?,
            config,
            prompts,
            judge,
            writer,
            interrupt: Interrupt::default(),
        })
    }

    /// Asks nothing more once `interrupt` is requested.
    #[must_use]
    pub fn with_interrupt(mut self, interrupt: Interrupt) -> Self {
        self.interrupt = interrupt;
        self
    }

    /// Repairs, checks, asks, rewrites, and decides. As [`Judge::review`], with the model's checks, scores and repairs in the
    /// verdict. An item whose model did not reply is failed as `judge.model_failed`, never kept.
    ///
    /// # Errors
    /// [`ModelJudgeError`] when the run must stop: the store cannot be read, or no further call can succeed.
    pub async fn review(
        &self,
        mut candidate: Candidate,
        store: &dyn ChunkStore,
    ) -> Result<Outcome<Candidate>, ModelJudgeError> {
        let mut repairs = Repairs::default();
        for attempt in 0.. {
            self.trimmer.fix(&mut candidate, &mut repairs.made);
            let failure = match self.examine(&mut candidate, &mut repairs, store).await {
                Ok(failure) => failure,
                Err(Trouble::Run(error)) => return Err(error),
                Err(
                    Trouble::Failed(detail)
                    | Trouble::ContextCut(detail)
                    | Trouble::Unparsed(detail),
                ) => {
                    return Ok(failed(&candidate, JudgeReason::ModelFailed, detail));
                }
            };
            let Some((reason, mut detail)) = failure else {
                return Ok(Outcome::Kept(candidate));
            };
            let rewritten = if attempt < self.config.repair_attempts {
                self.rewrite(&candidate, reason, attempt, store).await
            } else {
                Ok(None)
            };
            match rewritten {
                Ok(Some((new, repair))) => {
                    candidate = new;
                    repairs.made.push(repair);
                    continue;
                }
                Ok(None) => {}
                Err(Trouble::Run(error)) => return Err(error),
                Err(Trouble::Failed(why) | Trouble::ContextCut(why) | Trouble::Unparsed(why)) => {
                    detail = format!("{detail} (and it could not be rewritten: {why})");
                }
            }
            return Ok(dropped(&candidate, reason, detail));
        }
        // `0..` ends before the attempts do only if there were u32::MAX of them.
        Ok(failed(
            &candidate,
            JudgeReason::ModelFailed,
            "too many attempts".to_owned(),
        ))
    }

    /// What the model alone says of an item, without validators and repairs: for measuring a model.
    ///
    /// # Errors
    /// [`ModelJudgeError`] when the run must stop.
    pub async fn ask(
        &self,
        candidate: &Candidate,
        store: &dyn ChunkStore,
    ) -> Result<Review, ModelJudgeError> {
        match self.asked(candidate, store).await {
            Ok(review) => Ok(review),
            Err(Trouble::Run(error)) => Err(error),
            Err(
                Trouble::Failed(detail) | Trouble::ContextCut(detail) | Trouble::Unparsed(detail),
            ) => Ok(Review {
                failure: Some((JudgeReason::ModelFailed, detail)),
                ..Review::default()
            }),
        }
    }

    /// Reviews many into the stage's result, [`RubricConfig::concurrency`] at a time, and says after each how many are done. Outcomes are
    /// in the order of `candidates`, whatever the order of replies; candidates are taken from the iterator as they are needed.
    ///
    /// # Errors
    /// The first [`ModelJudgeError`] in the order of `candidates`. What is under way then is waited for, so that models
    /// which record their replies repeat none of them in the next run.
    pub async fn review_all(
        &self,
        candidates: impl IntoIterator<Item = Candidate>,
        store: &dyn ChunkStore,
        observer: &dyn Observer,
    ) -> Result<StageResult<Candidate>, ModelJudgeError> {
        let outcomes = in_order(
            candidates,
            self.config.concurrency,
            |candidate| self.review(candidate, store),
            |done| {
                observer.on_event(&Event::Progress {
                    stage: Stage::Judge,
                    done,
                });
            },
        );
        Ok(outcomes.await?.into_iter().collect())
    }

    /// Validators, then the model; the verdict is in the candidate afterwards.
    async fn examine(
        &self,
        candidate: &mut Candidate,
        repairs: &mut Repairs,
        store: &dyn ChunkStore,
    ) -> Result<Option<(JudgeReason, String)>, Trouble> {
        let failure = self
            .rules
            .examine(candidate, repairs, store)
            .map_err(|source| ModelJudgeError::Store {
                id: candidate.id.to_string(),
                source,
            })?;
        if failure.is_some() {
            return Ok(failure);
        }
        let review = match self.asked(candidate, store).await {
            Ok(review) => review,
            Err(trouble) => {
                // Nothing is accepted that was not judged.
                if let Some(verdict) = &mut candidate.verdict {
                    verdict.decision = Decision::Reject;
                }
                return Err(trouble);
            }
        };
        let failure = review
            .failure
            .map(|(reason, detail)| (reason, self.rules.masked(&detail)));
        if let Some(verdict) = &mut candidate.verdict {
            verdict
                .checks
                .extend(review.checks.into_iter().map(|mut check| {
                    check.detail = check.detail.map(|detail| self.rules.masked(&detail));
                    check
                }));
            verdict.scores.extend(
                review
                    .scores
                    .into_iter()
                    .map(|(name, score)| (name.to_owned(), score)),
            );
            if failure.is_some() {
                verdict.decision = Decision::Reject;
            }
        }
        Ok(failure)
    }

    /// The model's review, on the quotes alone where more does not fit.
    async fn asked(
        &self,
        candidate: &Candidate,
        store: &dyn ChunkStore,
    ) -> Result<Review, Trouble> {
        let item = |scope| Item {
            asker: self.asker(self.judge.as_ref(), candidate),
            rules: &self.rules,
            candidate,
            store,
            scope,
        };
        let mut review = Review::default();
        let mut cut = match item(self.config.evidence).ask_all(&mut review).await {
            Err(Trouble::ContextCut(detail)) => detail,
            Err(trouble) => return Err(trouble),
            Ok(()) => return Ok(review),
        };
        if self.config.evidence != EvidenceScope::Quotes {
            review = Review::default();
            let detail = format!("judged on the quotes alone: {cut}");
            review.check("rubric.whole_evidence", None, detail);
            match item(EvidenceScope::Quotes).ask_all(&mut review).await {
                Err(Trouble::ContextCut(detail)) => cut = detail,
                Err(trouble) => return Err(trouble),
                Ok(()) => return Ok(review),
            }
        }
        review.failure = Some((JudgeReason::ContextCut, cut));
        Ok(review)
    }

    async fn rewrite(
        &self,
        candidate: &Candidate,
        reason: JudgeReason,
        attempt: u32,
        store: &dyn ChunkStore,
    ) -> Result<Option<(Candidate, dsg_core::Repair)>, Trouble> {
        let (Some(writer), Some(scope)) = (&self.writer, scope(reason)) else {
            return Ok(None);
        };
        let sources = Sources::load(candidate, store).map_err(|source| ModelJudgeError::Store {
            id: candidate.id.to_string(),
            source,
        })?;
        let asker = self.asker(writer.as_ref(), candidate);
        let with = |scope| Passages::new(candidate, &sources, scope);
        let problem = (reason, scope);
        match rewrite(
            &asker,
            &with(self.config.evidence),
            candidate,
            problem,
            attempt,
        )
        .await
        {
            Err(Trouble::ContextCut(_)) if self.config.evidence != EvidenceScope::Quotes => {
                let quotes = with(EvidenceScope::Quotes);
                rewrite(&asker, &quotes, candidate, problem, attempt).await
            }
            rewritten => rewritten,
        }
    }

    fn asker<'a>(&'a self, model: &'a dyn ChatModel, candidate: &'a Candidate) -> Asker<'a> {
        Asker {
            model,
            prompts: &self.prompts,
            config: &self.config,
            item: candidate.id.as_str(),
            interrupt: &self.interrupt,
        }
    }
}

impl Debug for ModelJudge {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelJudge")
            .field("config", &self.config)
            .field("judge", self.judge.id())
            .field("writer", &self.writer.as_ref().map(ChatModel::id))
            .finish_non_exhaustive()
    }
}
