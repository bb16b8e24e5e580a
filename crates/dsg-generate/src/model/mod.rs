//! The half of the generator that asks a model.

mod align;
mod ask;
mod config;
mod estimate;
mod evidence;
mod fold;
mod model_writer;
mod prompts;
mod reason;
mod reply;
mod schedule;
mod structure;
mod task;
mod unit;

pub use align::{Aligner, Alignment, Fit, Unaligned};
pub use config::ModelWriterConfig;
pub use estimate::Estimate;
pub use model_writer::ModelWriter;
pub use prompts::prompts;
pub use reason::ModelDropReason;
pub(crate) use reply::values;
