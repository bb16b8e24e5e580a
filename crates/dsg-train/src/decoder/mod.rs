//! The forward pass.

mod projection;

pub use projection::Projection;
