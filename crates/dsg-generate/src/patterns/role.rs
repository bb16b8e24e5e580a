//! Headings that mean the same on every page, asked about the page: licence, versions, usage, citing, known issues.

use dsg_core::{BlockKind, QuestionType};

use crate::answer::Answer;
use crate::draft::{Draft, Scope};
use crate::phrase::{Title, as_gerund, classify};
use crate::regexes::regex;
use crate::render::{Rendered, Segment, passage};
use crate::wording::Wording;

const BUDGET: usize = 1500;

const LICENSE: Wording = Wording {
    name: "role/license",
    version: 2,
    texts: &[
        "Under which license is {name} available?",
        "What license does {name} have?",
        "What are the license terms of {name}?",
    ],
};
const AVAILABLE: Wording = Wording {
    name: "role/available",
    version: 1,
    texts: &[
        "Which versions of {name} are available{where}?",
        "Where is {name} available{where}, and in which versions?",
    ],
};
const USAGE: Wording = Wording {
    name: "role/usage",
    version: 1,
    texts: &[
        "How do I use {name}{where}?",
        "How do I get started with {name}{where}?",
        "How do I start using {name}{where}?",
    ],
};
const INSTALL: Wording = Wording {
    name: "role/install",
    version: 1,
    texts: &["How do I install {name}?", "How is {name} installed?"],
};
const INSTALLED: Wording = Wording {
    name: "role/install",
    version: 1,
    texts: &["How has {name} been installed{where}?"],
};
const ISSUES: Wording = Wording {
    name: "role/issues",
    version: 1,
    texts: &[
        "What known issues does {name} have?",
        "Which problems are known with {name}{where}?",
    ],
};
const LIMITS: Wording = Wording {
    name: "role/limits",
    version: 1,
    texts: &[
        "What are the limitations of {name}?",
        "Which limitations does {name} have{where}?",
    ],
};
const WHERE: Wording = Wording {
    name: "role/where",
    version: 1,
    texts: &["Where is {name} available{where}?"],
};
const TERMS: Wording = Wording {
    name: "role/terms",
    version: 1,
    texts: &[
        "What are the license terms of {name}?",
        "What does the license of {name} allow?",
    ],
};
const CITE: Wording = Wording {
    name: "role/cite",
    version: 1,
    texts: &[
        "How should I cite {name}?",
        "What should I cite when I publish results obtained with {name}?",
    ],
};
const PREREQUISITES: Wording = Wording {
    name: "role/prerequisites",
    version: 1,
    texts: &[
        "What do I need before {task}?",
        "What are the prerequisites for {task}?",
    ],
};
const SCRIPT: Wording = Wording {
    name: "role/script",
    version: 1,
    texts: &[
        "What does a batch job script for {name}{where} look like?",
        "Can you show an example batch script for {name}{where}?",
        "How do I write a batch script for {name}{where}?",
    ],
};

pub(crate) fn write(scope: &Scope<'_, '_>, drafts: &mut Vec<Draft>) {
    if !scope.section.opened || scope.section.path.len() < 2 {
        return;
    }
    let title = scope.section.title().to_lowercase();
    let title = title.trim_end_matches(':');
    let body: Vec<Segment<'_, '_>> = scope.section.nodes.iter().map(Segment::Node).collect();
    // Versions on several systems are given for all of them.
    let budget = if regex!(r"(?i)^(?:available|availability|versions?|available versions)$")
        .is_match(title)
    {
        2 * BUDGET
    } else {
        BUDGET
    };
    let passage = passage(scope.chunk, &body, budget);
    if passage.is_empty() {
        return;
    }
    let answer = Answer::default().blocks(&passage.blocks);
    // Generic headings belong to the page only when they stand directly under its title.
    let direct = scope.section.path.len() <= 2;
    let place = scope
        .place
        .subject_phrase()
        .map_or_else(String::new, |phrase| format!(" {phrase}"));
    if let Some(name) = scope
        .place
        .page_name()
        .filter(|_| scope.place.tool.is_none())
    {
        let has_code = scope
            .section
            .nodes
            .iter()
            .any(|node| matches!(node.kind(), BlockKind::Code { .. }));
        let found = match title {
            "license"
            | "licence"
            | "licensing"
            | "licenses"
            | "license and citation"
            | "licensing and terms"
                if direct =>
            {
                Some((&LICENSE, QuestionType::Factual))
            }
            "available" | "availability" | "versions" | "available versions" | "version"
                if direct =>
            {
                Some((&AVAILABLE, QuestionType::Factual))
            }
            "usage" | "basic usage" | "getting started" | "quick start" | "how to use"
            | "using"
                if direct && has_code && passage.chars() >= 100 =>
            {
                Some((&USAGE, QuestionType::Procedural))
            }
            "installation" | "installing" | "install" if direct && passage.complete => {
                Some((&INSTALL, QuestionType::Procedural))
            }
            "known issues" | "known problems" | "known bugs" | "common problems" | "issues"
            | "common issues"
                if direct && !scope.section.divided =>
            {
                Some((&ISSUES, QuestionType::Troubleshooting))
            }
            "limitations" | "restrictions" | "limits" if direct => {
                Some((&LIMITS, QuestionType::Analytical))
            }
            "citation"
            | "citing"
            | "citations"
            | "how to cite"
            | "acknowledgement"
            | "citation information"
                if direct =>
            {
                Some((&CITE, QuestionType::Factual))
            }
            // A list of references is further reading unless it asks to be cited.
            "references" | "reference"
                if direct
                    && passage.complete
                    && !scope.section.goes_on
                    && regex!(r"(?i)\b(?:cit(?:e|ed|ing|ation)|acknowledg\w+|reference the)\b")
                        .is_match(answer.text()) =>
            {
                Some((&CITE, QuestionType::Factual))
            }
            _ => None,
        };
        if let Some((wording, kind)) = found {
            // A list that stops early looks whole, and “And load it” has lost what went before.
            let cut = !passage.complete || scope.section.goes_on;
            let torn = passage.thinned
                && passage.blocks.iter().any(|block| {
                    regex!(r"^(?:And|But|Or|So|Also|Otherwise|Alternatively|Then)\b")
                        .is_match(&block.text)
                });
            if torn
                || cut
                    && matches!(
                        wording.name,
                        "role/available" | "role/issues" | "role/limits" | "role/usage"
                    )
            {
                return;
            }
            let values = [("name", name.as_str()), ("where", place.as_str())];
            let told = answer.text();
            // Asked for is what is there: versions, a licence by its name.
            let wording = if wording.name == AVAILABLE.name
                && !regex!(r"\b\d+(?:\.\d+)+|\b20\d\d[a-zR]?\b|\d+\.\d").is_match(told)
            {
                &WHERE
            } else if wording.name == LICENSE.name
                && !regex!(r"(?i)\b(?:\w*GPL\S*|General Public License|MIT|BSD|Apache|public domain|proprietary|Mozilla|MPL|CC[- ]BY\S*|open source|Artistic|EUPL|freeware)\b").is_match(told)
            {
                &TERMS
            } else if wording.name == INSTALL.name
                && regex!(r"(?i)\b(?:was|were|has been|have been) (?:installed|built|compiled)\b|\bpart of\b").is_match(told)
            {
                &INSTALLED
            } else {
                wording
            };
            // “Titan: 2.1” is short, and says all.
            let answer = match scope.section.heading {
                Some(heading) if wording.name == AVAILABLE.name && told.len() < 40 => {
                    Answer::default()
                        .quote(scope.section.title(), heading)
                        .words(": ")
                        .blocks(&passage.blocks)
                }
                _ => answer,
            };
            let told = answer.text();
            // “Be careful to cite the driver” names nothing to cite.
            if wording.name == CITE.name
                && !regex!(r"(?i)\b(?:19|20)\d\d\b|\bdoi\b|://|\(Year\)").is_match(told)
            {
                return;
            }
            // An acknowledgement of those who run it is no citation of the software.
            if wording.name == CITE.name
                && regex!(r"(?i)\backnowledg").is_match(told)
                && !told.to_lowercase().contains(&name.to_lowercase())
            {
                return;
            }
            // What is not allowed is half of the terms; where something is no command says.
            let sentences = told.matches(". ").count() + 1;
            let half = wording.name == TERMS.name
                && (passage.thinned
                    || sentences == 1
                        && !told.contains('\n')
                        && regex!(r"(?i)\b(?:not|no|cannot)\b").is_match(told));
            // “The license also allows …”: besides what?
            let half = half
                || matches!(wording.name, "role/license" | "role/terms")
                    && sentences == 1
                    && regex!(r"\balso\b").is_match(told);
            let bare = wording.name == WHERE.name
                && (passage.blocks.iter().all(Rendered::is_code)
                    || regex!(r"(?i)\bnot available\b").is_match(told));
            if half || bare {
                return;
            }
            drafts.extend(scope.worded(kind, wording, title, &values, answer));
            return;
        }
    }
    if direct
        && matches!(
            title,
            "prerequisites" | "requirements" | "before you start" | "what you need"
        )
    {
        let task = match classify(&scope.place.title) {
            Title::Task(task) => as_gerund(&task),
            _ => scope.place.page_name().map(|name| format!("using {name}")),
        };
        let told = answer.text();
        let tutorial =
            passage.thinned || regex!(r"(?i)\b(?:our|the next step|tree|we will)\b").is_match(told);
        if let Some(task) = task.filter(|_| !tutorial) {
            drafts.extend(scope.worded(
                QuestionType::Factual,
                &PREREQUISITES,
                title,
                &[("task", &task)],
                answer,
            ));
        }
        return;
    }
    script(scope, &place, drafts);
}

/// A section that shows a whole batch script.
fn script(scope: &Scope<'_, '_>, place: &str, drafts: &mut Vec<Draft>) {
    let title = scope.section.title();
    let about_script = regex!(
        r"(?i)\b(?:batch|job|example|sample)\b.*\b(?:scripts?|jobs?|files?)\b|\bexample\b|\bbatch\b"
    )
    .is_match(title);
    let Some(name) = scope
        .place
        .page_name()
        .filter(|_| scope.place.tool.is_none() && about_script)
    else {
        return;
    };
    for node in &scope.section.nodes {
        let is_script = matches!(node.kind(), BlockKind::Code { .. })
            && scope.chunk.slice(node.body()).is_some_and(|code| {
                code.matches("#SBATCH").count() >= 2 && code.trim_start().starts_with("#!")
            });
        if !is_script {
            continue;
        }
        let Some(code) = crate::render::block(scope.chunk, node) else {
            continue;
        };
        // “… for Puhti”, “… using 4 GPUs”: what the heading adds.
        let special = regex!(r"(?i)\b(?:for|on|in|using|with)\s+(?:the\s+)?[`\w][\w` +/.-]{1,40}$")
            .find(title)
            .map(|found| format!(" {}", found.as_str()))
            .filter(|special| !special.contains(&name));
        let parallel = regex!(r"(?i)\b(serial|mpi|openmp|hybrid|gpu|array|interactive|parallel|multi-?node|single-?node|multi-?gpu|single-?gpu|threaded)\b")
            .find(title)
            .map(|found| format!(" {}", found.as_str()));
        let place = match (special, parallel) {
            (Some(special), _) => special,
            (None, Some(kind)) => format!(" ({}){place}", kind.trim()),
            (None, None) => place.to_owned(),
        };
        let values = [("name", name.as_str()), ("where", place.as_str())];
        let answer = Answer::default().words("For example:").blocks(&[code]);
        drafts.extend(scope.worded(QuestionType::Procedural, &SCRIPT, title, &values, answer));
        return;
    }
}
