//! A line per finished stage: for logs, pipes and dumb terminals.

use std::sync::{Mutex, PoisonError};

use dsg::core::{Event, Observer};

use super::line::Lines;
use super::say;
use crate::terminal::Paint;

/// Writes lines to standard error.
pub(crate) struct Plain(Mutex<Lines>);

impl Plain {
    pub(crate) const fn new(paint: Paint, verbose: bool) -> Self {
        Self(Mutex::new(Lines::new(paint, verbose)))
    }
}

impl Observer for Plain {
    fn on_event(&self, event: &Event) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::StageStarted { stage, .. } => lines.started(*stage),
            Event::StageReused { stage } => say(&lines.reused(*stage)),
            Event::Note { stage, message } => say(&lines.note(*stage, message)),
            Event::Warning {
                stage,
                subject,
                message,
            } => {
                if let Some(line) = lines.warning(*stage, subject, message) {
                    say(&line);
                }
            }
            Event::StageFinished { stage, counts } => {
                lines
                    .finished(*stage, counts)
                    .iter()
                    .for_each(|line| say(line));
            }
            _ => {}
        }
    }
}
