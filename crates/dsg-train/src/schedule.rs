//! The learning rate over a run.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// How the learning rate falls after the warm-up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// It stays.
    Constant,
    /// In a line to 0 after the last step.
    Linear,
    /// Along half a cosine to 0 after the last step.
    #[default]
    Cosine,
}

impl Schedule {
    /// What the peak is multiplied with at `step` (from 0) of `steps`, of which `warmup` climb in a line to the peak. The first step
    /// of a warm-up already learns: it has the rate 1/(warmup + 1), where PyTorch's usual schedules waste a step at 0.
    pub fn factor(self, step: u64, steps: u64, warmup: u64) -> f64 {
        if step < warmup {
            return (step + 1) as f64 / (warmup + 1) as f64;
        }
        let left = steps.saturating_sub(warmup).max(1) as f64;
        let done = ((step - warmup) as f64 / left).min(1.0);
        match self {
            Self::Constant => 1.0,
            Self::Linear => 1.0 - done,
            Self::Cosine => 0.5 * (1.0 + (PI * done).cos()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_climbs_to_the_peak_and_falls_to_almost_nothing() {
        for schedule in [Schedule::Linear, Schedule::Cosine] {
            let factors: Vec<f64> = (0..100)
                .map(|step| schedule.factor(step, 100, 10))
                .collect();
            assert!(factors[0] > 0.0 && factors[..11].is_sorted());
            assert!((factors[10] - 1.0).abs() < 1e-12);
            assert!(factors[10..].iter().rev().is_sorted());
            assert!(factors[99] > 0.0 && factors[99] < 0.02);
        }
        assert!((Schedule::Constant.factor(99, 100, 0) - 1.0).abs() < 1e-12);
    }
}
