//! The judge as a caller sees it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

mod accepts;
mod faults;
mod fixture;
mod invariants;
mod rejects;
mod repairs;
mod rubric;
