//! From chunks to grounded question–answer candidates.
//!
//! # Vocabulary
//! - The **writer** turns one chunk into [`Draft`]s: questions that its structure supports, with answers quoted from it.
//! - A **pattern** is one structure that supports questions: an option entry, a procedure, a table, a frequent question.
//! - A **wording** is one way to put a pattern's question; its name and version (`option/purpose@1`) go into the record.
//! - The **curriculum** asks for so many items per topic × difficulty × question type; [`Generator`] fills it with drafts
//!   and reports in [`Coverage`] what the documents did not support.
//!
//! ```
//! use dsg_core::{Interrupt, MemoryStore, Seed, Silent};
//! use dsg_generate::{GenerateConfig, Generator};
//!
//! let generator = Generator::new(GenerateConfig::default(), Seed(42))?;
//! let generated = generator.run(&MemoryStore::default(), &Silent, &Interrupt::default())?;
//! assert!(generated.result.counts.is_balanced());
//! # Ok::<(), dsg_generate::GenerateError>(())
//! ```

mod about;
mod answer;
mod config;
mod coverage;
mod difficulty;
mod draft;
mod error;
mod generator;
mod inline;
mod label;
mod lexicon;
mod model;
mod name;
mod outline;
mod patterns;
mod person;
mod phrase;
mod place;
mod plan;
mod reason;
mod reference;
mod regexes;
mod render;
mod sentence;
#[cfg(test)]
mod testing;
mod topic_match;
mod verbs;
mod wording;
mod writer;

pub use config::{CoverageMode, DifficultyMix, GenerateConfig, QuestionTypeMix, Topic};
pub use coverage::{Cell, Coverage, Shortfall, TopicCoverage, Uncovered, UncoveredReason};
pub use draft::Draft;
pub use error::GenerateError;
pub use generator::{Generated, Generator};
pub use label::{Label, LabelConfig, LabelDropReason, LabelPrompt, LabelSchema, Labeller};
pub use lexicon::Lexicon;
pub use model::{
    Aligner, Alignment, Estimate, Fit, ModelDropReason, ModelWriter, ModelWriterConfig, Unaligned,
    prompts,
};
pub use reason::DropReason;
pub use writer::ExtractiveWriter;
