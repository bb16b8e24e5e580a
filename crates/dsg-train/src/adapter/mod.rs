//! What is trained: low-rank matrices beside frozen ones.

mod config;
mod dropout;
mod gguf;
mod lora;
mod magnitude;
mod peft;
mod weights;

pub use config::{AdapterConfig, Site, Target};
pub use dropout::Dropout;
pub(crate) use dropout::{Draw, split_mix};
pub use lora::Adapter;
pub use magnitude::Magnitude;
pub(crate) use peft::{bytes, serialize};
pub use weights::{LoraWeights, SiteWeights};
