//! Judges grounded question–answer items: deterministic validators and repairs first, then, where there is one, a model.
//!
//! # Vocabulary
//! - A *receipt* (citation) is a span of a document with a byte-exact copy of what stands there.
//! - A [`Literal`] is a token that is right or wrong to the letter: a number, flag, path, URL, variable, identifier or
//!   any word of code. Every literal of an answer must occur in its [`Evidence`].
//! - A *repair* changes an item before it is checked: site values become placeholders, secrets and personal data go.
//! - A [`JudgeReason`] says why an item was rejected.
//! - A *claim* is a sentence, list entry, table row or line of code of an answer. The [`ModelJudge`] asks a model about
//!   each, and about the item as a whole, with questions that are answered by yes or no.
//! - A *pair* is two answers to one question; the [`PairwiseJudge`] asks a model which is better, in both orders.
//! - A *round trip* is the model's own answer to the question, from the evidence alone, compared with the item's.
//!
//! ```
//! use dsg_judge::{Evidence, Lexer};
//!
//! let lexer = Lexer::new()?;
//! let evidence = Evidence::new(&lexer, ["**-t**, **--time**=<*time*>: at most 1,440 minutes."]);
//! let unsupported = |answer: &str| -> Vec<String> {
//!     let literals = lexer.literals(answer).into_iter();
//!     literals.filter(|l| !evidence.supports(l)).map(|l| l.text).collect()
//! };
//! assert!(unsupported("Use `--time`; the limit is 1440 minutes.").is_empty());
//! assert_eq!(unsupported("Use `--times`; the limit is 1400 minutes."), ["--times", "1400"]);
//! # Ok::<(), dsg_judge::JudgeError>(())
//! ```

mod calibration;
mod citation;
mod config;
mod cut;
mod error;
mod evidence;
mod finding;
mod fit;
mod grounding;
mod judge;
mod language;
mod literal;
mod number;
mod pattern;
mod personal;
mod placeholder;
mod question;
mod reason;
mod redact;
mod rubric;
mod rules;
mod safety;
mod secret;
mod segment;
mod sensitive;
mod shape;
mod stem;
mod style;
mod trim;

pub use calibration::{Calibration, Labelled, Operating};
pub use config::{JudgeConfig, LengthBand, LiteralScope, PLACEHOLDER_KEYS, Rules};
pub use error::JudgeError;
pub use evidence::Evidence;
pub use judge::Judge;
pub use literal::{Lexer, Literal, LiteralKind};
pub use personal::PersonalScanner;
pub use reason::JudgeReason;
pub use rubric::{
    AnswerPair, EvidenceScope, ModelJudge, ModelJudgeError, PairOpinion, PairVerdict,
    PairwiseJudge, Preference, Review, RubricConfig, prompts,
};
pub use secret::SecretScanner;
pub use sensitive::Sensitive;
