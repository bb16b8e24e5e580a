//! Teacher labelling: a model's replies to prompts that someone else wrote.

mod config;
mod json;
mod labeller;
mod reason;
mod record;

pub use config::LabelConfig;
pub use labeller::Labeller;
pub use reason::LabelDropReason;
pub use record::{Label, LabelPrompt, LabelSchema};
