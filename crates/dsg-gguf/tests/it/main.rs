//! GGUF files as their users meet them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests fail by panicking, and say what they skip"
)]

mod compare;
mod hostile;
mod imatrix;
mod models;
mod quants;
mod round_trip;
mod scene;
mod verified;
