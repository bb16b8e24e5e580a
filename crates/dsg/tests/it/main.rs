//! The facade as an embedder sees it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail by panicking"
)]

mod config;
mod copies;
mod curation;
mod embedder;
mod fuzz;
mod nasty;
mod pipeline;
