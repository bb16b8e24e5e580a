//! Why a judge cannot be built.

/// A configuration that no judge can work with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JudgeError {
    /// A value is impossible.
    #[error("`{field}`: {problem}")]
    Config {
        /// The field, dotted.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A `/…/` rule is not a regular expression.
    #[error("`{field}`: `{rule}` is not a regular expression")]
    Pattern {
        /// The field, dotted.
        field: &'static str,
        /// The rule as written.
        rule: String,
        /// Why.
        #[source]
        source: regex::Error,
    },
    /// A built-in pattern did not compile; a bug.
    #[error("built-in pattern `{name}` does not compile")]
    BuiltIn {
        /// The pattern.
        name: &'static str,
        /// Why.
        #[source]
        source: regex::Error,
    },
}

impl JudgeError {
    pub(crate) const fn config(field: &'static str, problem: String) -> Self {
        Self::Config { field, problem }
    }
}
