//! How well a score tells good items from bad ones, and where to draw the line.

use serde::{Deserialize, Serialize};

/// An item that somebody labelled, with the score that a judge gave it. One line of a JSONL file; further fields are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Labelled {
    /// Whether the item is good.
    pub label: bool,
    /// The judge's score; higher is better. A yes-or-no judge gives 1 or 0.
    pub score: f64,
}

/// What happens at one threshold: items with this score or a higher one are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Operating {
    /// The least score that is accepted.
    pub threshold: f64,
    /// Good items accepted.
    pub true_positives: u64,
    /// Bad items accepted.
    pub false_positives: u64,
    /// Good items rejected.
    pub false_negatives: u64,
    /// Bad items rejected.
    pub true_negatives: u64,
}

impl Operating {
    /// Share of the accepted items that are good; 1 when nothing is accepted.
    pub fn precision(&self) -> f64 {
        ratio(self.true_positives, self.false_positives)
    }

    /// Share of the good items that are accepted; 1 when there are none.
    pub fn recall(&self) -> f64 {
        ratio(self.true_positives, self.false_negatives)
    }

    /// Share of the bad items that are rejected; 1 when there are none.
    pub fn specificity(&self) -> f64 {
        ratio(self.true_negatives, self.false_positives)
    }

    /// Mean of recall and specificity: 0.5 for a judge that knows nothing, whatever the mix of labels.
    pub fn balanced_accuracy(&self) -> f64 {
        f64::midpoint(self.recall(), self.specificity())
    }
}

/// A judge measured against labels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    /// Good items.
    pub positives: u64,
    /// Bad items.
    pub negatives: u64,
    /// Items whose score is no number; they count as rejected at every threshold.
    pub without_score: u64,
    /// Probability that a good item scores above a bad one, ties counted half: the area under the ROC curve. `None` when all
    /// labels are the same.
    pub auroc: Option<f64>,
    /// One for every score that occurs, lowest threshold first.
    pub curve: Vec<Operating>,
}

impl Calibration {
    /// Measures.
    ///
    /// ```
    /// use dsg_judge::{Calibration, Labelled};
    ///
    /// let items = [(true, 0.9), (true, 0.7), (false, 0.7), (false, 0.2)];
    /// let measured = Calibration::new(items.map(|(label, score)| Labelled { label, score }));
    /// assert_eq!(measured.auroc, Some(0.875));
    /// let strict = measured.for_precision(0.95).expect("0.9 is right");
    /// assert_eq!((strict.threshold, strict.recall()), (0.9, 0.5));
    /// ```
    pub fn new(items: impl IntoIterator<Item = Labelled>) -> Self {
        let (mut scored, unscored): (Vec<Labelled>, Vec<Labelled>) =
            items.into_iter().partition(|item| !item.score.is_nan());
        scored.sort_by(|a, b| b.score.total_cmp(&a.score));
        let good = |items: &[Labelled]| count(items.iter().filter(|item| item.label));
        let positives = good(&scored) + good(&unscored);
        let negatives = count(scored.iter()) + count(unscored.iter()) - positives;
        let mut curve = Vec::new();
        let (mut accepted_good, mut accepted_bad) = (0, 0);
        // Twice the number of pairs that are in the right order.
        let mut pairs = 0;
        for group in scored.chunk_by(|a, b| a.score.total_cmp(&b.score).is_eq()) {
            let here = good(group);
            let bad = count(group.iter()) - here;
            pairs += bad * (2 * accepted_good + here);
            accepted_good += here;
            accepted_bad += bad;
            curve.extend(group.first().map(|first| Operating {
                threshold: first.score,
                true_positives: accepted_good,
                false_positives: accepted_bad,
                false_negatives: positives - accepted_good,
                true_negatives: negatives - accepted_bad,
            }));
        }
        // What has no score comes last.
        let bad = negatives - accepted_bad;
        pairs += bad * (2 * accepted_good + (positives - accepted_good));
        curve.reverse();
        let auroc = (positives > 0 && negatives > 0)
            .then(|| pairs as f64 / (2.0 * positives as f64 * negatives as f64));
        Self {
            positives,
            negatives,
            without_score: count(unscored.iter()),
            auroc,
            curve,
        }
    }

    /// The lowest threshold at which `precision` is reached, which keeps the most good items; `None` when none does.
    pub fn for_precision(&self, precision: f64) -> Option<Operating> {
        self.curve
            .iter()
            .find(|point| point.precision() >= precision)
            .copied()
    }

    /// The threshold with the greatest balanced accuracy, the higher one of two; `None` when nothing was measured.
    pub fn best(&self) -> Option<Operating> {
        self.curve
            .iter()
            .max_by(|a, b| a.balanced_accuracy().total_cmp(&b.balanced_accuracy()))
            .copied()
    }

    /// What happens at a threshold that need not be a score that occurs.
    pub fn at(&self, threshold: f64) -> Operating {
        self.curve
            .iter()
            .find(|point| point.threshold >= threshold)
            .map_or(
                Operating {
                    threshold,
                    true_positives: 0,
                    false_positives: 0,
                    false_negatives: self.positives,
                    true_negatives: self.negatives,
                },
                |point| Operating {
                    threshold,
                    ..*point
                },
            )
    }
}

fn ratio(part: u64, rest: u64) -> f64 {
    if part + rest == 0 {
        return 1.0;
    }
    part as f64 / (part + rest) as f64
}

fn count<T>(items: impl Iterator<Item = T>) -> u64 {
    items.fold(0, |count, _| count + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn measured(items: &[(bool, f64)]) -> Calibration {
        Calibration::new(
            items
                .iter()
                .map(|&(label, score)| Labelled { label, score }),
        )
    }

    #[test]
    fn a_missing_score_is_a_rejection() {
        let calibration = measured(&[(true, 1.0), (true, f64::NAN), (false, 0.0)]);
        assert_eq!(calibration.without_score, 1);
        let lowest = calibration.at(0.0);
        assert_eq!((lowest.true_positives, lowest.false_negatives), (1, 1));
    }

    #[test]
    fn one_kind_of_label_has_no_curve_to_measure() {
        assert_eq!(measured(&[(true, 1.0)]).auroc, None);
        let nothing = measured(&[]);
        assert_eq!((nothing.auroc, nothing.best()), (None, None));
    }

    #[test]
    fn a_threshold_between_scores_and_above_all() {
        let calibration = measured(&[(true, 1.0), (false, 0.5), (true, 0.25)]);
        assert_eq!(calibration.at(0.3).false_positives, 1);
        assert_eq!(calibration.at(0.3).true_positives, 1);
        assert_eq!(calibration.at(2.0).false_negatives, 2);
        let accepted = |precision| {
            let point = calibration.for_precision(precision).unwrap();
            point.true_positives + point.false_positives
        };
        assert_eq!((accepted(0.6), accepted(0.7)), (3, 1));
    }

    proptest! {
        /// The curve counts as a count item by item would, and the area as a comparison pair by pair.
        #[test]
        fn counts_are_what_they_say(
            items in proptest::collection::vec((any::<bool>(), 0_u8..6), 1..40),
        ) {
            let items: Vec<(bool, f64)> =
                items.into_iter().map(|(label, score)| (label, f64::from(score) / 5.0)).collect();
            let calibration = measured(&items);
            for point in &calibration.curve {
                let accepted = |label| {
                    count(items.iter().filter(|item| item.0 == label && item.1 >= point.threshold))
                };
                prop_assert_eq!(point.true_positives, accepted(true));
                prop_assert_eq!(point.false_positives, accepted(false));
                prop_assert_eq!(point.true_positives + point.false_negatives, calibration.positives);
                prop_assert_eq!(point.true_negatives + point.false_positives, calibration.negatives);
            }
            let mut won = 0.0;
            for good in items.iter().filter(|item| item.0) {
                for bad in items.iter().filter(|item| !item.0) {
                    won += if good.1 > bad.1 { 1.0 } else if good.1 < bad.1 { 0.0 } else { 0.5 };
                }
            }
            if let Some(auroc) = calibration.auroc {
                let expected = won / (calibration.positives * calibration.negatives) as f64;
                prop_assert!((auroc - expected).abs() < 1e-9);
            }
        }
    }
}
