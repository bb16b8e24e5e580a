//! Deterministic validators for grounded question–answer items.

mod config;
mod error;
mod judge;
mod reason;

pub use config::{JudgeConfig, LengthBand, PLACEHOLDER_KEYS, Rules};
pub use error::JudgeError;
pub use judge::Judge;
pub use reason::JudgeReason;
