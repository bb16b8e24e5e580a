//! Curation as a caller sees it: duplicates, quotas, split.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod balance;
mod clusters;
mod contaminated;
mod duplicates;
mod fixture;
mod invariants;
mod meanings;
mod split;
