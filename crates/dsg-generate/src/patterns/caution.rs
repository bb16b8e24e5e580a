//! Warnings and notes, asked about what they stand beside.

use dsg_core::{BlockKind, QuestionType};

use crate::answer::Answer;
use crate::draft::{Draft, Scope};
use crate::person::first_person;
use crate::phrase::{Title, as_gerund, classify, is_generic};
use crate::reference::may_open_an_answer;
use crate::regexes::regex;
use crate::render::{Passage, passage, segments};
use crate::wording::Wording;

const WARNING: Wording = Wording {
    name: "caution/task",
    version: 1,
    texts: &[
        "What should I watch out for when {task}?",
        "What do I have to keep in mind when {task}?",
    ],
};
const TOPIC: Wording = Wording {
    name: "caution/topic",
    version: 1,
    texts: &[
        "What should I keep in mind about {name}?",
        "What is important to know about {name}?",
    ],
};

pub(crate) fn write(scope: &Scope<'_, '_>, drafts: &mut Vec<Draft>) {
    for node in &scope.section.nodes {
        let BlockKind::Admonition { class } = node.kind() else {
            continue;
        };
        if !matches!(
            class.as_str(),
            "warning" | "danger" | "caution" | "important" | "attention" | "note"
        ) {
            continue;
        }
        let content = passage(
            scope.chunk,
            &segments(scope.chunk, node.body(), &node.children),
            900,
        );
        let passing = content.blocks.iter().any(|block| {
            regex!(r"(?i)\b(?:currently|at the moment|tutorial|exercise|temporarily|for now|yet)\b")
                .is_match(&block.text)
        });
        if !content.complete
            || passing
            || content.chars() < 70
            || !content
                .blocks
                .first()
                .is_some_and(|first| may_open_an_answer(&first.text))
        {
            continue;
        }
        let answer = Answer::default().blocks(&content.blocks);
        let key = format!("{}", node.span().start());
        let notable = matches!(
            class.as_str(),
            "warning" | "danger" | "caution" | "important" | "attention"
        );
        // A note that neither demands nor forbids is no caution.
        let demands = content.blocks.iter().any(|block| {
            regex!(r"(?i)\b(?:must|should|do not|don't|never|cannot|can't|can not|not be able|only|required?|make sure|remember|lose|lost|careful|irreversible|permanently|not (?:recommended|supported|allowed|possible))\b")
                .is_match(&block.text)
        });
        if !notable && !demands {
            continue;
        }
        let nearest = scope
            .section
            .path
            .iter()
            .rev()
            .take(2)
            .find(|title| !is_generic(title));
        let Some(title) = nearest else { continue };
        // A box with a title of its own is about that.
        let own = node
            .block
            .label
            .and_then(|label| scope.chunk.slice(label))
            .is_some_and(|label| {
                label.split_whitespace().count() >= 2 && !shares_stem(label, title)
            });
        if own {
            continue;
        }
        let drafted = match classify(title) {
            // Of “install A and set up B” a box concerns one.
            Title::Task(task) => as_gerund(&first_person(&task))
                .filter(|_| is_about(&content, &task) && !task.contains(" and "))
                .and_then(|gerund| {
                    let gerund = scope.place.sentence_case(&gerund);
                    let question = WARNING.fill(scope.seed, &key, &[("task", &gerund)]);
                    let question = scope.place.situated(&question)?;
                    // “… when A when B?” is no English.
                    if regex!(r"(?i)\bwhen\b.*\bwhen\b").is_match(&question) {
                        return None;
                    }
                    scope.asked(QuestionType::Analytical, &WARNING.id(), &question, answer)
                }),
            Title::Name(name)
                if notable
                    && scope.section.path.len() == 1
                    && scope.place.is_name(&name)
                    && name.split_whitespace().count() <= 5
                    && crate::name::has_proper_name(&format!("about {name}"))
                    && is_about(&content, &name) =>
            {
                let question = TOPIC.fill(scope.seed, &key, &[("name", &name)]);
                scope.place.situated(&question).and_then(|question| {
                    scope.asked(QuestionType::Analytical, &TOPIC.id(), &question, answer)
                })
            }
            _ => None,
        };
        drafts.extend(drafted);
    }
}

/// Whether the content speaks of what the heading names: of its verb's object, or of half of its content words.
fn is_about(content: &Passage, title: &str) -> bool {
    let text = content
        .blocks
        .iter()
        .map(|block| block.text.to_lowercase())
        .collect::<Vec<_>>()
        .join(" ");
    let stems: Vec<String> = title
        .split_whitespace()
        .map(|word| {
            word.to_lowercase()
                .chars()
                .filter(|c| c.is_alphanumeric())
                .take(5)
                .collect::<String>()
        })
        .filter(|stem| stem.len() >= 4)
        .collect();
    let shared = stems
        .iter()
        .filter(|stem| text.contains(stem.as_str()))
        .count();
    shared > 0 && shared * 2 >= stems.len()
}

fn shares_stem(one: &str, other: &str) -> bool {
    let stems = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.len() >= 4)
            .map(|word| word.to_lowercase().chars().take(5).collect())
            .collect()
    };
    let known = stems(other);
    stems(one).iter().any(|stem| known.contains(stem))
}
