//! Throughput and memory of reading and chunking as the corpus grows.

use std::fmt::Write as _;
use std::process::Command;

use serde_json::Value;

use super::job::Place;
use super::jobs::{MARKDOWN, files};
use super::report::{number, wrap};
use crate::Result;
use crate::repository::target_dir;
use crate::step::capture;

/// How many copies of the corpus are read.
const COPIES: [usize; 3] = [1, 2, 4];

/// The section of the page.
pub(crate) fn section(place: &Place<'_>) -> Result<String> {
    let mut out = format!(
        "## Reading and chunking as the corpus grows\n\n{}\n\n\
         | corpus | files | MB | throughput | peak MiB |\n|---|--:|--:|--:|--:|\n",
        wrap(
            "The same Markdown one, two and four times over, all threads. Throughput is bytes a second relative to the first row; \
             flat is 1.00."
        )
    );
    let mut first = None;
    for copies in COPIES {
        println!("scale: {copies} ×");
        let input = files(place, &MARKDOWN, &[".md"], "scale", copies)?;
        let program = target_dir(place.root).join("release/examples/bench_chunks");
        let line = capture(
            Command::new(program)
                .arg("--input")
                .arg(&input.path)
                .args(["--repeat", "3"]),
        )?;
        let run: Value = serde_json::from_str(line.trim())?;
        let value = |key: &str| run.get(key).and_then(Value::as_f64).unwrap_or_default();
        let rate = value("bytes") / value("seconds").max(f64::MIN_POSITIVE);
        let base = *first.get_or_insert(rate);
        let _ = writeln!(
            out,
            "| {copies} × | {} | {:.1} | {:.2} | {} |",
            number(value("files")),
            value("bytes") / 1e6,
            rate / base,
            number(value("peak_mib")),
        );
    }
    Ok(out)
}
