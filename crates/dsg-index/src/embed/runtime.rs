//! Finds and loads the onnxruntime library.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::IndexError;

/// Names the library, as for every program that uses `ort`.
const VARIABLE: &str = "ORT_DYLIB_PATH";
/// Where it is installed.
const FOLDERS: [&str; 6] = [
    "/usr/local/lib",
    "/usr/lib",
    "/usr/lib64",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/local/opt/onnxruntime/lib",
];

/// The onnxruntime library: `given`, or what the variable `ORT_DYLIB_PATH` names, or the newest beside this program or where libraries are
/// installed.
///
/// # Errors
/// [`IndexError::Runtime`], which says how to get one, when there is none or the named file is not there.
pub fn find_runtime(given: Option<&Path>) -> Result<PathBuf, IndexError> {
    let named = given.map(Path::to_path_buf).or_else(|| {
        env::var_os(VARIABLE)
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
    });
    if let Some(path) = named {
        return if path.is_file() {
            Ok(path)
        } else {
            let what = format!("there is no onnxruntime library at `{}`", path.display());
            Err(IndexError::Runtime { what })
        };
    }
    let own = env::current_exe()
        .ok()
        .and_then(|program| Some(program.parent()?.to_path_buf()));
    let mut folders = own.into_iter().chain(FOLDERS.iter().map(PathBuf::from));
    folders
        .find_map(|folder| newest(&folder))
        .ok_or_else(|| IndexError::Runtime {
            what: "there is no onnxruntime library where libraries are installed".to_owned(),
        })
}

/// The library with the highest version in `folder`.
fn newest(folder: &Path) -> Option<PathBuf> {
    let names = fs::read_dir(folder).ok()?.flatten();
    let versions = names
        .filter_map(|entry| Some((version(&entry.file_name().to_string_lossy())?, entry.path())));
    versions.max().map(|(_, path)| path)
}

/// The version in a library's name, `[1, 24, 0]` of `libonnxruntime.so.1.24.0`; `None` for another file.
fn version(name: &str) -> Option<Vec<u32>> {
    let rest = name
        .strip_prefix("lib")
        .unwrap_or(name)
        .strip_prefix("onnxruntime")?;
    let numbers = match rest {
        ".dll" | ".so" | ".dylib" => "",
        _ => rest
            .strip_prefix(".so.")
            .or_else(|| rest.strip_prefix('.')?.strip_suffix(".dylib"))?,
    };
    let numbers = numbers.split('.').filter(|part| !part.is_empty());
    numbers.map(|part| part.parse().ok()).collect()
}

/// Loads the library, once for the whole process: later calls change nothing.
///
/// # Errors
/// [`IndexError::Runtime`] when the file is no onnxruntime library, or too old.
pub fn load_runtime(library: &Path) -> Result<(), IndexError> {
    match ort::init_from(library) {
        Ok(_) => Ok(()),
        Err(error) => Err(IndexError::Runtime {
            what: format!("cannot use the onnxruntime library: {error}"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_told_from_other_files_and_by_version() {
        assert_eq!(version("libonnxruntime.so.1.24.0"), Some(vec![1, 24, 0]));
        assert_eq!(version("libonnxruntime.so"), Some(vec![]));
        assert_eq!(version("libonnxruntime.1.24.0.dylib"), Some(vec![1, 24, 0]));
        assert_eq!(version("onnxruntime.dll"), Some(vec![]));
        assert_eq!(version("libonnxruntime_providers_shared.so"), None);
        assert_eq!(version("libonnx.so"), None);
        assert!(version("libonnxruntime.so.1.24.0") > version("libonnxruntime.so.1.9.1"));
    }
}
