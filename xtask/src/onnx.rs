//! `cargo xtask onnx`: the feature `fastembed`, with onnxruntime and a real model.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::repository::target_dir;
use crate::step::{Done, capture, cargo, check};
use crate::venv;

/// The package whose folder `capi` holds the library, pinned.
const REQUIREMENTS: [&str; 1] = ["onnxruntime==1.31.1"];
/// Names the library to whoever opens a model.
pub(crate) const VARIABLE: &str = "ORT_DYLIB_PATH";

/// Lints, builds and tests the feature; says so where that cannot be done here.
pub(crate) fn run(root: &Path) -> Result {
    match step(root)? {
        Done::Yes => Ok(()),
        Done::Skipped(why) => Err(format!("did not run: {why}").into()),
    }
}

/// The same as a step of `ci`. Lints and builds everywhere; runs no model where the library is missing.
pub(crate) fn step(root: &Path) -> Result<Done> {
    // Not of the whole workspace: with this feature burn would be compiled once more.
    let lint = "clippy -p dsg-index -p dsg -p dsg-cli --features dsg-cli/fastembed --all-targets --locked -- -D warnings";
    check(cargo(root).args(lint.split_whitespace()))?;
    let library = library(root);
    let test = |line: &str| {
        let mut command = cargo(root);
        command.args(line.split_whitespace());
        if let Ok(library) = &library {
            command.env(VARIABLE, library);
        }
        check(&mut command)
    };
    test("test -p dsg-index --features fastembed --locked --lib --test it")?;
    test("test -p dsg --features fastembed --locked --test it -- embedder")?;
    Ok(match library {
        Ok(_) => Done::Yes,
        Err(why) => Done::Skipped(format!("it builds, but no model was run: {why}")),
    })
}

/// The onnxruntime library: the one that is named, or that of the Python package.
fn library(root: &Path) -> Result<PathBuf, String> {
    if let Some(path) = env::var_os(VARIABLE) {
        return Ok(path.into());
    }
    venv::available()?;
    let python = venv::create(&target_dir(root), "onnxruntime", &REQUIREMENTS)
        .map_err(|error| format!("no onnxruntime from Python packages ({error})"))?;
    library_of(&python)
}

/// The library inside the package `onnxruntime` of a Python environment.
pub(crate) fn library_of(python: &Path) -> Result<PathBuf, String> {
    let find = "import glob, importlib.util, os; folder = importlib.util.find_spec('onnxruntime').submodule_search_locations[0]; \
                print(*glob.glob(os.path.join(folder, 'capi', 'libonnxruntime.*')), sep='\\n')";
    let found = capture(Command::new(python).args(["-c", find]))
        .map_err(|error| format!("the package has no library ({error})"))?;
    match found.lines().next() {
        Some(path) if Path::new(path).is_file() => Ok(path.into()),
        _ => Err("the package has no library".to_owned()),
    }
}
