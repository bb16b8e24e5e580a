//! The driver: one call a prompt, several at a time, in stable order.

use std::collections::{BTreeSet, HashSet};
use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dsg_core::{
    ChatError, ChatModel, ChatReply, ChatRequest, Event, FinishReason, Interrupt, Message,
    Observer, Outcome, Reject, RejectSchema, Role, Stage, StageResult, Usage,
};
use futures_util::stream::{self, Stream, StreamExt};
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::error::GenerateError;
use crate::label::config::LabelConfig;
use crate::label::json::checked;
use crate::label::reason::LabelDropReason;
use crate::label::record::{Label, LabelPrompt, LabelSchema};

/// Labels prompts with a model's replies.
///
/// ```no_run
/// # use std::collections::BTreeSet;
/// # use std::sync::Arc;
/// # use dsg_core::{ChatModel, Interrupt, Silent};
/// # use dsg_generate::{LabelConfig, LabelPrompt, Labeller};
/// # async fn label(prompts: Vec<LabelPrompt>, teacher: Arc<dyn ChatModel>) -> Result<(), Box<dyn std::error::Error>> {
/// let labeller = Labeller::new(LabelConfig::default(), teacher)?;
/// let labelled = labeller.label_all(prompts, &BTreeSet::new(), &Silent, &Interrupt::default()).await?;
/// for label in &labelled.kept {
///     println!("{}", label.reply());
/// }
/// # Ok(())
/// # }
/// ```
pub struct Labeller {
    config: LabelConfig,
    model: Arc<dyn ChatModel>,
}

/// What became of one prompt.
enum Fate {
    Settled(Outcome<Label>),
    /// The model ended the run at it.
    Stop(GenerateError),
    /// The run ended before it.
    NotAsked,
}

impl Labeller {
    /// A labeller that asks `model`.
    ///
    /// # Errors
    /// [`GenerateError::Config`] naming the field.
    pub fn new(config: LabelConfig, model: Arc<dyn ChatModel>) -> Result<Self, GenerateError> {
        config.validate()?;
        Ok(Self { config, model })
    }

    /// Labels in the order of `prompts`, which are taken as they are needed, [`LabelConfig::concurrency`] at a time. Prompts whose
    /// id is in `existing` are dropped as `label.exists` without a call.
    ///
    /// After an error, or when `interrupt` is requested, no further call is made, and the stream ends when those under way are
    /// done: their labels still come.
    pub fn labels<'a>(
        &'a self,
        prompts: impl IntoIterator<Item = LabelPrompt> + 'a,
        existing: &'a BTreeSet<String>,
        interrupt: &'a Interrupt,
    ) -> impl Stream<Item = Result<Outcome<Label>, GenerateError>> + 'a {
        let stopped = Arc::new(AtomicBool::new(false));
        let halt = Arc::clone(&stopped);
        let mut seen: HashSet<String> = HashSet::new();
        let entries = prompts
            .into_iter()
            .take_while(move |_| !halt.load(Ordering::Relaxed) && !interrupt.is_requested())
            .map(move |prompt| {
                let id = prompt.id();
                let refused = if existing.contains(&id) {
                    Some(LabelDropReason::Exists)
                } else if !seen.insert(id.clone()) {
                    Some(LabelDropReason::DuplicateId)
                } else if prompt.text().trim().is_empty() {
                    Some(LabelDropReason::EmptyPrompt)
                } else {
                    None
                };
                (id, prompt, refused)
            });
        stream::iter(entries)
            .map(move |(id, prompt, refused)| {
                let stopped = Arc::clone(&stopped);
                async move {
                    match refused {
                        Some(reason) => Fate::Settled(left(id, &prompt, reason, "", None)),
                        None => self.fate(id, prompt, &stopped, interrupt).await,
                    }
                }
            })
            .buffered(self.config.concurrency)
            .filter_map(|fate| async move {
                match fate {
                    Fate::Settled(outcome) => Some(Ok(outcome)),
                    Fate::Stop(error) => Some(Err(error)),
                    Fate::NotAsked => None,
                }
            })
    }

    /// All labels of [`Self::labels`], as the stage's result. Says after each how many are done.
    ///
    /// # Errors
    /// [`GenerateError::Labelling`] at the first prompt after which no call can succeed; what was labelled is lost here, unless the
    /// model records its replies or the caller uses [`Self::labels`]. [`GenerateError::Interrupted`].
    pub async fn label_all(
        &self,
        prompts: impl IntoIterator<Item = LabelPrompt>,
        existing: &BTreeSet<String>,
        observer: &dyn Observer,
        interrupt: &Interrupt,
    ) -> Result<StageResult<Label>, GenerateError> {
        let mut outcomes = Vec::new();
        let mut failure = None;
        let mut labels = std::pin::pin!(self.labels(prompts, existing, interrupt));
        while let Some(outcome) = labels.next().await {
            match outcome {
                Ok(outcome) => outcomes.push(outcome),
                Err(error) => {
                    failure.get_or_insert(error);
                }
            }
            observer.on_event(&Event::Progress {
                stage: Stage::Label,
                done: u64::try_from(outcomes.len()).unwrap_or(u64::MAX),
            });
        }
        match failure {
            _ if interrupt.is_requested() => Err(GenerateError::Interrupted),
            Some(error) => Err(error),
            None => Ok(outcomes.into_iter().collect()),
        }
    }

    async fn fate(
        &self,
        id: String,
        prompt: LabelPrompt,
        stopped: &AtomicBool,
        interrupt: &Interrupt,
    ) -> Fate {
        let validator = match prompt.schema.as_ref().map(jsonschema::validator_for) {
            None => None,
            Some(Ok(validator)) => Some(validator),
            Some(Err(error)) => {
                let reason = LabelDropReason::BadSchema;
                return Fate::Settled(left(id, &prompt, reason, error.to_string(), None));
            }
        };
        let mut last = (LabelDropReason::EmptyReply, String::new(), None);
        for attempt in 0..self.config.tries {
            if stopped.load(Ordering::Relaxed) || interrupt.is_requested() {
                return Fate::NotAsked;
            }
            let request = ChatRequest {
                messages: vec![Message {
                    role: Role::User,
                    content: prompt.text(),
                }],
                sampling: self.config.sampling(attempt),
                schema: prompt.schema.clone(),
                ..ChatRequest::default()
            };
            let reply = match self.model.complete(&request).await {
                Ok(reply) => reply,
                // The provider's check is the stricter one: what it cannot use may still be mended here.
                Err(ChatError::Unusable { text, .. }) => ChatReply {
                    text,
                    finish: FinishReason::Unknown,
                    usage: Usage::default(),
                    log_probs: Vec::new(),
                },
                Err(error) if error.ends_run() => {
                    stopped.store(true, Ordering::Relaxed);
                    return Fate::Stop(GenerateError::Labelling { id, source: error });
                }
                Err(error) => {
                    let reason = match error {
                        ChatError::ContextExceeded { .. } | ChatError::PromptCut { .. } => {
                            LabelDropReason::ContextExceeded
                        }
                        ChatError::ReplyCut { .. } => LabelDropReason::ReplyCut,
                        _ => LabelDropReason::ModelFailed,
                    };
                    return Fate::Settled(left(id, &prompt, reason, error.to_string(), None));
                }
            };
            match usable(&reply, &prompt, validator.as_ref()) {
                Ok((text, salvaged)) => {
                    let seed = request.sampling.seed;
                    return Fate::Settled(Outcome::Kept(
                        self.labelled(id, prompt, text, salvaged, seed),
                    ));
                }
                Err((reason, detail)) => last = (reason, detail, Some(reply)),
            }
            // Another try at a longer or empty text brings the same.
            if !prompt.is_json() || last.0 == LabelDropReason::ReplyCut {
                break;
            }
        }
        let (reason, detail, reply) = last;
        Fate::Settled(left(id, &prompt, reason, detail, reply.as_ref()))
    }

    fn labelled(
        &self,
        id: String,
        prompt: LabelPrompt,
        reply: String,
        salvaged: bool,
        seed: u32,
    ) -> Label {
        let message = |role, content| Message { role, content };
        let model = self.model.id();
        Label {
            schema: LabelSchema::V1,
            id,
            messages: vec![
                message(Role::User, prompt.text()),
                message(Role::Assistant, reply),
            ],
            reply_schema: prompt.schema,
            provider: model.provider.clone(),
            model: model.model.clone(),
            seed,
            salvaged,
            extra: prompt.extra,
        }
    }
}

impl Debug for Labeller {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Labeller")
            .field("config", &self.config)
            .field("model", self.model.id())
            .finish()
    }
}

/// The text to keep of a reply, and whether it is not the reply to the letter.
fn usable(
    reply: &ChatReply,
    prompt: &LabelPrompt,
    schema: Option<&Validator>,
) -> Result<(String, bool), (LabelDropReason, String)> {
    match reply.finish {
        FinishReason::Length => {
            return Err((LabelDropReason::ReplyCut, "the reply was cut".to_owned()));
        }
        FinishReason::Filtered => {
            let detail = "a filter withheld the reply".to_owned();
            return Err((LabelDropReason::EmptyReply, detail));
        }
        _ => {}
    }
    let text = reply.text.trim();
    if text.is_empty() {
        return Err((LabelDropReason::EmptyReply, "the reply is empty".to_owned()));
    }
    if prompt.is_json() {
        checked(text, schema)
    } else {
        Ok((text.to_owned(), false))
    }
}

fn left(
    id: String,
    prompt: &LabelPrompt,
    reason: LabelDropReason,
    detail: impl Into<String>,
    reply: Option<&ChatReply>,
) -> Outcome<Label> {
    let mut record = serde_json::to_value(prompt).unwrap_or_default();
    if let (Value::Object(fields), Some(reply)) = (&mut record, reply) {
        fields.insert("reply".to_owned(), json!(reply.text));
    }
    let reject = Reject {
        schema: RejectSchema,
        id,
        stage: Stage::Label,
        reason: reason.into(),
        detail: detail.into(),
        record,
    };
    if reason == LabelDropReason::ModelFailed {
        Outcome::Failed(reject)
    } else {
        Outcome::Dropped(reject)
    }
}
