//! What is said about a stage, in one line.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use dsg::core::{Stage, StageCounts};

use crate::terminal::{Paint, printable};

/// Warnings shown per stage unless all are wanted.
const WARNINGS_SHOWN: u64 = 5;

/// Turns events into lines; remembers when stages began and how many warnings were shown.
#[derive(Debug)]
pub(super) struct Lines {
    paint: Paint,
    verbose: bool,
    began: BTreeMap<Stage, Instant>,
    warnings: BTreeMap<Stage, u64>,
}

impl Lines {
    pub(super) const fn new(paint: Paint, verbose: bool) -> Self {
        Self {
            paint,
            verbose,
            began: BTreeMap::new(),
            warnings: BTreeMap::new(),
        }
    }

    pub(super) fn started(&mut self, stage: Stage) {
        self.began.insert(stage, Instant::now());
    }

    pub(super) fn reused(&self, stage: Stage) -> String {
        format!(
            "{} {}",
            name(self.paint, stage),
            self.paint.faint("taken from the last run")
        )
    }

    pub(super) fn note(&self, stage: Stage, message: &str) -> String {
        self.paint.faint(format!("{stage}: {}", printable(message)))
    }

    /// `None` once a stage has warned enough.
    pub(super) fn warning(&mut self, stage: Stage, subject: &str, message: &str) -> Option<String> {
        let seen = self.warnings.entry(stage).or_default();
        *seen += 1;
        (self.verbose || *seen <= WARNINGS_SHOWN).then(|| {
            let label = self.paint.warn("warning:");
            let message = printable(message);
            // Most messages name their subject themselves.
            if message.contains(subject) {
                format!("{label} {message}")
            } else {
                format!("{label} {}: {message}", printable(subject))
            }
        })
    }

    /// The stage's funnel, after a line about warnings that were held back.
    pub(super) fn finished(&mut self, stage: Stage, counts: &StageCounts) -> Vec<String> {
        let mut lines = Vec::new();
        let seen = self.warnings.remove(&stage).unwrap_or(0);
        if let Some(held) = seen
            .checked_sub(WARNINGS_SHOWN + 1)
            .filter(|_| !self.verbose)
        {
            let label = self.paint.warn("warning:");
            lines.push(format!(
                "{label} {} more like these; --verbose shows all",
                held + 1
            ));
        }
        let took = self.began.get(&stage).map(|began| elapsed(began.elapsed()));
        let mut line = format!("{} {}", name(self.paint, stage), funnel(counts));
        if let Some(took) = took {
            line.push_str(&self.paint.faint(format!("  {took}")));
        }
        lines.push(line);
        lines
    }
}

fn name(paint: Paint, stage: Stage) -> String {
    paint.strong(format!("{:>9}", stage.as_str()))
}

fn elapsed(took: Duration) -> String {
    if took.as_secs() < 60 {
        format!("{:.1}s", took.as_secs_f64())
    } else {
        format!("{}m{:02}s", took.as_secs() / 60, took.as_secs() % 60)
    }
}

/// `150 of 180 kept, 30 dropped (judge.length 20, judge.meta_talk 10)`
fn funnel(counts: &StageCounts) -> String {
    let mut text = format!("{} of {} kept", counts.kept, counts.entered);
    let dropped = counts.dropped_total();
    if dropped > 0 {
        let _ = write!(text, ", {dropped} dropped ({})", left_for(counts, 2));
    }
    if counts.failed > 0 {
        let _ = write!(text, ", {} failed", counts.failed);
    }
    text
}

/// The `most` frequent reasons with their counts, most frequent first.
pub(crate) fn left_for(counts: &StageCounts, most: usize) -> String {
    let mut reasons: Vec<_> = counts.dropped.iter().collect();
    reasons.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let mut parts: Vec<String> = reasons
        .iter()
        .take(most)
        .map(|(reason, n)| format!("{reason} {n}"))
        .collect();
    if let Some(more) = reasons.len().checked_sub(most).filter(|more| *more > 0) {
        parts.push(format!("{more} more"));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use dsg::core::Reason;

    use super::*;

    fn counts() -> StageCounts {
        let dropped = [
            ("judge.a", 2),
            ("judge.b", 9),
            ("judge.c", 1),
            ("judge.d", 1),
        ];
        StageCounts {
            entered: 20,
            kept: 6,
            dropped: dropped.map(|(reason, n)| (Reason::new(reason), n)).into(),
            failed: 1,
        }
    }

    #[test]
    fn a_funnel_names_its_main_reasons_first() {
        assert_eq!(
            funnel(&counts()),
            "6 of 20 kept, 13 dropped (judge.b 9, judge.a 2, 2 more), 1 failed"
        );
    }

    #[test]
    fn after_a_few_warnings_the_rest_is_counted() {
        let mut lines = Lines::new(Paint::plain(), false);
        let shown = (0..9)
            .filter_map(|_| lines.warning(Stage::Ingest, "a", "b"))
            .count();
        assert_eq!(shown, 5);
        let finished = lines.finished(Stage::Ingest, &counts());
        assert_eq!(
            finished[0],
            "warning: 4 more like these; --verbose shows all"
        );
    }
}
