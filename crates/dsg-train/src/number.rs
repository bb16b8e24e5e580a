//! Numbers as other types have them.

/// The nearest single.
#[allow(
    clippy::cast_possible_truncation,
    reason = "the nearest single is meant"
)]
pub(crate) const fn single(value: f64) -> f32 {
    value as f32
}

/// The whole part of what is not below 0.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is below 0 or too large becomes the nearest number there is"
)]
pub(crate) const fn whole(value: f64) -> u64 {
    value as u64
}
