//! Text that talks about itself, refuses, stops short, repeats itself or still wears its source's markup.

use std::collections::HashMap;

use regex::Regex;

use crate::error::JudgeError;
use crate::evidence::{Evidence, words};
use crate::finding::Finding;
use crate::grounding::Ground;
use crate::literal::Lexer;
use crate::pattern::{any_case, exact_case, table};
use crate::reason::JudgeReason;
use crate::segment::{Kind, Segments};
use crate::stem::{is_function_word, stem};

/// Words in an n-gram that must not come back again and again.
const REPEATED_WORDS: usize = 10;

#[derive(Debug)]
pub(crate) struct StyleCheck {
    meta: Vec<(&'static str, Regex)>,
    source_nouns: Regex,
    pointer: Regex,
    refusal: Regex,
    markup: Vec<(&'static str, Regex)>,
    dangling_end: Regex,
    injection: Regex,
}

impl StyleCheck {
    pub(crate) fn new() -> Result<Self, JudgeError> {
        Ok(Self {
            meta: table(
                &[
                    (
                        "points at its source",
                        r"\b(?:according to|based on|as (?:mentioned|described|stated|noted|shown|discussed|explained|indicated|per)(?: in)?|mentioned in|described in|stated in|in|from|by|does)\s+(?:the|this)\s+(?:(?:provided|given|above|following|quoted|cited|supplied)\s+)?(?:passage|text|excerpt|context|snippet|document|documentation|article|section|page|paragraph|source|chapter|evidence|manual page|man page)\b",
                    ),
                    (
                        "points at its source",
                        r"\bthis\s+(?:section|page|document|article|chapter|passage|excerpt|paragraph|guide|tutorial|manual|documentation|text|web ?site|wiki|faq)\b",
                    ),
                    (
                        "talks about its writer",
                        r"\bas an? (?:AI|language model|assistant|LLM)\b|\bI(?:'m| am) (?:an? )?(?:AI|language model|assistant)\b|\bmy (?:training|knowledge cutoff)\b|\b(?:training data|knowledge cutoff) (?:includes|ends|up to)\b",
                    ),
                    (
                        "talks about the task",
                        r"\b(?:here is|here's) (?:the|a|an|your) (?:answer|question|summary|response)\b|^\s*(?:question|answer|Q|A)\s*:\s",
                    ),
                ],
                any_case,
            )?,
            source_nouns: any_case(
                "source noun",
                r"^(?:[ -]*(?:to\b|and (?:the )?destination|bucket|folder|disk|data|dataset|image|account|project|name|object|table|code|codes|file|files|tree|directory|directories|editor|mode|field|format|box|segment|node|nodes|cache|table|size|sizes|fault|faults|host|machine|distribution|package|packages|output|of\b|string|control|switch|switches|root|server|ip|address|addresses|branch|repository|volume|path|type))",
            )?,
            pointer: any_case(
                "pointer",
                concat!(
                    r"\b(?:see|described|listed|shown|given|discussed|explained|mentioned|defined|noted|stated|specified|documented|detailed|covered)\s+(?:\w+\s+){0,6}?(?:above|below|earlier|later|previously|elsewhere)\b|",
                    r"\b(?:above|below)[- ]mentioned\b|\bas (?:above|below)\b|",
                    r"\bin the (?:next|previous|preceding|following) (?:section|chapter|paragraph|page|example|table|figure)s?\b|",
                    r"\bthe (?:above|preceding|previous|aforementioned) (?:section|chapter|paragraph|example|table|figure|list|command|option|text|code|script|description|diagram|output)s?\b|",
                    r"\bthe (?:section|chapter|paragraph|example|table|figure|list|command|option|text|code|script|description|diagram|output)s? (?:above|below)\b",
                ),
            )?,
            refusal: any_case(
                "refusal",
                concat!(
                    r"^\W*(?:I(?:'m| am) sorry|sorry,|I apologi[sz]e|unfortunately, I|I (?:cannot|can't|can not|am unable to|am not able to|do not|don't|won't))\b|",
                    r"\bI (?:cannot|can't|am unable to|am not able to) (?:help|assist|provide|answer|comply|fulfil|fulfill|determine|find|verify|access)\b|",
                    r"\bI (?:do not|don't) have (?:access|information|enough|sufficient|any)\b|",
                    r"\b(?:is|are) not (?:mentioned|specified|provided|stated|covered|described) in the (?:context|text|document|passage|provided|given|evidence|excerpt)\b|",
                    r"\b(?:context|text|document|passage|evidence|excerpt) does not (?:mention|specify|provide|say|state|contain|describe)\b|",
                    r"\bno (?:relevant )?information (?:is )?(?:provided|available|given) (?:in|about)\b",
                ),
            )?,
            markup: table(
                &[
                    ("a Markdown link", r"\]\("),
                    ("a reference-style link", r"\]\[[^\]\n]*\]"),
                    ("an image", r"!\["),
                    ("a template expression", r"\{\{|\}\}|\{%|%\}"),
                    (
                        "an rst role",
                        r":[a-z][a-z:\-]*:$|:(?:ref|doc|term|any|file|option|envvar|command|code|math|abbr|sub|sup)(?::[a-z]+)?:",
                    ),
                    ("an rst directive", r"(?m)^\s*\.\. [\w\-]+::"),
                    ("an rst substitution", r"\|[A-Za-z][\w ]*\|_?_"),
                    ("a roff escape", r"\\f[BIRP]|\\f\([A-Z]{2}|\\\(\w\w|\\-"),
                    (
                        "a roff request",
                        r"(?m)^\.(?:TP|PP|IP|SH|SS|B|I|BR|IR|RS|RE|nf|fi|br|sp)\b",
                    ),
                    (
                        "an HTML tag",
                        r"</?(?:div|span|br|p|table|tbody|thead|tr|td|th|a|img|ul|ol|li|h[1-6]|pre|code|b|i|em|strong|font|center|script|style|details|summary|sup|sub|iframe|button|kbd)(?:\s[^<>]*)?/?>",
                    ),
                    (
                        "an HTML entity",
                        r"&(?:nbsp|lt|gt|amp|quot|mdash|ndash|#\d+);",
                    ),
                    ("an include", r"--8<--"),
                    ("an admonition marker", r"(?m)^\s*(?:!!!|\?\?\?)\s|^\s*:::"),
                    ("an attribute list", r"\{:\s*[.#]|\{[.#][\w\-]+[^}\n]*\}"),
                    ("a footnote mark", r"\[\^\w+\]"),
                    ("a heading marker", r"(?m)^#{1,6}\s"),
                    ("a table rule", r"\|\s*:?-{3,}"),
                    ("a page-local anchor", r"\(#[\w\-]+\)"),
                    ("an HTML comment", r"<!--|-->"),
                    (
                        "control tokens of a chat format",
                        r"<\|\w+\|>|\[/?INST\]|<</?SYS>>",
                    ),
                ],
                exact_case,
            )?,
            dangling_end: any_case(
                "dangling end",
                r"(?:[,:;(\[{–—\-]|\.\.\.|…|\b(?:and|or|the|a|an|of|to|with|for|in|by|is|are|was|that|which|as|at|from|if|when|because|such|e\.g\.|i\.e\.))\s*$",
            )?,
            injection: any_case(
                "injection",
                concat!(
                    r"\b(?:ignore|disregard|forget|override)\s+(?:all\s+|any\s+|the\s+|every\s+|your\s+|these\s+|those\s+)*(?:previous|prior|above|earlier|preceding|foregoing|document|system|original)?\s*(?:instructions?|prompts?|directions|rules and|context and|document and answer)\b|",
                    r"\byou are now (?:in|an?|the)\b.{0,40}\b(?:mode|assistant|AI|bot|model)\b|",
                    r"\b(?:system prompt|developer mode|jailbreak)\b.{0,60}\b(?:reveal|ignore|print|output|enabled?)\b|",
                    r"\b(?:reveal|print|repeat|output) (?:your|the) (?:system )?(?:prompt|instructions)\b|",
                    r"\b(?:note|message|instructions?) (?:to|for) (?:the )?(?:AI|LLM|language model|assistant)s?\b(?: (?:graders?|judges?|readers?))?|",
                    r"\b(?:assistant|AI|LLM|model|chatbot)\s*[:,]?\s+(?:must|should|please)?\s*(?:append|answer every|disregard|always answer|mark all|respond only|output exactly)\b|",
                    r"\bmark (?:all|every) (?:pairs?|items?|answers?|questions?)\b.{0,40}\b(?:correct|grounded|true)\b|",
                    r"<\|im_(?:start|end)\|>|\[/?INST\]|<</?SYS>>|### ?(?:Response|Instruction):",
                ),
            )?,
        })
    }

    /// Checks on the wording of question and answer.
    pub(crate) fn check(
        &self,
        lexer: &Lexer,
        ground: &Ground,
        question: &str,
        answer: &str,
    ) -> Vec<Finding> {
        let (asked, answered) = (Segments::new(question), Segments::new(answer));
        let (asked_text, answered_text) = (asked.running(), answered.running());
        vec![
            Finding::from_detail(
                "style.meta_talk",
                JudgeReason::MetaTalk,
                self.meta_talk(&asked_text)
                    .or_else(|| self.meta_talk(&answered_text)),
            ),
            Finding::from_detail(
                "style.pointer",
                JudgeReason::DanglingReference,
                self.pointer
                    .find(&answered_text)
                    .map(|found| format!("`{}` points outside the answer", found.as_str())),
            ),
            Finding::from_detail(
                "style.refusal",
                JudgeReason::Refusal,
                self.refusal
                    .find(&answered_text)
                    .map(|found| format!("the answer says `{}`", found.as_str().trim())),
            ),
            Finding::from_detail(
                "style.complete",
                JudgeReason::Truncated,
                self.truncation(&asked, question, None)
                    .or_else(|| self.truncation(&answered, answer, Some(&ground.evidence))),
            ),
            Finding::from_detail(
                "style.repetition",
                JudgeReason::Repetition,
                repetition(&answered_text),
            ),
            Finding::from_detail(
                "style.markup",
                JudgeReason::LeftoverMarkup,
                self.leftover(&asked).or_else(|| self.leftover(&answered)),
            ),
            Finding::from_detail(
                "style.echo",
                JudgeReason::EchoesQuestion,
                echo(lexer, question, answer),
            ),
        ]
    }

    /// Text that tries to instruct a model, in any of `texts`.
    pub(crate) fn injection<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Finding {
        let found = texts.into_iter().find_map(|text| self.injection.find(text));
        Finding::from_detail(
            "safety.injection",
            JudgeReason::Injection,
            found.map(|found| format!("`{}` addresses a model", found.as_str().trim())),
        )
    }

    fn meta_talk(&self, prose: &str) -> Option<String> {
        self.meta.iter().find_map(|(what, pattern)| {
            pattern
                .find_iter(prose)
                .find(|found| {
                    let after = prose.get(found.end()..).unwrap_or_default();
                    !self.source_nouns.is_match(after)
                })
                .map(|found| format!("`{}` {what}", found.as_str().trim()))
        })
    }

    fn truncation(
        &self,
        segments: &Segments<'_>,
        text: &str,
        evidence: Option<&Evidence>,
    ) -> Option<String> {
        if let Some(what) = segments.unclosed {
            return Some(format!("{what} is not closed"));
        }
        if has_open_end(&segments.running()) {
            return Some("a parenthesis is not closed".to_owned());
        }
        if text.trim().is_empty() {
            return Some("nothing is there".to_owned());
        }
        let last = segments
            .all
            .last()
            .filter(|last| last.kind == Kind::Prose)?;
        let last = last.text.trim_end();
        if let Some(found) = self.dangling_end.find(last) {
            return Some(format!("ends with `{}`", found.as_str().trim()));
        }
        // A word without a full stop that only begins a word of the evidence was cut.
        let evidence = evidence?;
        let word = words(last).last().filter(|word| last.ends_with(word))?;
        let cut = word.len() >= 2
            && word.chars().all(char::is_alphabetic)
            && !evidence.has_word(word)
            && evidence.has_longer_word(word);
        cut.then(|| format!("ends inside a word, `{word}`"))
    }

    fn leftover(&self, segments: &Segments<'_>) -> Option<String> {
        segments.of(&[Kind::Prose]).find_map(|segment| {
            self.markup
                .iter()
                .find(|(_, pattern)| pattern.is_match(segment.text))
                .map(|(what, _)| format!("{what} was left in the text"))
        })
    }
}

/// Whether a parenthesis is still open where the text stops. One that a whole sentence has passed since was forgotten by
/// the author, not cut off.
fn has_open_end(text: &str) -> bool {
    let mut open: Vec<usize> = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            '(' => open.push(at),
            ')' => {
                open.pop();
            }
            _ => {}
        }
    }
    open.last().is_some_and(|at| {
        let after = text.get(*at..).unwrap_or_default();
        ![". ", ".\n", "\n\n"].iter().any(|end| after.contains(end))
            && !after.trim_end().ends_with('.')
    })
}

/// A sentence said twice running or three times, a phrase or a list entry three times. Entries of a list may share phrases.
fn repetition(text: &str) -> Option<String> {
    let (entries, prose): (Vec<&str>, Vec<&str>) =
        text.lines().map(str::trim).partition(|line| is_entry(line));
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for entry in entries {
        let count = seen.entry(entry).or_default();
        *count += 1;
        if *count == 3 && entry.split_whitespace().count() > 2 {
            return Some(format!("lists three times: `{}`", start_of(entry)));
        }
    }
    let prose = prose.join("\n");
    let mut last = "";
    for sentence in prose.split(['.', '!', '?', '\n']).map(str::trim) {
        if sentence.split_whitespace().count() <= 8 {
            continue;
        }
        let count = seen.entry(sentence).or_default();
        *count += 1;
        if *count == 3 || sentence == last {
            return Some(format!("says again: `{}`", start_of(sentence)));
        }
        last = sentence;
    }
    let all: Vec<String> = words(&prose).map(str::to_lowercase).collect();
    let mut grams: HashMap<&[String], usize> = HashMap::new();
    for gram in all.windows(REPEATED_WORDS) {
        let count = grams.entry(gram).or_default();
        *count += 1;
        if *count == 3 {
            return Some(format!("says three times: `{}`", gram.join(" ")));
        }
    }
    None
}

/// Whether a line is an entry of a list or a row of a table.
fn is_entry(line: &str) -> bool {
    let digits = line.trim_start_matches(|c: char| c.is_ascii_digit());
    line.starts_with(['-', '*', '+', '|', '•'])
        || (digits.len() < line.len() && digits.starts_with(['.', ')']))
        || line.starts_with("Note:")
}

fn start_of(text: &str) -> String {
    text.split_whitespace()
        .take(8)
        .collect::<Vec<_>>()
        .join(" ")
}

/// An answer that adds no literal and no content word to its question, or one word before it repeats the question: "You can
/// use one project to …". One word after the repetition is an answer: "… then the job will be rejected".
fn echo(lexer: &Lexer, question: &str, answer: &str) -> Option<String> {
    let asked: Vec<String> = words(question).map(stem).collect();
    let said: Vec<String> = words(answer)
        .filter(|word| !is_function_word(word))
        .map(stem)
        .collect();
    let mut added: Vec<(usize, &String)> = said
        .iter()
        .enumerate()
        .filter(|(_, word)| !asked.contains(word))
        .collect();
    added.dedup_by_key(|(_, word)| *word);
    let adds = match added.as_slice() {
        [] => false,
        [(at, _)] => *at * 2 >= said.len(),
        _ => true,
    };
    let known: Vec<String> = lexer
        .literals(question)
        .into_iter()
        .map(|literal| literal.key)
        .collect();
    let new_literal = lexer
        .literals(answer)
        .iter()
        .any(|literal| !known.contains(&literal.key));
    (!adds && !new_literal).then(|| "the answer adds nothing to the question".to_owned())
}
