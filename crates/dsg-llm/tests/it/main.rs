//! Providers against a server that speaks real TCP and misbehaves, and the reply store in files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod budget;
mod deadline;
mod faults;
mod guard;
#[cfg(feature = "hub")]
mod hub;
mod limit;
#[cfg(feature = "llama-cpp")]
mod llama;
mod offline;
mod ollama;
mod openai;
mod order;
mod probe;
mod recorded;
mod retry;
mod server;
mod store;
mod structured;
