//! How likely the tokens of a reply were.

use serde::{Deserialize, Serialize};

/// The natural logarithm of a probability: from [`LogProb::LEAST`], which stands for everything below it, to 0, with six
/// decimals. So written and read again it is the same number, also by a reader of JSON that is inexact in the last digit.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(from = "f64", into = "f64")]
pub struct LogProb(f64);

// It is never NaN.
impl Eq for LogProb {}

impl LogProb {
    /// What OpenAI's API says of a token that is all but impossible.
    pub const LEAST: Self = Self(-9999.0);

    /// The nearest to `value`; what is no number is [`LogProb::LEAST`].
    pub fn new(value: f64) -> Self {
        const DECIMALS: f64 = 1e6;
        let Self(least) = Self::LEAST;
        let within = if value.is_nan() {
            least
        } else {
            value.clamp(least, 0.0)
        };
        Self((within * DECIMALS).round() / DECIMALS)
    }

    /// The probability itself, in `[0, 1]`.
    pub fn probability(self) -> f64 {
        self.0.exp()
    }
}

impl From<f64> for LogProb {
    fn from(value: f64) -> Self {
        Self::new(value)
    }
}

impl From<LogProb> for f64 {
    fn from(LogProb(value): LogProb) -> Self {
        value
    }
}

/// A token of a reply, and what else could have stood in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenLogProb {
    /// Its text; parts of a character that several tokens make up may be missing.
    pub text: String,
    /// How likely it was, before a grammar and a temperature where the engine tells that.
    pub log_prob: LogProb,
    /// The likeliest tokens in its place, the likeliest first; it may be among them.
    pub top: Vec<TopLogProb>,
}

/// A token that could have been chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopLogProb {
    /// Its text.
    pub text: String,
    /// How likely it was.
    pub log_prob: LogProb,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_probability_is_a_number_that_can_be_written_and_read() {
        for (value, expected) in [
            (-0.123_456_789, "-0.123457"),
            (-12.0, "-12.0"),
            (f64::NEG_INFINITY, "-9999.0"),
            (f64::NAN, "-9999.0"),
            (0.5, "0.0"),
        ] {
            let written = serde_json::to_string(&LogProb::new(value)).unwrap();
            assert_eq!(written, expected, "{value}");
            let read: LogProb = serde_json::from_str(&written).unwrap();
            assert_eq!(read, LogProb::new(value));
        }
        assert!((LogProb::new(-std::f64::consts::LN_2).probability() - 0.5).abs() < 1e-6);
        assert!(LogProb::LEAST.probability().abs() < f64::EPSILON);
    }
}
