//! What a model answers, how good that is, and how sure one can be of it.
//!
//! An [`Evaluator`] asks a model the questions of rows and measures how likely it finds their answers. [`exact_match`], [`token_f1`] and
//! [`rouge_l`] compare what it says with what it should say. [`bootstrap`] tells how far a mean over some items can be trusted, and of paired
//! differences whether one model is better than another. [`reword`] asks a known question in other words, [`general`] are questions that have
//! nothing to do with any documentation.

mod bootstrap;
mod evaluator;
mod general;
mod overlap;
mod reword;

pub use bootstrap::{Estimate, Measured, RESAMPLES, SAME, bootstrap, mean};
pub use evaluator::{Answer, EvalItem, Evaluator};
pub use general::general;
pub use overlap::{exact_match, rouge_l, token_f1};
pub use reword::{Wording, reword};
