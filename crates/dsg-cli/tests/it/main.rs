//! The command as its users meet it: through the shell.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::string_slice,
    reason = "tests fail by panicking and say when they are skipped"
)]

mod bench;
mod bundle;
mod config;
mod doctor;
mod errors;
mod evaluation;
mod gguf;
mod help;
mod init;
#[cfg(feature = "models")]
mod label;
#[cfg(all(feature = "llama-cpp", feature = "train"))]
mod llama;
mod look;
mod offline;
#[cfg(feature = "llama-cpp")]
mod real_model;
mod report;
mod run;
mod scene;
#[cfg(feature = "models")]
mod server;
mod steps;
mod stop;
#[cfg(feature = "models")]
mod teacher;
#[cfg(feature = "train")]
mod tiny_model;
mod train;
#[cfg(all(feature = "models", feature = "train"))]
mod win_rate;
