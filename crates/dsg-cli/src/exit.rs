//! What the shell learns of a run.

/// The exit codes of every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitCode {
    /// Done.
    Done = 0,
    /// Done, but the result is not good enough: a gate was missed or `verify` found something.
    GateMissed = 1,
    /// The command line or the configuration is wrong. Also what clap itself exits with.
    Usage = 2,
    /// The input, the disk or the machine is in the way.
    Environment = 3,
    /// A model or its server ended the run for good; the same command goes on once that is mended.
    Model = 4,
    /// Asked to stop; the same command goes on. 128 + SIGINT, as shells have it.
    Interrupted = 130,
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}
