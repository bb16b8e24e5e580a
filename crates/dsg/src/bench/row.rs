//! One measurement, and tables of them.

use std::fs::File;
use std::io;
use std::path::Path;

use dsg_core::artifact::write_atomic;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::error::BenchError;
use crate::error::DsgError;

/// One measurement: a test under one setting. The names of tests are those of llama.cpp's `llama-bench`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BenchRow {
    /// The model's file and the beginning of its SHA-256.
    pub model: String,
    /// The file's size in bytes.
    pub model_bytes: u64,
    /// Threads.
    pub threads: usize,
    /// Tokens of a prompt that are read at once.
    pub batch: usize,
    /// `pp512` reads a prompt of 512 tokens, `tg128` writes 128, each in an empty context.
    pub test: String,
    /// How often it was repeated.
    pub repetitions: usize,
    /// The mean over the repetitions.
    #[serde(deserialize_with = "speed")]
    pub tokens_per_second: f64,
    /// Their standard deviation; 0 with a single one.
    pub deviation: f64,
    /// Mean milliseconds from the beginning of the prompt until the first token of a reply is chosen; of reading tests alone.
    pub first_token_ms: Option<f64>,
    /// Most memory that the process had during the test, model included, in bytes. On Linux alone.
    pub peak_bytes: Option<u64>,
}

/// A speed that another can be held against: with 0, infinity or no number at all, every comparison would pass.
fn speed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let speed = f64::deserialize(deserializer)?;
    if speed.is_finite() && speed > 0.0 {
        Ok(speed)
    } else {
        Err(D::Error::custom(format!(
            "{speed} tokens a second are no speed"
        )))
    }
}

/// Writes rows as CSV with a header, whole or not at all.
///
/// # Errors
/// [`DsgError::Artifact`] naming the file.
pub fn write_rows(path: &Path, rows: &[BenchRow]) -> Result<(), DsgError> {
    Ok(write_atomic(path, |out| {
        let mut table = csv::Writer::from_writer(out);
        for row in rows {
            table.serialize(row).map_err(io::Error::other)?;
        }
        table.flush()
    })?)
}

/// Reads rows that [`write_rows`] wrote.
///
/// # Errors
/// [`DsgError::File`] for a file that cannot be opened, [`BenchError::Table`] with the line that is no row.
pub fn read_rows(path: &Path) -> Result<Vec<BenchRow>, DsgError> {
    let file = File::open(path).map_err(DsgError::file("read", path))?;
    let rows: Result<Vec<BenchRow>, csv::Error> =
        csv::Reader::from_reader(file).deserialize().collect();
    Ok(rows.map_err(|source| BenchError::Table {
        path: path.to_path_buf(),
        source,
    })?)
}

#[cfg(test)]
pub(super) fn row(test: &str, threads: usize, batch: usize, speed: f64) -> BenchRow {
    BenchRow {
        model: "m.gguf@0123456789abcdef".to_owned(),
        model_bytes: 1 << 20,
        threads,
        batch,
        test: test.to_owned(),
        repetitions: 5,
        tokens_per_second: speed,
        deviation: 0.25,
        first_token_ms: test.starts_with("pp").then_some(12.5),
        peak_bytes: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_comes_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bench.csv");
        let rows = [row("pp512", 2, 512, 100.5), row("tg128", 2, 512, 40.0)];
        write_rows(&path, &rows).unwrap();
        assert_eq!(read_rows(&path).unwrap(), rows);
        let text = std::fs::read_to_string(&path).unwrap();
        let header = "model,model_bytes,threads,batch,test,repetitions,tokens_per_second,deviation,first_token_ms,peak_bytes\n";
        assert!(text.starts_with(header), "{text}");
    }

    #[test]
    fn what_is_no_table_is_refused_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bench.csv");
        write_rows(&path, &[row("pp512", 2, 512, 100.5)]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        for (speed, says) in [
            ("fast", "float"),
            ("NaN", "no speed"),
            ("inf", "no speed"),
            ("0", "no speed"),
            ("-1", "no speed"),
        ] {
            std::fs::write(&path, text.replace("100.5", speed)).unwrap();
            let error = read_rows(&path).unwrap_err();
            let cause = std::error::Error::source(&error).unwrap().to_string();
            assert!(error.to_string().contains("bench.csv"), "{error}");
            assert!(
                cause.contains("line: 2") && cause.contains(says),
                "{speed}: {cause}"
            );
        }
        assert!(read_rows(&folder.path().join("none.csv")).is_err());
    }
}
