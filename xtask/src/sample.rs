//! `cargo xtask sample`: random items of a dataset to be read and marked by a person.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::Result;

#[derive(Args)]
pub(crate) struct SampleArgs {
    /// The dataset folder
    #[arg(long, default_value = "out")]
    dataset: PathBuf,
    /// How many items, of train and eval together
    #[arg(long, short, default_value_t = 50)]
    n: usize,
    /// Another seed draws other items
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The list's heading
    #[arg(long, default_value = "Sample")]
    title: String,
}

/// Prints the list.
pub(crate) fn run(args: &SampleArgs) -> Result {
    let mut items = Vec::new();
    for split in ["train", "eval"] {
        items.extend(read_items(&args.dataset.join(format!("{split}.jsonl")))?);
    }
    let manifest: Value = serde_json::from_slice(&fs::read(args.dataset.join("manifest.json"))?)?;
    let paths = paths(&manifest);
    let total = items.len();
    let drawn = draw(items, args.n, args.seed);
    print!("{}", render(args, total, &drawn, &paths));
    Ok(())
}

fn read_items(path: &Path) -> Result<Vec<Value>> {
    let text =
        fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    Ok(lines
        .map(serde_json::from_str)
        .collect::<std::result::Result<_, _>>()?)
}

/// Document ids and the paths of their files.
fn paths(manifest: &Value) -> HashMap<&str, &str> {
    let inputs = manifest
        .get("inputs")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    inputs
        .filter_map(|input| Some((text(input, "/doc_id")?, text(input, "/path")?)))
        .collect()
}

/// `n` items in random order, the same for the same items and seed.
fn draw(mut items: Vec<Value>, n: usize, seed: u64) -> Vec<Value> {
    items.sort_by_cached_key(|item| {
        let id = text(item, "/id").unwrap_or_default();
        (xxh3_64_with_seed(id.as_bytes(), seed), id.to_owned())
    });
    items.truncate(n);
    items
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

fn render(args: &SampleArgs, total: usize, items: &[Value], paths: &HashMap<&str, &str>) -> String {
    let mut out = format!(
        "# {}\n\n{} of {total} items, drawn with seed {} by `cargo xtask sample`. Marks: `good` (I would put my name to it),\n\
         `fair` (correct, but awkward or of little use), `bad` (wrong, misleading or not self-contained), with the reason.\n\n\
         | # | id | mark | remark |\n|--:|---|---|---|\n",
        args.title,
        items.len(),
        args.seed
    );
    for (number, item) in (1..).zip(items) {
        let _ = writeln!(
            out,
            "| {number} | `{}` |  |  |",
            text(item, "/id").unwrap_or_default()
        );
    }
    for (number, item) in (1..).zip(items) {
        out.push_str(&render_item(number, item, paths));
    }
    out
}

fn render_item(number: usize, item: &Value, paths: &HashMap<&str, &str>) -> String {
    let get = |pointer| text(item, pointer).unwrap_or_default();
    let mut out = format!(
        "\n## {number}. {}\n\n`{}` · {} · {} · {} · {} · `{}`\n\n",
        get("/messages/0/content").replace('\n', " "),
        get("/id"),
        get("/meta/split"),
        get("/meta/topic"),
        get("/meta/difficulty"),
        get("/meta/question_type"),
        get("/meta/generator/prompt"),
    );
    for line in get("/messages/1/content").lines() {
        let _ = writeln!(out, "{}", format!("> {line}").trim_end());
    }
    let citations = item.pointer("/meta/citations").and_then(Value::as_array);
    for citation in citations.into_iter().flatten() {
        let doc = text(citation, "/doc_id").unwrap_or_default();
        let path = paths.get(doc).copied().unwrap_or(doc);
        let at = |key| {
            citation
                .get(key)
                .and_then(Value::as_u64)
                .unwrap_or_default()
        };
        let _ = writeln!(
            out,
            "\nReceipt: `{path}` bytes {}–{}",
            at("start"),
            at("end")
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_draw_repeats_and_depends_on_the_seed() {
        let items: Vec<Value> = (0..40).map(|n| json!({"id": format!("qa-{n}")})).collect();
        let mut shuffled = items.clone();
        shuffled.reverse();
        assert_eq!(draw(items.clone(), 5, 1), draw(shuffled, 5, 1));
        assert_ne!(draw(items.clone(), 5, 1), draw(items, 5, 2));
    }

    #[test]
    fn an_item_is_shown_with_its_receipts() {
        let item = json!({"id": "qa-1", "messages": [{"role": "user", "content": "Q?"}, {"role": "assistant", "content": "A\n\nB"}],
            "meta": {"split": "eval", "topic": "t", "difficulty": "basic", "question_type": "factual",
            "citations": [{"doc_id": "d", "start": 3, "end": 9, "quote": "x"}], "generator": {"prompt": "p@1"}}});
        let shown = render_item(1, &item, &HashMap::from([("d", "dir/file.md")]));
        assert_eq!(
            shown,
            "\n## 1. Q?\n\n`qa-1` · eval · t · basic · factual · `p@1`\n\n> A\n>\n> B\n\nReceipt: `dir/file.md` bytes 3–9\n"
        );
    }
}
