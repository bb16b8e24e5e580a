//! Progress: libraries report events, callers decide what to show.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::reason::{Stage, StageCounts};

/// Something a caller may want to show or log.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A stage begins.
    StageStarted {
        /// Which.
        stage: Stage,
        /// Records to expect, where known.
        total: Option<u64>,
    },
    /// A stage's result was taken from an earlier run.
    StageReused {
        /// Which.
        stage: Stage,
    },
    /// Some records are done.
    Progress {
        /// In which stage.
        stage: Stage,
        /// Records done since the stage began.
        done: u64,
    },
    /// Where a stage is, in figures; replaces what was said before.
    Status {
        /// In which stage.
        stage: Stage,
        /// Figures.
        message: String,
    },
    /// Something that helps a person to know what to expect.
    Note {
        /// In which stage.
        stage: Stage,
        /// What.
        message: String,
    },
    /// Something a person should know, that stops nothing.
    Warning {
        /// In which stage.
        stage: Stage,
        /// The file or record.
        subject: String,
        /// What is wrong and what was done about it.
        message: String,
    },
    /// A stage ends.
    StageFinished {
        /// Which.
        stage: Stage,
        /// Its funnel.
        counts: StageCounts,
    },
}

/// Receives events; implementations must be cheap, since stages call them from many threads.
pub trait Observer: Send + Sync {
    /// One event.
    fn on_event(&self, event: &Event);
}

/// Ignores every event.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn on_event(&self, _event: &Event) {}
}

/// A flag that asks a run to stop at the next safe point. Clones share the flag.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Asks the run to stop.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether a stop was asked for.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
