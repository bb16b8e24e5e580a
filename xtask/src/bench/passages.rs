//! Paragraphs and headings of documentation as a retrieval corpus.

use std::collections::HashSet;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::json;
use xxhash_rust::xxh3::xxh3_64;

use crate::Result;

/// Most queries; more would only take longer.
const MOST_QUERIES: usize = 1000;
/// A paragraph with fewer words is a heading or a stray line.
const LEAST_WORDS: usize = 8;

/// Writes `{"_id", "title", "text"}` documents and `{"_id", "text"}` queries; returns how many of each.
pub(crate) fn write(folders: &[PathBuf], corpus: &Path, queries: &Path) -> Result<(usize, usize)> {
    let mut files = Vec::new();
    for folder in folders {
        collect(folder, &mut files)?;
    }
    files.sort();
    let (mut paragraphs, mut headings) = (Distinct::default(), Distinct::default());
    for file in files {
        let text = String::from_utf8_lossy(&fs::read(file)?).into_owned();
        split(&text, &mut paragraphs, &mut headings);
    }
    // In an order that has nothing to do with where they stand.
    headings
        .ordered
        .sort_by_key(|heading| (xxh3_64(heading.as_bytes()), heading.clone()));
    headings.ordered.truncate(MOST_QUERIES);
    jsonl(
        corpus,
        paragraphs
            .ordered
            .iter()
            .enumerate()
            .map(|(number, text)| json!({"_id": format!("p{number}"), "title": "", "text": text})),
    )?;
    jsonl(
        queries,
        headings
            .ordered
            .iter()
            .enumerate()
            .map(|(number, text)| json!({"_id": format!("q{number}"), "text": text})),
    )?;
    Ok((paragraphs.ordered.len(), headings.ordered.len()))
}

/// Markdown, rst and plain text: what reads the same to every contender.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|e| e == "md" || e == "rst" || e == "txt")
        {
            files.push(path);
        }
    }
    Ok(())
}

/// Texts in order of their first appearance.
#[derive(Default)]
struct Distinct {
    ordered: Vec<String>,
    seen: HashSet<String>,
}

impl Distinct {
    fn add(&mut self, text: String) {
        if self.seen.insert(text.clone()) {
            self.ordered.push(text);
        }
    }
}

fn split(text: &str, paragraphs: &mut Distinct, headings: &mut Distinct) {
    let mut block: Vec<&str> = Vec::new();
    for line in text.lines().chain([""]) {
        if let Some(title) = line
            .strip_prefix('#')
            .map(|rest| rest.trim_matches(['#', ' ']))
        {
            let words = title.split_whitespace().count();
            if (2..=12).contains(&words) {
                headings.add(title.to_owned());
            }
        }
        if !line.trim().is_empty() {
            block.push(line);
            continue;
        }
        let paragraph: Vec<&str> = block.drain(..).flat_map(str::split_whitespace).collect();
        if paragraph.len() >= LEAST_WORDS {
            paragraphs.add(paragraph.join(" "));
        }
    }
}

fn jsonl(path: &Path, rows: impl Iterator<Item = serde_json::Value>) -> Result {
    let mut out = BufWriter::new(fs::File::create(path)?);
    for row in rows {
        writeln!(out, "{row}")?;
    }
    out.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_and_headings_come_once_each() {
        let (mut paragraphs, mut headings) = (Distinct::default(), Distinct::default());
        let text =
            "## Job arrays ##\n\none two three four\nfive six seven eight\n\nshort\n\n# Title\n";
        split(text, &mut paragraphs, &mut headings);
        split(text, &mut paragraphs, &mut headings);
        assert_eq!(
            paragraphs.ordered,
            ["one two three four five six seven eight"]
        );
        assert_eq!(headings.ordered, ["Job arrays"]);
    }
}
