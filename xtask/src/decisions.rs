//! The index of the decision records.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::Result;

/// The records' folder, relative to the root.
pub(crate) const FOLDER: &str = "docs/decisions";

/// The number of the empty record to start from.
const TEMPLATE: &str = "0000";

/// Writes `docs/decisions/README.md` from the records' first lines.
pub(crate) fn write_index(root: &Path) -> Result {
    let folder = root.join(FOLDER);
    fs::write(folder.join("README.md"), index(&folder)?)?;
    Ok(())
}

/// What the index should say.
pub(crate) fn index(folder: &Path) -> Result<String> {
    let mut records = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .and_then(|n| n.to_str())
            .unwrap_or_default();
        if is_record(name) {
            let text = fs::read_to_string(&path)?;
            let title =
                title(&text).ok_or_else(|| format!("{FOLDER}/{name} has no `# NNNN. Title`"))?;
            records.push((name.to_owned(), title.to_owned()));
        }
    }
    records.sort();
    Ok(render(&records))
}

/// Whether a file name is that of a record: `0007-some-words.md`.
pub(crate) fn is_record(name: &str) -> bool {
    name.strip_suffix(".md")
        .and_then(|stem| stem.split_once('-'))
        .is_some_and(|(number, _)| {
            number != TEMPLATE && number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit())
        })
}

fn title(text: &str) -> Option<&str> {
    let title = text.lines().next()?.strip_prefix("# ")?.trim();
    // The file name already has the number.
    Some(match title.split_once(['.', ':']) {
        Some((number, rest)) if number.bytes().all(|b| b.is_ascii_digit()) => rest.trim(),
        _ => title,
    })
}

fn render(records: &[(String, String)]) -> String {
    let mut out = "# Decisions\n\nWhy things are as they are: the constraints, the choice, its price. `cargo xtask decisions` writes this list.\n\n"
        .to_owned();
    for (name, title) in records {
        let number = name.split('-').next().unwrap_or_default();
        let _ = writeln!(out, "- [{number}]({name}) {title}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_told_from_other_files() {
        assert!(is_record("0007-some-words.md"));
        assert!(
            !is_record("README.md")
                && !is_record("07-x.md")
                && !is_record("0000-template.md")
                && !is_record("0007-x.txt")
        );
    }

    #[test]
    fn the_index_lists_number_and_title() {
        assert_eq!(title("# 0007. Spans are bytes\n"), Some("Spans are bytes"));
        assert_eq!(title("# Spans are bytes\n"), Some("Spans are bytes"));
        assert_eq!(title("no heading"), None);
        let index = render(&[("0007-spans.md".into(), "Spans are bytes".into())]);
        assert!(index.ends_with("- [0007](0007-spans.md) Spans are bytes\n"));
    }
}
