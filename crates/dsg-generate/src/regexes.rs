//! Regular expressions that are part of the program text.

/// A regular expression from a literal, compiled once on first use.
macro_rules! regex {
    ($pattern:literal) => {{
        static COMPILED: std::sync::LazyLock<regex::Regex> = std::sync::LazyLock::new(|| {
            #[allow(
                clippy::expect_used,
                reason = "a literal; every one is compiled by the tests"
            )]
            regex::Regex::new($pattern).expect("a valid literal")
        });
        &*COMPILED
    }};
}
pub(crate) use regex;
