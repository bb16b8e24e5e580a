//! Requests that wait, and which goes first.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use dsg_core::{ChatError, ChatReply, ChatRequest};
use tokio::sync::oneshot;

/// How long one more request is awaited while others are there already: whoever got a reply may ask on about the same passage,
/// whose tokens are still in the cache. Far less than a prompt takes.
const LINGER: Duration = Duration::from_millis(5);
/// How often a request is passed over at most.
const MOST_PASSED: u32 = 16;

/// A request and where its reply goes.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) request: ChatRequest,
    pub(super) reply: oneshot::Sender<Result<ChatReply, ChatError>>,
}

/// Prepared requests in the order in which they came.
#[derive(Debug)]
pub(super) struct Queue<T> {
    waiting: Vec<(T, u32)>,
}

impl<T> Queue<T> {
    pub(super) const fn new() -> Self {
        Self {
            waiting: Vec::new(),
        }
    }

    /// Takes in what has come, waiting for the first if none is there. `None` when no more will come and none waits.
    /// `prepare` keeps what is to be answered.
    pub(super) fn next(
        &mut self,
        inbox: &Receiver<Job>,
        mut prepare: impl FnMut(Job) -> Option<T>,
        shared: impl Fn(&T) -> usize,
    ) -> Option<T> {
        let mut until = Instant::now() + LINGER;
        while self.waiting.is_empty() {
            let job = inbox.recv().ok()?;
            self.waiting.extend(prepare(job).map(|ready| (ready, 0)));
            until = Instant::now();
        }
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match inbox.recv_timeout(left) {
                Ok(job) => self.waiting.extend(prepare(job).map(|ready| (ready, 0))),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        self.take(shared)
    }

    /// The one that shares most with the cache, the oldest of equals; one that was passed over too often goes before.
    fn take(&mut self, shared: impl Fn(&T) -> usize) -> Option<T> {
        let overdue = self
            .waiting
            .iter()
            .position(|(_, passed)| *passed >= MOST_PASSED);
        let best = overdue.or_else(|| {
            let places = self.waiting.iter().enumerate().rev();
            let (place, _) = places.max_by_key(|(_, (ready, _))| shared(ready))?;
            Some(place)
        })?;
        for (_, passed) in self.waiting.iter_mut().take(best) {
            *passed += 1;
        }
        Some(self.waiting.remove(best).0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shares_most_goes_first_and_nobody_waits_for_ever() {
        let mut queue = Queue::new();
        queue.waiting.extend([("a", 0), ("bb", 0), ("cc", 0)]);
        let length = |ready: &&str| ready.len();
        assert_eq!(queue.take(length), Some("bb"));
        assert_eq!(queue.take(length), Some("cc"));
        for _ in 2..MOST_PASSED {
            queue.waiting.push(("dd", 0));
            assert_eq!(queue.take(length), Some("dd"));
        }
        queue.waiting.push(("dd", 0));
        assert_eq!(queue.take(length), Some("a"));
        assert_eq!(queue.take(length), Some("dd"));
        assert_eq!(queue.take(length), None);
    }
}
