//! The questions that a model is asked about one item, in order, until one is answered with no.

use dsg_core::{Candidate, Check, ChunkId, ChunkStore};
use serde_json::Value;

use crate::citation::Sources;
use crate::judge::{Judge, rounded};
use crate::reason::JudgeReason;
use crate::rubric::agreement::{Agreement, compare, f1};
use crate::rubric::ask::{Ask, Asker, Trouble};
use crate::rubric::claim::{Said, claims};
use crate::rubric::config::EvidenceScope;
use crate::rubric::error::ModelJudgeError;
use crate::rubric::passages::Passages;
use crate::rubric::prompts;
use crate::rubric::verdict::{Majority, Tally, joined, mean, read, schema};

/// The mark of an item that has to combine several chunks.
const MULTI_CHUNK: &str = "multi_chunk";

/// How many of the likeliest tokens are wanted where a verdict begins, and so at every token. Yes and no are mostly among them,
/// and servers that tell any tell as many.
const TOP_LOG_PROBS: u8 = 5;

/// What a model that finds no answer says.
const NOT_ANSWERABLE: &str = "NOT ANSWERABLE";

/// What a model says of one item.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Review {
    /// Every question that was asked, in order, with the reason given.
    pub checks: Vec<Check>,
    /// By name, in `[0, 1]`: `claims_supported`, `answers_question`, `self_contained` and `useful` are mean probabilities of a
    /// yes, or shares of yes votes where the model tells no probabilities; `weakest_claim`, where it does, is the claim with the
    /// smallest, which is what `min_probability` is held against; `round_trip` is the overlap of content words (F1) of both
    /// answers.
    pub scores: Vec<(&'static str, f64)>,
    /// Why the item must be rejected, for a program and for a person; `None` when it may be accepted.
    pub failure: Option<(JudgeReason, String)>,
}

impl Review {
    pub(crate) fn check(
        &mut self,
        name: &str,
        failure: Option<JudgeReason>,
        detail: String,
    ) -> bool {
        self.checks.push(Check {
            name: name.to_owned(),
            passed: failure.is_none(),
            detail: Some(detail.clone()).filter(|detail| !detail.is_empty()),
        });
        if let (Some(reason), None) = (failure, &self.failure) {
            self.failure = Some((reason, detail));
        }
        failure.is_none()
    }

    /// Notes a check by its votes; whether it passed.
    fn vote(&mut self, name: &str, tally: &Tally, no: JudgeReason, about: &str) -> bool {
        let reason = joined(about, &tally.reason());
        let failure = match tally.result() {
            Majority::Yes => None,
            Majority::Weak | Majority::No => Some(no),
            Majority::Unreadable => Some(JudgeReason::UnparsedVerdict),
        };
        self.check(name, failure, reason)
    }
}

/// An item and what it is judged by.
pub(crate) struct Item<'a> {
    pub(crate) asker: Asker<'a>,
    pub(crate) rules: &'a Judge,
    pub(crate) candidate: &'a Candidate,
    pub(crate) store: &'a dyn ChunkStore,
    pub(crate) scope: EvidenceScope,
}

impl Item<'_> {
    /// Asks everything that the configuration wants asked; what was asked before some trouble is in `review`.
    pub(crate) async fn ask_all(&self, review: &mut Review) -> Result<(), Trouble> {
        let config = self.asker.config;
        let passages = self.passages(self.candidate)?;
        let (question, answer) = (
            self.candidate.question.as_str(),
            self.candidate.answer.as_str(),
        );
        let item = passages.with([("question", question), ("answer", answer)]);
        if config.claims && !self.claims(&passages, review).await? {
            return Ok(());
        }
        for (wanted, prompt, name, no) in [
            (
                config.answers_question,
                prompts::ANSWERS,
                "answers_question",
                JudgeReason::NotAnswered,
            ),
            (
                config.useful,
                prompts::USEFUL,
                "useful",
                JudgeReason::NotUseful,
            ),
            (
                config.self_contained,
                prompts::SELF_CONTAINED,
                "self_contained",
                JudgeReason::NotSelfContained,
            ),
        ] {
            if !wanted {
                continue;
            }
            let tally = self.votes(prompt, &item).await?;
            review.scores.push((name, tally.score()));
            if !review.vote(&format!("rubric.{name}"), &tally, no, "") {
                return Ok(());
            }
        }
        if config.round_trip && !self.round_trip(&passages, review).await? {
            return Ok(());
        }
        // Last, since it reads other evidence, and an engine's prefix cache begins anew.
        if self.is_multi_chunk() {
            self.needs_every_source(review).await?;
        }
        Ok(())
    }

    fn passages(&self, candidate: &Candidate) -> Result<Passages, ModelJudgeError> {
        let sources =
            Sources::load(candidate, self.store).map_err(|source| ModelJudgeError::Store {
                id: candidate.id.to_string(),
                source,
            })?;
        Ok(Passages::new(candidate, &sources, self.scope))
    }

    /// Whether the citations support every claim. All are asked about, since a repair has to know all that is wrong.
    async fn claims(&self, passages: &Passages, review: &mut Review) -> Result<bool, Trouble> {
        let said = said(self.candidate);
        let (mut probability, mut cast, mut holds) = (0.0, 0, true);
        let (mut weakest, mut is_measured) = (1.0_f64, false);
        for claim in claims(&self.candidate.answer, self.asker.config.max_claims) {
            let text = claim.text();
            let tally = if claim.is_verbatim(&said) {
                Tally::certain()
            } else {
                self.votes(prompts::CLAIM, &self.claim(passages, &text))
                    .await?
            };
            probability += tally.probability;
            cast += tally.cast;
            weakest = weakest.min(tally.score());
            is_measured |= tally.is_measured;
            let about = format!("`{}`", start_of(&text));
            let no = JudgeReason::UnsupportedClaim;
            holds &= review.vote("rubric.claim_supported", &tally, no, &about);
        }
        review
            .scores
            .push(("claims_supported", mean(probability, cast)));
        if is_measured {
            review.scores.push(("weakest_claim", weakest));
        }
        Ok(holds)
    }

    fn claim(&self, passages: &Passages, claim: &str) -> Value {
        passages.with([
            ("question", self.candidate.question.as_str()),
            ("answer", self.candidate.answer.as_str()),
            ("claim", claim),
        ])
    }

    /// As many votes as are configured, one after another.
    async fn votes(&self, prompt: &'static str, context: &Value) -> Result<Tally, Trouble> {
        let mut tally = Tally::new(self.asker.config.min_probability);
        for vote in 0..self.asker.config.votes {
            let ask = Ask {
                prompt,
                context,
                schema: Some(schema::<bool>()),
                top_log_probs: TOP_LOG_PROBS,
                max_tokens: self.asker.config.verdict_tokens,
                vote,
            };
            match self.asker.ask(ask, read).await {
                Ok(opinion) => tally.add(Ok(opinion)),
                Err(Trouble::Unparsed(problem)) => tally.add(Err(problem)),
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(tally)
    }

    fn is_multi_chunk(&self) -> bool {
        self.candidate
            .extra
            .get(MULTI_CHUNK)
            .and_then(Value::as_bool)
            == Some(true)
    }

    /// Whether the answer loses its support with any one of its chunks. A verdict that cannot be read proves no loss, nor does a
    /// yes that is weak.
    async fn needs_every_source(&self, review: &mut Review) -> Result<bool, Trouble> {
        const CHECK: &str = "rubric.needs_every_source";
        let mut cited: Vec<&ChunkId> = Vec::new();
        for citation in &self.candidate.citations {
            if !cited.contains(&&citation.chunk_id) {
                cited.push(&citation.chunk_id);
            }
        }
        if cited.len() < 2 {
            let reason = Some(JudgeReason::NeedsOneSourceOnly);
            return Ok(review.check(CHECK, reason, "it cites one chunk only".to_owned()));
        }
        for dropped in cited {
            let mut rest = self.candidate.clone();
            rest.citations
                .retain(|citation| citation.chunk_id != *dropped);
            rest.evidence.retain(|chunk| chunk != dropped);
            let passages = self.passages(&rest)?;
            let said = said(&rest);
            let mut outcome = Majority::Yes;
            let mut problem = String::new();
            for claim in claims(&rest.answer, self.asker.config.max_claims) {
                if claim.is_verbatim(&said) {
                    continue;
                }
                let tally = self
                    .votes(prompts::CLAIM, &self.claim(&passages, &claim.text()))
                    .await?;
                match tally.result() {
                    Majority::Yes | Majority::Weak => {}
                    Majority::No => {
                        outcome = Majority::No;
                        break;
                    }
                    Majority::Unreadable => {
                        outcome = Majority::Unreadable;
                        problem = tally.reason();
                    }
                }
            }
            match outcome {
                Majority::No => {}
                Majority::Yes | Majority::Weak => {
                    let reason = Some(JudgeReason::NeedsOneSourceOnly);
                    let detail = format!("every claim is supported without `{dropped}`");
                    return Ok(review.check(CHECK, reason, detail));
                }
                Majority::Unreadable => {
                    let reason = Some(JudgeReason::UnparsedVerdict);
                    let detail = format!("without `{dropped}`: {problem}");
                    return Ok(review.check(CHECK, reason, detail));
                }
            }
        }
        Ok(review.check(CHECK, None, String::new()))
    }

    /// Answers the question from the evidence alone, and compares.
    async fn round_trip(&self, passages: &Passages, review: &mut Review) -> Result<bool, Trouble> {
        const CHECK: &str = "rubric.round_trip";
        let (question, answer) = (
            self.candidate.question.as_str(),
            self.candidate.answer.as_str(),
        );
        let ask = Ask {
            prompt: prompts::ROUND_TRIP,
            context: &passages.with([("question", question)]),
            schema: None,
            top_log_probs: 0,
            max_tokens: self.asker.config.answer_tokens,
            vote: 0,
        };
        let other = match self.asker.ask(ask, |text, _| Ok(text.to_owned())).await {
            Ok(text) => text,
            Err(Trouble::Unparsed(problem)) => {
                let reason = Some(JudgeReason::UnparsedVerdict);
                return Ok(review.check(CHECK, reason, problem));
            }
            Err(trouble) => return Err(trouble),
        };
        let both = |why: &str| format!("{why}; the item answers `{answer}`, the model `{other}`");
        if other.to_uppercase().contains(NOT_ANSWERABLE) {
            review.scores.push(("round_trip", 0.0));
            let reason = Some(JudgeReason::RoundTrip);
            return Ok(review.check(CHECK, reason, both("no answer in the evidence")));
        }
        review
            .scores
            .push(("round_trip", rounded(f1(answer, &other))));
        let least = self.asker.config.min_agreement;
        match compare(self.rules.lexer(), answer, &other, least) {
            Agreement::Same => return Ok(review.check(CHECK, None, String::new())),
            Agreement::Conflict(why) => {
                let reason = Some(JudgeReason::RoundTrip);
                return Ok(review.check(CHECK, reason, both(&why)));
            }
            Agreement::Unclear => {}
        }
        // In both orders, since a model may favour the first.
        for (first, second) in [(answer, other.as_str()), (other.as_str(), answer)] {
            let context =
                passages.with([("question", question), ("first", first), ("second", second)]);
            let tally = self.votes(prompts::AGREE, &context).await?;
            if tally.result() != Majority::Yes {
                let about = both("they are not the same");
                return Ok(review.vote(CHECK, &tally, JudgeReason::RoundTrip, &about));
            }
        }
        Ok(review.check(CHECK, None, "other words for the same".to_owned()))
    }
}

fn said(candidate: &Candidate) -> Said {
    Said::new(
        candidate
            .citations
            .iter()
            .map(|citation| citation.quote.as_str()),
    )
}

fn start_of(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let start = words.iter().take(12).copied().collect::<Vec<_>>().join(" ");
    if words.len() > 12 {
        format!("{start} …")
    } else {
        start
    }
}
