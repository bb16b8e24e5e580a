//! The `dsg` command: arguments in, calls into the [`dsg`] library, results rendered. No pipeline logic lives here.

mod args;
mod commands;
mod error;
mod exit;
mod interrupt;
mod locate;
mod memory;
mod progress;
#[cfg(test)]
mod reference;
mod session;
mod settings;
mod shell;
mod sources;
mod summary;
mod table;
mod terminal;

use clap::Parser as _;

use crate::args::Cli;
use crate::session::Session;

fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    let session = Session::new(&cli.global);
    let code = match commands::dispatch(&cli.command, &session) {
        Ok(code) => code,
        Err(error) => {
            session.show_error(&error);
            error.exit_code()
        }
    };
    code.into()
}
