//! Commands as named, timed steps.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Result;
use crate::repository::target_dir;

/// `cargo`, the one that runs this program, in the workspace's root.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// An example program of dsg-train, built to be fast.
pub(crate) fn train_example(root: &Path, name: &str) -> Result<PathBuf> {
    let build = "build --release --locked -p dsg-train --example";
    check(cargo(root).args(build.split(' ')).arg(name))?;
    Ok(target_dir(root).join("release/examples").join(name))
}

/// Runs `command` with its output shown; fails when it does.
pub(crate) fn check(command: &mut Command) -> Result {
    command.stdin(Stdio::null());
    let line = shown(command);
    let status = command
        .status()
        .map_err(|e| format!("cannot start `{line}`: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{line}` ended with {status}").into())
    }
}

/// Runs `command` quietly and returns its standard output; fails with its standard error when it does.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    command.stdin(Stdio::null());
    let line = shown(command);
    let output = command
        .output()
        .map_err(|e| format!("cannot start `{line}`: {e}"))?;
    if output.status.success() {
        Ok(String::from_utf8(output.stdout)?)
    } else {
        let stderr = String::from_utf8_lossy(&output.stderr);
        Err(format!("`{line}` ended with {}\n{}", output.status, stderr.trim()).into())
    }
}

/// The command as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or_else(|| command.get_program());
    std::iter::once(program)
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Steps and how long each took.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<(String, Duration, &'static str)>,
}

impl Steps {
    /// Runs one step under a headline.
    pub(crate) fn run(&mut self, name: &str, step: impl FnOnce() -> Result<Done>) -> Result {
        println!("\n── {name}");
        let start = Instant::now();
        let result = step();
        let mark = match &result {
            Ok(Done::Yes) => "ok",
            Ok(Done::Skipped(why)) => {
                println!("SKIPPED: {why}");
                "skipped"
            }
            Err(_) => "FAILED",
        };
        self.done.push((name.to_owned(), start.elapsed(), mark));
        if let Err(error) = result {
            self.print();
            return Err(format!("{name}: {error}").into());
        }
        Ok(())
    }

    /// The table of steps.
    pub(crate) fn print(&self) {
        println!("\n── Steps");
        for (name, time, mark) in &self.done {
            println!("{:>7.1} s  {mark:<8} {name}", time.as_secs_f64());
        }
    }
}

/// How a step ended that did not fail.
pub(crate) enum Done {
    /// It ran.
    Yes,
    /// It could not run here, for this reason.
    Skipped(String),
}
