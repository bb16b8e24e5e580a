//! A model whose replies are kept and never paid for twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use dsg_core::{Capabilities, ChatError, ChatModel, ChatReply, ChatRequest, ModelId};
use tokio::sync::Mutex as AsyncMutex;
use tokio::task::spawn_blocking;

use crate::error::LlmError;
use crate::store::{Exchange, ExchangeSchema, ReplyKey, ReplyStore, Settings};

/// Asks the store first, then the model, and keeps the reply before it hands it on.
#[derive(Debug)]
pub struct Recorded<M> {
    inner: M,
    store: ReplyStore,
    settings: Settings,
    /// Requests on their way, so that the same one is not sent twice at the same time.
    in_flight: Mutex<HashMap<ReplyKey, Weak<AsyncMutex<()>>>>,
}

impl<M: ChatModel> Recorded<M> {
    /// `inner` behind `store`. `settings` is what its replies depend on beside its name and the request.
    pub fn new(inner: M, store: ReplyStore, settings: Settings) -> Self {
        Self {
            inner,
            store,
            settings,
            in_flight: Mutex::default(),
        }
    }

    fn turnstile(&self, key: &ReplyKey) -> Arc<AsyncMutex<()>> {
        let mut in_flight = self
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(turnstile) = in_flight.get(key).and_then(Weak::upgrade) {
            return turnstile;
        }
        // What is over leaves with the next newcomer, so that the map holds no more than there are calls.
        in_flight.retain(|_, turnstile| turnstile.strong_count() > 0);
        let turnstile = Arc::new(AsyncMutex::new(()));
        in_flight.insert(key.clone(), Arc::downgrade(&turnstile));
        turnstile
    }
}

#[async_trait]
impl<M: ChatModel> ChatModel for Recorded<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        let key = ReplyKey::of(self.id(), &self.settings, request)?;
        let turnstile = self.turnstile(&key);
        let _pass = turnstile.lock().await;
        if let Some(reply) = look_up(&self.store, &key).await? {
            return Ok(reply);
        }
        let exchange = Exchange {
            schema: ExchangeSchema::V1,
            key,
            model: self.id().clone(),
            settings: self.settings.clone(),
            reply: self.inner.complete(request).await?,
            request: request.clone(),
        };
        let store = self.store.clone();
        aside(move || store.put(&exchange)).await
    }
}

/// Recorded replies and nothing else: no server is asked, whatever the request.
#[derive(Debug)]
pub struct Replay {
    id: ModelId,
    capabilities: Capabilities,
    store: ReplyStore,
    settings: Settings,
}

impl Replay {
    /// The replies that `id` gave under `settings`.
    pub fn new(
        id: ModelId,
        capabilities: Capabilities,
        store: ReplyStore,
        settings: Settings,
    ) -> Self {
        Self {
            id,
            capabilities,
            store,
            settings,
        }
    }
}

#[async_trait]
impl ChatModel for Replay {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        let key = ReplyKey::of(&self.id, &self.settings, request)?;
        match look_up(&self.store, &key).await? {
            Some(reply) => Ok(reply),
            None => Err(ChatError::NotRecorded {
                model: self.id.model.clone(),
                key: key.to_string(),
            }),
        }
    }
}

async fn look_up(store: &ReplyStore, key: &ReplyKey) -> Result<Option<ChatReply>, ChatError> {
    let (store, key) = (store.clone(), key.clone());
    aside(move || store.get(&key)).await
}

/// Runs disk work where it holds up no other call.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LlmError> + Send + 'static,
) -> Result<T, ChatError> {
    match spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| ChatError::Backend {
            what: "the reply store failed".to_owned(),
            source: error.into(),
        }),
        Err(error) => Err(ChatError::Backend {
            what: "the reply store's thread ended".to_owned(),
            source: error.into(),
        }),
    }
}
