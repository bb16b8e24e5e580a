//! `cargo xtask llama`: the feature `llama-cpp`, built and tested with a real model.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::Result;
use crate::repository::target_dir;
use crate::step::{Done, capture, cargo, check};
use crate::venv;

/// What builds llama.cpp and its bindings where the system has neither, pinned.
const REQUIREMENTS: [&str; 2] = ["cmake==4.4.5", "libclang==18.1.1"];
/// The model of the tests, as `fetch-models.sh` names it.
pub(crate) const MODEL: &str = "smollm2-135m-instruct-q4_1.gguf";
/// Both features, since K-quants of a student need both; of the whole workspace, so that what the other tests built serves here, too.
pub(crate) const FEATURES: &str = "--workspace --features dsg-cli/llama-cpp,dsg-cli/train";
/// `-D warnings`, as `cargo clippy` hands it to its compiler.
const DENY_WARNINGS: &str = "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__";
/// Where distributions keep libclang.
const LIBRARY_FOLDERS: [&str; 5] = [
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
];

#[derive(Args)]
pub(crate) struct LlamaArgs {
    /// Only builds the tests
    #[arg(long)]
    build: bool,
}

/// Checks, builds and tests what the feature is in; says so where that cannot be done here.
pub(crate) fn run(root: &Path, args: &LlamaArgs) -> Result {
    match step(root, args.build)? {
        Done::Yes => Ok(()),
        Done::Skipped(why) => Err(format!("did not run: {why}").into()),
    }
}

/// The same as a step of `ci`, which goes on without it where tools, network or the model are missing.
pub(crate) fn step(root: &Path, only_build: bool) -> Result<Done> {
    let tools = match tools(root) {
        Ok(tools) => tools,
        Err(why) => return Ok(Done::Skipped(why)),
    };
    let run = |arguments: &str, variables: &[(&str, &OsStr)]| {
        let mut command = cargo(root);
        command
            .args(["test", "--locked"])
            .args(FEATURES.split_whitespace())
            .args(arguments.split_whitespace())
            .envs(tools.iter().map(|(name, value)| (name, value)))
            .envs(variables.iter().copied())
            // Threads that spin starve each other on a busy machine.
            .env("OMP_WAIT_POLICY", "passive");
        check(&mut command)
    };
    // `cargo clippy` only checks, and would compile llama.cpp once more for that; as the compiler of a build, clippy shares it.
    let lints = [
        ("RUSTC_WORKSPACE_WRAPPER", OsStr::new("clippy-driver")),
        ("CLIPPY_ARGS", OsStr::new(DENY_WARNINGS)),
    ];
    run("--no-run --lib --bins --tests", &lints)?;
    if only_build {
        run("--no-run --lib --bins --tests", &[])?;
        return Ok(Done::Yes);
    }
    run("--lib -- llama memory bench", &[])?;
    run("--test it recipe", &[])?;
    match models(root) {
        Ok(folder) => {
            let models = [("DSG_TEST_MODELS", folder.as_os_str())];
            run("--test it -- llama bench --skip ollama", &models)?;
            Ok(Done::Yes)
        }
        Err(why) => Ok(Done::Skipped(format!(
            "llama.cpp builds, but no model was asked: {why}"
        ))),
    }
}

/// The environment in which llama.cpp builds, or what is missing.
pub(crate) fn tools(root: &Path) -> Result<Vec<(&'static str, PathBuf)>, String> {
    for compiler in ["cc", "c++"] {
        capture(Command::new(compiler).arg("--version"))
            .map_err(|error| format!("no C++ compiler here ({error})"))?;
    }
    let has_cmake = capture(Command::new("cmake").arg("--version")).is_ok();
    if has_cmake && has_libclang() {
        return Ok(Vec::new());
    }
    venv::available()?;
    let python = venv::create(&target_dir(root), "llama", &REQUIREMENTS)
        .map_err(|error| format!("no cmake and libclang from Python packages ({error})"))?;
    let place = "import clang, os; print(os.path.join(os.path.dirname(clang.__file__), 'native'))";
    let library = capture(Command::new(&python).args(["-c", place]))
        .map_err(|error| format!("the package has no libclang ({error})"))?;
    let bin = python.parent().unwrap_or(root).to_path_buf();
    let rest = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([bin].into_iter().chain(env::split_paths(&rest)))
        .map_err(|error| error.to_string())?;
    let mut variables = vec![
        ("PATH", PathBuf::from(path)),
        ("LIBCLANG_PATH", PathBuf::from(library.trim())),
    ];
    // The package is the library alone; the compiler's own headers come from gcc, where there is one.
    if let Ok(headers) = capture(Command::new("gcc").arg("-print-file-name=include")) {
        let argument = format!("-I{}", headers.trim());
        variables.push(("BINDGEN_EXTRA_CLANG_ARGS", argument.into()));
    }
    Ok(variables)
}

/// Whether the bindings' generator finds a libclang by itself.
fn has_libclang() -> bool {
    if env::var_os("LIBCLANG_PATH").is_some() {
        return true;
    }
    let versions = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let llvm = versions
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("llvm"))
        .map(|entry| entry.path().join("lib"));
    let folders = LIBRARY_FOLDERS.iter().map(PathBuf::from).chain(llvm);
    folders
        .flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten())
        .any(|entry| is_libclang(&entry.file_name().to_string_lossy()))
}

/// `libclang.so`, `libclang-14.so.1`, `libclang.dylib`, and not `libclang-cpp.so.14`.
fn is_libclang(name: &str) -> bool {
    name.strip_prefix("libclang")
        .map(|rest| rest.trim_start_matches(|c: char| c == '-' || c == '.' || c.is_ascii_digit()))
        .is_some_and(|rest| rest.starts_with("so") || rest.starts_with("dylib"))
}

/// The folder with the model of the tests, fetched if need be, or why there is none.
pub(crate) fn models(root: &Path) -> Result<PathBuf, String> {
    if let Some(folder) = env::var_os("DSG_TEST_MODELS") {
        return Ok(folder.into());
    }
    let script = root.with_file_name("shared").join("tools/fetch-models.sh");
    if script.is_file() {
        let printed = capture(Command::new("bash").arg(&script).arg("smollm2"))
            .map_err(|error| format!("{MODEL} could not be fetched ({error})"))?;
        let file = PathBuf::from(printed.trim());
        return match file.parent() {
            Some(folder) if file.is_file() => Ok(folder.to_owned()),
            _ => Err(format!("{} named no file", script.display())),
        };
    }
    let home = env::var_os("HOME").ok_or("no home folder")?;
    let folder = Path::new(&home).join(".cache/dsg/models");
    if folder.join(MODEL).is_file() {
        Ok(folder)
    } else {
        Err(format!(
            "neither ../shared/tools/fetch-models.sh nor ~/.cache/dsg/models/{MODEL} is here"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_c_library_of_clang_is_told_from_the_others() {
        for name in [
            "libclang.so",
            "libclang-14.so.1",
            "libclang.so.18",
            "libclang.dylib",
        ] {
            assert!(is_libclang(name), "{name}");
        }
        for name in ["libclang-cpp.so.14", "libclangBasic.a", "libc.so"] {
            assert!(!is_libclang(name), "{name}");
        }
    }
}
