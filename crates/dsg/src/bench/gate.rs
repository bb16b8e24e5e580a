//! Measurements against earlier ones.

use std::path::Path;

use serde::Serialize;

use super::error::BenchError;
use super::row::BenchRow;
use crate::error::DsgError;

/// A measurement that is slower than the baseline allows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Slower {
    /// The test.
    pub test: String,
    /// Threads.
    pub threads: usize,
    /// Tokens read at once.
    pub batch: usize,
    /// Tokens a second in the baseline.
    pub baseline: f64,
    /// Tokens a second now.
    pub now: f64,
}

/// Measurements held against a baseline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// How much slower is no failure, as a part of the baseline.
    pub tolerance: f64,
    /// Measurements that the baseline has too.
    pub compared: usize,
    /// Measurements that it has not.
    pub unmatched: usize,
    /// The baseline's model, where it is another file.
    pub other_model: Option<String>,
    /// What is too slow.
    pub slower: Vec<Slower>,
}

/// Holds the tokens a second of `rows` against those of the baseline at `path`, test by test at the same threads and batch; the model may be
/// another one. Slower by more than `tolerance`, a part of the baseline from 0 to less than 1, is too slow.
///
/// # Errors
/// [`BenchError::Setting`] for another tolerance, [`BenchError::NothingCompared`] where no row has a counterpart.
pub fn compare(
    rows: &[BenchRow],
    path: &Path,
    baseline: &[BenchRow],
    tolerance: f64,
) -> Result<Comparison, DsgError> {
    if !(0.0..1.0).contains(&tolerance) {
        let problem = "must be from 0 to less than 1, as 0.1 for a tenth";
        let field = "tolerance";
        return Err(BenchError::Setting { field, problem }.into());
    }
    let setting = |row: &BenchRow| (row.test.clone(), row.threads, row.batch);
    let mut comparison = Comparison {
        tolerance,
        compared: 0,
        unmatched: 0,
        other_model: None,
        slower: Vec::new(),
    };
    for row in rows {
        let Some(before) = baseline
            .iter()
            .find(|before| setting(before) == setting(row))
        else {
            comparison.unmatched += 1;
            continue;
        };
        comparison.compared += 1;
        if before.model != row.model {
            comparison.other_model = Some(before.model.clone());
        }
        if row.tokens_per_second < before.tokens_per_second * (1.0 - tolerance) {
            comparison.slower.push(Slower {
                test: row.test.clone(),
                threads: row.threads,
                batch: row.batch,
                baseline: before.tokens_per_second,
                now: row.tokens_per_second,
            });
        }
    }
    if comparison.compared == 0 {
        let path = path.to_path_buf();
        let rows = baseline.len();
        return Err(BenchError::NothingCompared { path, rows }.into());
    }
    Ok(comparison)
}

#[cfg(test)]
mod tests {
    use super::super::row::row;
    use super::*;

    fn against(rows: &[BenchRow], tolerance: f64) -> Result<Comparison, DsgError> {
        let baseline = [row("pp512", 2, 512, 100.0), row("tg128", 2, 512, 40.0)];
        compare(rows, Path::new("base.csv"), &baseline, tolerance)
    }

    #[test]
    fn only_what_is_slower_than_allowed_is_too_slow() {
        let rows = [row("pp512", 2, 512, 90.0), row("tg128", 2, 512, 35.9)];
        let found = against(&rows, 0.1).unwrap();
        assert_eq!((found.compared, found.unmatched), (2, 0));
        let [slower] = found.slower.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!((slower.test.as_str(), slower.now), ("tg128", 35.9));
        assert!(against(&rows, 0.2).unwrap().slower.is_empty());
        assert_eq!(against(&rows, 0.0).unwrap().slower.len(), 2);
    }

    #[test]
    fn a_test_without_a_counterpart_is_counted_and_a_baseline_without_any_is_an_error() {
        let other = row("tg128", 4, 512, 1.0);
        let found = against(&[row("pp512", 2, 512, 200.0), other.clone()], 0.1).unwrap();
        assert_eq!(
            (found.compared, found.unmatched, found.slower.len()),
            (1, 1, 0)
        );
        let error = against(&[other], 0.1).unwrap_err();
        assert!(error.to_string().contains("base.csv"), "{error}");
    }

    #[test]
    fn another_model_is_said_and_an_impossible_tolerance_refused() {
        let mut new = row("pp512", 2, 512, 100.0);
        new.model = "new.gguf@0".to_owned();
        let found = against(&[new.clone()], 0.1).unwrap();
        assert_eq!(
            found.other_model.as_deref(),
            Some("m.gguf@0123456789abcdef")
        );
        for tolerance in [-0.1, 1.0, f64::NAN] {
            assert!(against(&[new.clone()], tolerance).is_err(), "{tolerance}");
        }
    }
}
