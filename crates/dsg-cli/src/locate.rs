//! Finds the parts of a dataset from whichever part the user names.

use std::path::{Path, PathBuf};

use crate::error::CliError;

/// The file that makes a folder an index.
const INDEX_FILE: &str = "index.json";
/// How far above a file its corpus may lie: `out/formats/alpaca/train.jsonl` is the deepest.
const LEVELS: usize = 4;

/// The index in `path`: itself, or that of a dataset or working folder.
pub(crate) fn index(path: &Path) -> Result<PathBuf, CliError> {
    [path.to_path_buf(), path.join("work/index"), path.join("index")]
        .into_iter()
        .find(|folder| folder.join(INDEX_FILE).is_file())
        .ok_or_else(|| {
            CliError::not_found(
                format!("no index in `{}`", path.display()),
                "name an index folder or the output folder of a run; `dsg build-index` writes the one, `dsg run` the other",
            )
        })
}

/// Whether `path` is itself an index.
pub(crate) fn is_index(path: &Path) -> bool {
    path.join(INDEX_FILE).is_file()
}

/// The corpus that `path`, a file or folder of a dataset, was made from, if it lies where `dsg` puts it.
pub(crate) fn corpus(path: &Path) -> Option<PathBuf> {
    let path = path.canonicalize().ok()?;
    path.ancestors()
        .take(LEVELS)
        .flat_map(|folder| {
            [
                folder.join("corpus.jsonl"),
                folder.join("work/corpus.jsonl"),
            ]
        })
        .find(|corpus| corpus.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_is_found_from_anywhere_in_a_dataset() {
        let dir = tempfile::tempdir().unwrap();
        let work = dir.path().join("work");
        std::fs::create_dir_all(work.join("index")).unwrap();
        std::fs::write(work.join("corpus.jsonl"), "").unwrap();
        std::fs::write(work.join("index/index.json"), "{}").unwrap();
        std::fs::write(dir.path().join("train.jsonl"), "").unwrap();
        for part in ["", "train.jsonl", "work/index", "work/index/index.json"] {
            assert!(corpus(&dir.path().join(part)).is_some(), "{part}");
        }
        assert_eq!(index(dir.path()).unwrap(), work.join("index"));
        assert!(index(&dir.path().join("nowhere")).is_err());
    }
}
