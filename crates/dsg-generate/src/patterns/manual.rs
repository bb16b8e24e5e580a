//! The parts of a manual page that say what its command is for.

use dsg_core::{BlockKind, QuestionType};

use crate::answer::Answer;
use crate::draft::{Draft, Scope};
use crate::phrase::{lower_first, task};
use crate::regexes::regex;
use crate::sentence::sentences;
use crate::wording::Wording;

const NAME: Wording = Wording {
    name: "manual/name",
    version: 1,
    texts: &[
        "Which {subject} command do I use to {task}?",
        "Which {subject} command lets me {task}?",
    ],
};
const PURPOSE: Wording = Wording {
    name: "manual/purpose",
    version: 1,
    texts: &["What is {tool} used for?", "What does {tool} do?"],
};

pub(crate) fn write(scope: &Scope<'_, '_>, drafts: &mut Vec<Draft>) {
    let Some(tool) = &scope.place.tool else {
        return;
    };
    let Some(paragraph) = scope
        .section
        .nodes
        .iter()
        .find(|node| matches!(node.kind(), BlockKind::Paragraph))
    else {
        return;
    };
    if !scope.section.opened {
        return;
    }
    let pieces = sentences(scope.chunk, paragraph.body());
    let Some(first) = pieces.first() else { return };
    match scope.section.title().to_lowercase().as_str() {
        "name" => {
            let Some(found) = regex!(r"^`?[\w.-]+`?\s+[-–—]+\s+(.+)$").captures(&first.text)
            else {
                return;
            };
            let Some(purpose) = found
                .get(1)
                .and_then(|purpose| task(&lower_first(purpose.as_str())))
            else {
                return;
            };
            let Some(subject) = scope.place.subject_name().filter(|_| !tool.is_file) else {
                return;
            };
            let answer = Answer::default().quote(&first.text, first.span);
            drafts.extend(scope.worded(
                QuestionType::Factual,
                &NAME,
                &tool.name,
                &[("subject", subject), ("task", &purpose)],
                answer,
            ));
        }
        "description" => {
            let about = first.text.to_lowercase().replace('`', "");
            if about.starts_with(&format!("{} ", tool.name))
                || about.starts_with(&format!("the {} ", tool.name))
            {
                let kept = crate::render::usable(&pieces, crate::render::Introduces::Nothing);
                let answer = Answer::default().sentences(kept.iter().take(4));
                drafts.extend(scope.worded(
                    QuestionType::Factual,
                    &PURPOSE,
                    &tool.name,
                    &[("tool", &tool.code())],
                    answer,
                ));
            }
        }
        _ => {}
    }
}
