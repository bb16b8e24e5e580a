//! Bars on a terminal: one for the stage at work, a line for each that is done.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use dsg::core::{Event, Observer, Stage};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::line::Lines;
use crate::terminal::Paint;

/// Draws to standard error.
pub(crate) struct Bars {
    multi: MultiProgress,
    colored: bool,
    state: Mutex<State>,
}

struct State {
    lines: Lines,
    bar: Option<(Stage, ProgressBar)>,
}

impl Bars {
    pub(crate) fn new(paint: Paint, verbose: bool) -> Self {
        Self {
            multi: MultiProgress::new(),
            colored: paint.is_on(),
            state: Mutex::new(State {
                lines: Lines::new(paint, verbose),
                bar: None,
            }),
        }
    }

    pub(crate) fn say(&self, line: &str) {
        // indicatif swallows lines when standard error is no terminal, as with `--progress bars 2>file`.
        self.multi.suspend(|| super::say(line));
    }

    /// Takes the bar away: a command that ends early leaves no half-drawn one.
    pub(crate) fn settle(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bar)) = state.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn bar(&self, stage: Stage, total: Option<u64>) -> ProgressBar {
        // Added before anything draws it: a bar drawn on its own leaves its first line behind.
        let bar = self.multi.add(match total {
            Some(total) => ProgressBar::new(total),
            None => ProgressBar::new_spinner(),
        });
        // Long, and of steps that take about the same time.
        let is_steady = matches!(stage, Stage::Train | Stage::Evaluate);
        let template = match (total.is_some(), self.colored) {
            (true, true) if is_steady => {
                "{prefix:>9.bold} {bar:30.cyan/black.bright} {pos}/{len} {elapsed:.dim} (left {eta}) {msg}"
            }
            (true, false) if is_steady => {
                "{prefix:>9} {bar:30} {pos}/{len} {elapsed} (left {eta}) {msg}"
            }
            (true, true) => {
                "{prefix:>9.bold} {bar:30.cyan/black.bright} {pos}/{len} {elapsed:.dim}"
            }
            (true, false) => "{prefix:>9} {bar:30} {pos}/{len} {elapsed}",
            (false, true) => "{prefix:>9.bold} {spinner:.cyan} {pos} {elapsed:.dim}",
            (false, false) => "{prefix:>9} {spinner} {pos} {elapsed}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.set_prefix(stage.as_str());
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    }
}

impl Observer for Bars {
    fn on_event(&self, event: &Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::StageStarted { stage, total } => {
                state.lines.started(*stage);
                if let Some((_, old)) = state.bar.replace((*stage, self.bar(*stage, *total))) {
                    old.finish_and_clear();
                }
            }
            Event::StageReused { stage } => self.say(&state.lines.reused(*stage)),
            Event::Progress { stage, done } => {
                if let Some((_, bar)) = state.bar.as_ref().filter(|(at, _)| at == stage) {
                    let begins = bar.position() == 0;
                    bar.set_position(*done);
                    if begins {
                        // What was done by an earlier run says nothing of how fast this one is.
                        bar.reset_eta();
                    }
                }
            }
            Event::Status { stage, message } => {
                if let Some((_, bar)) = state.bar.as_ref().filter(|(at, _)| at == stage) {
                    bar.set_message(message.clone());
                }
            }
            Event::Note { stage, message } => self.say(&state.lines.note(*stage, message)),
            Event::Warning {
                stage,
                subject,
                message,
            } => {
                if let Some(line) = state.lines.warning(*stage, subject, message) {
                    self.say(&line);
                }
            }
            Event::StageFinished { stage, counts } => {
                if let Some((_, bar)) = state.bar.take() {
                    bar.finish_and_clear();
                }
                for line in state.lines.finished(*stage, counts) {
                    self.say(&line);
                }
            }
            _ => {}
        }
    }
}
