//! Built-in patterns, compiled when a judge is built.

use regex::{Regex, RegexBuilder};

use crate::error::JudgeError;

/// Compiles a built-in pattern that ignores case.
pub(crate) fn any_case(name: &'static str, pattern: &str) -> Result<Regex, JudgeError> {
    RegexBuilder::new(pattern)
        .case_insensitive(true)
        .build()
        .map_err(|source| JudgeError::BuiltIn { name, source })
}

/// Compiles a built-in pattern that minds case.
pub(crate) fn exact_case(name: &'static str, pattern: &str) -> Result<Regex, JudgeError> {
    Regex::new(pattern).map_err(|source| JudgeError::BuiltIn { name, source })
}

/// Compiles named built-in patterns.
pub(crate) fn table(
    entries: &[(&'static str, &'static str)],
    compile: fn(&'static str, &str) -> Result<Regex, JudgeError>,
) -> Result<Vec<(&'static str, Regex)>, JudgeError> {
    entries
        .iter()
        .map(|(name, pattern)| Ok((*name, compile(name, pattern)?)))
        .collect()
}
