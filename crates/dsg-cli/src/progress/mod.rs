//! Progress for people and programs: three observers of one stream of events.

mod bars;
mod events;
mod line;
mod plain;

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::Path;
use std::sync::Arc;

use dsg::core::{Event, Observer};

use crate::args::ProgressHow;
use crate::error::CliError;
use crate::terminal::Paint;

pub(crate) use bars::Bars;
pub(crate) use events::EventLog;
pub(crate) use line::left_for;
pub(crate) use plain::Plain;

/// The observers of one command, and the way to say something without tearing a bar apart.
pub(crate) struct Progress {
    shown: Shown,
    log: Option<EventLog<BufWriter<File>>>,
}

enum Shown {
    Bars(Bars),
    Plain(Plain),
    Nothing,
}

impl Progress {
    pub(crate) fn new(
        how: ProgressHow,
        quiet: bool,
        verbose: bool,
        paint: Paint,
        events: Option<&Path>,
    ) -> Result<Self, CliError> {
        let shown = match how {
            ProgressHow::None => Shown::Nothing,
            ProgressHow::Auto if quiet => Shown::Nothing,
            ProgressHow::Bars => Shown::Bars(Bars::new(paint, verbose)),
            ProgressHow::Auto if io::stderr().is_terminal() => {
                Shown::Bars(Bars::new(paint, verbose))
            }
            ProgressHow::Plain | ProgressHow::Auto => Shown::Plain(Plain::new(paint, verbose)),
        };
        let log = match events {
            Some(path) => {
                let file =
                    File::create(path).map_err(CliError::file("write the events to", path))?;
                Some(EventLog::new(BufWriter::new(file)))
            }
            None => None,
        };
        Ok(Self { shown, log })
    }

    /// Leaves the terminal to what is printed next.
    pub(crate) fn settle(&self) {
        if let Shown::Bars(bars) = &self.shown {
            bars.settle();
        }
    }

    /// A line on standard error, above the bars where there are any.
    pub(crate) fn say(&self, line: &str) {
        match &self.shown {
            Shown::Bars(bars) => bars.say(line),
            Shown::Plain(_) | Shown::Nothing => say(line),
        }
    }
}

impl Observer for Progress {
    fn on_event(&self, event: &Event) {
        match &self.shown {
            Shown::Bars(bars) => bars.on_event(event),
            Shown::Plain(plain) => plain.on_event(event),
            Shown::Nothing => {}
        }
        if let Some(log) = &self.log {
            log.on_event(event);
        }
    }
}

/// A line on standard error. A closed standard error must not stop a run.
fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Lets log lines pass above the bars.
#[derive(Clone)]
pub(crate) struct LogWriter(pub(crate) Arc<Progress>);

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.say(String::from_utf8_lossy(line).trim_end());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
