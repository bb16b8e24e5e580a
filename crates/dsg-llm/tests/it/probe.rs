//! A model that takes its time and says who asked it when.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use dsg_core::{Capabilities, ChatError, ChatModel, ChatReply, ChatRequest, ModelId};
use tokio::time::{Instant, sleep};

type Answer = Box<dyn Fn(usize, &ChatRequest) -> Result<ChatReply, ChatError> + Send + Sync>;

/// Answers the n-th request as it is told to, after a time.
pub(crate) struct Probe {
    id: ModelId,
    takes: Duration,
    answer: Answer,
    began: Mutex<Vec<Instant>>,
    under_way: AtomicUsize,
    most: AtomicUsize,
}

impl Probe {
    pub(crate) fn new(
        takes: Duration,
        answer: impl Fn(usize, &ChatRequest) -> Result<ChatReply, ChatError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            id: ModelId {
                provider: "probe".to_owned(),
                model: "probe".to_owned(),
            },
            takes,
            answer: Box::new(answer),
            began: Mutex::default(),
            under_way: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        }
    }

    /// When each call began.
    pub(crate) fn began(&self) -> Vec<Instant> {
        self.began.lock().unwrap().clone()
    }

    /// How many calls were under way at once, at most.
    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }
}

/// Counts a call as under way, also when it is cancelled.
struct UnderWay<'a>(&'a AtomicUsize);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl ChatModel for Probe {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        let nth = {
            let mut began = self.began.lock().unwrap();
            began.push(Instant::now());
            began.len() - 1
        };
        let under_way = self.under_way.fetch_add(1, Ordering::Relaxed) + 1;
        let _under_way = UnderWay(&self.under_way);
        self.most.fetch_max(under_way, Ordering::Relaxed);
        sleep(self.takes).await;
        (self.answer)(nth, request)
    }
}

pub(crate) fn busy(retry_after: Option<Duration>) -> ChatError {
    ChatError::Busy {
        model: "probe".to_owned(),
        detail: "429: slow down".to_owned(),
        retry_after,
    }
}
