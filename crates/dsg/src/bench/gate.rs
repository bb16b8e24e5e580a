//! Measurements against earlier ones.

use std::path::Path;

use serde::{Serialize, Serializer};

use super::error::BenchError;
use super::row::BenchRow;
use crate::error::DsgError;

/// How much slower than a baseline is no failure, as a part of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance(f64);

impl Tolerance {
    /// A part from 0 to less than 1, as 0.1 for a tenth.
    ///
    /// # Errors
    /// [`BenchError::Setting`] for another.
    pub fn new(part: f64) -> Result<Self, BenchError> {
        if (0.0..1.0).contains(&part) {
            Ok(Self(part))
        } else {
            let problem = "must be from 0 to less than 1, as 0.1 for a tenth";
            let field = "tolerance";
            Err(BenchError::Setting { field, problem })
        }
    }

    /// The part.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl Serialize for Tolerance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0)
    }
}

/// A measurement of the baseline that was not made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The test.
    pub test: String,
    /// Threads.
    pub threads: usize,
    /// Tokens read at once.
    pub batch: usize,
}

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
    /// How much slower is no failure.
    pub tolerance: Tolerance,
    /// Measurements that the baseline has too.
    pub compared: usize,
    /// Measurements that it has not.
    pub unmatched: usize,
    /// Measurements that it alone has.
    pub missing: Vec<Missing>,
    /// The baseline's model, where it is another file.
    pub other_model: Option<String>,
    /// What is too slow.
    pub slower: Vec<Slower>,
}

impl Comparison {
    /// Whether everything in the baseline was measured again and nothing is too slow.
    pub const fn holds(&self) -> bool {
        self.slower.is_empty() && self.missing.is_empty()
    }
}

/// Holds the tokens a second of `rows` against those of the baseline at `path`, test by test at the same threads and batch; the model may be
/// another one. Slower by more than `tolerance` is too slow. What of the baseline was not measured is missing, so that nothing passes by not being
/// looked at.
///
/// # Errors
/// [`BenchError::NothingCompared`] where no row has a counterpart.
pub fn hold_against(
    rows: &[BenchRow],
    path: &Path,
    baseline: &[BenchRow],
    tolerance: Tolerance,
) -> Result<Comparison, DsgError> {
    let missing = baseline
        .iter()
        .filter(|before| rows.iter().all(|row| !is_same(row, before)))
        .map(|before| Missing {
            test: before.test.clone(),
            threads: before.threads,
            batch: before.batch,
        });
    let mut comparison = Comparison {
        tolerance,
        compared: 0,
        unmatched: 0,
        missing: missing.collect(),
        other_model: None,
        slower: Vec::new(),
    };
    for row in rows {
        let Some(before) = baseline.iter().find(|before| is_same(row, before)) else {
            comparison.unmatched += 1;
            continue;
        };
        comparison.compared += 1;
        if before.model != row.model {
            comparison.other_model = Some(before.model.clone());
        }
        if row.tokens_per_second < before.tokens_per_second * (1.0 - tolerance.get()) {
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

/// Whether both are of one test under one setting.
fn is_same(a: &BenchRow, b: &BenchRow) -> bool {
    a.test == b.test && a.threads == b.threads && a.batch == b.batch
}

#[cfg(test)]
mod tests {
    use super::super::row::row;
    use super::*;

    fn against(rows: &[BenchRow], tolerance: f64) -> Result<Comparison, DsgError> {
        let baseline = [row("pp512", 2, 512, 100.0), row("tg128", 2, 512, 40.0)];
        let tolerance = Tolerance::new(tolerance)?;
        hold_against(rows, Path::new("base.csv"), &baseline, tolerance)
    }

    #[test]
    fn only_what_is_slower_than_allowed_is_too_slow() {
        let rows = [row("pp512", 2, 512, 90.0), row("tg128", 2, 512, 35.9)];
        let found = against(&rows, 0.1).unwrap();
        assert_eq!((found.compared, found.unmatched), (2, 0));
        assert!(found.missing.is_empty() && !found.holds());
        let [slower] = found.slower.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!((slower.test.as_str(), slower.now), ("tg128", 35.9));
        assert!(against(&rows, 0.2).unwrap().holds());
        assert_eq!(against(&rows, 0.0).unwrap().slower.len(), 2);
    }

    #[test]
    fn what_was_not_measured_again_does_not_hold_and_a_baseline_without_any_of_it_is_an_error() {
        let other = row("tg128", 4, 512, 1.0);
        let found = against(&[row("pp512", 2, 512, 200.0), other.clone()], 0.1).unwrap();
        assert_eq!(
            (found.compared, found.unmatched, found.slower.len()),
            (1, 1, 0)
        );
        let [missing] = found.missing.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!((missing.test.as_str(), missing.threads), ("tg128", 2));
        assert!(!found.holds());
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
