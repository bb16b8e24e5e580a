//! A model that is asked as much at once as its server bears.

use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use dsg_core::{Capabilities, ChatError, ChatModel, ChatReply, ChatRequest, ModelId};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Holds back calls beyond a width that follows the server: it begins at its maximum, halves when the server is
/// [`Busy`](ChatError::Busy) or [`Unreachable`](ChatError::Unreachable), and grows by one for every full width of replies.
/// Calls go on in the order in which they came.
#[derive(Debug)]
pub struct Limited<M> {
    inner: M,
    most: usize,
    permits: Semaphore,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    width: usize,
    /// Permits that are to vanish when they come back, since they were out when the width shrank.
    surplus: usize,
    /// Replies since the width last changed.
    replies: usize,
    /// How often the width was halved. A call that began before a halving says nothing about the width after it.
    round: u64,
}

impl<M: ChatModel> Limited<M> {
    /// `inner` with `most` calls at once or fewer.
    pub fn new(inner: M, most: NonZeroUsize) -> Self {
        let most = most.get().min(Semaphore::MAX_PERMITS);
        Self {
            inner,
            most,
            permits: Semaphore::new(most),
            state: Mutex::new(State {
                width: most,
                surplus: 0,
                replies: 0,
                round: 0,
            }),
        }
    }

    /// How many calls may be under way now.
    pub fn width(&self) -> usize {
        self.state().width
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn succeeded(&self, began_in: u64) {
        let mut state = self.state();
        if state.round != began_in {
            return;
        }
        state.replies += 1;
        if state.width < self.most && state.replies >= state.width {
            state.width += 1;
            state.replies = 0;
            match state.surplus.checked_sub(1) {
                Some(left) => state.surplus = left,
                None => self.permits.add_permits(1),
            }
        }
    }

    fn failed(&self, began_in: u64) {
        let mut state = self.state();
        if state.round != began_in {
            return;
        }
        let fewer = state.width - state.width.div_ceil(2);
        state.width -= fewer;
        state.replies = 0;
        state.round += 1;
        state.surplus += fewer - self.permits.forget_permits(fewer);
    }
}

/// A call's place. It is given back however the call ends, also when it is cancelled.
struct Place<'a, M: ChatModel> {
    limited: &'a Limited<M>,
    permit: Option<SemaphorePermit<'a>>,
}

impl<M: ChatModel> Drop for Place<'_, M> {
    fn drop(&mut self) {
        // The permit goes back while the state is held, so that no shrinking falls between.
        let mut state = self.limited.state();
        if let (Some(left), Some(permit)) = (state.surplus.checked_sub(1), self.permit.take()) {
            state.surplus = left;
            permit.forget();
        }
        drop(self.permit.take());
    }
}

#[async_trait]
impl<M: ChatModel> ChatModel for Limited<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        // The semaphore is never closed.
        let permit = self.permits.acquire().await.ok();
        let _place = Place {
            limited: self,
            permit,
        };
        let round = self.state().round;
        let outcome = self.inner.complete(request).await;
        match &outcome {
            Ok(_) => self.succeeded(round),
            Err(ChatError::Busy { .. } | ChatError::Unreachable { .. }) => self.failed(round),
            Err(_) => {}
        }
        outcome
    }
}
