//! What something is: a section or page that opens with “X is …”, glossary terms, and bold terms in running text.

use dsg_core::{BlockKind, QuestionType, Span};

use crate::answer::Answer;
use crate::draft::{Draft, Scope};
use crate::inline::clean;
use crate::outline::Node;
use crate::phrase::is_generic;
use crate::reference::{is_pointer, points_around};
use crate::regexes::regex;
use crate::render::{Introduces, passage, segments, usable};
use crate::sentence::{Piece, sentences};
use crate::wording::Wording;

const BUDGET: usize = 700;

const WHAT_IS: Wording = Wording {
    name: "definition/is",
    version: 1,
    texts: &["What is {name}?", "Can you explain what {name} is?"],
};
const WHAT_DOES: Wording = Wording {
    name: "definition/does",
    version: 1,
    texts: &["What is {name} for?", "What does {name} do?"],
};
const TERM: Wording = Wording {
    name: "definition/term",
    version: 1,
    texts: &[
        "What does “{name}” mean{where}?",
        "What is meant by “{name}”{where}?",
    ],
};
const CODE: Wording = Wording {
    name: "definition/code",
    version: 1,
    texts: &[
        "What does the {noun} {name} mean{where}?",
        "How do I interpret the {noun} {name}{where}?",
    ],
};
const ITEM: Wording = Wording {
    name: "definition/item",
    version: 1,
    texts: &[
        "What does {noun}{name} do {where}?",
        "What is {noun}{name} for {where}?",
    ],
};
const OPTION: Wording = Wording {
    name: "definition/option",
    version: 1,
    texts: &[
        "What does the {name} option of {where} do?",
        "In {where}, what is {name} for?",
    ],
};

pub(crate) fn write(scope: &Scope<'_, '_>, drafts: &mut Vec<Draft>) {
    opening(scope, drafts);
    if scope.place.tool.is_none() {
        for node in &scope.section.nodes {
            entries(scope, node, drafts);
        }
    }
}

/// “Kraken is a classifier …” under the heading “Kraken”.
fn opening(scope: &Scope<'_, '_>, drafts: &mut Vec<Draft>) {
    let Some(node) = scope
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
    let pieces = sentences(scope.chunk, node.body());
    let Some(first) = pieces.first() else { return };
    // Under “License” a sentence about the page's product does not say what that is.
    let introduces = scope.section.path.len() <= 1
        || regex!(
            r"(?i)^(?:overview|introduction|description|about|general|background|what is .*)$"
        )
        .is_match(scope.section.title());
    let titles = scope
        .section
        .path
        .iter()
        .rev()
        .take(if introduces { 2 } else { 1 })
        .filter(|title| !is_generic(title));
    let Some((name, verb)) = titles
        .into_iter()
        .find_map(|title| defined(&first.text, title))
    else {
        return;
    };
    let wording = match verb.as_str() {
        "is" | "stands" | "refers" | "means" => &WHAT_IS,
        // “What are volumes?” asks for more than the sentence under the heading says.
        // Nor is “What does a volume do?” what “A volume contains …” answers.
        verb if !verb.ends_with('s') || regex!(r"^an? ").is_match(&name) => return,
        _ => &WHAT_DOES,
    };
    let kept = usable(&pieces, Introduces::Nothing);
    if kept.first().is_none_or(|piece| piece.span != first.span) {
        return;
    }
    let mut used: Vec<&Piece> = Vec::new();
    let mut length = 0;
    for piece in &kept {
        if length > 0 && length + piece.text.len() > BUDGET {
            break;
        }
        length += piece.text.len();
        used.push(piece);
    }
    if length < 50 {
        return;
    }
    let answer = Answer::default().sentences(used.iter().copied());
    let question = wording.fill(scope.seed, &name, &[("name", &name)]);
    // “What is a Service?” asks something else on every page.
    let plain =
        name.starts_with("the ") && !name.chars().any(char::is_uppercase) && !name.contains('`');
    let ordinary = plain || !scope.place.is_name(&name) && scope.section.path.len() > 1;
    let question = if ordinary {
        scope.place.situated(&question)
    } else {
        Some(question)
    };
    // “What is nano when editing text?”
    let Some(question) = question.filter(|question| !question.contains(" when ")) else {
        return;
    };
    drafts.extend(scope.asked(QuestionType::Factual, &wording.id(), &question, answer));
}

/// The name that `sentence` defines, if it is `title` or a part of it, and the verb.
fn defined(sentence: &str, title: &str) -> Option<(String, String)> {
    let found = regex!(
        r"^(?:The |An? )?(.{2,60}?)(?:,[^,]{2,60},)? (is|are|provides?|allows?|enables?|offers?|lets|performs?|stands|refers?|means?|supports?|consists?|contains?|helps?|manages?|implements?)\b"
    )
    .captures(sentence)?;
    let name = found.get(1)?.as_str();
    let verb = found.get(2)?.as_str().to_owned();
    let bare = |text: &str| -> String {
        regex!(r"\s*\([^)]*\)")
            .replace_all(text, "")
            .replace(['`', '*'], "")
            .trim()
            .to_lowercase()
    };
    let acronym = regex!(r"\(([^)]+)\)")
        .captures(title)
        .and_then(|c| c.get(1))
        .map(|m| m.as_str().to_lowercase());
    let (known, title) = (bare(name), bare(&crate::phrase::name_of(title)));
    let singular = |text: &str| text.strip_suffix('s').unwrap_or(text).to_owned();
    let matches = !known.is_empty()
        && (known == title
            || singular(&known) == singular(&title)
            || acronym.is_some_and(|acronym| acronym == known));
    let hollow = regex!(r"(?i)^(?:this|it|these|there|that|they)\b").is_match(name)
        || regex!(r"(?i)\b(?:is|are) (?:not )?(?:licensed|released|free|easy|(?:a )?part of|subject|under|supported|the primary|available|installed|currently|no longer|also|now|only|deprecated|located|described|listed|shown|provided|given|as follows|done|recommended)\b").is_match(sentence.get(..sentence.len().min(110).min(floor_boundary(sentence, 110))).unwrap_or(sentence));
    // “Backups are taken daily”, “X is not signed”, “X is very useful” say what is done or thought of it.
    let after = sentence.get(found.get(2)?.end()..)?.trim_start();
    let told = matches!(verb.as_str(), "is" | "are")
        && regex!(r"(?i)^(?:not|very|rarely|often|usually|always|so|quite|focused|divided|taken|made|useful|handled|stored|created|kept|limited|based on|useful|good for)\b|^(?:\w+ly )?(?:loaded|shortened|used (?:when|if|only)|\w+ly \w+ed)\b|^(?:executed|performed|enabled|disabled|displayed|printed|required|specified|started|written|sent|allocated|assigned|applied|configured|set|done|run|removed|deleted|ignored|checked|counted)\b")
            .is_match(after);
    let doing =
        known.contains(' ') && crate::verbs::base_of_gerund(known.split(' ').next()?).is_some();
    let disagrees =
        verb == "is" && known.contains(' ') && known.ends_with('s') && !known.ends_with("ss");
    if !matches || hollow || told || doing || disagrees {
        return None;
    }
    let name = sentence
        .get(found.get(0)?.start()..found.get(1)?.end())?
        .to_owned();
    Some((crate::phrase::lower_article(&name), verb))
}

fn floor_boundary(text: &str, at: usize) -> usize {
    text.char_indices()
        .map(|(position, _)| position)
        .take_while(|position| *position <= at)
        .last()
        .unwrap_or(0)
}

/// Terms with descriptions on pages that document no command.
fn entries(scope: &Scope<'_, '_>, node: &Node<'_>, drafts: &mut Vec<Draft>) {
    match node.kind() {
        BlockKind::Definition | BlockKind::Option => {
            drafts.extend(entry(scope, node));
        }
        BlockKind::List { .. } => {
            for child in &node.children {
                entries(scope, child, drafts);
            }
        }
        BlockKind::ListItem => {
            for child in node.children.iter().filter(|child| child.is_entry()) {
                entries(scope, child, drafts);
            }
        }
        _ => {}
    }
}

fn entry(scope: &Scope<'_, '_>, node: &Node<'_>) -> Option<Draft> {
    let label_span: Span = node.block.label?;
    let raw = clean(scope.chunk.slice(label_span)?, scope.chunk.markup);
    let raw = raw.trim_end_matches([':', '.']).trim();
    if raw.ends_with('?') || raw.is_empty() || raw.len() > 60 {
        return None;
    }
    let label = crate::render::label(scope.chunk, node)?;
    let description = passage(
        scope.chunk,
        &segments(scope.chunk, node.body(), &node.children),
        BUDGET,
    );
    let first = description.blocks.first()?;
    if description.chars() < 25
        || is_pointer(&first.text)
        || points_around(&first.text)
        || first.is_lead_in() && description.blocks.len() < 2
    {
        return None;
    }
    let titles = scope
        .section
        .path
        .iter()
        .rev()
        .take(2)
        .map(|title| title.to_lowercase())
        .collect::<Vec<_>>()
        .join(" / ");
    let place = scope
        .place
        .subject_phrase()
        .map_or_else(String::new, |phrase| format!(" {phrase}"));
    let answer = || {
        Answer::default()
            .quote(&label, label_span)
            .words(": ")
            .blocks(&description.blocks)
    };
    if let Some(noun) = code_noun(&titles) {
        let single = raw.split_whitespace().count() <= 3;
        let name = if label.contains('`') {
            label.clone()
        } else {
            format!("`{raw}`")
        };
        if !single {
            return None;
        }
        let kind = if noun.contains("reason") || noun.contains("error") {
            QuestionType::Troubleshooting
        } else {
            QuestionType::Factual
        };
        return scope.worded(
            kind,
            &CODE,
            raw,
            &[("noun", noun), ("name", &name), ("where", &place)],
            answer(),
        );
    }
    if regex!(r"\b(?:glossary|terms|terminology|definitions|concepts|vocabulary)\b")
        .is_match(&titles)
    {
        let name = raw.to_owned();
        return scope.worded(
            QuestionType::Factual,
            &TERM,
            raw,
            &[("name", &name), ("where", &place)],
            answer(),
        );
    }
    // Elsewhere only what is code and says what it does, where it is plain where it belongs.
    if !label.starts_with('`') || first.is_lead_in() {
        return None;
    }
    let option = raw.starts_with('-');
    let name = if option {
        option_name(raw)?
    } else {
        label.clone()
    };
    if name.matches('`').count() != 2 {
        return None;
    }
    let word = first.text.split_whitespace().next()?;
    let verbal = crate::verbs::base_of_third(word).is_some() || crate::verbs::base(word).is_some();
    if !verbal {
        return None;
    }
    let (wording, clause) = match scope.place.heading_command() {
        Some(command) if option => (&OPTION, command),
        _ => {
            let page = scope.place.page_name().map(|name| format!("with {name}"));
            let clause = page.or_else(|| scope.place.clause())?;
            (&ITEM, with_subject(scope, clause))
        }
    };
    let noun = if option { "the option " } else { "" };
    let values = [
        ("name", name.as_str()),
        ("noun", noun),
        ("where", clause.as_str()),
    ];
    scope.worded(QuestionType::Factual, wording, raw, &values, answer())
}

/// “when running jobs” says where only together with the subject.
fn with_subject(scope: &Scope<'_, '_>, clause: String) -> String {
    match scope.place.subject_phrase() {
        Some(subject) if clause.starts_with("when ") => format!("{clause} {subject}"),
        _ => clause,
    }
}

/// `-n`, `--ntasks=<count>` → `--ntasks`, in backticks.
fn option_name(raw: &str) -> Option<String> {
    let names = raw.split([',', '/']).map(str::trim);
    let name = names
        .clone()
        .find(|name| name.starts_with("--"))
        .or_else(|| names.clone().next())?;
    let name = name.split(['=', ' ', '[', '<']).next()?;
    Some(format!("`{name}`"))
}

/// What the entries of a list of codes are called.
fn code_noun(titles: &str) -> Option<&'static str> {
    if regex!(r"\breasons?\b").is_match(titles) {
        Some("job reason")
    } else if regex!(r"\bjob states?\b|\bjob state codes?\b").is_match(titles) {
        Some("job state")
    } else if regex!(r"\bnode states?\b").is_match(titles) {
        Some("node state")
    } else if regex!(r"\berror (?:codes?|messages?)\b").is_match(titles) {
        Some("error")
    } else if regex!(r"\bstate flags?\b|\bjob flags?\b").is_match(titles) {
        Some("job state flag")
    } else if regex!(r"\bexit codes?\b").is_match(titles) {
        Some("exit code")
    } else if regex!(r"\benvironment variables?\b").is_match(titles) {
        Some("environment variable")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_defines_the_heading_it_stands_under() {
        let found = defined("Kraken is a sequence classifier.", "Kraken").unwrap();
        assert_eq!(found, ("Kraken".to_owned(), "is".to_owned()));
        assert!(defined("ITAC is an MPI tool.", "Intel Trace Analyzer (ITAC)").is_some());
        assert!(defined("Job arrays offer a mechanism.", "Job Array Support").is_some());
        assert_eq!(defined("Kraken is available on Puhti.", "Kraken"), None);
        assert_eq!(defined("This is a tool.", "Kraken"), None);
    }
}
