//! Headings and terms that are questions themselves.

use dsg_core::{BlockKind, QuestionType};

use crate::answer::Answer;
use crate::draft::{Draft, Scope};
use crate::inline::clean;
use crate::outline::Node;
use crate::phrase::{Title, classify};
use crate::place::shares_a_stem;
use crate::regexes::regex;
use crate::render::{Segment, passage, segments};

/// An answer to a frequent question may be long, but not a chapter.
const BUDGET: usize = 1600;

pub(crate) fn write(scope: &Scope<'_, '_>, drafts: &mut Vec<Draft>) {
    if scope.section.opened
        && let Title::Question(question) = classify(scope.section.title())
    {
        let body: Vec<Segment<'_, '_>> = scope.section.nodes.iter().map(Segment::Node).collect();
        drafts.extend(answer(scope, "faq/heading@1", &question, &body));
    }
    for node in &scope.section.nodes {
        labelled(scope, node, drafts);
    }
}

/// A defined term that is a question.
fn labelled(scope: &Scope<'_, '_>, node: &Node<'_>, drafts: &mut Vec<Draft>) {
    match node.kind() {
        BlockKind::Definition | BlockKind::Option => {
            let label = node.block.label.and_then(|label| scope.chunk.slice(label));
            let Some(label) = label.map(|label| clean(label, scope.chunk.markup)) else {
                return;
            };
            let label = regex!(r"^(?:Q\s*\d*\s*[:.)]|\d+[.)])\s*").replace(&label, "");
            if label.ends_with('?') {
                let body = segments(scope.chunk, node.body(), &node.children);
                drafts.extend(answer(scope, "faq/term@1", &label, &body));
            }
        }
        BlockKind::List { .. } => {
            for child in &node.children {
                labelled(scope, child, drafts);
            }
        }
        _ => {}
    }
}

fn answer(
    scope: &Scope<'_, '_>,
    template: &str,
    question: &str,
    body: &[Segment<'_, '_>],
) -> Option<Draft> {
    if leans_on_others(question) {
        return None;
    }
    let question = regex!(r"(?i)^how to ").replace(question, "How do I ");
    // A question in the middle of a tutorial is about what the tutorial is about.
    let frequent = scope.section.path.len() == 1
        || regex!(r"(?i)\b(?:faqs?|questions|troubleshooting|problems|issues)\b")
            .is_match(&format!("{} {}", scope.chunk.path, scope.place.title));
    let question = if frequent {
        scope.place.anchored(&question)?
    } else {
        scope.place.situated(&question)?
    };
    // “The difference between Priority and Resources”: plain words, capital letters or not, need what they are.
    if regex!(r"(?i)^what is the difference between [\w ]+\?$").is_match(&question) {
        return None;
    }
    // The subject of the whole corpus does not say what a page with a title of its own is about.
    if scope.section.path.len() > 1
        && !regex!(r"(?i)\b(?:faqs?|questions)\b").is_match(&scope.place.title)
        && scope.place.is_placed_by_subject_only(&question)
    {
        return None;
    }
    // How it is done stands under the headings below.
    if scope.section.divided && regex!(r"(?i)^how (?:do|can|should) I\b").is_match(&question) {
        return None;
    }
    let mut passage = passage(scope.chunk, body, BUDGET);
    // What builds on a sentence that pointed elsewhere is left in the air.
    if !passage.complete || scope.section.goes_on || passage.thinned && passage.blocks.len() > 1 {
        return None;
    }
    // A question at the end is the next one, which its page set in bold.
    while passage
        .blocks
        .last()
        .is_some_and(|block| block.is_running_text() && block.text.ends_with('?'))
    {
        passage.blocks.pop();
    }
    // A box at the end belongs to the section unless it takes up the question.
    if passage.blocks.len() > 1
        && passage.blocks.last().is_some_and(|block| {
            regex!(r"^(?:Note|Warning|Tip):\s").is_match(&block.text)
                && !shares_a_stem(&block.text, &question)
        })
    {
        passage.blocks.pop();
    }
    // “There are several reasons” is what the headings below go on from.
    let answer = Answer::default().blocks(&passage.blocks);
    if (scope.section.divided || scope.section.goes_on || !scope.section.closed)
        && answer.text().len() < 200
        && regex!(
            r"(?i)\b(?:several|many|multiple|various|a few|two|three|four|first thing|following)\b"
        )
        .is_match(answer.text())
    {
        return None;
    }
    scope.asked(kind_of(&question), template, &question, answer)
}

/// “What is it?”, “Why?”, “What if that fails?”
fn leans_on_others(question: &str) -> bool {
    let has_verb = regex!(r"(?i)\b(?:is|are|was|were|am|be|do|does|did|can|could|should|shall|will|would|may|might|must|has|have|had|to|isn't|aren't|can't|cannot|don't|doesn't|won't|happens?|happened|means?|\w+[^s\W]s)\b").is_match(question);
    // “Are you using the right key?” asks the reader.
    let asks_reader = regex!(r"(?i)^(?:are|have|did|were) you\b|\byour\b").is_match(question)
        || regex!(r"(?i)^do you\b").is_match(question)
            && !regex!(
                r"(?i)^do you (?:offer|provide|have|support|sell|allow|accept|recommend|back)\b"
            )
            .is_match(question);
    question.split_whitespace().count() < 4
        || asks_reader
        // Questions about “it”, whatever the page calls it.
        || regex!(r"(?i)^(?:why is it|what (?:will happen|happens|changes|actions)\b.{0,24}\?$|what and where|cannot find|can't find|what to\b|which version to use)").is_match(question)
        || !has_verb
        || regex!(r"(?i)\b(?:do|need|change) (?:something|anything)\?").is_match(question)
        // “I did not find an answer to my question here.”
        || regex!(r"(?i)\bquestions? here\b").is_match(question)
        || regex!(r"(?i)\b(?:it|they|them|that one|this|these|those|the same|otherwise|he|she)\b")
            .is_match(question)
            && !regex!(
                r"(?i)\b(?:is it|it is|does it mean|it possible|what does this mean|it take)\b"
            )
            .is_match(question)
}

/// The type of a question by its own words.
pub(crate) fn kind_of(question: &str) -> QuestionType {
    let trouble = regex!(
        r"(?i)\b(?:error|fail\w*|killed|not (?:run|start|work)\w*|stuck|crash\w*|cannot|can't|unable|problem|slow|wrong|denied|refused|down|lost|missing|lose|hang\w*|ignored|prematurely|doesn't|does not|don't|troubleshoot|what should I do|what can I do)\b"
    );
    if trouble.is_match(question) {
        QuestionType::Troubleshooting
    } else if regex!(r"(?i)(?:^|, |: )how (?:do|can|should|to|could)\b|\bwhat (?:should|do) I (?:do|use)\b|^can I\b").is_match(question) {
        QuestionType::Procedural
    } else if regex!(r"(?i)(?:^|, |: )(?:why|when|what is the difference|how (?:does|is|are|easy|critical|much|many)|should|what happens|in which case)\b|\bdifferen(?:ce|t)\b|\bwhen\b").is_match(question) {
        QuestionType::Analytical
    } else {
        QuestionType::Factual
    }
}
