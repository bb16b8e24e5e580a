//! What every command shares: how to talk to the user, and how to set up work.

use std::cell::OnceCell;
use std::io::{self, Write};
use std::sync::Arc;

use dsg::Pipeline;
use dsg::core::Interrupt;
use serde::Serialize;
use tracing_subscriber::EnvFilter;

use crate::args::{GlobalArgs, WorkArgs};
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::interrupt;
use crate::progress::{LogWriter, Progress};
use crate::settings::SettingsArgs;
use crate::terminal::Paint;

/// One invocation of `dsg`.
pub(crate) struct Session {
    out: io::Stdout,
    progress: OnceCell<Arc<Progress>>,
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
    /// For standard output.
    pub(crate) paint: Paint,
    /// For standard error.
    pub(crate) err_paint: Paint,
}

impl Session {
    pub(crate) fn new(global: &GlobalArgs) -> Self {
        Self {
            out: io::stdout(),
            progress: OnceCell::new(),
            json: global.json,
            quiet: global.quiet,
            verbose: global.verbose,
            paint: Paint::for_stream(global.color, &io::stdout()),
            err_paint: Paint::for_stream(global.color, &io::stderr()),
        }
    }

    /// Writes to standard output.
    pub(crate) fn print(&self, text: impl AsRef<str>) -> Result<(), CliError> {
        self.settle();
        let mut out = self.out.lock();
        out.write_all(text.as_ref().as_bytes())
            .and_then(|()| out.flush())
            .map_err(CliError::Output)
    }

    /// Writes `value` to standard output as indented JSON.
    pub(crate) fn print_json(&self, value: &impl Serialize) -> Result<(), CliError> {
        let mut text =
            serde_json::to_string_pretty(value).map_err(|error| CliError::Output(error.into()))?;
        text.push('\n');
        self.print(text)
    }

    /// Writes a result: JSON if asked for, else `text` unless quiet.
    pub(crate) fn report(
        &self,
        json: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Result<(), CliError> {
        if self.json {
            self.print_json(json)
        } else if self.quiet {
            Ok(())
        } else {
            self.print(text())
        }
    }

    /// Writes what a check found, `ok` first in its JSON, and says how the command ends.
    pub(crate) fn verdict(
        &self,
        ok: bool,
        report: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Result<ExitCode, CliError> {
        #[derive(Serialize)]
        struct Verdict<'a, R> {
            ok: bool,
            #[serde(flatten)]
            report: &'a R,
        }
        if ok || self.json {
            self.report(&Verdict { ok, report }, text)?;
        } else {
            // What does not hold is the answer that was asked for: --quiet keeps it.
            self.print(text())?;
        }
        Ok(if ok {
            ExitCode::Done
        } else {
            ExitCode::GateMissed
        })
    }

    pub(crate) fn show_error(&self, error: &CliError) {
        self.settle();
        let _ = io::stderr()
            .lock()
            .write_all(error.render(self.err_paint).as_bytes());
    }

    /// Ends the progress display before anything else is said.
    fn settle(&self) {
        if let Some(progress) = self.progress.get() {
            progress.settle();
        }
    }

    /// A pipeline under the resolved configuration, with progress, log, threads and Ctrl-C set up.
    pub(crate) fn pipeline(
        &self,
        settings: &SettingsArgs,
        work: &WorkArgs,
    ) -> Result<Pipeline, CliError> {
        // First the log, which also says what the settings came to.
        let (progress, interrupt) = self.work(work)?;
        let config = settings.resolve()?.config;
        Ok(Pipeline::new(config)?
            .with_observer(progress)
            .with_interrupt(interrupt))
    }

    /// Progress, log, threads and Ctrl-C, set up for long work: who is told of it, and what stops it.
    pub(crate) fn work(&self, work: &WorkArgs) -> Result<(Arc<Progress>, Interrupt), CliError> {
        let progress = self.progress(work)?;
        use_threads(work);
        let interrupt = Interrupt::default();
        interrupt::install(interrupt.clone(), Arc::clone(&progress));
        Ok((progress, interrupt))
    }

    /// The progress display and event log, and the log above it.
    pub(crate) fn progress(&self, work: &WorkArgs) -> Result<Arc<Progress>, CliError> {
        let progress = Arc::new(Progress::new(
            work.progress,
            self.quiet,
            self.verbose,
            self.err_paint,
            work.events.as_deref(),
        )?);
        self.subscribe(&progress)?;
        Ok(Arc::clone(self.progress.get_or_init(|| progress)))
    }

    /// Installs the log: `DSG_LOG` (as in `DSG_LOG=debug`), or dsg's own decisions under `--verbose`.
    fn subscribe(&self, progress: &Arc<Progress>) -> Result<(), CliError> {
        let filter = match std::env::var("DSG_LOG") {
            Ok(filter) if !filter.is_empty() => EnvFilter::try_new(&filter).map_err(|error| {
                CliError::usage(
                    format!("environment variable DSG_LOG: `{filter}` is no filter: {error}"),
                    "use a level, as in DSG_LOG=debug, or targets, as in DSG_LOG=dsg=trace",
                )
            })?,
            _ if self.verbose => EnvFilter::new("dsg=debug"),
            _ => return Ok(()),
        };
        let writer = LogWriter(Arc::clone(progress));
        // A second subscriber in one process cannot happen: commands set up work once.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .without_time()
            .try_init();
        Ok(())
    }
}

/// Sizes the thread pool of the stages, where the user asked for a size.
pub(crate) fn use_threads(work: &WorkArgs) {
    if let Some(threads) = work.threads {
        // Fails only if the pool exists already, which nothing before this line makes.
        let _ = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.into())
            .build_global();
    }
}
