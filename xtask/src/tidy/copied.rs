//! Other people's documents stay out of the repository: no file of `../shared`, and no sentence of its corpora in the fixtures.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::Issue;
use crate::Result;

/// Smaller files (an empty one, a line of licence) are alike by chance.
const LEAST_BYTES: usize = 200;
/// Shorter lines are commands and headings that everyone writes.
const LEAST_LINE: usize = 60;
/// Kinds of documents in the corpora.
const TEXT: [&str; 8] = ["md", "txt", "rst", "html", "shtml", "1", "5", "8"];

/// Compares the repository's files with `shared`.
pub(crate) fn check(root: &Path, shared: &Path, files: &[String]) -> Result<Vec<Issue>> {
    let mut own = Own::default();
    for file in files {
        own.add(file, &fs::read(root.join(file))?);
    }
    let mut issues = Vec::new();
    let mut folders = vec![shared.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                let extension = path
                    .extension()
                    .and_then(|e| e.to_str())
                    .unwrap_or_default();
                let text = TEXT.contains(&extension) && path.starts_with(shared.join("corpora"));
                let bytes = usize::try_from(fs::metadata(&path)?.len())?;
                if text || own.sizes.contains(&bytes) {
                    issues.extend(own.compare(&fs::read(&path)?, text));
                }
            }
        }
    }
    issues.sort();
    issues.dedup();
    Ok(issues)
}

/// What the repository has.
#[derive(Default)]
struct Own {
    /// Sizes of the files, so that only files of such a size are read.
    sizes: HashSet<usize>,
    files: HashMap<[u8; 32], String>,
    lines: HashMap<String, (String, usize)>,
}

impl Own {
    fn add(&mut self, file: &str, bytes: &[u8]) {
        if bytes.len() >= LEAST_BYTES {
            self.sizes.insert(bytes.len());
            self.files
                .insert(Sha256::digest(bytes).into(), file.to_owned());
        }
        if let (true, Ok(text)) = (file.starts_with("fixtures/"), std::str::from_utf8(bytes)) {
            for (number, line) in (1..).zip(text.lines()) {
                let line = line.trim();
                // What a program prints is the same for everyone who quotes it.
                if line.chars().count() >= LEAST_LINE && !line.contains("error:") {
                    self.lines
                        .insert(line.to_owned(), (file.to_owned(), number));
                }
            }
        }
    }

    fn compare(&self, bytes: &[u8], text: bool) -> Vec<Issue> {
        let mut issues = Vec::new();
        if bytes.len() >= LEAST_BYTES {
            let digest: [u8; 32] = Sha256::digest(bytes).into();
            if let Some(file) = self.files.get(&digest) {
                issues.push(Issue::new(file, 1, "a copy of a file in ../shared"));
            }
        }
        if text {
            let content = String::from_utf8_lossy(bytes);
            let lines: HashSet<&str> = content.lines().map(str::trim).collect();
            for (file, number) in lines.into_iter().filter_map(|line| self.lines.get(line)) {
                issues.push(Issue::new(
                    file,
                    *number,
                    "a line copied from a corpus in ../shared",
                ));
            }
        }
        issues
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_files_and_lines_are_found() {
        let line =
            "This sentence stands in somebody else's documentation and is long enough to tell.";
        let mut own = Own::default();
        own.add("a.txt", "x".repeat(LEAST_BYTES).as_bytes());
        own.add("fixtures/docs/b.md", format!("# B\n\n{line}\n").as_bytes());
        assert_eq!(
            own.compare("x".repeat(LEAST_BYTES).as_bytes(), false).len(),
            1
        );
        let found = own.compare(format!("Before.\n  {line}\n").as_bytes(), true);
        assert_eq!(
            found[0].to_string(),
            "fixtures/docs/b.md:3: a line copied from a corpus in ../shared"
        );
        assert!(own.compare(b"# B\n\nOther words.\n", true).is_empty());
        let message =
            "sbatch: error: a message that a program prints and that everybody quotes alike";
        own.add("fixtures/docs/c.md", message.as_bytes());
        assert!(own.compare(message.as_bytes(), true).is_empty());
    }
}
