//! Throw-away Python environments under the target folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::step::capture;

/// A virtual environment with exactly these requirements (`name==version`), made anew when they change. Returns its
/// interpreter.
pub(crate) fn create(target: &Path, name: &str, requirements: &[&str]) -> Result<PathBuf> {
    let folder = target.join("venv").join(name);
    let python = folder.join("bin").join("python");
    let stamp = folder.join("requirements.txt");
    let wanted = requirements.join("\n");
    if fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) && python.is_file() {
        return Ok(python);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    println!(
        "making a Python environment with {}",
        requirements.join(", ")
    );
    capture(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    capture(
        Command::new(&python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .args(requirements),
    )?;
    fs::write(stamp, wanted)?;
    Ok(python)
}

/// Whether Python can make environments with pip here; else why not.
pub(crate) fn available() -> std::result::Result<(), String> {
    capture(Command::new("python3").args(["-c", "import venv, ensurepip"]))
        .map(|_| ())
        .map_err(|error| format!("no python3 with venv and pip here ({error})"))
}
