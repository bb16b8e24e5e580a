//! A dataset and a base model in, an adapter out; the two merged; a file for llama.cpp.

#[cfg(feature = "train")]
mod export;
#[cfg(feature = "train")]
mod job;
#[cfg(feature = "train")]
mod meter;
#[cfg(feature = "train")]
mod workplace;

#[cfg(feature = "train")]
pub use export::{GgufCheck, GgufJob, GgufSummary, export_gguf};
#[cfg(feature = "train")]
pub use job::{MergeJob, TrainJob, TrainSummary, merge, train};

/// Whether this build can train.
///
/// # Errors
/// [`DsgError::FeatureMissing`](crate::DsgError::FeatureMissing) where it cannot.
pub const fn can_train() -> Result<(), crate::DsgError> {
    if cfg!(feature = "train") {
        Ok(())
    } else {
        Err(crate::DsgError::FeatureMissing { feature: "train" })
    }
}
