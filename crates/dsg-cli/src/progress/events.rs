//! Every event as a JSON object a line: for programs.

use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use dsg::core::{Event, Observer};
use serde::Serialize;

/// Writes events as they come, each flushed, so that a reader may follow.
pub(crate) struct EventLog<W> {
    began: Instant,
    out: Mutex<W>,
}

#[derive(Serialize)]
struct Line<'a> {
    /// Since the command began.
    elapsed_ms: u128,
    #[serde(flatten)]
    event: &'a Event,
}

impl<W: Write> EventLog<W> {
    pub(crate) fn new(out: W) -> Self {
        Self {
            began: Instant::now(),
            out: Mutex::new(out),
        }
    }
}

impl<W: Write + Send> Observer for EventLog<W> {
    fn on_event(&self, event: &Event) {
        let line = Line {
            elapsed_ms: self.began.elapsed().as_millis(),
            event,
        };
        let Ok(mut line) = serde_json::to_vec(&line) else {
            return;
        };
        line.push(b'\n');
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // A log that can no longer be written must not stop the run it reports on.
        let _ = out.write_all(&line).and_then(|()| out.flush());
    }
}

#[cfg(test)]
mod tests {
    use dsg::core::{Stage, StageCounts};

    use super::*;

    #[test]
    fn every_event_is_one_json_line() {
        let log = EventLog::new(Vec::new());
        log.on_event(&Event::StageStarted {
            stage: Stage::Judge,
            total: Some(3),
        });
        log.on_event(&Event::StageFinished {
            stage: Stage::Judge,
            counts: StageCounts::default(),
        });
        let text = String::from_utf8(log.out.into_inner().unwrap()).unwrap();
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines[0]["event"], "stage_started");
        assert_eq!(lines[0]["stage"], "judge");
        assert!(lines[1]["elapsed_ms"].is_u64() && lines[1]["counts"]["in"] == 0);
    }
}
