//! What the chunker promises, on small documents made by hand.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

mod context;
mod invariants;
mod outline;
mod specs;
mod tokenizer;
