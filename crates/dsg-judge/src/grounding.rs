//! Literals and words of question and answer, against the evidence.

use dsg_core::Candidate;

use crate::citation::Sources;
use crate::config::{JudgeConfig, LiteralScope};
use crate::evidence::{Evidence, words};
use crate::finding::{Finding, listed};
use crate::literal::{Lexer, Literal, LiteralKind};
use crate::reason::JudgeReason;
use crate::segment::{Kind, Segments};
use crate::stem::is_function_word;

/// What an item is compared with.
#[derive(Debug)]
pub(crate) struct Ground {
    /// The quotes alone.
    pub(crate) quotes: Evidence,
    /// Quotes, whole chunks and their headings.
    pub(crate) evidence: Evidence,
    /// Where the evidence stands: headings, documented commands, document and topic names.
    pub(crate) place: Evidence,
    scope: LiteralScope,
}

/// How well an answer is supported.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Support {
    /// Share of the answer's content words that occur in the quotes.
    pub(crate) groundedness: f64,
    /// Share of the answer's literals that occur in the quotes; 1 without literals.
    pub(crate) literals: f64,
}

impl Ground {
    pub(crate) fn new(
        lexer: &Lexer,
        candidate: &Candidate,
        sources: &Sources,
        config: &JudgeConfig,
    ) -> Self {
        let quotes = || {
            candidate
                .citations
                .iter()
                .map(|citation| citation.quote.as_str())
        };
        let headings = || {
            sources
                .chunks
                .iter()
                .flat_map(|chunk| chunk.heading_path.iter().map(String::as_str))
        };
        let bodies = sources.chunks.iter().map(|chunk| chunk.text.as_str());
        let commands = sources
            .chunks
            .iter()
            .flat_map(|chunk| chunk.commands.iter().map(String::as_str));
        // Ids are made of names, so their parts are words that a question may use.
        let names: Vec<String> = sources
            .chunks
            .iter()
            .map(|chunk| chunk.doc_id.as_str())
            .chain([candidate.topic.as_str()])
            .map(|id| format!("{id} {}", id.replace(['-', '_'], " ")))
            .collect();
        Self {
            quotes: Evidence::new(lexer, quotes()),
            evidence: Evidence::new(lexer, quotes().chain(bodies).chain(headings())),
            place: Evidence::new(
                lexer,
                headings()
                    .chain(commands)
                    .chain(names.iter().map(String::as_str))
                    .chain(config.known_terms.iter().map(String::as_str)),
            ),
            scope: config.literals_in,
        }
    }

    /// Texts alone, of which nobody knows where they stand.
    pub(crate) fn of_texts<'a>(
        lexer: &Lexer,
        texts: impl IntoIterator<Item = &'a str>,
        config: &JudgeConfig,
    ) -> Self {
        let quotes = Evidence::new(lexer, texts);
        Self {
            evidence: quotes.clone(),
            quotes,
            place: Evidence::new(lexer, config.known_terms.iter().map(String::as_str)),
            scope: config.literals_in,
        }
    }

    fn holds_snippet(&self, code: &str) -> bool {
        self.quotes.has_snippet(code)
            || (self.scope == LiteralScope::Evidence && self.evidence.has_snippet(code))
    }

    /// Whether the answer may say this literal.
    fn supports(&self, literal: &Literal) -> bool {
        self.quotes.supports(literal)
            || self.place.supports(literal)
            || (self.scope == LiteralScope::Evidence && self.evidence.supports(literal))
    }
}

/// The answer's literals that no evidence holds, by kind.
pub(crate) fn check_answer(
    lexer: &Lexer,
    ground: &Ground,
    answer: &str,
    allowed: &[String],
) -> Vec<Finding> {
    let unsupported = unsupported(lexer, ground, answer, allowed);
    [
        (
            "literals.number",
            LiteralKind::Number,
            JudgeReason::UnsupportedNumber,
        ),
        (
            "literals.flag",
            LiteralKind::Flag,
            JudgeReason::UnsupportedFlag,
        ),
        (
            "literals.path",
            LiteralKind::Path,
            JudgeReason::UnsupportedPath,
        ),
        (
            "literals.url",
            LiteralKind::Url,
            JudgeReason::UnsupportedUrl,
        ),
        (
            "literals.variable",
            LiteralKind::Variable,
            JudgeReason::UnsupportedVariable,
        ),
        (
            "literals.identifier",
            LiteralKind::Identifier,
            JudgeReason::UnsupportedIdentifier,
        ),
        (
            "literals.code",
            LiteralKind::Code,
            JudgeReason::UnsupportedCode,
        ),
    ]
    .into_iter()
    .map(|(check, kind, reason)| {
        let offending: Vec<&str> = unsupported
            .iter()
            .filter(|(of, _)| *of == kind)
            .map(|(_, text)| text.as_str())
            .collect();
        let detail =
            (!offending.is_empty()).then(|| format!("not in the evidence: {}", listed(offending)));
        Finding::from_detail(check, reason, detail)
    })
    .collect()
}

/// The answer's literals that no evidence holds, then the words that are misspelt identifiers of it.
pub(crate) fn unsupported(
    lexer: &Lexer,
    ground: &Ground,
    answer: &str,
    allowed: &[String],
) -> Vec<(LiteralKind, String)> {
    let misspelt = words(answer).filter(|word| ground.evidence.misspelt(word).is_some());
    answer_literals(lexer, ground, answer, allowed)
        .iter()
        .filter(|literal| !ground.supports(literal))
        .map(|literal| (literal.kind, describe(literal)))
        .chain(misspelt.map(|word| (LiteralKind::Identifier, word.to_owned())))
        .collect()
}

/// A number with its unit, since `60` may be there and `60 minutes` not.
fn describe(literal: &Literal) -> String {
    match literal.unit {
        Some(unit) => format!("{} {unit}", literal.text),
        None => literal.text.clone(),
    }
}

/// The literals of an answer that need support: not the configured placeholders, and not the words of a code span that
/// occurs in the evidence as a whole.
fn answer_literals(
    lexer: &Lexer,
    ground: &Ground,
    answer: &str,
    allowed: &[String],
) -> Vec<Literal> {
    let whole: Vec<std::ops::Range<usize>> = Segments::new(answer)
        .of(&[Kind::Inline])
        .filter(|segment| ground.holds_snippet(segment.text))
        .map(|segment| segment.start..segment.start + segment.text.len())
        .collect();
    lexer
        .literals(answer)
        .into_iter()
        .filter(|literal| {
            !allowed.contains(&literal.text)
                && !whole.iter().any(|range| range.contains(&literal.start))
        })
        .collect()
}

/// The question's literals that neither evidence nor its place holds.
pub(crate) fn check_question(
    lexer: &Lexer,
    ground: &Ground,
    question: &str,
    allowed: &[String],
) -> Finding {
    let offending: Vec<String> = lexer
        .literals(question)
        .into_iter()
        .filter(|literal| {
            !allowed.contains(&literal.text)
                && !ground.evidence.supports(literal)
                && !ground.place.supports(literal)
        })
        .map(|literal| describe(&literal))
        .collect();
    let detail = (!offending.is_empty()).then(|| {
        format!(
            "neither in the evidence nor in its headings: {}",
            listed(offending.iter().map(String::as_str))
        )
    });
    Finding::from_detail(
        "literals.question",
        JudgeReason::UnsupportedQuestion,
        detail,
    )
}

/// How much of the answer the quotes hold.
pub(crate) fn support(lexer: &Lexer, ground: &Ground, answer: &str) -> Support {
    let content: Vec<&str> = words(answer)
        .filter(|word| !is_function_word(word) && word.chars().any(char::is_alphabetic))
        .collect();
    let literals = lexer.literals(answer);
    Support {
        groundedness: share(content.iter(), |word| ground.quotes.has_word(word)),
        literals: share(literals.iter(), |literal| ground.quotes.supports(literal)),
    }
}

/// Checks the share of supported content words.
pub(crate) fn check_support(support: Support, least: f64) -> Finding {
    let detail = (support.groundedness < least).then(|| {
        format!(
            "{:.0} % of the answer's content words are in the citations, {:.0} % are asked for",
            support.groundedness * 100.0,
            least * 100.0
        )
    });
    Finding::from_detail("groundedness", JudgeReason::Ungrounded, detail)
}

/// Share of `items` for which `holds`; 1 when there are none.
fn share<T>(items: impl ExactSizeIterator<Item = T>, holds: impl Fn(T) -> bool) -> f64 {
    let total = items.len();
    if total == 0 {
        return 1.0;
    }
    items.map(holds).filter(|held| *held).count() as f64 / total as f64
}
