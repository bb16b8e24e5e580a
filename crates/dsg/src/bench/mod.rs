//! How fast a model file answers on this machine, and whether it is slower than it was.

mod error;
mod gate;
#[cfg(feature = "llama-cpp")]
mod job;
mod row;

#[cfg(feature = "llama-cpp")]
pub use job::{BenchJob, bench};

pub use error::BenchError;
pub use gate::{Comparison, Missing, Slower, Tolerance, hold_against};
pub use row::{BenchRow, read_rows, write_rows};

/// Whether this build can run model files.
///
/// # Errors
/// [`DsgError::FeatureMissing`](crate::DsgError::FeatureMissing) where it cannot.
pub const fn can_bench() -> Result<(), crate::DsgError> {
    if cfg!(feature = "llama-cpp") {
        Ok(())
    } else {
        Err(crate::DsgError::FeatureMissing {
            feature: "llama-cpp",
        })
    }
}
