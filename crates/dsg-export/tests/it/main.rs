//! Whole folders: written, read back, damaged, verified.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests fail by panicking"
)]

mod bundle;
mod card;
mod dataset;
mod full_disk;
mod report;
mod verify;
mod write;
