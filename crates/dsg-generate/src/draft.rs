//! Drafts: what the writer makes of a chunk, before the curriculum chooses.

use dsg_core::{Chunk, Citation, Difficulty, QuestionType, Seed};

use crate::answer::Answer;
use crate::difficulty;
use crate::outline::Section;
use crate::phrase::upper_first;
use crate::place::Place;
use crate::regexes::regex;
use crate::wording::Wording;

/// A question and its answer with receipts, not yet assigned to a topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Self-contained question.
    pub question: String,
    /// Light Markdown made of quotes and fixed words.
    pub answer: String,
    /// Receipts, in document order.
    pub citations: Vec<Citation>,
    /// What the question asks for.
    pub question_type: QuestionType,
    /// By the features that [`crate::ExtractiveWriter`] documents.
    pub difficulty: Difficulty,
    /// The wording and its version: `option/purpose@1`.
    pub template: String,
}

impl Draft {
    /// How much the pattern and the answer's length promise, from 0 (most) to 3: the curriculum takes the best first.
    pub(crate) fn tier(&self) -> u8 {
        let pattern = self.template.split('@').next().unwrap_or_default();
        let base = match pattern {
            "faq/heading" | "faq/term" | "howto/steps" | "howto/heading" | "trouble/message"
            | "trouble/state" | "task/code" | "option/task" | "command/task" | "role/script"
            | "role/usage" | "definition/is" | "manual/name" | "manual/purpose"
            | "entry/reason" | "entry/state" | "option/purpose" | "definition/term"
            | "definition/code" | "comment/command" => 0,
            "option/value" | "command/purpose" | "parameter/task" | "parameter/purpose"
            | "definition/does" | "task/text" | "table/command" | "table/row" | "caution/task"
            | "entry/limits" | "variable/output" | "entry/ignored" | "definition/item"
            | "definition/option" | "table/meaning" | "role/issues" | "role/limits"
            | "role/where" | "role/terms" | "reading/links" | "entry/format" | "setting/value"
            | "task/needs" => 1,
            _ => 2,
        };
        let short = u8::from(self.answer.len() < 75);
        // A question that another heading's task had to place is the less natural one.
        let propped = u8::from(base == 0 && self.question.contains(" when "));
        // “The playbook” is known to the page only.
        let definite = u8::from(names_the_known(&self.question));
        base + short + propped + definite
    }
}

/// “How do I run the script with Kraken?”: which script only the page says.
pub(crate) fn names_the_known(question: &str) -> bool {
    regex!(r"(?i)\b(?:do I|can I|to|if) (?:\w+ )?the \w+(?: \w+)? (?:in|at|with|when|for|is|are)\b|\b(?:do|can) I \w+ the \w+\?$")
        .is_match(question)
}

/// Longest question that anybody would ask.
const MAX_QUESTION: usize = 260;

/// Everything a pattern may look at.
pub(crate) struct Scope<'s, 'c> {
    pub(crate) chunk: &'c Chunk,
    pub(crate) section: &'s Section<'c>,
    pub(crate) place: &'s Place,
    pub(crate) seed: Seed,
}

impl Scope<'_, '_> {
    /// A draft from a wording.
    pub(crate) fn worded(
        &self,
        question_type: QuestionType,
        wording: &Wording,
        key: &str,
        values: &[(&str, &str)],
        answer: Answer,
    ) -> Option<Draft> {
        // Copies of a page word their questions alike, so that they are found out.
        let key = format!("{}/{}/{key}", self.place.title, self.section.title());
        let question = wording.fill(self.seed, &key, values);
        self.asked(question_type, &wording.id(), &question, answer)
    }

    /// A draft whose question is already put.
    pub(crate) fn asked(
        &self,
        question_type: QuestionType,
        template: &str,
        question: &str,
        answer: Answer,
    ) -> Option<Draft> {
        let question = upper_first(question.trim());
        // “Creating a identifier”
        let question = regex!(r"\ba ((?:[ai]|e[^u]|o[^n])\w)")
            .replace_all(&question, "an $1")
            .into_owned();
        if !is_askable(&question) {
            return None;
        }
        let (answer, citations) = answer.finish(self.chunk)?;
        Some(Draft {
            difficulty: difficulty::of(&answer, question_type, self.place),
            question,
            answer,
            citations,
            question_type,
            template: template.to_owned(),
        })
    }
}

/// “the last days days”: an argument that lost its markup.
fn says_a_word_twice(text: &str) -> bool {
    let words: Vec<&str> = text
        .split_whitespace()
        .map(|word| word.trim_end_matches(['?', ',', '.']))
        .collect();
    words.windows(2).any(|pair| {
        pair.first() == pair.last()
            && pair
                .iter()
                .all(|word| word.len() > 2 && word.chars().all(char::is_alphabetic))
    })
}

/// Whether a question can be asked by someone who has no page in front of them.
pub(crate) fn is_askable(question: &str) -> bool {
    let bare = regex!(r"`[^`]*`").replace_all(question, "x");
    question.ends_with('?')
        && question.len() <= MAX_QUESTION
        && question.split_whitespace().count() >= 4
        && question.matches('`').count().is_multiple_of(2)
        && !says_a_word_twice(&bare)
        && !crate::inline::has_leftovers(question)
        // “… in Kraken in Aurelia”, “… with a with b”
        && !regex!(r"\bin (?:the )?[A-Za-z-]+(?: [A-Za-z-]+){0,2} in [A-Z][\w-]+\?$|\bwith [^?`]{2,40} with [^?]+\?$").is_match(&bare)
        && !crate::reference::points_around(question)
        && !regex!(r"(?i)\b(?:according to|the passage|the text|this (?:page|option|section|document|command|case|example|file|script|table|error|tool|package|program|version)|these|those|mentioned)\b").is_match(&bare)
}
