//! Model calls from code that is not async.

use std::future::Future;

use tokio::runtime::{Builder, Runtime};

use crate::error::LlmError;

/// A runtime of one thread, which waits for many calls at once. Keep it for a whole run: connections live in it.
#[derive(Debug)]
pub struct Blocking(Runtime);

impl Blocking {
    /// Starts the runtime.
    ///
    /// # Errors
    /// [`LlmError::Runtime`] where the system gives no thread or event queue.
    pub fn new() -> Result<Self, LlmError> {
        Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map(Self)
            .map_err(LlmError::Runtime)
    }

    /// Runs `future` to its end on this thread. Must not be called from within async code.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }
}
