//! The half of the judge that asks a model, with a double for the model.

mod asking;
mod driver;
mod fences;
mod pairwise;
mod probabilities;
mod repairs;
mod snapshots;

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::Poll;

use async_trait::async_trait;
use dsg_core::{
    Candidate, Capabilities, ChatError, ChatModel, ChatReply, ChatRequest, ChunkStore,
    FinishReason, ModelId, Outcome, Prompts, Reject, Usage,
};
use dsg_judge::{Judge, ModelJudge, ModelJudgeError, RubricConfig, prompts};
use futures_executor::block_on;

use crate::fixture::{item, judge, limits, store};

/// What a request asks for, told by its instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Claim,
    Answers,
    SelfContained,
    Useful,
    RoundTrip,
    Agree,
    Repair,
    Pairwise,
}

impl Kind {
    fn of(request: &ChatRequest) -> Self {
        let text = &request.messages.last().unwrap().content;
        let task = &text[text.rfind("\nTask: ").expect("a task stands at the end")..];
        [
            ("do the quotes support the claim", Self::Claim),
            ("does the answer answer the question", Self::Answers),
            ("has not seen the pages", Self::SelfContained),
            ("be helped by the answer", Self::Useful),
            ("answer the question from the pages", Self::RoundTrip),
            ("do both answers give the same", Self::Agree),
            ("write the question and the answer anew", Self::Repair),
            ("which answer is better", Self::Pairwise),
        ]
        .into_iter()
        .find_map(|(words, kind)| task.contains(words).then_some(kind))
        .expect("a known task")
    }
}

type Answer = dyn Fn(Kind, &ChatRequest) -> Result<ChatReply, ChatError> + Send + Sync;

/// A model that answers by what it is asked, and remembers what it was asked.
pub(crate) struct Double {
    id: ModelId,
    answer: Box<Answer>,
    pub(crate) asked: Mutex<Vec<ChatRequest>>,
    /// How often a reply is not there yet.
    delay: fn(&ChatRequest) -> usize,
    /// Whether it says that it tells log-probabilities.
    log_probs: bool,
}

impl Double {
    pub(crate) fn new(
        answer: impl Fn(Kind, &ChatRequest) -> Result<ChatReply, ChatError> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Self::slow(answer, |_| 0)
    }

    /// One that tells log-probabilities.
    pub(crate) fn measured(
        answer: impl Fn(Kind, &ChatRequest) -> Result<ChatReply, ChatError> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            log_probs: true,
            ..Self::with(answer, |_| 0)
        })
    }

    pub(crate) fn slow(
        answer: impl Fn(Kind, &ChatRequest) -> Result<ChatReply, ChatError> + Send + Sync + 'static,
        delay: fn(&ChatRequest) -> usize,
    ) -> Arc<Self> {
        Arc::new(Self::with(answer, delay))
    }

    fn with(
        answer: impl Fn(Kind, &ChatRequest) -> Result<ChatReply, ChatError> + Send + Sync + 'static,
        delay: fn(&ChatRequest) -> usize,
    ) -> Self {
        Self {
            id: ModelId {
                provider: "scripted".into(),
                model: "double".into(),
            },
            answer: Box::new(answer),
            asked: Mutex::default(),
            delay,
            log_probs: false,
        }
    }

    pub(crate) fn kinds(&self) -> Vec<Kind> {
        self.asked.lock().unwrap().iter().map(Kind::of).collect()
    }

    pub(crate) fn count(&self, kind: Kind) -> usize {
        self.kinds().into_iter().filter(|k| *k == kind).count()
    }

    pub(crate) fn requests(&self, kind: Kind) -> Vec<ChatRequest> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|request| Kind::of(request) == kind)
            .cloned()
            .collect()
    }
}

#[async_trait]
impl ChatModel for Double {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            log_probs: self.log_probs,
            ..Capabilities::default()
        }
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        let mut left = (self.delay)(request);
        poll_fn(|context| {
            if left == 0 {
                return Poll::Ready(());
            }
            left -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        self.asked.lock().unwrap().push(request.clone());
        (self.answer)(Kind::of(request), request)
    }
}

#[allow(clippy::unnecessary_wraps, reason = "doubles return what a model does")]
pub(crate) fn says(text: &str) -> Result<ChatReply, ChatError> {
    Ok(ChatReply {
        text: text.to_owned(),
        finish: FinishReason::Stop,
        usage: Usage::default(),
        log_probs: Vec::new(),
    })
}

pub(crate) fn yes() -> Result<ChatReply, ChatError> {
    says(r#"{"verdict": "yes", "reason": "It says so."}"#)
}

pub(crate) fn no(reason: &str) -> Result<ChatReply, ChatError> {
    says(&format!(r#"{{"verdict": "no", "reason": "{reason}"}}"#))
}

/// A model that finds everything right, and answers [`plain`]'s question as it is answered.
pub(crate) fn agrees(kind: Kind) -> Result<ChatReply, ChatError> {
    match kind {
        Kind::RoundTrip => says("The default limit is 60 minutes, the site allows 1,440."),
        _ => yes(),
    }
}

/// An item with nothing wrong, one claim, and other words than its quote.
pub(crate) fn plain() -> Candidate {
    item(
        "What is the default of the `--time` option of `sbatch`?",
        "The default limit is 60 minutes, and the site allows 1440 minutes.",
        &[limits()],
    )
}

/// Built once, since its patterns take a while.
pub(crate) fn rules() -> Arc<Judge> {
    static RULES: LazyLock<Arc<Judge>> =
        LazyLock::new(|| Arc::new(Judge::new(crate::fixture::config()).unwrap()));
    Arc::clone(&RULES)
}

pub(crate) fn with(
    config: RubricConfig,
    model: &Arc<Double>,
    writer: Option<&Arc<Double>>,
) -> ModelJudge {
    let prompts = Arc::new(Prompts::new(prompts()).unwrap());
    let writer = writer.map(|writer| Arc::clone(writer) as Arc<dyn ChatModel>);
    ModelJudge::new(rules(), config, prompts, Arc::clone(model) as _, writer).unwrap()
}

pub(crate) fn try_review(
    config: RubricConfig,
    model: &Arc<Double>,
    writer: Option<&Arc<Double>>,
    candidate: Candidate,
    store: &dyn ChunkStore,
) -> Result<Outcome<Candidate>, ModelJudgeError> {
    block_on(with(config, model, writer).review(candidate, store))
}

pub(crate) fn review(model: &Arc<Double>, candidate: Candidate) -> Outcome<Candidate> {
    try_review(RubricConfig::default(), model, None, candidate, &store()).unwrap()
}

pub(crate) fn dropped(outcome: Outcome<Candidate>) -> Reject {
    match outcome {
        Outcome::Dropped(reject) => reject,
        other => panic!("not dropped: {other:?}"),
    }
}

pub(crate) fn kept(outcome: Outcome<Candidate>) -> Candidate {
    match outcome {
        Outcome::Kept(candidate) => candidate,
        other => panic!("not kept: {other:?}"),
    }
}

pub(crate) fn scores(candidate: &Candidate) -> BTreeMap<String, f64> {
    candidate.verdict.as_ref().unwrap().scores.clone()
}

/// The deterministic judge accepts what these tests start from.
#[test]
fn the_item_of_these_tests_is_right() {
    assert!(matches!(
        judge().review(plain(), &store()).unwrap(),
        Outcome::Kept(_)
    ));
}
