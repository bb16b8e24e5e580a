//! Paths as a shell reads them, for the commands that dsg suggests.

use std::path::Path;

/// `path`, quoted where a POSIX shell needs it.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_odd_paths_are_quoted() {
        assert_eq!(quoted(Path::new("docs/a-b.md")), "docs/a-b.md");
        assert_eq!(quoted(Path::new("my docs")), "'my docs'");
        assert_eq!(quoted(Path::new("it's")), r"'it'\''s'");
    }
}
