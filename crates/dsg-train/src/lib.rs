//! Fine-tuning of small language models, and what it needs of them: weights, tokenizer, chat template, forward pass.
//!
//! # Vocabulary
//! - A *base model* is what is fine-tuned: its weights are *frozen*, which means that no gradient of them is computed.
//! - A *projection* is a frozen matrix that an *adapter* may be attached to; only adapters are trained.
//! - *Hidden states* are what the last block returns, normed; times the *head*, a matrix of `[vocabulary, width]`, they are *logits*.
//! - A *row* is one token of one sequence. Activations are matrices of `[batch · length, width]`, so that every projection is one
//!   matrix product.

pub mod adapter;
pub mod decoder;
mod error;

pub use error::TrainError;
