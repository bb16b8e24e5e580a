//! Ctrl-C: once to stop at a safe point, twice to stop now.

use std::sync::Arc;

use dsg::core::Interrupt;

use crate::exit::ExitCode;
use crate::progress::Progress;

/// Requests `interrupt` on the first SIGINT, SIGTERM or SIGHUP and ends the process on the second.
pub(crate) fn install(interrupt: Interrupt, progress: Arc<Progress>) {
    let handler = move || {
        if interrupt.is_requested() {
            #[allow(
                clippy::exit,
                reason = "the second Ctrl-C means now; artifacts are atomic"
            )]
            std::process::exit(ExitCode::Interrupted as i32);
        }
        interrupt.request();
        progress.say(
            "stopping at the next safe point; finished steps are kept. Press Ctrl-C again to stop at once.",
        );
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        // Without a handler Ctrl-C kills the process, which a later run survives as well.
        tracing::debug!(%error, "no handler for Ctrl-C");
    }
}
