//! What embedders see of dsg-train. Models are tiny and made here; nothing is downloaded.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests fail by panicking; values are made here"
)]

mod adapter;
mod damage;
mod decoder;
mod evaluation;
mod export;
mod generate;
mod model;
mod passes;
mod reference;
mod rows;
mod source;
mod tokenizer;
mod training;
#[cfg(feature = "wgpu")]
mod wgpu;
