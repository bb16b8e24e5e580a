//! Which of two answers to a question is better.

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use dsg_core::{ChatModel, Interrupt, ModelId, Prompts};
use serde_json::json;

use crate::rubric::ask::{Ask, Asker, Trouble};
use crate::rubric::config::RubricConfig;
use crate::rubric::error::ModelJudgeError;
use crate::rubric::order::in_order;
use crate::rubric::prompts::PAIRWISE;
use crate::rubric::verdict::{Choice, Opinion, parse, schema};

/// Two answers to a question, and what they are held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerPair<'a> {
    /// Names the question in errors, and decides draws together with the seed.
    pub id: &'a str,
    /// What was asked.
    pub question: &'a str,
    /// The right answer.
    pub reference: &'a str,
    /// What the right answer rests on; may be empty.
    pub quotes: &'a [String],
    /// One answer.
    pub a: &'a str,
    /// The other.
    pub b: &'a str,
}

/// Which of two answers is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preference {
    /// The one.
    A,
    /// The other.
    B,
    /// Neither.
    Tie,
}

impl Preference {
    /// The same of the pair the other way round.
    const fn swapped(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
            Self::Tie => Self::Tie,
        }
    }
}

impl Choice for Preference {
    const WORDS: &'static [(&'static str, Self)] =
        &[("a", Self::A), ("b", Self::B), ("tie", Self::Tie)];
}

/// What a model said of a pair in one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairOpinion {
    /// Which is better.
    pub better: Preference,
    /// Why, as the model gave it; may be empty.
    pub reason: String,
}

/// What came of judging a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PairVerdict {
    /// The answers are the same text, so that nobody was asked.
    Same,
    /// Both orders were asked.
    Asked {
        /// What was said with A before B.
        a_first: PairOpinion,
        /// What was said with B before A, of the same A and B.
        b_first: PairOpinion,
    },
    /// There is no verdict, and why: a reply that cannot be read, is cut or did not come, or a prompt that does not fit.
    Missing(String),
}

impl PairVerdict {
    /// Which answer is better: what both orders say, a tie where they differ or the texts are the same. `None` without a verdict.
    pub fn preference(&self) -> Option<Preference> {
        match self {
            Self::Missing(_) => None,
            Self::Asked { a_first, b_first } if a_first.better == b_first.better => {
                Some(a_first.better)
            }
            Self::Same | Self::Asked { .. } => Some(Preference::Tie),
        }
    }

    /// Whether the verdict changed with the order of the answers.
    pub fn depends_on_order(&self) -> bool {
        matches!(self, Self::Asked { a_first, b_first } if a_first.better != b_first.better)
    }
}

/// Has a model compare answers, each pair in both orders, since a model may favour the first or the last. Build once, use for every
/// pair.
///
/// ```no_run
/// # use std::sync::Arc;
/// # use dsg_core::{ChatModel, Prompts};
/// # use dsg_judge::{AnswerPair, PairwiseJudge, RubricConfig, prompts};
/// # async fn compare(model: Arc<dyn ChatModel>) -> Result<(), Box<dyn std::error::Error>> {
/// let prompts = Arc::new(Prompts::new(prompts())?);
/// let judge = PairwiseJudge::new(RubricConfig::default(), prompts, model)?;
/// let pair = AnswerPair {
///     id: "qa-1",
///     question: "How long may a job run?",
///     reference: "At most 30 minutes.",
///     quotes: &["Jobs end after 30 minutes.".to_owned()],
///     a: "As long as it has to.",
///     b: "30 minutes.",
/// };
/// println!("{:?}", judge.judge(pair).await?.preference());
/// # Ok(())
/// # }
/// ```
pub struct PairwiseJudge {
    config: RubricConfig,
    prompts: Arc<Prompts>,
    model: Arc<dyn ChatModel>,
    interrupt: Interrupt,
}

impl PairwiseJudge {
    /// A judge that asks `model` by the prompt `judge/pairwise`. Of `config` it takes the seed, `vote_temperature`, `verdict_tokens` and
    /// `concurrency`; a pair's two orders are its votes.
    ///
    /// # Errors
    /// [`ModelJudgeError::Config`] naming the field that no judge can work with, [`ModelJudgeError::MissingPrompt`].
    pub fn new(
        config: RubricConfig,
        prompts: Arc<Prompts>,
        model: Arc<dyn ChatModel>,
    ) -> Result<Self, ModelJudgeError> {
        config.validate()?;
        if prompts.get(PAIRWISE).is_none() {
            return Err(ModelJudgeError::MissingPrompt { name: PAIRWISE });
        }
        Ok(Self {
            config,
            prompts,
            model,
            interrupt: Interrupt::default(),
        })
    }

    /// Asks nothing more once `interrupt` is requested.
    #[must_use]
    pub fn with_interrupt(mut self, interrupt: Interrupt) -> Self {
        self.interrupt = interrupt;
        self
    }

    /// Who is asked.
    pub fn model(&self) -> &ModelId {
        self.model.id()
    }

    /// Name and version of the prompt: `judge/pairwise@1`.
    pub fn prompt(&self) -> &str {
        let prompt = self.prompts.get(PAIRWISE);
        prompt.map_or(PAIRWISE, |prompt| prompt.id.as_str())
    }

    /// Which answer is better. The second order is not asked where the first brought no verdict.
    ///
    /// # Errors
    /// [`ModelJudgeError`] when the run must stop.
    pub async fn judge(&self, pair: AnswerPair<'_>) -> Result<PairVerdict, ModelJudgeError> {
        match self.asked(&pair).await {
            Ok(verdict) => Ok(verdict),
            Err(Trouble::Run(error)) => Err(error),
            Err(
                Trouble::Failed(detail) | Trouble::ContextCut(detail) | Trouble::Unparsed(detail),
            ) => Ok(PairVerdict::Missing(detail)),
        }
    }

    /// Judges many, [`RubricConfig::concurrency`] at a time, and calls `done` after each with how many are done; verdicts come in
    /// the order of `pairs`.
    ///
    /// # Errors
    /// The first [`ModelJudgeError`] in the order of `pairs`. What is under way then is waited for, so that models which record
    /// their replies repeat none of them in the next run.
    pub async fn judge_all(
        &self,
        pairs: &[AnswerPair<'_>],
        done: impl FnMut(u64),
    ) -> Result<Vec<PairVerdict>, ModelJudgeError> {
        let pairs = pairs.iter().copied();
        in_order(
            pairs,
            self.config.concurrency,
            |pair| self.judge(pair),
            done,
        )
        .await
    }

    async fn asked(&self, pair: &AnswerPair<'_>) -> Result<PairVerdict, Trouble> {
        if pair.a.trim() == pair.b.trim() {
            return Ok(PairVerdict::Same);
        }
        let said = self.opinion(pair, pair.a, pair.b).await?;
        let a_first = PairOpinion {
            better: said.verdict,
            reason: said.reason,
        };
        let said = self.opinion(pair, pair.b, pair.a).await?;
        let b_first = PairOpinion {
            better: said.verdict.swapped(),
            reason: said.reason,
        };
        Ok(PairVerdict::Asked { a_first, b_first })
    }

    /// What the model says with `first` as its answer A and `second` as its answer B.
    async fn opinion(
        &self,
        pair: &AnswerPair<'_>,
        first: &str,
        second: &str,
    ) -> Result<Opinion<Preference>, Trouble> {
        let asker = Asker {
            model: self.model.as_ref(),
            prompts: &self.prompts,
            config: &self.config,
            item: pair.id,
            interrupt: &self.interrupt,
        };
        let ask = Ask {
            prompt: PAIRWISE,
            context: &json!({
                "quotes": pair.quotes,
                "question": pair.question,
                "reference": pair.reference,
                "first": first,
                "second": second,
            }),
            schema: Some(schema::<Preference>()),
            top_log_probs: 0,
            max_tokens: self.config.verdict_tokens,
            vote: 0,
        };
        asker.ask(ask, |text, _| parse(text)).await
    }
}

impl Debug for PairwiseJudge {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("PairwiseJudge")
            .field("config", &self.config)
            .field("model", self.model.id())
            .finish_non_exhaustive()
    }
}
