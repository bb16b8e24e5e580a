//! Sections whose heading is something to do, answered by the section.

use dsg_core::{BlockKind, QuestionType};

use crate::answer::Answer;
use crate::draft::{Draft, Scope, names_the_known};
use crate::person::first_person;
use crate::phrase::{Title, classify};
use crate::regexes::regex;
use crate::render::{Segment, passage};
use crate::wording::Wording;

/// A procedure is given whole or not at all.
const BUDGET: usize = 2000;

const HEADING: Wording = Wording {
    name: "howto/heading",
    version: 1,
    texts: &["How do I {task}?", "How can I {task}?"],
};
const STEPS: Wording = Wording {
    name: "howto/steps",
    version: 1,
    texts: &[
        "How do I {task}?",
        "What are the steps to {task}?",
        "How can I {task}?",
    ],
};

pub(crate) fn write(scope: &Scope<'_, '_>, drafts: &mut Vec<Draft>) {
    let lesson = scope.section.path.iter().any(|heading| {
        regex!(r"(?i)\b(?:exercises?|hands-on|course|workshop|lesson|example \d|homework|best practices?|tips|guidelines?|recommendations?|good support requests?|data management plans?)\b")
            .is_match(heading)
    });
    // The headings of a manual page name its parts.
    if !scope.section.opened || lesson || scope.place.tool.is_some() {
        return;
    }
    // A later step presupposes the ones before it.
    if scope.section.is_later_step(scope.chunk) {
        return;
    }
    let Title::Task(task) = classify(scope.section.title()) else {
        return;
    };
    let nodes = &scope.section.nodes;
    let steps = nodes.iter().any(|node| {
        matches!(node.kind(), BlockKind::List { ordered: true }) && node.children.len() > 1
    });
    let code = nodes
        .iter()
        .any(|node| matches!(node.kind(), BlockKind::Code { .. }));
    // The introduction of a divided page is not its procedure.
    let whole_page = scope.section.divided || scope.section.path.len() == 1;
    if whole_page && !(steps || code && !scope.section.divided) {
        return;
    }
    let body: Vec<Segment<'_, '_>> = nodes.iter().map(Segment::Node).collect();
    let passage = passage(scope.chunk, &body, BUDGET);
    let text: String = passage
        .blocks
        .iter()
        .map(|block| block.text.as_str())
        .collect::<Vec<_>>()
        .join("\n");
    let fragment = uses_undefined(
        &passage
            .blocks
            .iter()
            .filter(|block| block.is_code())
            .map(|block| block.text.as_str())
            .collect::<Vec<_>>()
            .join("\n"),
    ) || passage
        .blocks
        .iter()
        .any(|block| !block.is_code() && is_label(&block.text));
    // “Submit it” with a script that stands elsewhere.
    let fragment = fragment
        || passage.blocks.first().is_some_and(|block| {
            regex!(r"^```\w*\n(?:sbatch|bash|sh) +[\w.-]+\n```$").is_match(&block.text)
        });
    // “Assume you have a box …” begins an example that is not there.
    let fragment = fragment
        || passage.blocks.last().is_some_and(|block| {
            regex!(r"^(?:Assum(?:e|ing)|Suppose|Let's|Let us|Imagine)\b").is_match(&block.text)
        });
    // A told story is no instruction.
    let story = regex!(r"\b(?:[Ss]he|[Hh]er|[Hh]is|[Hh]e)\b").is_match(&text);
    // “Click Next.” ends one step of several.
    let broken_off =
        regex!(r"(?i)\b(?:click|press|select|choose) (?:on )?\W?(?:next|continue|proceed)\W*$")
            .is_match(&text);
    // Measurements report, they do not tell how.
    let measured = regex!(r"(?i)\b\d+(?:\.\d+)? ?(?:[MGT]i?B/s|seconds\b)|\bperformance (?:is|was)\b|\bprevious result\b")
        .find_iter(&text)
        .count()
        >= 2;
    // Where a picture shows the way, a few words beside it do not.
    let pictured = nodes.iter().any(|node| {
        scope
            .chunk
            .slice(node.span())
            .is_some_and(|text| text.trim_start().starts_with("!["))
    });
    let told = regex!(
        r"(?i)\b(?:this|the|our) (?:tutorial|running example)\b|\bcontinu\w+ (?:with|our)\b|\b(?:our|the) (?:next|previous|last) (?:steps?|sections?)\b|\bthe previous (?:command|example|script)\b|\bour (?:example|script|tree|image|program|app\w*)\b"
    )
    .is_match(&text);
    if !passage.complete
        || scope.section.goes_on
        || fragment
        || told
        || pictured && !steps && text.len() < 300
        || broken_off
        || measured
        || story
        || regex!(r"^(?:Motivation|Background|Introduction|Overview)\b").is_match(&text)
        || passage
            .blocks
            .iter()
            .filter(|block| !block.is_code())
            .map(|block| block.text.len())
            .sum::<usize>()
            < 30
        || passage.thinned
        || passage.chars() < 60
        || !(steps || code || instructs(&text))
    {
        return;
    }
    // “Use my personal account” under another heading: for what?
    if scope.section.path.len() > 2
        && regex!(r"(?i)^use (?:(?:a|an|the|your|my) )?[a-z ]+$").is_match(&task)
        && !crate::name::has_proper_name(&task)
    {
        return;
    }
    let wording = if steps { &STEPS } else { &HEADING };
    // “Using own images”
    let task = regex!(r"^(\w+) own\b").replace(&task, "$1 my own");
    let task = scope.place.sentence_case(&first_person(&task));
    let question = wording.fill(
        scope.seed,
        &format!("{}/{task}", scope.place.title),
        &[("task", &task)],
    );
    let Some(question) = scope.place.situated(&question) else {
        return;
    };
    let placed = scope.place.with_product_of_the(&question);
    let Some(question) = placed else { return };
    // The subject of the whole corpus places a section of a page only if the page's title says no more.
    if scope.section.path.len() > 1 && scope.place.is_placed_by_subject_only(&question) {
        return;
    }
    if names_the_known(&question) {
        return;
    }
    let answer = Answer::default().blocks(&passage.blocks);
    drafts.extend(scope.asked(QuestionType::Procedural, &wording.id(), &question, answer));
}

/// “Team manager”: the label of a tab or picture that was left out.
fn is_label(text: &str) -> bool {
    text.split_whitespace().count() < 4 && !text.ends_with(['.', ':', '!', '?', '`', ')'])
}

/// Whether Python code calls methods of an object that it neither makes nor imports: the middle of a script.
pub(crate) fn uses_undefined(code: &str) -> bool {
    let shell = regex!(r"(?m)^\s*(?:[$>%] |#!.*\bsh\b|(?:module|sbatch|srun|cd|sudo|export|echo|apt|dnf) )|```(?:bash|sh|yaml|json|text|dockerfile|matlab|r)\b|;\s*$")
        .is_match(code);
    if shell {
        return false;
    }
    regex!(r"(?m)^\s*(?:\w+(?:, ?\w+)* = |print\(|for \w+ in |return |with )?([a-z_]\w*)(?:\.\w+)*\.\w+\(")
        .captures_iter(code)
        .filter_map(|found| found.get(1))
        .any(|object| {
            let name = object.as_str();
            let before = code.get(..object.start()).unwrap_or_default();
            let made = before
                .lines()
                .filter(|line| !line.trim_start().starts_with('#'))
                .flat_map(|line| line.split(|c: char| !(c.is_alphanumeric() || c == '_')))
                .any(|word| word == name);
            !made && name != "self"
        })
}

/// Running text that tells the reader what to do.
fn instructs(text: &str) -> bool {
    let told = regex!(r"(?m)(?:^|[.:] |- |\d\. )(?:First,? |Then,? |Next,? |To [^,.]+, )?(?:Click|Select|Open|Run|Use|Go|Choose|Log|Enter|Add|Create|Set|Type|Press|Copy|Download|Install|Navigate|Check|Start|Load|Fill|Make|Give|Contact|Send|Submit|Add|Change|Define|Specify|Insert|Write|Edit|click|select|open|run|use|go|choose|log|enter|add|create|set)\b")
        .find_iter(text)
        .count();
    let allowed = regex!(r"\b(?:[Yy]ou (?:can|must|should|have to)\b[^.]{4,80}\b(?:by|using|with|via|from|through|in the|on the)|by (?:running|using|clicking|selecting|setting|adding|typing|sending|expanding|choosing))\b").find_iter(text).count();
    text.len() >= 120 && told + allowed >= 2 || told >= 1 && text.len() >= 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_script_is_seen() {
        assert!(uses_undefined("```python\nbox = 'a'\nconn.put(box)\n```"));
        assert!(uses_undefined("```\n# Ask the job\njob.status()\n```"));
        assert!(!uses_undefined(
            "```python\nimport kraken\nkraken.dive()\n```"
        ));
        assert!(!uses_undefined(
            "```python\njob = submit()\nprint(job.status())\n```"
        ));
        assert!(!uses_undefined(
            "```bash\nmodule load kraken\nkraken.sh (x)\n```"
        ));
    }

    #[test]
    fn a_label_is_no_sentence() {
        assert!(is_label("Team manager"));
        assert!(!is_label("Run `kraken`"));
        assert!(!is_label("Close the box."));
    }
}
