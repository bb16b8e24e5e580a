//! What can be wrong with a configuration; chunking itself cannot fail.

/// An impossible configuration value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChunkError {
    /// The budget is too small for any useful chunk.
    #[error("max_tokens: {max_tokens} is below the least budget of {least} tokens")]
    Budget {
        /// The configured value.
        max_tokens: usize,
        /// The smallest allowed.
        least: usize,
    },
    /// The minimum could not be reached without breaking the maximum.
    #[error("min_tokens: {min_tokens} is more than half of max_tokens ({max_tokens})")]
    Minimum {
        /// The configured value.
        min_tokens: usize,
        /// The configured budget.
        max_tokens: usize,
    },
    /// The tokenizer's file is none.
    #[error(
        "tokenizer: {path} holds no tokenizer (a tokenizer.json or a GGUF file is needed): {problem}"
    )]
    Tokenizer {
        /// The configured path.
        path: String,
        /// What is wrong with the file.
        problem: String,
    },
    /// This build cannot read tokenizers.
    #[error(
        "tokenizer: this dsg was built without `{feature}`; build it with `--features {feature}`"
    )]
    FeatureMissing {
        /// The Cargo feature to build with.
        feature: &'static str,
    },
}
