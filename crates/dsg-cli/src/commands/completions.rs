//! `dsg completions`.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::args::Cli;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg completions bash > ~/.local/share/bash-completion/completions/dsg
  dsg completions zsh > ~/.zfunc/_dsg
  dsg completions fish > ~/.config/fish/completions/dsg.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(crate) fn execute(args: &CompletionsArgs, session: &Session) -> Result<ExitCode, CliError> {
    // Into memory first: clap_complete panics when its writer fails, as a closed pipe does.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "dsg", &mut script);
    session.print(String::from_utf8_lossy(&script))?;
    Ok(ExitCode::Done)
}
