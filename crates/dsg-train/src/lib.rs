//! Fine-tuning of small language models, and what it needs of them: weights, tokenizer, chat template, forward pass.
//!
//! # Vocabulary
//! - A *base model* is what is fine-tuned: its weights are *frozen*, which means that no gradient of them is computed.
//! - A *projection* is a frozen matrix that an *adapter* may be attached to; only adapters are trained.
//! - *Hidden states* are what the last block returns, normed; times the *head*, a matrix of `[vocabulary, width]`, they are *logits*.
//! - A *row* is one token of one sequence. Activations are matrices of `[batch · length, width]`, so that every projection is one
//!   matrix product.
//! - A *sample* is a conversation as tokens, of which some are *labels*: what the assistant says, with the token that ends its turn.
//! - A *step* of the optimiser takes some samples, in *batches* of similar length. *Padding* fills a batch's shorter samples; with
//!   *packing*, short samples share a *sequence*, and none sees the others.
//! - A *special token* ends a turn or begins a text. What a template writes may contain them, what documents say may not.
//!
//! # A model
//! [`Source`] opens a Hugging Face folder or a GGUF file and brings its [`Decoder`](decoder::Decoder), its
//! [`Tokenizer`](tokenizer::Tokenizer) and its [`ChatTemplate`](template::ChatTemplate).
//!
//! ```no_run
//! use std::ops::ControlFlow;
//!
//! use burn::tensor::Device;
//! use dsg_train::Source;
//! use dsg_train::generate::GenerateOptions;
//! use dsg_train::template::{Message, RenderOptions};
//! use dsg_train::tokenizer::Specials;
//!
//! let source = Source::open("gemma-3-270m-it.gguf")?;
//! let (decoder, tokenizer) = (source.decoder(&Device::flex())?, source.tokenizer()?);
//! let template = source.template()?.ok_or("a model without a chat template")?;
//!
//! let chat = [Message::new("user", "What is a node?")];
//! let prompt = tokenizer.encode(&template.render(&chat, &RenderOptions::reply())?, Specials::Parse)?;
//! let mut options = GenerateOptions::default();
//! options.ends = tokenizer.ends().to_vec();
//! let reply = decoder.generate(&prompt, &options, |_| ControlFlow::Continue(()))?;
//! println!("{}", tokenizer.decode(&reply.tokens, true)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Training
//! A [`Dataset`](data::Dataset) has samples, a [`Trainer`] makes [adapters](adapter::LoraWeights) of them, [`merge`] puts these into a model. The README of this crate
//! has the whole of it; `examples/by_heart.rs` runs without a download. All of it computes on the device that a decoder was loaded onto; [`Backend`] finds one.
//!
//! # Evaluation
//! [`evaluation`] asks a model questions and measures its answers: their likelihood, words in common, intervals by resampling.
//! `examples/intervals.rs` compares two sets of answers.
//!
//! # Parts
//! Parts work alone. A decoder with adapters, for instance, is any [`Projection`](decoder::Projection) and what it is between:
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use dsg_train::decoder::Projection;
//!
//! let device = Device::flex();
//! let weight = Tensor::<2>::from_floats([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]], &device);
//! let projection = Projection::new(weight, None);
//! assert_eq!((projection.inputs(), projection.outputs()), (3, 2));
//! let rows = Tensor::<2>::from_floats([[1.0, 1.0, 1.0]], &device);
//! let out = projection.forward(rows).into_data();
//! assert_eq!(out.try_into_vec::<f32>()?, [3.0, 3.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod adapter;
pub mod architecture;
mod checkpoint;
mod config;
pub mod data;
pub mod decoder;
mod device;
mod error;
pub mod evaluation;
pub mod export;
pub mod generate;
mod kernel;
pub mod loss;
mod merge;
mod metrics;
mod optimizer;
mod schedule;
pub mod source;
pub mod template;
pub mod tokenizer;
mod trainer;

pub use config::{Recompute, TrainConfig};
pub use decoder::Bits;
pub use device::Backend;
pub use error::TrainError;
pub use export::export;
pub use merge::merge;
pub use metrics::{Meter, StepMetrics};
pub use schedule::Schedule;
pub use source::Source;
pub use trainer::{TrainReport, Trained, Trainer, evaluate};

pub use burn;
