//! The half of the generator that asks a model, with a double for the model.

mod align;
mod order;
mod prompts;
mod rejects;
mod writer;

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use async_trait::async_trait;
use dsg_core::{
    Capabilities, ChatError, ChatModel, ChatReply, ChatRequest, FinishReason, Interrupt,
    MemoryStore, ModelId, Prompts, Reject, Retriever, Seed, Silent, Usage,
};
use dsg_generate::{
    GenerateConfig, GenerateError, Generated, ModelWriter, ModelWriterConfig, Topic, prompts,
};
use futures_executor::block_on;
use serde_json::json;

use crate::Page;

/// What a request asks for, told by its instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Quotes,
    Repair,
    Search,
    Question,
    Answer,
    Unanswerable,
    Structure,
}

impl Kind {
    pub(crate) fn of(request: &ChatRequest) -> Self {
        // A document may speak of tasks too, but not in these words.
        let task = &request.messages.last().unwrap().content;
        if task.contains("You copied this before") {
            return Self::Repair;
        }
        [
            ("choose the passages", Self::Quotes),
            ("copy the passages that answer", Self::Search),
            ("write the question that these", Self::Question),
            ("answer the question from the quotes", Self::Answer),
            ("that the text does not answer", Self::Unanswerable),
            ("the text lost its layout", Self::Structure),
        ]
        .into_iter()
        .find_map(|(words, kind)| task.contains(words).then_some(kind))
        .expect("a known task")
    }
}

/// The instruction of a request.
pub(crate) fn task(request: &ChatRequest) -> &str {
    let text = &request.messages.last().unwrap().content;
    let start = text.rfind("\nTask: ").expect("a task stands at the end");
    text.get(start..).unwrap()
}

/// What stands in the fences after lines that begin with `title`.
pub(crate) fn fenced<'r>(request: &'r ChatRequest, title: &str) -> Vec<&'r str> {
    let text = &request.messages.last().unwrap().content;
    let title = format!("{title}\n\n````\n");
    let after = text.split(title.as_str()).skip(1);
    after
        .map(|rest| rest.split("\n````").next().unwrap())
        .collect()
}

type Answer = dyn Fn(Kind, &ChatRequest) -> Result<ChatReply, ChatError> + Send + Sync;

/// A model that answers by what it is asked, and remembers what it was asked.
pub(crate) struct Double {
    id: ModelId,
    answer: Box<Answer>,
    pub(crate) asked: Mutex<Vec<ChatRequest>>,
    /// How often a reply is not there yet.
    delay: fn(&ChatRequest) -> usize,
}

impl Double {
    pub(crate) fn new(
        answer: impl Fn(Kind, &ChatRequest) -> Result<ChatReply, ChatError> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Self::slow(answer, |_| 0)
    }

    pub(crate) fn slow(
        answer: impl Fn(Kind, &ChatRequest) -> Result<ChatReply, ChatError> + Send + Sync + 'static,
        delay: fn(&ChatRequest) -> usize,
    ) -> Arc<Self> {
        Arc::new(Self {
            id: ModelId {
                provider: "scripted".into(),
                model: "double".into(),
            },
            answer: Box::new(answer),
            asked: Mutex::default(),
            delay,
        })
    }

    pub(crate) fn count(&self, kind: Kind) -> usize {
        self.requests(kind).len()
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
        Capabilities::default()
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

pub(crate) fn reply(text: &str, finish: FinishReason) -> ChatReply {
    ChatReply {
        text: text.to_owned(),
        finish,
        usage: Usage::default(),
        log_probs: Vec::new(),
    }
}

#[allow(clippy::unnecessary_wraps, reason = "doubles return what a model does")]
pub(crate) fn says(text: &str) -> Result<ChatReply, ChatError> {
    Ok(reply(text, FinishReason::Stop))
}

#[allow(clippy::unnecessary_wraps, reason = "doubles return what a model does")]
pub(crate) fn cut() -> Result<ChatReply, ChatError> {
    Ok(reply(r#"{"answer": "It is"#, FinishReason::Length))
}

pub(crate) fn busy() -> Result<ChatReply, ChatError> {
    Err(ChatError::Busy {
        model: "double".into(),
        detail: "503".into(),
        retry_after: None,
    })
}

pub(crate) fn spent() -> Result<ChatReply, ChatError> {
    Err(ChatError::BudgetSpent {
        detail: "10 of 10 requests".into(),
    })
}

/// A model that does everything right: it quotes a sentence of each text that no question was asked about yet.
pub(crate) fn good(kind: Kind, request: &ChatRequest) -> Result<ChatReply, ChatError> {
    match kind {
        Kind::Quotes | Kind::Repair => {
            let taken = task(request).matches("What is said about").count();
            let quotes: Vec<String> = fenced(request, "Its text:")
                .into_iter()
                .map(|text| {
                    let sentences: Vec<&str> = text
                        .split(['\n', '.'])
                        .map(str::trim)
                        .filter(|s| s.split(' ').count() > 4)
                        .collect();
                    // Not as it stands there.
                    sentences[taken % sentences.len()].to_uppercase()
                })
                .collect();
            says(&json!({ "quotes": quotes }).to_string())
        }
        Kind::Search => says(r#"{"cannot": "not said"}"#),
        Kind::Question => {
            let quotes = task_quotes(request);
            let words: Vec<&str> = quotes.split_whitespace().take(6).collect();
            says(
                &json!({"question": format!("What is said about {}?", words.join(" "))})
                    .to_string(),
            )
        }
        Kind::Answer => says(&json!({"answer": task_quotes(request)}).to_string()),
        Kind::Structure => {
            let text = fenced(request, "Its text:")[0].replace("-\n", "");
            says(&json!({"text": text.replace('\n', " ")}).to_string())
        }
        Kind::Unanswerable => says(
            &json!({"question": format!(
                "Which colour has “{}”?", fenced(request, "Section of the documentation:")[0]
            )})
            .to_string(),
        ),
    }
}

/// The quotes that a question or answer is to rest on.
fn task_quotes(request: &ChatRequest) -> String {
    let text = &request.messages.last().unwrap().content;
    let start = text.rfind("Quotes from the documentation:").unwrap();
    let end = text.rfind("\nQuestion:").filter(|end| *end > start);
    let end = end.unwrap_or_else(|| text.rfind("\nTask: ").unwrap());
    let quotes = text
        .get(start..end)
        .unwrap()
        .split("````\n")
        .skip(1)
        .step_by(2);
    quotes.map(str::trim).collect::<Vec<_>>().join(" ")
}

/// Three pages about a queue, two chunks each.
pub(crate) fn store() -> MemoryStore {
    let page = |doc: &str, ordinal, path: &[&str], paragraphs: &[&str]| {
        let page = Page::new(path).command("qrun");
        paragraphs
            .iter()
            .fold(page, |page, text| page.paragraph(text))
            .numbered(doc, ordinal)
    };
    MemoryStore(vec![
        page(
            "time.md",
            0,
            &["Time", "Limits"],
            &[
                "Every queue job has a time limit that the scheduler enforces. The default limit of a queue job is 60 minutes.",
                "Jobs that run into their limit are killed without a warning, so ask for more with `qrun --time` when in doubt.",
            ],
        ),
        page(
            "time.md",
            1,
            &["Time", "Extensions"],
            &[
                "A running queue job can be extended once by its owner. The extension is at most as long as the first limit was.",
                "If the partition is drained for maintenance, no extension is granted and `qrun extend` fails with an error.",
            ],
        ),
        page(
            "memory.md",
            0,
            &["Memory", "Requests"],
            &[
                "Memory of a queue job is requested per node with `qrun --mem`. The request is rounded up to whole gigabytes.",
                "A job that needs more than it asked for is stopped because the nodes are shared between many users at once.",
            ],
        ),
        page(
            "memory.md",
            1,
            &["Memory", "Reports"],
            &[
                "The report of a finished queue job names its highest use of memory. Reports are kept for thirty days on disk.",
                "Use `qrun report` with the number of the job when the mail with the report was lost or never came at all.",
            ],
        ),
        page("short.md", 0, &["Short queue job"], &["Too short."]),
        page(
            "paint.md",
            0,
            &["Painting"],
            &[
                "Walls are painted twice with a roller, and the first coat has to dry for a day before the second one follows it.",
                "Brushes are cleaned with warm water and a little soap directly after the work, else they become hard as wood.",
            ],
        ),
    ])
}

pub(crate) fn config(quota: usize) -> GenerateConfig {
    GenerateConfig {
        topics: vec![Topic {
            id: "queue".into(),
            description: "time and memory of a queue job".into(),
            commands: vec!["qrun".into()],
            keywords: vec!["queue job".into()],
            quota,
        }],
        subject: Some("Queue".into()),
        oversample: 1.0,
        ..GenerateConfig::default()
    }
}

pub(crate) fn try_write(
    config: GenerateConfig,
    settings: ModelWriterConfig,
    model: &Arc<Double>,
    store: &dyn Retriever,
) -> Result<Generated, GenerateError> {
    let prompts = Arc::new(Prompts::new(prompts()).unwrap());
    let writer = ModelWriter::new(config, settings, Seed(42), prompts, Arc::clone(model) as _)?;
    block_on(writer.run(store, &Silent, &Interrupt::default()))
}

/// A run for `quota` items in one round, which proves that the funnel adds up.
pub(crate) fn write(quota: usize, model: &Arc<Double>) -> Generated {
    let settings = ModelWriterConfig {
        rounds: 1,
        ..ModelWriterConfig::default()
    };
    let generated = try_write(config(quota), settings, model, &store()).unwrap();
    assert_adds_up(&generated);
    generated
}

pub(crate) fn assert_adds_up(generated: &Generated) {
    let result = &generated.result;
    assert!(result.counts.is_balanced());
    assert_eq!(result.counts.kept, result.kept.len() as u64);
    assert_eq!(
        result.counts.dropped_total() + result.counts.failed,
        result.rejects.len() as u64
    );
}

pub(crate) fn reasons(rejects: &[Reject]) -> BTreeMap<&str, usize> {
    let mut reasons = BTreeMap::new();
    for reject in rejects {
        *reasons.entry(reject.reason.as_str()).or_default() += 1;
    }
    reasons
}
