//! The half of the generator that asks a model.

mod align;
mod fold;
mod unit;

pub use align::{Aligner, Alignment, Fit, Unaligned};
