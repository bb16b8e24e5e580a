//! Providers against a server that speaks real TCP and misbehaves, and the reply store in files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod offline;
mod openai;
mod recorded;
mod server;
mod store;
