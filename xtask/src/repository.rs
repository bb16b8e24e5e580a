//! Where things are.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;

/// The workspace's root.
///
/// Asked of cargo when the program runs: clones that share a target folder share this program too.
pub(crate) fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().unwrap_or(&here).to_path_buf()
}

/// The folder that cargo builds into.
pub(crate) fn target_dir(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root.join("target"), |dir| root.join(PathBuf::from(dir)))
}

/// The real documentation beside the checkout, when this machine has it.
pub(crate) fn corpora(root: &Path) -> Option<PathBuf> {
    let folder = root.parent()?.join("shared").join("corpora");
    folder.is_dir().then_some(folder)
}

/// Files that git tracks or would add, relative to the root, `/` separators, sorted.
pub(crate) fn files(root: &Path) -> Result<Vec<String>> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let mut files: Vec<String> = String::from_utf8(output.stdout)?
        .split('\0')
        .filter(|name| !name.is_empty() && root.join(name).is_file())
        .map(str::to_owned)
        .collect();
    files.sort();
    files.dedup();
    Ok(files)
}
