//! Whether what a model wrote fits together: question, answer and quotes.
//!
//! What a document's author asked and answered is taken as fitting, so items without a model are not held to this.

use std::collections::BTreeSet;

use dsg_core::Candidate;
use regex::Regex;

use crate::error::JudgeError;
use crate::evidence::words;
use crate::finding::Finding;
use crate::grounding::Ground;
use crate::pattern::any_case;
use crate::reason::JudgeReason;
use crate::rubric::prose_pieces;
use crate::stem::{is_function_word, stem};

/// A sentence with fewer content words says too little to be measured.
const MIN_WORDS: usize = 3;

#[derive(Debug)]
pub(crate) struct FitCheck {
    why: Regex,
    cause: Regex,
    opening: Regex,
    announcement: Regex,
    about_document: Regex,
    asks_default: Regex,
    says_where_set: Regex,
    gives_default: Regex,
    asks_purpose: Regex,
    says_when: Regex,
    asks_openly: Regex,
    says_yes_or_no: Regex,
}

impl FitCheck {
    pub(crate) fn new() -> Result<Self, JudgeError> {
        Ok(Self {
            why: any_case("why", r"^\W*why\b|\bfor what reason\b")?,
            cause: any_case(
                "cause",
                concat!(
                    r"\b(?:because|since|due to|owing to|so that|so as to|in order to|as a result|therefore|thus|hence|otherwise|",
                    r"reasons?|causes?|caused|prevents?|avoids?|ensures?|needed|requires?|required|to (?:avoid|prevent|ensure|allow|keep|make)|",
                    r"motivation|purpose|leads? to|results? in|too (?:large|small|many|few|long|high|low|old))\b",
                ),
            )?,
            opening: any_case(
                "opening",
                r"^\W*(?:another|however|additionally|furthermore|moreover|in addition|also|as a result|for this reason|that said)\b|\b(?:related|similar|due) to this\b",
            )?,
            announcement: any_case("announcement", r"\bthe following\b|\bas follows\b")?,
            asks_default: any_case("default", r"^\W*what(?:'s| is| are)?\b.*\bdefault\b")?,
            says_where_set: any_case(
                "where set",
                concat!(
                    r"\b(?:can|may|must|should) (?:also )?be (?:set|specified|configured|defined|changed|overridden)\b|",
                    r"\b(?:is|are) (?:set|specified|configured|defined|controlled|determined) (?:by|in|with|using|via|through)\b",
                ),
            )?,
            gives_default: any_case(
                "given default",
                r"\bdefault(?: [`\w-]+){0,4} (?:is|are|of|to)\b|\bby default\b|\bdefaults? to\b",
            )?,
            asks_purpose: any_case(
                "purpose",
                r"\b(?:purpose|significance|meaning) of\b|\bused for\b|\bwhat (?:does|do) .{1,60} (?:do|mean|represent|control)\b",
            )?,
            says_when: any_case(
                "when",
                r"^.{0,80}\b(?:is|are) only (?:set|valid|available|supported|applicable|present)\b",
            )?,
            asks_openly: any_case("open", r"^\W*(?:how|what|which|where|when|who|why)\b")?,
            says_yes_or_no: any_case("yes or no", r"^\W*(?:yes|no)\b[,.]")?,
            about_document: any_case(
                "about the document",
                r"\b(?:purpose|content|contents|goal|aim|topic|subject|scope) of (?:the|this) (?:[`\w/-]+ ){0,4}(?:guide|manual|page|document|documentation|section|chapter|text|faq)\b|\b(?:authors?|writers?) of the (?:documentation|document|page|guide|text)\b|\bthe (?:text|passage|quotes?|excerpt) (?:says?|suggests?|states?|mentions?|describes?|explains?|provides?|notes?|shows?)\b|\b(?:shown|given|stated|listed|described|provided) in the quotes?\b",
            )?,
        })
    }

    /// The checks; none for an item that no model wrote.
    pub(crate) fn check(
        &self,
        ground: &Ground,
        candidate: &Candidate,
        min_sentence: f64,
    ) -> Vec<Finding> {
        if candidate.generator.model.is_none() {
            return Vec::new();
        }
        let (question, answer) = (candidate.question.as_str(), candidate.answer.as_str());
        let quotes = || candidate.citations.iter().map(|c| c.quote.as_str());
        let is_unreasoned =
            self.why.is_match(question) && !quotes().any(|quote| self.cause.is_match(quote));
        let document = [question, answer]
            .into_iter()
            .find_map(|text| self.about_document.find(text));
        let opening = self.opening.find(answer);
        vec![
            Finding::from_detail(
                "fit.document",
                JudgeReason::MetaTalk,
                document.map(|found| format!("`{}` is about the document", found.as_str())),
            ),
            Finding::from_detail(
                "fit.opening",
                JudgeReason::DanglingReference,
                opening.map(|found| format!("`{}` goes on from something", found.as_str().trim())),
            ),
            Finding::from_detail(
                "fit.announcement",
                JudgeReason::DanglingReference,
                self.empty_announcement(answer),
            ),
            Finding::from_detail(
                "fit.reason",
                JudgeReason::NoReasonGiven,
                is_unreasoned.then_some("the question asks why, and no quote gives a reason"),
            ),
            Finding::from_detail(
                "fit.kind",
                JudgeReason::NotAnswered,
                self.not_answered(question, answer),
            ),
            Finding::from_detail(
                "fit.sentences",
                JudgeReason::Ungrounded,
                ungrounded_sentence(ground, answer, min_sentence),
            ),
        ]
    }

    /// How the answer is of another kind than what the question asks for.
    fn not_answered(&self, question: &str, answer: &str) -> Option<&'static str> {
        let said = prose_pieces(answer);
        let first = said.first().map_or("", String::as_str);
        let asks_openly = self.asks_openly.is_match(question);
        if self.asks_default.is_match(question)
            && self.says_where_set.is_match(answer)
            && !self.gives_default.is_match(answer)
        {
            Some("the question asks for a default, and the answer says where it is set")
        } else if self.asks_purpose.is_match(question) && self.says_when.is_match(first) {
            Some(
                "the question asks what something is for, and the answer begins with when it holds",
            )
        } else if asks_openly && self.says_yes_or_no.is_match(answer) {
            Some("the question is none of yes or no")
        } else if asks_openly && said.len() <= 2 && says_again(first, question) {
            // A longer answer may begin so and then come to it.
            Some("the answer says the question again")
        } else {
            None
        }
    }

    /// A sentence that promises what does not come: `The following states are recognized.`
    fn empty_announcement(&self, answer: &str) -> Option<String> {
        let said = prose_pieces(answer);
        let empty = said
            .iter()
            .find(|sentence| self.announcement.is_match(sentence) && !sentence.contains(':'))?;
        Some(format!("`{empty}` announces what is not there"))
    }
}

/// The first sentence of which the quotes and what they stand under hold too few content words.
fn ungrounded_sentence(ground: &Ground, answer: &str, least: f64) -> Option<String> {
    prose_pieces(answer).into_iter().find_map(|sentence| {
        let share = held(ground, &sentence).filter(|share| *share < least)?;
        Some(format!(
            "{:.0} % of the content words of `{sentence}` are in the citations, {:.0} % are asked for",
            share * 100.0,
            least * 100.0
        ))
    })
}

/// Whether the quotes and what they stand under hold too few of a sentence's content words.
pub(crate) fn is_ungrounded(ground: &Ground, sentence: &str, least: f64) -> bool {
    held(ground, sentence).is_some_and(|share| share < least)
}

/// The share of a sentence's content words that the quotes and what they stand under hold; `None` where it has too few.
fn held(ground: &Ground, sentence: &str) -> Option<f64> {
    let content: Vec<&str> = words(sentence)
        .filter(|word| !is_function_word(word) && word.chars().any(char::is_alphabetic))
        .collect();
    let held = content
        .iter()
        .filter(|word| ground.quotes.has_word(word) || ground.place.has_word(word))
        .count();
    (content.len() >= MIN_WORDS).then(|| held as f64 / content.len() as f64)
}

/// Whether a sentence has no content word that the question does not have.
fn says_again(sentence: &str, question: &str) -> bool {
    let content = |text| -> BTreeSet<String> {
        words(text)
            .filter(|word| !is_function_word(word))
            .map(stem)
            .collect()
    };
    let said = content(sentence);
    said.len() >= MIN_WORDS && said.is_subset(&content(question))
}
