//! A question must stand alone.

use regex::Regex;

use crate::error::JudgeError;
use crate::evidence::words;
use crate::finding::Finding;
use crate::grounding::Ground;
use crate::literal::Lexer;
use crate::pattern::any_case;
use crate::reason::JudgeReason;
use crate::segment::{Kind, Segments};
use crate::stem::{is_function_word, is_generic};

/// Stands for what the question quotes.
const QUOTED: &str = " \u{1} ";

/// Patterns for the form of a question.
#[derive(Debug)]
pub(crate) struct QuestionCheck {
    request: Regex,
    pointing: Regex,
    pronoun: Regex,
    expletive: Regex,
    quoted: Regex,
}

impl QuestionCheck {
    pub(crate) fn new() -> Result<Self, JudgeError> {
        Ok(Self {
            request: any_case(
                "request",
                r"^(?:please\s+)?(?:explain|describe|list|show|name|give|compare|summari[sz]e|write|provide|tell|outline|state|define|walk|identify|specify|illustrate|contrast|say|demonstrate)\b",
            )?,
            pointing: any_case(
                "pointing",
                concat!(
                    r"\b(?:these|those)\s+(?:\w+\s+){0,2}?\w+|",
                    r"\bthis\b|",
                    r"\bthat\s+(?:option|command|parameter|flag|setting|file|script|section|page|document|example|table|figure|value|variable|step|procedure|field|column|function|error|message)s?\b|",
                    r"\b(?:the|as|mentioned|described|shown|listed|given)\s+(?:above|below|following|latter|former|aforementioned|preceding)\b|\bthe\s+(?:previous|next)\s+(?:section|chapter|page|paragraph|blocks?|example|table|figure|answer|question)\b|",
                    r"\b(?:is|does|do|did|was|about|like)\s+(?:that|these|those)\s*(?:[?.,]|$)|",
                    r"\bthe\s+(?:given|provided|said)\s+\w+|\bthe\s+specified\s+(?:parameters?|arguments?)\b|",
                    r"\b(?:mentioned|described|listed|shown)\s+(?:above|below|earlier|here)\b",
                ),
            )?,
            pronoun: any_case("pronoun", r"\b(?:it|its|they|them|their|he|she|his|her)\b")?,
            expletive: any_case(
                "expletive",
                concat!(
                    r"\b(?:is|was|be|makes?|made|find|consider)\s+it\s+(?:\w+ly\s+)?(?:possible|necessary|safe|required|recommended|allowed|better|best|ok|okay|advisable|mandatory|important|useful|true|worth|enough|easier?|hard|difficult|sensible|common|normal|good|bad|illegal|legal|permitted|supported|acceptable|time)\b|",
                    r"\b(?:does|will|would|can)\s+it\s+(?:take|matter|make\s+sense|mean|cost|help)\b|",
                    r"\bwhat\s+(?:does\s+it\s+mean|is\s+it\s+called)\b|\bit\s+(?:is|takes)\b",
                ),
            )?,
            quoted: any_case("quoted", r#""[^"\n]+"|“[^”\n]+”|'[^'\n]{6,}'|\([^)\n]*\)"#)?,
        })
    }

    /// The three checks on the question's form.
    pub(crate) fn check(&self, lexer: &Lexer, ground: &Ground, question: &str) -> Vec<Finding> {
        let segments = Segments::new(question);
        let prose = self
            .quoted
            .replace_all(&segments.prose(), QUOTED)
            .into_owned();
        vec![
            self.is_question(question),
            self.stands_alone(lexer, ground, &prose, &segments),
            names_something(lexer, ground, question),
        ]
    }

    fn is_question(&self, question: &str) -> Finding {
        let end = question
            .trim_end()
            .trim_end_matches(['"', '\'', '”', '’', ')', '*', '`', ' ']);
        let asks = end.ends_with('?') || self.request.is_match(question.trim_start());
        Finding::from_detail(
            "question.form",
            JudgeReason::NotAQuestion,
            (!asks).then_some("neither ends with a question mark nor begins with a request"),
        )
    }

    fn stands_alone(
        &self,
        lexer: &Lexer,
        ground: &Ground,
        prose: &str,
        segments: &Segments<'_>,
    ) -> Finding {
        const CHECK: &str = "question.self_contained";
        // What is quoted in full in the question itself can be pointed at.
        let carries_text = prose.contains(QUOTED) || segments.of(&[Kind::Fenced]).next().is_some();
        let pointing = self.pointing.find(prose).filter(|found| {
            // After a sentence of its own, `this` and `that` may mean what it says.
            let follows_sentence = prose
                .get(..found.start())
                .is_some_and(|before| before.contains(['.', ';', '?', '!']));
            !carries_text && !follows_sentence
        });
        if let Some(found) = pointing {
            return Finding::fail(
                CHECK,
                JudgeReason::DanglingReference,
                format!("`{}` points outside the question", found.as_str().trim()),
            );
        }
        for found in self.pronoun.find_iter(prose) {
            let expletive = self
                .expletive
                .find_iter(prose)
                .any(|frame| frame.start() <= found.start() && found.end() <= frame.end());
            if expletive {
                continue;
            }
            let before = prose.get(..found.start()).unwrap_or_default();
            let has_code = segments
                .of(&[Kind::Inline])
                .any(|code| code.start < found.start());
            let anchored =
                has_code || before.contains(QUOTED) || !lexer.literals(before).is_empty() || {
                    words(before).any(|word| {
                        is_subject(word)
                            && (ground.place.has_word(word) || ground.evidence.has_word(word))
                    })
                };
            if !anchored {
                return Finding::fail(
                    CHECK,
                    JudgeReason::DanglingReference,
                    format!("`{}` has nothing before it to refer to", found.as_str()),
                );
            }
        }
        Finding::pass(CHECK)
    }
}

/// Whether a word can be what a question is about.
fn is_subject(word: &str) -> bool {
    word.len() > 2
        && !is_function_word(word)
        && !is_generic(word)
        && word.chars().any(char::is_alphabetic)
}

/// A literal, a word of the headings or commands, or two content words of the evidence.
fn names_something(lexer: &Lexer, ground: &Ground, question: &str) -> Finding {
    let mut in_evidence: Vec<&str> = words(question)
        .filter(|word| is_subject(word) && ground.evidence.has_word(word))
        .collect();
    in_evidence.sort_unstable();
    in_evidence.dedup();
    let specific = !lexer.literals(question).is_empty()
        || words(question).any(|word| is_subject(word) && ground.place.has_word(word))
        || in_evidence.len() >= 2;
    Finding::from_detail(
        "question.specific",
        JudgeReason::VagueQuestion,
        (!specific).then_some("names no command, literal or subject of its evidence"),
    )
}
