//! A model with a thread of its own.

use std::sync::{Arc, Mutex, mpsc};

use dsg_core::SeamError;

/// Runs a model's calls one after the other on one thread, with the engine's threads beneath, so that neither the caller's pool nor the
/// tokenizer's can wait for each other, from whatever thread it is asked.
pub(super) struct Worker<M> {
    thread: rayon::ThreadPool,
    model: Arc<Mutex<M>>,
}

impl<M: Send + 'static> Worker<M> {
    /// # Errors
    /// Why the thread cannot start.
    pub(super) fn new(name: &'static str, model: M) -> Result<Self, rayon::ThreadPoolBuildError> {
        let thread = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .thread_name(move |_| name.to_owned())
            // The caller learns of it by an answer that never comes.
            .panic_handler(|_| {})
            .build()?;
        let model = Arc::new(Mutex::new(model));
        Ok(Self { thread, model })
    }

    /// Hands `work` to the thread and waits for it without taking up other work. `what` is what was attempted, for the error.
    pub(super) fn call<T: Send + 'static>(
        &self,
        what: &str,
        work: impl FnOnce(&mut M) -> fastembed::Result<T> + Send + 'static,
    ) -> Result<T, SeamError> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| SeamError {
            what: what.to_owned(),
            source,
        };
        let (answer, answered) = mpsc::channel();
        let model = Arc::clone(&self.model);
        self.thread.spawn(move || {
            let result = match model.lock() {
                Ok(mut model) => work(&mut model).map_err(|error| error.to_string()),
                Err(_) => Err("an earlier call failed half-way".to_owned()),
            };
            // Nobody listens any more: nothing to tell.
            let _ = answer.send(result);
        });
        answered
            .recv()
            .map_err(|_| failed("the model failed without an answer".into()))?
            .map_err(|error| failed(error.into()))
    }
}
