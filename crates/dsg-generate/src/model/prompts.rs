//! The prompts that come with this crate, and what they are filled in with.

use dsg_core::{Difficulty, QuestionType};
use serde::Serialize;

/// Texts of the prompt files, for [`dsg_core::Prompts::new`]: `qa/quotes`, `qa/question`, `qa/answer`, `qa/unanswerable`
/// and `qa/structure`.
///
/// All of them begin with the same turn and the same passages, so that an engine's prefix cache pays for a chunk once; the
/// instruction comes last. Every one may use every field: `passages` (each with `section` and `text`), `quotes`, `question`, `kind`,
/// `level`, `persona`, `subject`, `steps`, `most`, `brief`, `avoid`, `missing`.
pub const fn prompts() -> [&'static str; 5] {
    [
        include_str!("../../prompts/qa/quotes.md.jinja"),
        include_str!("../../prompts/qa/question.md.jinja"),
        include_str!("../../prompts/qa/answer.md.jinja"),
        include_str!("../../prompts/qa/unanswerable.md.jinja"),
        include_str!("../../prompts/qa/structure.md.jinja"),
    ]
}

pub(crate) const QUOTES: &str = "qa/quotes";
pub(crate) const QUESTION: &str = "qa/question";
pub(crate) const ANSWER: &str = "qa/answer";
pub(crate) const UNANSWERABLE: &str = "qa/unanswerable";
pub(crate) const STRUCTURE: &str = "qa/structure";

/// Every name that must be there.
pub(crate) const NAMES: [&str; 5] = [QUOTES, QUESTION, ANSWER, UNANSWERABLE, STRUCTURE];

/// What a prompt is filled in with.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Fields<'a> {
    /// The evidence, the same for all calls on it.
    pub(crate) passages: &'a [Passage],
    /// What the answer rests on, as it stands in the source.
    pub(crate) quotes: Vec<&'a str>,
    pub(crate) question: Option<&'a str>,
    pub(crate) kind: &'static str,
    pub(crate) level: &'static str,
    pub(crate) persona: &'a str,
    pub(crate) subject: Option<&'a str>,
    /// Whether an answer may be a sequence of steps.
    pub(crate) steps: bool,
    /// Most quotes.
    pub(crate) most: usize,
    /// Whether the last reply was cut, so that less is asked for.
    pub(crate) brief: bool,
    /// Questions that are taken.
    pub(crate) avoid: &'a [String],
    /// Quotes that are not in the text.
    pub(crate) missing: &'a [String],
}

/// A piece of evidence as a model reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Passage {
    /// Its headings, outermost first.
    pub(crate) section: String,
    pub(crate) text: String,
}

pub(crate) const fn kind(question_type: QuestionType) -> &'static str {
    match question_type {
        QuestionType::Factual => "a question of fact: what something is, does, or is set to",
        QuestionType::Procedural => "a how-to question: what to do or run to reach a goal",
        QuestionType::Analytical => {
            "a question of understanding: why, when, or how two things differ"
        }
        QuestionType::Troubleshooting => {
            "a question about a problem: what goes wrong, and what to do about it"
        }
    }
}

pub(crate) const fn level(difficulty: Difficulty) -> &'static str {
    match difficulty {
        Difficulty::Basic => "one fact that is stated in one place",
        Difficulty::Intermediate => "something that depends on a condition, or an option in use",
        Difficulty::Advanced => {
            "an exception, a limit, an interaction, or a matter of administration"
        }
    }
}
