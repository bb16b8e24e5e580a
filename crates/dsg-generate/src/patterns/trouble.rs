//! Headings that state a problem, and error messages.

use dsg_core::QuestionType;

use crate::answer::Answer;
use crate::draft::{Draft, Scope};
use crate::person::first_person;
use crate::phrase::{Title, classify, lower_first};
use crate::regexes::regex;
use crate::render::{Segment, passage};
use crate::verbs;
use crate::wording::Wording;

const BUDGET: usize = 1600;

const MESSAGE: Wording = Wording {
    name: "trouble/message",
    version: 1,
    texts: &[
        "I get the error “{message}”{where}. What does it mean and what can I do?",
        "What causes the error “{message}”{where}, and how do I fix it?",
        "How do I resolve “{message}”{where}?",
    ],
};
const STATE: Wording = Wording {
    name: "trouble/state",
    version: 1,
    texts: &[
        "What should I do if {clause}?",
        "How do I find out what is wrong if {clause}?",
    ],
};

pub(crate) fn write(scope: &Scope<'_, '_>, drafts: &mut Vec<Draft>) {
    if !scope.section.opened {
        return;
    }
    let title = scope.section.title();
    let problem_page = scope.section.path.iter().any(|heading| {
        regex!(r"(?i)\b(?:troubleshoot\w*|problems?|errors?|issues?|faq|questions|debug\w*)\b")
            .is_match(heading)
    });
    let is_message = regex!(r"(?i)\b(?:error|failed|failure|invalid|unable to|cannot|could not|denied|refused|exceeded|not (?:found|permitted|available|allowed)|violates|unrecognized|out of memory|oom|killed|timed out|timeout)\b").is_match(title);
    let Title::Statement(_) = classify(title) else {
        if is_message && problem_page && matches!(classify(title), Title::Name(_)) {
            draft_message(scope, title, drafts);
        }
        return;
    };
    if !problem_page && !is_message {
        return;
    }
    let clause_like = regex!(r"(?i)\b(?:is|are|does not|do not|doesn't|don't|cannot|can't|was|were|isn't|aren't|won't|has|have|keeps?|gets?)\b").is_match(title)
        && !title.contains(['"', '`', ':', '“'])
        && regex!(r"(?i)^(?:I|my|the|jobs?|nodes?|slurm\w*|a|an|your|you|\w+s)\b").is_match(title);
    if clause_like {
        let clause = first_person(&lower_first(title));
        let body: Vec<Segment<'_, '_>> = scope.section.nodes.iter().map(Segment::Node).collect();
        let passage = passage(scope.chunk, &body, BUDGET);
        if passage.chars() < 80 {
            return;
        }
        let question = STATE.fill(
            scope.seed,
            &format!("{}/{clause}", scope.place.title),
            &[("clause", &clause)],
        );
        let Some(question) = scope.place.anchored(&question) else {
            return;
        };
        let answer = Answer::default().blocks(&passage.blocks);
        drafts.extend(scope.asked(
            QuestionType::Troubleshooting,
            &STATE.id(),
            &question,
            answer,
        ));
    } else if is_message {
        draft_message(scope, title, drafts);
    }
}

fn draft_message(scope: &Scope<'_, '_>, title: &str, drafts: &mut Vec<Draft>) {
    let first = title.split_whitespace().next().unwrap_or_default();
    let doing = verbs::base(first).or_else(|| verbs::base_of_gerund(first));
    // “I get an error. What now?” tells of a message, it is none.
    let told = regex!(r"\bI\b|[.!?] [A-Z]").is_match(title);
    if doing.is_some() && !title.contains(':') || told {
        return;
    }
    let body: Vec<Segment<'_, '_>> = scope.section.nodes.iter().map(Segment::Node).collect();
    let passage = passage(scope.chunk, &body, BUDGET);
    let running: usize = passage
        .blocks
        .iter()
        .filter(|block| !block.is_code())
        .map(|block| block.text.len())
        .sum();
    if running < 60 || title.split_whitespace().count() < 2 {
        return;
    }
    let message = regex!(r"(?i)^(?:error(?: message)?\s*:\s*)").replace(title, "");
    let quoted = title.contains(['`', '"', '“']);
    let message = message.replace(['`', '"', '“', '”'], "");
    if !(quoted || is_shown(scope, &message)) {
        return;
    }
    let place = if scope.place.names_itself(&message) {
        String::new()
    } else {
        // The message of one component may come from others too.
        let page = scope.place.page_name().map(|name| format!(" with {name}"));
        let subject = || {
            scope
                .place
                .subject_phrase()
                .map(|phrase| format!(" {phrase}"))
        };
        page.or_else(subject).unwrap_or_default()
    };
    let mut blocks = passage.blocks;
    // The message itself, repeated as code before the explanation, says nothing new.
    if blocks
        .first()
        .is_some_and(|first| first.is_code() && first.text.len() < 400)
        && blocks.len() > 1
    {
        blocks.remove(0);
    }
    let answer = Answer::default().blocks(&blocks);
    let values = [("message", message.as_str()), ("where", place.as_str())];
    drafts.extend(scope.worded(
        QuestionType::Troubleshooting,
        &MESSAGE,
        title,
        &values,
        answer,
    ));
}

/// Whether the section shows the heading's words as a message, not only as its heading; or the heading has a message's
/// form: `port 22: Connection timed out`, `Disk quota exceeded`.
fn is_shown(scope: &Scope<'_, '_>, message: &str) -> bool {
    let lower = message.to_lowercase();
    let written = scope.section.nodes.iter().any(|node| {
        scope
            .chunk
            .slice(node.span())
            .is_some_and(|text| text.to_lowercase().contains(&lower))
    });
    let formed = regex!(r"(?i)(?:^|: )(?:\S+ ){0,4}(?:exceeded|denied|refused|timed out|not found|not permitted|failed|invalid \w+|unrecognized \w+|killed|unavailable)$")
        .is_match(message)
        && !regex!(r"(?i)^(?:why|how|when|my|the|your|i)\b").is_match(message);
    written || formed
}
