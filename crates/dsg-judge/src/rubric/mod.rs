//! The half of the judge that asks a model.

mod agreement;
mod ask;
mod claim;
mod config;
mod error;
mod model_judge;
mod order;
mod pairwise;
mod passages;
mod probability;
mod prompts;
mod repair;
mod review;
mod verdict;

pub(crate) use claim::prose_pieces;
pub use config::{EvidenceScope, RubricConfig};
pub use error::ModelJudgeError;
pub use model_judge::ModelJudge;
pub use pairwise::{AnswerPair, PairOpinion, PairVerdict, PairwiseJudge, Preference};
pub use prompts::prompts;
pub use review::Review;
