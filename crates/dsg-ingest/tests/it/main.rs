//! What embedders rely on, through the public API only.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

mod commonmark;
mod corpora;
mod hostile;
mod links;
mod outline;
mod parity;
#[cfg(feature = "pdf")]
mod pdf;
mod properties;
mod walking;
mod words;
