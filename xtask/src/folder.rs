//! Comparing what two runs left behind.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::Result;

/// Holds times, so it differs between any two runs.
const TIMES: &str = "run.json";

/// Relative paths of files that differ or that only one folder has; `run.json` is left out.
pub(crate) fn differences(a: &Path, b: &Path) -> Result<Vec<String>> {
    let (a, b) = (read(a)?, read(b)?);
    let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    Ok(names
        .into_iter()
        .filter_map(|name| match (a.get(name), b.get(name)) {
            (Some(left), Some(right)) if left == right => None,
            (Some(left), Some(right)) => {
                let same = left.iter().zip(right).take_while(|(l, r)| l == r).count();
                Some(format!("{name} differs at byte {same}"))
            }
            (Some(_), None) => Some(format!("{name} is only in the first")),
            _ => Some(format!("{name} is only in the second")),
        })
        .collect())
}

/// Every file below `folder` by its relative path.
fn read(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(current) = folders.pop() {
        let entries = fs::read_dir(&current)
            .map_err(|e| format!("cannot list {}: {e}", current.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder)?.to_string_lossy().into_owned();
                if name != TIMES {
                    files.insert(name, fs::read(&path)?);
                }
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_difference_is_named() {
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for (dir, files) in [
            (
                &a,
                [
                    ("same", "x"),
                    ("sub/changed", "abc"),
                    ("left", ""),
                    ("run.json", "1"),
                ],
            ),
            (
                &b,
                [
                    ("same", "x"),
                    ("sub/changed", "abd"),
                    ("right", ""),
                    ("run.json", "2"),
                ],
            ),
        ] {
            fs::create_dir(dir.path().join("sub")).unwrap();
            for (name, text) in files {
                fs::write(dir.path().join(name), text).unwrap();
            }
        }
        assert_eq!(
            differences(a.path(), b.path()).unwrap(),
            [
                "left is only in the first",
                "right is only in the second",
                "sub/changed differs at byte 2"
            ]
        );
        assert!(differences(a.path(), a.path()).unwrap().is_empty());
    }
}
