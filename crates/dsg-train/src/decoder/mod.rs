//! The forward pass.

mod blocks;
mod projection;

pub use blocks::Bits;
pub use projection::Projection;
